"""What no database can keep is refused before any view, whoever's view it is."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from django.test import Client

from members.tokens import create_token
from tests.members.people import make_member
from urls import api

pytestmark = pytest.mark.django_db

CANNOT_BE_KEPT = (r'{"name": "\u0000"}', r'{"name": "\ud8e1"}', r'{"name": "a", "more": ["\udc00"]}')


@pytest.mark.parametrize("body", CANNOT_BE_KEPT)
@pytest.mark.parametrize("path", ["/api/v1/tokens", "/api/v1/devices", "/_allauth/browser/v1/auth/login"])
def test_text_that_no_database_can_keep_is_malformed(path: str, body: str) -> None:
    _, secret = create_token(make_member(), "tests")
    headers = {"Authorization": f"Bearer {secret}"}
    answer = Client().post(path, body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@pytest.mark.parametrize("path", ["/api/v1/tokens", "/_allauth/browser/v1/auth/login"])
@pytest.mark.parametrize("body", [
    r'{"name": "\u0000"}'.encode("utf-16"), br'{"name": "\ud800"}', br'{"name": "\u0000"}',
    b"[" * 20_000 + b"]" * 20_000, b'{"name": ' + b"9" * 5_000 + b"}"])
@pytest.mark.parametrize("said", ["text/plain", "application/x-www-form-urlencoded", "application/json"])
def test_whatever_a_body_says_that_it_is_it_is_read_as_strictly(path: str, body: bytes, said: str) -> None:
    _, secret = create_token(make_member(), "tests")
    answer = Client().post(path, body, content_type=said, headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@pytest.mark.parametrize("query", [
    "consults?before=0001-01-01T00:00:00%2B14:00", "consults?before=9999-12-31T23:59:59-14:00",
    f"streams/x/events?before={2**63}", f"streams/x/events?after={2**63}"])
def test_a_number_or_a_time_that_no_database_can_hold_is_malformed(query: str) -> None:
    _, secret = create_token(make_member(), "tests")
    answer = Client().get(f"/api/v1/{query}", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@pytest.mark.parametrize("path", ["/api/v1/tokens/%00", "/api/v1/wait?specialty=%00", "/api/v1/consults?before=a%00"])
def test_a_nul_in_an_address_is_malformed(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


def test_a_body_that_is_too_large_is_told_so_in_our_shape() -> None:
    answer = Client().post(
        "/api/v1/summaries/verify", json.dumps({"text": "x" * 3_000_000}), content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_words_in_any_script_pass() -> None:
    _, secret = create_token(make_member(), "tests")
    for name in ("Dr. Åsa 心臓", "\U0001f600"):
        answer = Client().post(
            "/api/v1/tokens", json.dumps({"name": name}), content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip
        assert answer.status_code == 201
        assert answer.json()["name"] == name


def test_quiet_hours_have_no_offset() -> None:
    _, secret = create_token(make_member(), "tests")
    answer = Client().patch(
        "/api/v1/me", json.dumps({"quiet": {"from": "22:00Z", "to": "07:00"}}), content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


PLACE = re.compile(r"\{[^}]*\}")
OPERATIONS = [(path, method) for path, methods in api.get_openapi_schema()["paths"].items() for method in methods]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "a stranger"])
def test_nobody_on_the_way_keeps_an_answer_of_the_api(path: str, method: str, signed_in: bool) -> None:
    headers = {"Authorization": f"Bearer {create_token(make_member(), 'tests')[1]}"} if signed_in else {}
    where = PLACE.sub(str(uuid.uuid4()), path)
    answer = Client().generic(method.upper(), where, b"{}", content_type="application/json", headers=headers)
    assert answer["Cache-Control"] == "no-store", answer.status_code


def test_a_refusal_that_no_view_has_seen_is_not_kept_either() -> None:
    assert Client().get("/api/v1/tokens/%00")["Cache-Control"] == "no-store"
    assert "no-store" not in Client().get("/").get("Cache-Control", "")

"""The HTTP API of members: who is let in, what is shown, and one shape for every refusal."""

import base64
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from members import taxonomy, vault
from members.models import Account
from members.tokens import create_token
from realtime.tickets import read_ticket
from tests.members.browser import Browser
from tests.members.people import make_member

pytestmark = pytest.mark.django_db
KEY = base64.urlsafe_b64encode(b"\x04" + b"k" * 64).decode().rstrip("=")
AUTH = base64.urlsafe_b64encode(b"a" * 16).decode().rstrip("=")
PUSH = {"endpoint": "https://fcm.googleapis.com/abc", "keys": {"p256dh": KEY, "auth": AUTH}, "label": "Phone"}


@pytest.fixture
def member() -> Account:
    return make_member(name="Dr Ada Example", languages=["en", "sv"], time_zone="Europe/Stockholm")


@pytest.fixture
def browser(member: Account) -> Browser:
    return Browser().sign_in(member)


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    shown: dict[str, Any] = response.json()
    assert shown["code"] == code
    assert shown["msg"].endswith(".")
    assert set(shown) <= {"code", "msg", "retry", "d"}
    return shown


def test_me_shows_all_that_the_client_starts_with(browser: Browser, member: Account) -> None:
    me = browser.get("/me")
    assert set(me) == {
        "email", "name", "role", "specialty", "subspecialty", "region", "languages", "time_zone", "verified",
        "clinical", "staff", "inbox", "outbox_key", "quiet", "daily_budget", "offers_today", "availability", "demo"}
    assert me["inbox"] == vault.inbox_of(str(member.pk))[0]
    assert len(base64.b64decode(me["outbox_key"])) == 32
    assert me["availability"] == {
        "on": False, "until": None, "specialties": [], "reason": None, "alertable": False, "quiet_now": False,
        "offers_left": 12}
    assert str(member.pk) not in str(me)


def test_the_key_of_drafts_belongs_to_the_session(browser: Browser, member: Account) -> None:
    key = browser.get("/me")["outbox_key"]
    assert browser.get("/me")["outbox_key"] == key
    assert Browser().sign_in(member).get("/me")["outbox_key"] != key


@pytest.mark.parametrize("path", ["/me", "/availability", "/tokens", "/devices", "/sessions", "/push-key"])
def test_nothing_of_a_member_is_shown_to_nobody(path: str) -> None:
    problem(Browser().call("GET", path), 401, "unauthorized")
    problem(Browser(token="cbs_wrong").call("GET", path), 401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), [
    ("PATCH", "/me"), ("POST", "/ticket"), ("PUT", "/availability"), ("POST", "/tokens"), ("POST", "/devices"),
    ("DELETE", "/sessions/x"), ("DELETE", "/tokens/x"), ("DELETE", "/devices/x")])
def test_a_browser_changes_nothing_without_the_csrf_token(browser: Browser, method: str, path: str) -> None:
    browser.csrf = False
    problem(browser.call(method, path, {}), 403, "csrf")


def test_a_ticket_names_member_and_session(browser: Browser, member: Account) -> None:
    made = browser.call("POST", "/ticket", {}).json()
    read = read_ticket(made["ticket"], made["expires_at"] - 1)
    assert read.member == str(member.pk)
    assert browser.client.session.session_key not in made["ticket"]
    assert read.session not in (None, browser.client.session.session_key)
    assert made["expires_in"] == 900


def test_a_program_is_let_in_by_its_token_and_needs_no_csrf_token(member: Account) -> None:
    program = Browser(token=create_token(member, "cli")[1])
    assert program.get("/me")["email"] == member.email
    assert program.call("POST", "/ticket", {}).status_code == 200


def test_languages_zone_quiet_hours_and_budget_can_be_changed(browser: Browser) -> None:
    changes = {"languages": ["de"], "time_zone": "Asia/Tokyo", "quiet": {"from": "22:00", "to": "07:00"},
               "daily_budget": 3}
    me = browser.call("PATCH", "/me", changes).json()
    assert {key: me[key] for key in changes} == changes
    assert browser.call("PATCH", "/me", {"quiet": None}).json()["quiet"] is None
    assert browser.get("/me")["daily_budget"] == 3


@pytest.mark.parametrize(("changes", "field"), [
    ({"languages": ["xx"]}, "languages"), ({"languages": []}, "languages"), ({"time_zone": "Mars/Base"}, "time_zone"),
    ({"time_zone": ""}, "time_zone")])
def test_a_change_that_cannot_be_names_its_field(browser: Browser, changes: dict[str, Any], field: str) -> None:
    assert problem(browser.call("PATCH", "/me", changes), 422, "invalid")["d"] == {"field": field}


@pytest.mark.parametrize("changes", [
    {"daily_budget": -1}, {"daily_budget": 10_000}, {"quiet": {"from": "25:00", "to": "07:00"}}, {"quiet": "late"},
    {"languages": "en"}])
def test_a_malformed_change_is_refused(browser: Browser, changes: dict[str, Any]) -> None:
    problem(browser.call("PATCH", "/me", changes), 422, "malformed")


def test_a_change_reaches_no_field_but_its_own(browser: Browser, member: Account) -> None:
    browser.call("PATCH", "/me", {"is_staff": True, "verified_at": None, "role": "moderator", "daily_budget": 5})
    member.refresh_from_db()
    assert (member.is_staff, member.role, member.daily_budget) == (False, "physician", 5)


def test_availability_is_switched_on_for_ones_own_specialty_and_off(browser: Browser) -> None:
    shown = browser.call("PUT", "/availability", {"on": True}).json()
    assert (shown["on"], shown["specialties"]) == (True, ["cardiology"])
    assert shown["until"] > 1_700_000_000_000
    assert browser.get("/availability") == shown
    off = browser.call("PUT", "/availability", {"on": False}).json()
    assert (off["on"], off["until"], off["reason"]) == (False, None, "ended")
    assert browser.get("/me")["availability"] == off


def test_who_is_not_verified_cannot_be_available() -> None:
    browser = Browser().sign_in(make_member(verified_at=None))
    problem(browser.call("PUT", "/availability", {"on": True}), 403, "not_verified")
    assert browser.get("/me")["verified"] is False


def test_a_device_is_listed_and_makes_its_member_alertable(browser: Browser, member: Account) -> None:
    made = browser.call("POST", "/devices", PUSH)
    assert made.status_code == 201
    assert browser.get("/devices") == [made.json()]
    assert made.json()["current"] is True
    assert browser.get("/availability")["alertable"] is True
    assert b"fcm" not in bytes(member.devices.get().subscription)
    assert browser.call("DELETE", f"/devices/{made.json()['id']}").status_code == 204
    assert browser.get("/devices") == []


@pytest.mark.parametrize(("method", "path"), [
    ("DELETE", "/devices/{device}"), ("DELETE", "/tokens/{token}"), ("DELETE", "/sessions/{session}")])
def test_what_belongs_to_another_member_is_not_found(browser: Browser, method: str, path: str) -> None:
    other = make_member()
    theirs = Browser().sign_in(other)
    ids = {"device": theirs.call("POST", "/devices", PUSH).json()["id"],
           "token": theirs.call("POST", "/tokens", {"name": "cli"}).json()["id"],
           "session": theirs.get("/sessions")[0]["id"]}
    foreign = browser.call(method, path.format(**ids))
    missing = browser.call(method, path.format(device="x" * 22, token="x" * 22, session="x" * 43))
    assert problem(foreign, 404, "not_found") == problem(missing, 404, "not_found")
    assert theirs.get("/me")


def test_the_push_key_is_an_uncompressed_point(browser: Browser) -> None:
    key = browser.get("/push-key")["key"]
    raw = base64.urlsafe_b64decode(key + "=")
    assert (len(raw), raw[0]) == (65, 4)


def test_specialties_and_languages_are_open_to_all() -> None:
    anyone = Browser()
    specialties = anyone.get("/specialties")
    assert len(specialties) == len(taxonomy.SPECIALTIES) >= 40
    assert {"code": "cardiology", "doctor": "Cardiologist"}.items() <= next(
        s for s in specialties if s["code"] == "cardiology").items()
    assert {"code": "en", "name": "English"} in anyone.get("/languages")


def test_the_openapi_document_describes_every_address() -> None:
    from urls import api

    paths = api.get_openapi_schema()["paths"]
    for path in ("/me", "/ticket", "/tokens", "/devices", "/push-key", "/sessions", "/availability", "/specialties"):
        assert any(where.endswith(path) for where in paths), path


def test_nonsense_is_answered_with_a_problem_and_no_trace(browser: Browser) -> None:
    headers = {"X-CSRFToken": "c" * 32}
    response = browser.client.generic("PATCH", "/api/v1/me", b"{" * 10_000, content_type="application/json",
                                      headers=headers)
    assert 400 <= response.status_code < 500
    assert response.json()["code"] == "malformed"
    assert b"Traceback" not in response.content


def test_a_member_cannot_join_by_themselves_yet() -> None:
    client = Client()
    wanted = {"email": "new@example.org", "password": "long enough pw"}
    response = client.post("/_allauth/browser/v1/auth/signup", wanted, content_type="application/json")
    assert response.status_code == 403
    assert not Account.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize("client_kind", ["browser", "app"])
def test_a_sign_up_does_not_tell_who_is_a_member(client_kind: str) -> None:
    known = make_member().email
    path = f"/_allauth/{client_kind}/v1/auth/signup"
    answers = [
        Client().post(path, {"email": email, "password": "long enough pw"}, content_type="application/json")
        for email in (known, "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].content == answers[1].content


def test_a_database_that_is_locked_is_busy_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> None:
        raise OperationalError("database is locked")

    _, secret = create_token(make_member(), "tests")
    monkeypatch.setattr("members.views.issue_ticket", locked)
    answer = Client().post("/api/v1/ticket", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["code"], answer.json()["retry"]) == (503, "busy", True)

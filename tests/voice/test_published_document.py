"""A provider's published document, as the fake Twilio holds requests against it: at hand or not, and what it finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.voice.fake_twilio import openapi
from tests.voice.fake_twilio.openapi import published

LENGTH = {"$ref": "#/components/schemas/length"}
FORM = {"type": "object", "required": ["To"], "properties": {
    "To": {"type": "string"}, "Timeout": {"type": "integer"}, "Tags": {"type": "array", "items": {"enum": ["a", "b"]}}}}
DOCUMENT = {
    "paths": {"/Calls/{Sid}.json": {
        "get": {
            "parameters": [{"name": "Sid", "in": "path", "schema": {"type": "string", "minLength": 3}},
                           {"name": "PageSize", "in": "query", "schema": LENGTH}],
            "responses": {"200": {"content": {"application/json": {"schema": {
                "type": "object", "properties": {"sid": {"type": "string", "nullable": True}, "length": LENGTH}}}}}},
        },
        "post": {"parameters": [{"name": "Sid", "in": "path", "schema": {"type": "string"}}],
                 "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": FORM}}}},
    }},
    "components": {"schemas": {"length": {"type": "integer", "maximum": 9, "nullable": True}}},
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "published.json"
    made.write_text(json.dumps(DOCUMENT), "utf-8")
    return made


def test_a_document_beside_the_checkout_is_taken_unless_another_or_none_is_named(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWILIO_OPENAPI", raising=False)
    monkeypatch.setattr(openapi, "BESIDE", tmp_path / "nothing.json")
    assert published() is None
    monkeypatch.setattr(openapi, "BESIDE", path)
    beside = published()
    assert beside is not None and published() is beside, "it is read once"
    monkeypatch.setenv("TWILIO_OPENAPI", "")
    assert published() is None
    monkeypatch.setenv("TWILIO_OPENAPI", str(tmp_path / "nothing.json"))
    with pytest.raises(FileNotFoundError):
        published()


@pytest.mark.parametrize(("method", "target", "body", "wrong"), [
    ("GET", "/Calls/CA1.json?PageSize=9", "", []),
    ("GET", "/Calls/CA1.json?PageSize=10", "", ["PageSize: 10 is greater than the maximum of 9"]),
    ("GET", "/Calls/CA1.json?PageSize=many", "", ["PageSize: not of type integer"]),
    ("GET", "/Calls/CA1.json?To=%2B1", "", ["To: not a parameter of the query"]),
    ("GET", "/Calls/C.json", "", ["Sid: \"C\" is shorter than 3 characters"]),
    ("GET", "/Rooms/CA1.json", "", ["GET /Rooms/CA1.json: not in the document"]),
    ("POST", "/Calls/CA1.json", "To=x&Timeout=5&Tags=a&Tags=b", []),
    ("POST", "/Calls/CA1.json", "Timeout=5", ["To: missing"]),
    ("POST", "/Calls/CA1.json", "To=x&To=y", ["To: given twice"]),
    ("POST", "/Calls/CA1.json", "To=x&Tags=c", ["Tags: \"c\" is not one of \"a\" or \"b\""]),
    ("POST", "/Calls/CA1.json", "To=x&Color=red", ["Color: not a property of the form"]),
])  # fmt: skip
def test_what_a_document_does_not_allow_of_a_request_is_said_however_often_it_is_asked(
    path: Path, method: str, target: str, body: str, wrong: list[str]
) -> None:
    document, (place, _, query) = openapi.Document(path), target.partition("?")
    for _ in range(2):
        assert document.check(method, place, query, body) == wrong


def test_an_answer_of_the_fake_itself_is_looked_at_too(path: Path) -> None:
    document = openapi.Document(path)
    assert document.check_answer("GET", "/Calls/CA1.json", 200, {"sid": None, "length": None}) == []
    assert document.check_answer("GET", "/Calls/CA1.json", 200, {"sid": 7, "length": 10}) != []

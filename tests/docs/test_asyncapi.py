"""The AsyncAPI document is one: its references lead somewhere, its schemas are schemas, its directions are right.

The parts looked at are those that the specification calls for. Source: asyncapi.com, specification 3.0.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from realtime.asyncapi import document
from realtime.frames import HEARD, SENT
from realtime.management.commands.describe import ROOT

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "asyncapi.json").read_text("utf-8"))
EXAMPLES = re.findall(r"^(?:C→S|S→C) +(\{.*\})$", (ROOT / "docs" / "protocol.md").read_text("utf-8"), re.MULTILINE)


def follow(ref: str) -> Any:
    """What a reference within the document leads to."""
    found: Any = DOCUMENT
    for part in ref.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(value: Any) -> Iterator[str]:
    """All references in a part of the document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def validator(name: str) -> Any:
    """Checks payloads of a message of the document."""
    payload = DOCUMENT["components"]["messages"][name]["payload"]
    return jsonschema_rs.Draft7Validator({"components": DOCUMENT["components"], **payload})


def test_it_is_what_the_code_makes() -> None:
    assert json.loads(json.dumps(document())) == DOCUMENT


def test_it_has_the_parts_that_the_specification_calls_for() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(DOCUMENT["info"])
    for server in DOCUMENT["servers"].values():
        assert {"host", "protocol"} <= set(server)
    assert set(DOCUMENT) <= {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations",
                             "components"}  # fmt: skip


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert found
    for ref in found:
        assert follow(ref), ref


def test_every_operation_sends_or_receives_messages_of_its_channel() -> None:
    for name, operation in DOCUMENT["operations"].items():
        assert operation["action"] in ("send", "receive")
        channel = operation["channel"]["$ref"]
        assert follow(channel)["address"] == "/ws"
        for message in (*operation["messages"], *operation.get("reply", {}).get("messages", [])):
            assert message["$ref"].startswith(f"{channel}/messages/"), name
    directions = {name: op["action"] for name, op in DOCUMENT["operations"].items()}
    assert {n.partition(".")[2] for n, action in directions.items() if action == "receive"} == set(SENT)
    assert {n.partition(".")[2] for n, action in directions.items() if action == "send"} == set(HEARD)


def test_every_message_of_the_channel_is_in_an_operation() -> None:
    used = {ref for op in DOCUMENT["operations"].values() for ref in references(op["messages"])}
    assert used == {f"#/channels/socket/messages/{name}" for name in DOCUMENT["channels"]["socket"]["messages"]}


@pytest.mark.parametrize("name", DOCUMENT["components"]["messages"])
def test_every_payload_is_a_json_schema(name: str) -> None:
    assert not validator(name).is_valid([])


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_protocol_is_valid_under_the_message_of_its_kind(example: str) -> None:
    frame = json.loads(example)
    side = "sent" if example in SENT_EXAMPLES else "heard"
    names = [f"{frame['t']}.{side}"]
    messages = DOCUMENT["components"]["messages"]
    names += [name for name in messages if name.endswith(f".{frame.get('k')}") and name.startswith(f"{frame['t']}.")]
    assert any(validator(name).is_valid(frame) for name in names[1:] or names), frame
    validator(names[0]).validate(frame)


SENT_EXAMPLES = set(
    re.findall(r"^C→S +(\{.*\})$", (ROOT / "docs" / "protocol.md").read_text("utf-8"), re.MULTILINE)
)

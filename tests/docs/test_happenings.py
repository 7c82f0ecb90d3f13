"""Commands and events as they are shown, against consults that go through everything."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import msgspec
import pytest

import consults.commands
import members.described
from consults.described import DESCRIBED
from members import notices
from members.availability import end_availability
from realtime import timers
from realtime.describing import refusals, refusals_in
from realtime.protocol import Refusal
from tests.consults.test_canary import journey
from tests.consults.ward import Ward

SHAPES = {(event.stream, event.kind): event.shape for event in (*DESCRIBED.events, *members.described.DESCRIBED.events)}
SOURCES = [*Path(consults.commands.__file__).parent.glob("*.py")]


def everything(ward: Ward) -> list[tuple[str, dict[str, Any]]]:
    """Every event of consults that go through all there is, each with the kind of its stream."""
    streams = [journey(ward)]
    streams.append(ward.ask("okafor"))
    ward.do("okafor", "consult.withdraw", {}, streams[-1])
    streams.append(ward.open("okafor", "lind"))
    ward.do("lind", "consult.hand_back", {}, streams[-1])
    ward.wait(hours=1)
    streams.append(ward.open("okafor", "berg"))
    ward.wait(minutes=4)
    streams.append(ward.open("berg", "lind", urgency="today"))
    ward.do("berg", "consult.invite", {"specialty": "nephrology"}, streams[-1])
    ward.wait(hours=40)
    end_availability(ward.member("lind"), "ended")
    notices.tell(ward.member("lind"), "clinic.left", name="Riverside Clinic")
    timers.work_off(notices.TIMERS)
    found = [("consult", event) for r in streams for event in ward.events(r)]
    return found + [("inbox", event) for who in ward.accounts for event in ward.inbox(who)]


def test_every_event_has_the_shape_that_is_shown_and_every_shape_was_seen(ward: Ward) -> None:
    seen = set()
    for stream, event in everything(ward):
        shape = SHAPES[stream, event["k"]]
        msgspec.convert(event["d"], shape)
        assert set(event["d"]) <= set(shape.__struct_fields__), event["k"]
        seen.add((stream, event["k"]))
    assert set(SHAPES) == seen


def test_every_command_of_the_tables_is_described_once() -> None:
    tables = [*consults.commands.OWN, *consults.commands.PREPARES, *consults.commands.SERVICES]
    assert [command.kind for command in DESCRIBED.commands] == tables
    assert all(does and raises for does, raises in (command.does for command in DESCRIBED.commands))


@pytest.mark.parametrize("command", DESCRIBED.commands, ids=lambda command: command.kind)
def test_a_command_takes_the_content_that_is_shown(command: Any, ward: Ward) -> None:
    """What lacks a needed key is malformed, whoever sends it and wherever."""
    if not command.shape.__struct_fields__:
        return
    if command.kind in consults.commands.PREPARES:
        with pytest.raises(Refusal, match="malformed"):
            consults.commands.PREPARES[command.kind]({})
        return
    r = "me" if command.to == "me" else ward.open("okafor", "lind")
    with pytest.raises(Refusal, match="malformed"):
        ward.do("okafor", command.kind, {}, r)


def test_a_code_that_a_command_is_said_to_refuse_with_is_one_that_exists() -> None:
    from realtime.protocol import REFUSALS

    known = {doc.code for doc in refusals()} | set(REFUSALS)
    for command in DESCRIBED.commands:
        codes = [word.strip("`,.()") for word in command.does[1].split() if word.startswith("`")]
        assert codes
        assert {code for code in codes if code != "d.r"} <= known, command.kind


def test_refusals_are_read_from_the_source() -> None:
    source = """
class Gone(Refusal):
    def __init__(self): super().__init__("a.gone", "It is gone.")
def f(most):
    raise Refusal("too_large", f"Longer than {most}.", retry=True)
def g():
    raise Refusal("refused", WHY[1])
"""
    assert sorted(refusals_in(ast.parse(source))) == [
        ("a.gone", "It is gone.", False),
        ("refused", "…", False),
        ("too_large", "Longer than {most}.", True),
    ]

"""Commands, events and refusals of calls as the documents show them, against calls that go through everything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from realtime.describing import refusals
from realtime.instants import to_ms
from realtime.protocol import REFUSALS, Refusal
from tests.voice.line import Line
from tests.voice.test_views import talk
from voice import owning
from voice.call import BridgeFailed, MediaLost, MediaUp, Side, TimerDue, Way
from voice.commands import OWN, SERVICES
from voice.described import DESCRIBED
from voice.holding import holding
from voice.reasons import SENTENCES, SOUND_STOPPED, reason_of

SHAPES = {(event.stream, event.kind): event.shape for event in DESCRIBED.events}


def everything(line: Line) -> list[tuple[str, dict[str, Any]]]:
    """Every event of calls that go through all there is, each with the kind of its stream."""
    calls = [talk(line, purpose="result")]
    later = to_ms(timezone.now() + timedelta(minutes=15))
    line.do("call.outcome", {"how": "spoke", "then": "retry", "retry_at": later}, calls[0])
    calls.append(line.call(number="+16175550163"))
    line.pass_to(calls[-1], "ended")
    calls.append(line.call())
    with holding(calls[-1], timezone.now()) as held:
        attempt = held.call.memory.attempts[0]
        attempt.way = Way.WEBRTC
        held.feed(MediaUp(Side.CLINICIAN, 1, 0))
        held.feed(MediaLost(Side.CLINICIAN, 1, 0))
        held.call.memory.timers["media_warn:clinician:1"] = 0.0
        held.feed(TimerDue("media_warn:clinician:1"))
        held.feed(MediaUp(Side.CLINICIAN, 1, 0))
        held.feed(BridgeFailed())
    line.pass_to(calls[-1], "ended")
    owning.register("one", timezone.now())
    calls.append(line.call(way="webrtc"))
    line.do("call.hold", {"held": True}, calls[-1])
    line.do("call.hand_over", {"way": "callback"}, calls[-1])
    found = [("call", event) for r in calls for event in line.events(r)]
    return found + [("inbox", event) for event in line.inbox() if event["k"].startswith("call.")]


def test_every_event_has_the_shape_that_is_shown_and_every_shape_was_seen(line: Line) -> None:
    seen = set()
    for stream, event in everything(line):
        shape = SHAPES[stream, event["k"]]
        msgspec.convert(event["d"], shape)
        assert set(event["d"]) <= set(shape.__struct_fields__), event["k"]
        seen.add((stream, event["k"]))
    assert set(SHAPES) == seen


def test_every_command_is_described_once_with_what_it_does_and_refuses() -> None:
    assert [command.kind for command in DESCRIBED.commands] == [*OWN, *SERVICES]
    known = {doc.code for doc in refusals()} | set(REFUSALS)
    for command in DESCRIBED.commands:
        assert all(command.does), command.kind
        codes = {word.strip("`,.") for word in command.does[1].split() if word.startswith("`")} - {"call.…"}
        assert codes and codes <= known, command.kind


@pytest.mark.parametrize("command", [c for c in DESCRIBED.commands if c.shape.__struct_fields__], ids=lambda c: c.kind)
def test_a_command_that_lacks_what_it_needs_is_malformed(line: Line, command: Any) -> None:
    r = "me" if command.to == "me" else line.call()
    with pytest.raises(Refusal, match="malformed"):
        line.do(command.kind, {}, r)


def test_every_reason_that_can_be_given_has_a_sentence() -> None:
    from voice.call import By, Cause, Stage, Way

    given = {reason_of(by, stage, cause, way) for by in By for stage in Stage for cause in Cause for way in Way}
    assert given | {SOUND_STOPPED} == set(SENTENCES)

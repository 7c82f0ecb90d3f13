"""What a leg is told to do when its carrier asks: only what follows from how the call stands."""

from __future__ import annotations

from typing import Any

import pytest

from members.models import Account
from tests.voice.line import Line
from voice.models import Attempt, Call
from voice.standing import Unknown, check_leg, instruction_of


def leg(r: str, side: str) -> Attempt:
    """The first attempt of a side."""
    return Attempt.objects.get(call=r, side=side, n=1)


def step(attempt: Attempt) -> str:
    """What it would be told."""
    return instruction_of(attempt.reference, attempt.carrier_id).step


def told(attempt: Attempt) -> tuple[str, str]:
    """The step, and in which language."""
    instruction = instruction_of(attempt.reference, attempt.carrier_id)
    return instruction.step, instruction.language


def change_machine(r: str, side: str, **changed: Any) -> None:
    """Have the machine remember something else of an attempt."""
    call = Call.objects.get(pk=r)
    for attempt in call.machine["attempts"]:
        if attempt["side"] == side:
            attempt.update(changed)
    call.save()


def test_the_clinician_is_asked_for_a_key_and_then_waits_in_the_room(line: Line) -> None:
    r = line.call()
    line.pass_s(20, lambda: "clinician answered" in line.kinds(r))
    assert step(leg(r, "clinician")) == "press_one"
    line.pass_s(20, lambda: "clinician confirmed" in line.kinds(r))
    instruction = instruction_of(leg(r, "clinician").reference, leg(r, "clinician").carrier_id)
    assert (instruction.step, instruction.waits, instruction.room) == ("join", True, Call.objects.get(pk=r).room)


def test_the_patient_enters_the_room_and_stays_no_longer_than_the_call_may_last(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    instruction = instruction_of(leg(r, "patient").reference, leg(r, "patient").carrier_id)
    assert (instruction.step, instruction.waits, instruction.max_s) == ("join", False, 3600)


def test_a_leg_that_is_on_its_way_out_is_told_to_hang_up_whatever_the_call_does(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    for changed in ({"leaving": True}, {"leaving": False, "given_up": True}, {"given_up": False, "leg": 5}):
        change_machine(r, "patient", **changed)
        assert step(leg(r, "patient")) == "hang_up", changed
    assert step(leg(r, "clinician")) == "join"


def test_nobody_enters_the_room_of_a_call_that_has_ended(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    line.do("call.hang_up", {}, r)
    assert step(leg(r, "patient")) == "hang_up" and step(leg(r, "clinician")) == "hang_up"


def test_another_leg_of_the_carriers_under_the_same_reference_hangs_up(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    assert instruction_of(leg(r, "patient").reference, "another").step == "hang_up"
    assert instruction_of(leg(r, "patient").reference, "").step == "hang_up"


def test_a_reference_that_nobody_was_given_is_unknown_to_every_carrier(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    check_leg("loopback", leg(r, "patient").reference)
    for carrier, reference in (("loopback", "a" * 22), ("twilio", leg(r, "patient").reference)):
        with pytest.raises(Unknown):
            check_leg(carrier, reference)
    assert instruction_of("a" * 22, "leg").step == "hang_up"


def test_each_side_is_spoken_to_in_its_own_language(line: Line) -> None:
    Account.objects.filter(pk=line.member).update(languages=["fi", "sv"])
    r = line.call()
    Call.objects.filter(pk=r).update(language="es")
    line.pass_s(20, lambda: "clinician answered" in line.kinds(r))
    assert told(leg(r, "clinician")) == ("press_one", "sv")
    line.pass_to(r, "connected")
    assert (told(leg(r, "clinician")), told(leg(r, "patient"))) == (("join", "sv"), ("join", "es"))

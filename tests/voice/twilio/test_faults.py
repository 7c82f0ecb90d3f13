"""A Twilio that is down, slow, lies or says nothing: each call ends with a reason, and nothing rings for ever."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.voice.fake_twilio import Phone
from tests.voice.fake_twilio.world import every, of_status
from tests.voice.riverside import PATIENT, PHONE
from tests.voice.twilio_line import TwilioLine, wait_until
from voice.models import Action, Attempt, CallRecord, HeardEvent
from voice.sweep import SILENT_UP, sweep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
TALK = frozenset({PHONE, PATIENT})


def connected(line: TwilioLine) -> str:
    """A call in which two people talk."""
    r = line.call()
    wait_until(lambda: line.stage(r) == "connected")
    wait_until(lambda: line.fake.talked() == {TALK})
    return r


def is_quiet(line: TwilioLine) -> bool:
    """Whether no phone rings and nobody talks."""
    return all(call.ended_at is not None for call in line.fake.calls)


# --- callbacks -------------------------------------------------------------------------------------------------------


def test_a_call_whose_callbacks_all_come_twice_is_the_same_call(line: TwilioLine) -> None:
    line.fake.faults.double = every
    r = connected(line)
    line.hang_up(r)
    record = line.ended(r)
    line.fake.end_all()
    assert (record.by, record.cause) == ("clinician", "completed")
    assert set(line.legs(r, "patient")) >= {"dialing", "answered", "ended"}
    keys = list(HeardEvent.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys))
    assert len(line.fake.poster.posted) > len(keys)


def test_a_call_whose_callbacks_are_late_goes_on_without_them(line: TwilioLine) -> None:
    line.fake.faults.late, line.fake.faults.late_s = every, 0.6
    r = connected(line)
    line.hang_up(r)
    assert line.ended(r).cause == "completed"
    told = line.told(r)
    line.fake.end_all()
    assert line.told(r) == told, "what comes after the end tells nothing"


def test_a_call_whose_callbacks_come_backwards_after_its_end_is_whole(line: TwilioLine) -> None:
    line.fake.faults.reorder = True
    r = connected(line)
    line.hang_up(r)
    record = line.ended(r)
    assert (record.by, record.cause) == ("clinician", "completed")
    assert line.legs(r, "patient")[-1] == "ended"


def test_a_call_of_which_no_callback_arrives_is_talked_and_ends_by_its_own_timers(line: TwilioLine) -> None:
    line.fake.faults.lose = every
    r = connected(line)
    line.hang_up(r)
    record = line.ended(r)
    assert record.cause == "completed"
    assert {leg["cause"] for leg in record.legs} <= {"completed", "lost", "cancelled"}
    wait_until(lambda: is_quiet(line))
    assert line.fake.poster.lost


def test_a_hang_up_that_nobody_heard_of_is_found_by_the_sweep(line: TwilioLine) -> None:
    r = connected(line)
    line.fake.faults.lose = every
    line.fake.calls_to(PATIENT)[0].hang_up()
    wait_until(lambda: is_quiet(line))
    assert line.row(r).ended_at is None, "nobody told us"
    Attempt.objects.update(heard_at=timezone.now() - SILENT_UP * 2)
    sweep(timezone.now())
    assert line.ended(r).cause == "completed"


def test_a_document_that_we_fail_to_give_ends_the_call_with_a_reason(
    line: TwilioLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("voice.webhooks.instruction_of", broken)
    r = line.call()
    assert line.ended(r).reason in ("you_declined", "you_no_key")
    assert line.fake.calls_to(PATIENT) == []
    assert {posted.status for posted in line.fake.poster.posted} == {500}


# --- REST ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["down", "nonsense", "error"])
def test_a_twilio_that_cannot_be_understood_ends_the_call_as_uncertain(line: TwilioLine, fault: str) -> None:
    line.fake.faults.rest = fault
    r = line.call()
    record = line.ended(r)
    assert (record.cause, record.reason) == ("uncertain", "uncertain")
    line.fake.faults.rest = ""
    assert line.fake.calls_to(PHONE) == [], "a dial is never repeated"
    assert line.fake.calls_to(PATIENT) == []


def test_a_twilio_that_is_too_busy_is_asked_again(line: TwilioLine) -> None:
    line.fake.faults.rest, line.fake.faults.rest_left = "busy", 1
    connected(line)


def test_a_dial_whose_answer_is_cut_off_goes_on_by_its_callbacks_and_is_not_repeated(line: TwilioLine) -> None:
    line.fake.faults.rest, line.fake.faults.rest_left = "cut", 1
    r = connected(line)
    line.hang_up(r)
    assert line.ended(r).cause == "completed"
    assert len(line.fake.calls_to(PHONE)) == 1


def test_a_dial_of_which_nothing_is_heard_at_all_is_hung_up_when_it_is_answered(line: TwilioLine) -> None:
    line.fake.faults.rest, line.fake.faults.rest_left, line.fake.faults.lose = "cut", 1, every
    line.fake.phone(PHONE, Phone(rings_s=2.5))
    r = line.call()
    wait_until(lambda: line.fake.faults.rest_left == 0)
    line.fake.faults.rest, line.fake.faults.rest_left = "down", None  # the list of calls cannot be asked either
    record = line.ended(r)
    assert record.cause == "uncertain"
    wait_until(lambda: is_quiet(line))
    assert line.fake.calls_to(PATIENT) == []
    assert line.doctor.heard == []
    assert CallRecord.objects.filter(call=r).count() == 1


@pytest.mark.parametrize("clock_s", [-2.0, 0.0, 2.0], ids=["its clock is behind", "same clock", "its clock is ahead"])
def test_a_dial_of_which_nothing_is_heard_is_found_in_twilios_list_of_calls(line: TwilioLine, clock_s: float) -> None:
    line.fake.faults.clock_s = clock_s
    line.fake.faults.rest, line.fake.faults.rest_left = "cut", 1
    line.fake.faults.lose = of_status("initiated", "ringing")
    line.fake.phone(PHONE, Phone(rings_s=1.2, presses_after_s=0.1))
    r = line.call()
    wait_until(lambda: Action.objects.filter(kind="dial", state="unknown").exists())
    sweep(timezone.now())
    assert line.legs(r, "clinician") == ["ringing"]
    assert Attempt.objects.get(side="clinician").carrier_id == line.fake.calls_to(PHONE)[0].sid
    wait_until(lambda: line.stage(r) == "connected")
    assert len(line.fake.calls_to(PHONE)) == 1


def test_a_twilio_that_takes_a_call_and_never_rings_is_given_up(line: TwilioLine) -> None:
    line.fake.faults.rest = "forgets"
    r = line.call()
    record = line.ended(r)
    assert record.reason == "you_no_answer"
    assert line.fake.calls_to(PATIENT) == []


def test_a_twilio_that_goes_down_while_two_talk_does_not_keep_their_call_open(line: TwilioLine) -> None:
    r = connected(line)
    line.fake.faults.rest, line.fake.faults.lose = "down", every
    line.hang_up(r)
    record = line.ended(r)
    assert record.cause == "completed"
    line.fake.faults.rest = ""
    wait_until(lambda: is_quiet(line), 20)


def test_a_leg_that_ends_while_the_room_is_entered_ends_the_call(line: TwilioLine) -> None:
    line.fake.phone(PATIENT, Phone(rings_s=0.1, keys=[], stays_s=0.05))
    r = line.call()
    assert line.ended(r).reason in ("patient_hung_up", "patient_declined")
    wait_until(lambda: is_quiet(line))


def test_a_status_that_is_lost_in_the_middle_leaves_no_gap_in_what_is_told(line: TwilioLine) -> None:
    line.fake.faults.lose = of_status("initiated", "ringing", "in-progress")
    r = connected(line)
    line.hang_up(r)
    line.ended(r)
    assert line.legs(r, "patient")[0] == "dialing" and line.legs(r, "patient")[-1] == "ended"

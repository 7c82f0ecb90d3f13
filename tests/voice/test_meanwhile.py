"""What changes while a call is made: a mark, a phone, the clock, a leg that is nobody's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.voice.line import Line
from voice.address_book import change_patient
from voice.carriers.base import CarrierEvent
from voice.models import Action, Attempt, Call, CallRecord
from voice.phones import remove_phones
from voice.services import take_events


def test_who_is_marked_as_not_to_be_called_while_the_clinician_is_rung_is_not_called(line: Line) -> None:
    r = line.call()
    line.pass_s(2)
    change_patient(line.maria, line.rosa, {"do_not_call": True}, timezone.now())
    line.pass_s(40)
    assert line.legs() == 1, "the patient was not dialled"
    assert (line.record(r).reason, line.record(r).cause) == ("do_not_call", "withdrawn")


def test_a_phone_that_was_removed_before_it_was_dialled_is_not_dialled(line: Line) -> None:
    r = line.call()
    remove_phones(line.amara.account, timezone.now())
    line.pass_s(40)
    assert line.legs() == 0
    assert (line.record(r).reason, line.record(r).cause) == ("phone_removed", "withdrawn")


def test_events_of_one_stranger_in_a_batch_end_it_once_and_the_others_of_the_batch_are_taken(line: Line) -> None:
    r = line.call()
    line.pass_s(2)
    ours = Attempt.objects.get(call=r)
    now = timezone.now()
    batch = [
        CarrierEvent(ours.reference, "stranger", "stranger:1", "ringing", now, order=1),
        CarrierEvent(ours.reference, "stranger", "stranger:2", "answered", now, order=2),
        CarrierEvent(ours.reference, ours.carrier_id, "ours:3", "answered", now, order=3),
    ]
    for _ in range(2):
        take_events("loopback", batch)
    assert Action.objects.filter(call=r, kind="hangup", args={"carrier_id": "stranger"}).count() == 1
    ours.refresh_from_db()
    assert ours.answered_at is not None


@pytest.mark.parametrize(("hours", "talked_s"), [(3, 3600), (-1, 0)])
def test_a_clock_that_is_put_on_or_back_makes_no_call_longer_than_it_may_be(
    line: Line, hours: int, talked_s: int
) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    line.clock.move_to(timezone.now() + timedelta(hours=hours), tick=False)
    if hours < 0:
        line.do("call.hang_up", {}, r)
    line.pass_s(20)
    call, record = Call.objects.get(pk=r), CallRecord.objects.get(call=r)
    assert (call.stage, call.talked_s, record.talked_s) == ("ended", talked_s, talked_s)
    assert call.ended_at is not None and call.bridged_at is not None and call.ended_at >= call.bridged_at

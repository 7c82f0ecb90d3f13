"""How a call went is said once and in time; after that nothing is written to the call, and purge erases what is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from realtime import retention
from realtime.instants import to_ms
from realtime.log import read_events
from realtime.models import Event, Hold, Stream, Timer
from realtime.protocol import Refusal
from realtime.timers import work_off
from tests.voice.line import Line
from tests.voice.test_views import get, talk
from voice import outcomes
from voice.models import Call, CallOutcome
from voice.timers import TIMERS

WAITED = timedelta(hours=72)


@pytest.fixture
def called(line: Line) -> str:
    """A call that has ended, to a patient of the address book and for a result."""
    return talk(line, purpose="result")


def state(r: str) -> str:
    return Stream.objects.get(pk=r).state


def end_of(r: str) -> datetime:
    ended_at = Call.objects.get(pk=r).ended_at
    assert ended_at is not None
    return ended_at


def refused(line: Line, r: str, c: str | None = None) -> str:
    with pytest.raises(Refusal) as refusal:
        line.do("call.outcome", {"how": "spoke"}, r, c)
    return refusal.value.code


def test_a_call_is_final_once_it_was_said_how_it_went(line: Line, called: str) -> None:
    assert state(called) == "closed"
    line.do("call.outcome", {"how": "spoke"}, called)
    assert state(called) == "final"
    assert not Timer.objects.filter(kind=outcomes.TIMER).exists()
    assert refused(line, called) == "call.outcome_said"


def test_the_same_word_again_gets_the_same_answer_although_the_call_is_final(line: Line, called: str) -> None:
    once = line.do("call.outcome", {"how": "spoke"}, called, c="11111111-1111-4111-8111-111111111111")
    again = line.do("call.outcome", {"how": "spoke"}, called, c="11111111-1111-4111-8111-111111111111")
    assert once.seq == again.seq and line.kinds(called).count("call.outcome") == 1


def test_a_call_of_which_nobody_says_it_is_final_after_three_days_and_not_before(line: Line, called: str) -> None:
    line.pass_s(WAITED.total_seconds() - 1)
    assert state(called) == "closed"
    line.pass_s(2)
    assert state(called) == "final"
    assert refused(line, called) == "call.outcome_late" and not CallOutcome.objects.exists()


def test_it_is_too_late_from_that_instant_on_also_while_the_timer_has_not_run(line: Line, called: str) -> None:
    line.clock.move_to(end_of(called) + WAITED, tick=False)
    assert refused(line, called) == "call.outcome_late"
    line.clock.shift(timedelta(seconds=-1))
    line.do("call.outcome", {"how": "spoke"}, called)


def test_a_time_that_was_prolonged_is_waited_for(line: Line, called: str, settings: Any) -> None:
    settings.CURBSIDE_OUTCOME_HOURS = 100
    line.clock.shift(WAITED + timedelta(hours=1))
    assert work_off(TIMERS) and state(called) == "closed"
    line.pass_s(27 * 3600)
    assert state(called) == "final"


def test_until_when_it_can_be_said_is_shown_and_nothing_once_it_was(line: Line, called: str) -> None:
    amara, until = line.amara.account, end_of(called) + WAITED
    assert get(amara, f"/calls/{called}")["outcome_until"] == to_ms(until)
    line.do("call.outcome", {"how": "spoke"}, called)
    assert get(amara, f"/calls/{called}")["outcome_until"] is None
    going_on = line.call()
    assert get(amara, f"/calls/{going_on}")["outcome_until"] is None


def test_late_events_of_the_carrier_add_nothing_to_a_call_that_is_final(line: Line) -> None:
    r = talk(line)
    line.do("call.outcome", {"how": "spoke"}, r)
    before = Event.objects.filter(stream=r).count()
    line.pass_s(WAITED.total_seconds() + 600)
    assert Event.objects.filter(stream=r).count() == before


# --- purge -----------------------------------------------------------------------------------------------------------


@pytest.mark.databases
def test_purge_erases_whom_a_call_was_for_a_year_after_it_and_keeps_its_numbers(line: Line, called: str) -> None:
    said = {"patient_ref": line.maria.pk, "patient_mask": "•• 55", "purpose": "result"}
    assert read_events(called)[0]["d"].items() >= said.items()
    numbers = [event["s"] for event in read_events(called)]
    line.pass_s(WAITED.total_seconds() + 1)
    assert purge_after(line, timedelta(days=361)) == (0, 0)
    assert purge_after(line, timedelta(days=2)) == (1, 1)
    first, *rest = read_events(called)
    assert first["d"]["erased"] is True and not said.keys() & first["d"].keys()
    assert first["d"]["shown"] == "+1 617-555-0100" and rest[-1]["k"] == "call.ended"
    assert [event["s"] for event in read_events(called)] == numbers
    assert line.record(called).patient_mask == "•• 55"
    assert purge_after(line, timedelta(days=1)) == (0, 0), "a second run finds nothing to do"


@pytest.mark.databases
def test_purge_leaves_a_call_that_goes_on_or_is_waited_for_or_held(line: Line, called: str, settings: Any) -> None:
    settings.CURBSIDE_KEEP_DAYS = {"call": 1}
    line.loop_runs = False
    assert purge_after(line, timedelta(days=2)) == (0, 0), "it can be said still how it went"
    line.pass_s(WAITED.total_seconds())
    Hold.objects.create(stream_id=called, placed_by="Ines", why="asked for by a court", placed_at=timezone.now())
    assert purge_after(line, timedelta(days=2)) == (0, 0)
    assert read_events(called)[0]["d"]["patient_ref"] == line.maria.pk


def purge_after(line: Line, span: timedelta) -> tuple[int, int]:
    """Purge then; how many streams and events were erased."""
    line.clock.shift(span)
    run = retention.purge(lambda progress: None, timezone.now())
    return run.streams, run.events


@pytest.mark.databases
def test_purge_closes_calls_whose_timer_a_version_before_did_not_set(line: Line) -> None:
    said, waited, live = talk(line), talk(line), line.call()
    line.do("call.outcome", {"how": "spoke"}, said)
    Stream.objects.filter(pk=said).update(state="closed")
    Timer.objects.filter(kind=outcomes.TIMER).delete()
    line.loop_runs = False
    purge_after(line, WAITED - timedelta(hours=1))
    assert (state(said), state(waited)) == ("closed", "closed")
    purge_after(line, timedelta(hours=1))
    assert (state(said), state(waited), state(live)) == ("final", "final", "open")

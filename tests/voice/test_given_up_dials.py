"""A dial that its carrier refused for the moment is asked again only while its leg is wanted: no phone rings late.

Whoever hangs up while a dial is on the way cannot take it back; what the refusal finds decides.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from tests.voice.carriers.scripted import Scripted
from tests.voice.line import Line
from voice import outbox
from voice.call import Cause
from voice.carriers.base import CarrierError, DialOrder
from voice.models import Action, Attempt, Call


def refuse_after(scripted: Scripted, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """Have the next dial refused for the moment, once something has happened while it was asked."""
    take = scripted.dial

    def dial(order: DialOrder) -> str:
        monkeypatch.setattr(scripted, "dial", take)
        meanwhile()
        scripted.failing.append(CarrierError("down", permanent=False, cause=Cause.FAILED, provider_code="503"))
        return take(order)

    monkeypatch.setattr(scripted, "dial", dial)


def confirm(line: Line, scripted: Scripted) -> str:
    """A call whose patient is dialled next."""
    r = line.call()
    line.work()
    scripted.say(r, "clinician", "answered")
    scripted.say(r, "clinician", "key", digits="1")
    return r


def test_a_patient_whose_dial_was_refused_after_the_call_was_hung_up_is_not_dialled_again(
    line: Line, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = confirm(line, scripted)
    refuse_after(scripted, monkeypatch, lambda: line.do("call.hang_up", {}, r))
    line.work()
    scripted.say(r, "clinician", "ended")
    assert Call.objects.get(pk=r).ended_at == timezone.now(), "nothing is left to wait for"
    line.pass_s(30)
    assert scripted.asked.count("dial patient") == 1 and len(scripted.dials) == 1
    assert Action.objects.get(call=r, kind="dial", attempt__side="patient").state == "failed"
    assert [leg["cause"] for leg in line.record(r).legs if leg["side"] == "patient"] == ["cancelled"]
    assert not Action.objects.filter(call=r, state__in=["waiting", "claimed"]).exists()


def test_the_same_refusal_while_the_call_goes_on_is_asked_again(
    line: Line, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = confirm(line, scripted)
    refuse_after(scripted, monkeypatch, lambda: None)
    line.pass_s(5)
    assert scripted.asked.count("dial patient") == 2 and len(scripted.dials) == 2
    assert Call.objects.get(pk=r).ended_at is None


def test_who_hangs_up_between_a_refusal_and_the_next_try_takes_the_dial_back(
    line: Line, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = confirm(line, scripted)
    refuse_after(scripted, monkeypatch, lambda: None)
    line.work()
    line.do("call.hang_up", {}, r)
    line.pass_s(30)
    assert scripted.asked.count("dial patient") == 1


def test_a_claim_that_came_to_nothing_is_not_asked_once_its_call_was_hung_up(line: Line, scripted: Scripted) -> None:
    r = line.call()
    [action] = outbox.claim(10, timezone.now())
    line.do("call.hang_up", {}, r)
    outbox.again(action, timezone.now(), after_s=0.0)  # as a loop does that stood still until its claim was over
    line.work()
    assert scripted.asked == [] and Action.objects.get(pk=action.pk).state == "cancelled"
    assert line.record(r).reason == "you_called_off", "it did not wait for a leg that never was"


def test_a_leg_that_rings_though_its_dial_was_refused_is_not_dialled_a_second_time(
    line: Line, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = confirm(line, scripted)
    refuse_after(scripted, monkeypatch, lambda: scripted.say(r, "patient", "ringing", leg="leg-9"))
    line.pass_s(5)
    assert scripted.asked.count("dial patient") == 1
    assert Attempt.objects.get(call=r, side="patient").carrier_id == "leg-9"


def test_a_leg_that_was_given_up_while_it_was_asked_for_is_not_asked_for_again(
    line: Line, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = confirm(line, scripted)

    def stand_still() -> None:
        line.do("call.hang_up", {}, r)
        line.loop_runs = False
        line.pass_s(15)
        line.loop_runs = True

    refuse_after(scripted, monkeypatch, stand_still)
    line.work()
    line.pass_s(30)
    assert Call.objects.get(pk=r).ended_at is not None and scripted.asked.count("dial patient") == 1

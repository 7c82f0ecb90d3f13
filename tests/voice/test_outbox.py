"""The outbox and the sweep: dialled at most once, whatever dies, fails or is lost on the way, and always an end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from tests.voice.carriers.scripted import Killed, Scripted
from tests.voice.line import Line
from voice import outbox
from voice.asking import perform
from voice.call import By, Cause
from voice.carriers.base import CarrierError, Kind
from voice.loop import Chore, Loop
from voice.models import Action, Attempt, Call, CallRecord
from voice.services import end_call, take_events
from voice.sweep import sweep


def reach_patient(line: Line, scripted: Scripted) -> str:
    """A call whose patient rings."""
    r = line.call()
    line.work()
    scripted.say(r, "clinician", "answered")
    scripted.say(r, "clinician", "key", digits="1")
    line.work()
    scripted.say(r, "patient", "ringing")
    return r


def connect(line: Line, scripted: Scripted) -> str:
    """A call in which the two talk."""
    r = reach_patient(line, scripted)
    scripted.say(r, "patient", "answered")
    line.work()
    return r


def once(scripted: Scripted) -> bool:
    """Whether no attempt was dialled twice."""
    return len(scripted.dials) == len(set(scripted.dials))


def die_at(line: Line) -> None:
    """Work until the process dies."""
    with pytest.raises(Killed):
        line.work()


STEPS = ("dial clinician", "prompt one_moment", "dial patient", "bridge", "hangup")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["die_before", "die_after"])
def test_a_loop_that_dies_at_any_step_doubles_no_dial_and_leaves_no_call_open(
    line: Line, scripted: Scripted, step: str, when: str
) -> None:
    setattr(scripted, when, step)
    r = line.call()
    said: tuple[tuple[str, Kind], ...] = (("clinician", "answered"), ("clinician", "key"), ("patient", "answered"))
    for side, kind in said:
        _work_or_die(line)
        if Attempt.objects.filter(call=r, side=side).exists() and any(
            order.confirm == (side == "clinician") for order in scripted.dialled.values()
        ):
            scripted.say(r, side, kind, digits="1" if kind == "key" else "")
    _work_or_die(line)
    if Call.objects.get(pk=r).ended_at is None:
        for name in ("hangup leg-1", "hangup leg-2"):
            if step == "hangup":
                setattr(scripted, when, name)
        end_call(r, By.CLINIC, Cause.CANCELLED, timezone.now())
        _work_or_die(line)
    line.pass_s(120)
    assert once(scripted)
    assert Call.objects.get(pk=r).stage == "ended" and CallRecord.objects.filter(call=r).count() == 1
    left = Action.objects.filter(state__in=["waiting", "claimed"])
    lost = {f"{action.call_id}:{action.attempt_id}" for action in Action.objects.filter(state="unknown")}
    # A leg that may ring somewhere is looked for, to be hung up, for some minutes more.
    assert all(a.kind == "hangup" and f"{a.call_id}:{a.attempt_id}" in lost for a in left)


def _work_or_die(line: Line) -> None:
    try:
        line.work()
    except Killed:
        pass


def test_a_dial_that_died_before_it_was_asked_is_not_repeated_and_ends_as_uncertain(
    line: Line, scripted: Scripted
) -> None:
    scripted.die_before = "dial clinician"
    r = line.call()
    die_at(line)
    line.pass_s(10)
    assert Call.objects.get(pk=r).ended_at is None, "the claim may still be somebody's"
    line.pass_s(60)
    record = line.record(r)
    assert (record.cause, record.reason, scripted.dials) == ("uncertain", "uncertain", [])
    assert scripted.asked.count("fetch") >= 3
    assert line.events(r)[-1]["k"] == "call.ended"


def test_a_dial_whose_answer_was_lost_is_found_at_the_carrier_and_the_call_goes_on(
    line: Line, scripted: Scripted
) -> None:
    scripted.die_after = "dial clinician"
    r = line.call()
    die_at(line)
    line.pass_s(25)
    assert Call.objects.get(pk=r).ended_at is None
    assert Attempt.objects.get(call=r).carrier_id == "leg-1"
    scripted.say(r, "clinician", "answered")
    scripted.say(r, "clinician", "key", digits="1")
    line.work()
    assert once(scripted) and len(scripted.dials) == 2


def test_a_leg_that_turns_up_after_its_call_ended_as_uncertain_is_hung_up(line: Line, scripted: Scripted) -> None:
    scripted.die_after, scripted.knows = "dial clinician", False
    r = line.call()
    die_at(line)
    line.pass_s(120)
    assert line.record(r).cause == "uncertain"
    scripted.knows = True
    scripted.say(r, "clinician", "ringing")
    line.pass_s(5)
    assert "hangup leg-1" in scripted.asked and CallRecord.objects.count() == 1


def test_a_request_that_may_have_arrived_is_looked_for_and_not_repeated(line: Line, scripted: Scripted) -> None:
    scripted.failing = [CarrierError("no answer in time", permanent=False, cause=Cause.UNCERTAIN)]
    r = line.call()
    line.pass_s(60)
    assert line.record(r).cause == "uncertain" and scripted.dials == []


def test_a_carrier_that_is_down_for_a_moment_is_asked_again_and_one_that_stays_down_ends_the_call(
    line: Line, scripted: Scripted
) -> None:
    down = CarrierError("down", permanent=False, cause=Cause.FAILED, provider_code="503")
    scripted.failing = [down, down]
    r = line.call()
    line.pass_s(10)
    assert len(scripted.dials) == 1 and Call.objects.get(pk=r).ended_at is None
    end_call(r, By.SERVICE, Cause.CANCELLED, timezone.now())
    line.pass_s(30)
    scripted.failing = [down] * 20
    r = line.call()
    line.pass_s(30)
    assert line.record(r).reason == "carrier_failed" and line.record(r).legs[0]["provider_code"] == "503"


def test_a_refusal_of_the_carrier_ends_the_call_at_once_and_says_so(line: Line, scripted: Scripted) -> None:
    scripted.failing = [CarrierError("refused", permanent=True, cause=Cause.REFUSED, provider_code="21216")]
    r = line.call()
    line.work()
    assert line.record(r).reason == "carrier_refused" and line.events(r)[-1]["k"] == "call.ended"


def test_a_carrier_that_takes_the_request_and_never_calls_back_cannot_hold_a_call(
    line: Line, scripted: Scripted
) -> None:
    scripted.knows = False
    r = line.call()
    line.pass_s(40)
    assert line.record(r).reason == "you_no_answer" and "hangup leg-1" in scripted.asked


def test_a_lost_end_is_found_by_the_sweep(line: Line) -> None:
    line.call(number="+16175550169")
    r = Call.objects.get().pk
    line.pass_to(r, "connected")
    end_call(r, By.PATIENT, Cause.COMPLETED, timezone.now())
    line.pass_to(r, "ended", 60)
    assert line.record(r).talked_s == 0


def test_hanging_up_before_the_dial_was_claimed_dials_nobody(line: Line, scripted: Scripted) -> None:
    r = line.call()
    line.do("call.hang_up", {}, r)
    line.work()
    assert scripted.dials == [] and scripted.asked == []
    assert line.record(r).reason == "you_called_off" and Action.objects.get().state == "cancelled"


def test_hanging_up_while_the_patient_rings_cancels_that_leg_at_once(line: Line, scripted: Scripted) -> None:
    r = reach_patient(line, scripted)
    line.do("call.hang_up", {}, r)
    line.work()
    assert {"hangup leg-1", "hangup leg-2"} <= set(scripted.asked)
    scripted.say(r, "patient", "answered")
    line.work()
    assert scripted.asked.count("hangup leg-2") == 2, "the answer crossed the cancel"
    assert "bridge" not in scripted.asked


def test_a_bridge_that_the_carrier_refuses_ends_the_call(line: Line, scripted: Scripted) -> None:
    r = reach_patient(line, scripted)
    scripted.failing = [CarrierError("no room", permanent=True, cause=Cause.FAILED)]
    scripted.say(r, "patient", "answered")
    line.pass_s(30)
    assert line.record(r).reason in ("carrier_failed",)


def test_a_hang_up_is_asked_until_the_carrier_takes_it(line: Line, scripted: Scripted) -> None:
    r = connect(line, scripted)
    down = CarrierError("down", permanent=False, cause=Cause.FAILED, provider_code="503")
    scripted.failing = [down] * 60
    line.do("call.hang_up", {}, r)
    line.pass_s(600)
    assert line.record(r).reason == "you_hung_up" and scripted.failing, "the call is over here, and the carrier is down"
    assert Action.objects.filter(kind="hangup", state="waiting").count() == 2
    scripted.failing, scripted.asked = [], []
    line.pass_s(60)
    assert sorted(scripted.asked) == ["hangup leg-1", "hangup leg-2"]


def test_a_hang_up_is_not_asked_for_longer_than_a_leg_can_live(line: Line, scripted: Scripted) -> None:
    r = connect(line, scripted)
    scripted.failing = [CarrierError("down", permanent=False, cause=Cause.FAILED)] * 2000
    line.do("call.hang_up", {}, r)
    line.pass_s(2 * 3600)
    assert set(Action.objects.filter(kind="hangup").values_list("state", flat=True)) == {"failed"}


@pytest.mark.parametrize("found", [False, True], ids=["still claimed", "found by another loop"])
def test_a_claim_that_ended_before_its_dial_was_asked_is_not_asked_late(
    line: Line, scripted: Scripted, found: bool
) -> None:
    r = line.call()
    [action] = outbox.claim(1, timezone.now())
    line.clock.shift(timedelta(seconds=20))  # the process stood still
    if found:
        outbox.find_lost(timezone.now())
    perform(action)
    assert scripted.dials == [], "a phone of a call that may have ended would ring"
    line.pass_s(1)
    assert len(scripted.dials) == (0 if found else 1), "what was surely not asked may be asked"
    line.pass_s(60)
    assert CallRecord.objects.get(call=r).cause == ("uncertain" if found else "no_answer")


# --- the right, asked again ------------------------------------------------------------------------------------------


def test_a_right_that_is_revoked_between_the_two_legs_stops_the_patients(line: Line, scripted: Scripted) -> None:
    r = line.call()
    line.work()
    scripted.say(r, "clinician", "answered")
    line.grants[0].ended_at = timezone.now()
    line.grants[0].save()
    scripted.say(r, "clinician", "key", digits="1")
    line.pass_s(20)
    assert len(scripted.dials) == 1, "the patient was not dialled"
    assert line.record(r).reason == "right_revoked"
    assert "prompt unavailable" in scripted.asked


def test_a_pause_of_all_calls_stops_the_patients_leg_too(line: Line, scripted: Scripted) -> None:
    from voice.models import CallPause

    r = line.call()
    line.work()
    CallPause.objects.create()
    scripted.say(r, "clinician", "key", digits="1")
    line.pass_s(20)
    assert len(scripted.dials) == 1 and line.record(r).reason == "paused"


# --- what a carrier says ---------------------------------------------------------------------------------------------


def test_an_event_that_is_repeated_late_or_of_nobody_changes_nothing(line: Line, scripted: Scripted) -> None:
    r = line.call()
    line.work()
    answered = scripted.say(r, "clinician", "answered")
    before = line.events(r)
    scripted.again(answered)
    scripted.again(answered, key="another", kind="ringing")
    scripted.again(answered, key="of nobody", reference="nobody-knows-this")
    assert line.events(r) == before


def test_an_event_before_the_dial_has_been_answered_names_the_leg(line: Line, scripted: Scripted) -> None:
    r = line.call()
    attempt = Attempt.objects.get(call=r)
    scripted.again(scripted.event(attempt.reference, "ringing", "leg-1"))
    assert Attempt.objects.get(call=r).carrier_id == "leg-1"
    line.work()
    assert "hangup leg-1" not in scripted.asked


def test_another_leg_under_our_name_is_hung_up_and_changes_nothing(line: Line, scripted: Scripted) -> None:
    r = line.call()
    line.work()
    before = line.events(r)
    scripted.say(r, "clinician", "answered", leg="leg-of-somebody")
    line.work()
    assert line.events(r) == before and "hangup leg-of-somebody" in scripted.asked


def test_two_words_of_one_stranger_at_once_hang_it_up_once(line: Line, scripted: Scripted) -> None:
    r = line.call()
    line.work()
    reference = Attempt.objects.get(call=r).reference
    said: list[Kind] = ["ringing", "answered"]
    take_events(scripted.name, [scripted.event(reference, kind, "leg-of-somebody") for kind in said])
    line.work()
    assert scripted.asked.count("hangup leg-of-somebody") == 1


def test_a_leg_about_which_the_carrier_cannot_be_asked_holds_up_no_other(
    line: Line, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = line.call()
    line.work()
    Attempt.objects.create(call=Call.objects.get(pk=r), side="patient", n=1, way="callback", carrier="gone",
                           carrier_id="leg-of-old", heard_at=timezone.now() - timedelta(hours=1))
    Attempt.objects.filter(call=r, side="clinician").update(heard_at=timezone.now() - timedelta(minutes=1))
    assert sweep(timezone.now()) == 2
    assert Attempt.objects.get(call=r, side="clinician").ringing_at is not None


# --- two loops -------------------------------------------------------------------------------------------------------


@pytest.mark.databases
def test_two_loops_side_by_side_claim_nothing_twice(open_line: Line) -> None:
    now = timezone.now()
    for n in range(60):
        outbox.put(kind="prompt", key=f"key-{n}", call=None, args={}, due_at=now - timedelta(seconds=n))
    together = Barrier(4)

    def claim() -> list[int]:
        together.wait()
        mine: list[int] = []
        while claimed := outbox.claim(7, now):
            mine += [action.pk for action in claimed]
        connection.close()
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [pk for future in [pool.submit(claim) for _ in range(4)] for pk in future.result()]
    assert sorted(claimed) == sorted(Action.objects.values_list("pk", flat=True))
    assert set(Action.objects.values_list("tries", flat=True)) == {1}


def test_a_claim_that_was_taken_away_cannot_be_settled_by_who_lost_it(line: Line, scripted: Scripted) -> None:
    reach_patient(line, scripted)
    now = timezone.now()
    outbox.put(kind="prompt", key="one", call=Call.objects.get(), args={"what": "one_moment"}, due_at=now)
    [first] = outbox.claim(1, now)
    line.clock.shift(timedelta(seconds=30))
    assert outbox.find_lost(timezone.now()) == 1
    [second] = outbox.claim(1, timezone.now())
    assert not outbox.settle(first, "done", timezone.now())
    assert outbox.settle(second, "done", timezone.now())


@pytest.mark.databases
def test_what_a_chore_of_the_loop_puts_into_the_outbox_is_claimed_though_nobody_else_commits(
    open_line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Call.objects.get(pk=open_line.call())
    open_line.work()
    wanted: list[str] = []

    def put() -> None:
        for key in wanted:
            outbox.put(kind="prompt", key=key, call=call, args={"what": "one_moment"}, due_at=timezone.now())

    loop, asked = Loop(1), list[str]()
    monkeypatch.setattr("voice.loop.perform", lambda action: asked.append(action.key))
    vars(loop).update(_chores=(Chore(0.0, put),))
    for _ in range(3):
        loop.step()
    wanted.append("from a timer")
    loop.step()
    loop.drain()
    assert asked == ["from a timer"]

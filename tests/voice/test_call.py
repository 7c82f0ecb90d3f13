"""The machine of a call, proved: every state that can be reached, by every event in every order; some told by hand."""

from __future__ import annotations

import itertools
import random
from functools import cache
from typing import Any

import pytest

from voice import exploring
from voice.call import (
    Bridge,
    By,
    Call,
    Cause,
    Dial,
    DialFailed,
    DialUnknown,
    Event,
    Handover,
    HangUp,
    HangUpLeg,
    KeyPressed,
    Leg,
    LegChanged,
    MediaLost,
    MediaUp,
    Prompt,
    Record,
    RightRevoked,
    Side,
    Spans,
    Stage,
    Tell,
    TimerDue,
    Way,
)
from voice.exploring import WORLDS, Edge, Walk, World, walk

C, P = Side.CLINICIAN, Side.PATIENT
SPANS = Spans()


@cache
def look(state: bytes) -> dict[str, Any]:
    return exploring.look(state)


@cache
def walked(world: World) -> Walk:
    return walk(world)


@pytest.fixture(params=WORLDS, ids=lambda world: world.name)
def found(request: pytest.FixtureRequest) -> Walk:
    return walked(request.param)


def asked(edge: Edge, kind: type) -> list[Any]:
    return [action for action in edge.actions if isinstance(action, kind)]


@cache
def legs(state: bytes) -> dict[tuple[str, int], dict[str, Any]]:
    return {(attempt["side"], attempt["n"]): attempt for attempt in look(state)["attempts"]}


# --- every order of events, every moment of hanging up, every point of silence --------------------------------------


def test_a_call_has_one_record_and_it_is_written_as_it_ends(found: Walk) -> None:
    for edge in found.edges:
        ends = look(edge.after)["stage"] == "ended" != look(edge.before)["stage"]
        assert len(asked(edge, Record)) == ends
        assert sum(tell.kind == "call.ended" for tell in asked(edge, Tell)) == ends
        if look(edge.before)["stage"] == "ended":
            assert look(edge.after)["stage"] == "ended"


def test_an_attempt_is_dialled_once_when_it_is_made(found: Walk) -> None:
    assert [a for a in found.started if isinstance(a, Dial)] == [Dial(C, 1, Way(look(found.first)["way"]))]
    for edge in found.edges:
        new = legs(edge.after).keys() - legs(edge.before).keys()
        assert {(dial.side, dial.n) for dial in asked(edge, Dial)} == new
        assert len(asked(edge, Dial)) == len(new)


def test_a_leg_only_rises(found: Walk) -> None:
    for edge in found.edges:
        before, after = legs(edge.before), legs(edge.after)
        assert all(after[key]["leg"] >= attempt["leg"] for key, attempt in before.items())


def test_one_attempt_a_side_is_live_outside_a_handover(found: Walk) -> None:
    for state in found.states:
        live = [key for key, attempt in legs(state).items() if attempt["leg"] < Leg.ENDED]
        assert sum(side == P for side, _ in live) <= 1
        handing_over = look(state)["handovers"] > look(found.first)["handovers"]
        assert sum(side == C for side, _ in live) <= (2 if handing_over else 1)


def test_the_patient_is_dialled_once_the_clinician_is_confirmed_and_never_after_the_end(found: Walk) -> None:
    for edge in found.edges:
        for dial in asked(edge, Dial):
            assert look(edge.after)["ending"] is None
            if dial.side is P:
                assert any(a["leg"] == Leg.CONFIRMED for (side, _), a in legs(edge.after).items() if side == C)


def test_the_two_are_bridged_only_when_both_are_up(found: Walk) -> None:
    for edge in found.edges:
        for bridge in asked(edge, Bridge):
            after = legs(edge.after)
            mine, theirs = after[C, bridge.clinician], after[P, bridge.patient]
            assert mine["leg"] == Leg.CONFIRMED and theirs["leg"] >= Leg.ANSWERED
            assert not mine["leaving"] and not theirs["leaving"]


def test_once_the_end_is_decided_every_living_leg_has_been_hung_up_and_has_a_deadline(found: Walk) -> None:
    for state in found.states:
        if look(state)["ending"] is None:
            continue
        for (side, n), attempt in legs(state).items():
            if attempt["leg"] < Leg.ENDED:
                assert attempt["leaving"] and attempt["asked"] and f"teardown:{side}:{n}" in look(state)["timers"]


def test_no_leg_is_hung_up_twice_as_it_stands(found: Walk) -> None:
    for edge in found.edges:
        before, after = legs(edge.before), legs(edge.after)
        for order in asked(edge, HangUpLeg):
            was = before.get((order.side, order.n), {"asked": 0})["asked"]
            now = after[order.side, order.n]["asked"] or ~was  # what has ended has forgotten
            assert now & ~was, "the same hang-up was ordered before"


def test_an_answer_that_crosses_a_hang_up_is_hung_up_too(found: Walk) -> None:
    crossings = 0
    for edge in found.edges:
        match edge.event:
            case LegChanged(side=side, n=n, leg=Leg.ANSWERED) if (side, n) in legs(edge.before):
                was = legs(edge.before)[side, n]
                if was["leaving"] and was["leg"] < Leg.ANSWERED and was["asked"] == 2:
                    crossings += 1
                    assert HangUpLeg(side, n) in edge.actions
    assert crossings


def test_where_anything_lives_a_timer_runs_so_that_silence_ends_every_call(found: Walk) -> None:
    silent: dict[bytes, list[bytes]] = {}
    for edge in found.edges:
        if isinstance(edge.event, TimerDue):
            silent.setdefault(edge.before, []).append(edge.after)
    ends = {state for state in found.states if look(state)["stage"] == "ended"}
    assert ends
    # Every way of timers alone leads to the end: backwards from the ends, a state joins when all its ways lead there.
    grown = True
    while grown:
        grown = False
        for state, ways in silent.items():
            if state not in ends and all(after in ends for after in ways):
                ends.add(state)
                grown = True
    assert found.states == ends


def test_after_the_end_nothing_is_asked_but_to_hang_up_a_leg_that_turned_up_late(found: Walk) -> None:
    late = 0
    for edge in found.edges:
        if look(edge.before)["stage"] == "ended":
            assert all(isinstance(action, HangUpLeg) for action in edge.actions)
            assert look(edge.after)["timers"] == []
            late += len(edge.actions)
    assert late


def test_nothing_changes_by_what_is_said_again(found: Walk) -> None:
    for edge in found.edges:
        twice = isinstance(edge.event, LegChanged | DialFailed | HangUp | DialUnknown | MediaLost)
        if twice and edge.after != edge.before:
            again = [e for e in WAYS[found_key(found)][edge.after] if e.event == edge.event]
            assert all(e.after == edge.after and not e.actions for e in again), edge.event


WAYS: dict[int, dict[bytes, list[Edge]]] = {}


def found_key(found: Walk) -> int:
    if id(found) not in WAYS:
        ways: dict[bytes, list[Edge]] = {}
        for edge in found.edges:
            ways.setdefault(edge.before, []).append(edge)
        WAYS[id(found)] = ways
    return id(found)


# --- a call as it goes, in every order ------------------------------------------------------------------------------

TALK: list[Event] = [
    LegChanged(C, 1, Leg.RINGING), LegChanged(C, 1, Leg.ANSWERED), KeyPressed(C, 1, "1"),
    LegChanged(P, 1, Leg.ANSWERED), LegChanged(P, 1, Leg.ENDED, Cause.COMPLETED), LegChanged(C, 1, Leg.ENDED),
    HangUp(By.CLINICIAN),
]  # fmt: skip


@pytest.mark.parametrize("first", range(len(TALK)))
def test_all_orders_of_a_talks_events_with_doubles_end_in_one_record(first: int) -> None:
    rest = [event for n, event in enumerate(TALK) if n != first]
    for order in itertools.permutations(rest):
        call, _ = Call.start(Way.CALLBACK, SPANS, 0.0)
        out = [a for n, e in enumerate([TALK[first], *order]) for e2 in (e, e) for a in call.handle(e2, float(n))]
        out += to_the_end(call, 10.0)
        assert sum(isinstance(a, Record) for a in out) == 1
        assert sum(isinstance(a, Dial) for a in out) <= 1


def to_the_end(call: Call, now: float) -> list[Any]:
    """A carrier that says nothing more: only timers, each when it is due."""
    out: list[Any] = []
    for _ in range(50):
        due = call.next_due
        if due is None:
            assert call.stage is Stage.ENDED
            return out
        now = max(now, due)
        for name in call.due(now):
            out += call.handle(TimerDue(name), now)
    raise AssertionError("it does not end")


@pytest.mark.parametrize("said", range(len(TALK) + 1))
def test_a_carrier_that_falls_silent_after_any_event_delays_the_end_by_little(said: int) -> None:
    call, _ = Call.start(Way.CALLBACK, SPANS, 0.0)
    for n, event in enumerate(TALK[:said]):
        call.handle(event, float(n))
    out = to_the_end(call, 0.0)
    assert call.stage is Stage.ENDED and call.ending is not None
    talking = 4 <= said < 5
    assert call.ending.at <= (SPANS.max_duration + 10 if talking else 60.0)
    assert any(isinstance(a, Record) for a in out) or said >= 6


def test_hanging_up_at_every_moment_leaves_no_leg_behind() -> None:
    for said in range(len(TALK)):
        call, _ = Call.start(Way.CALLBACK, SPANS, 0.0)
        for event in TALK[:said]:
            call.handle(event, 1.0)
        hung = [a for a in call.handle(HangUp(By.CLINICIAN), 2.0) if isinstance(a, HangUpLeg)]
        living = [a for a in call.memory.attempts if a.leg < Leg.ENDED]
        assert len(hung) <= len(living) and all(a.leaving for a in living)


# --- told by hand ---------------------------------------------------------------------------------------------------


def told(*events: Event, way: Way = Way.CALLBACK, trunks: int = 1) -> tuple[Call, list[Any]]:
    call, out = Call.start(way, SPANS, 0.0, trunks=trunks)
    actions: list[Any] = list(out)
    for n, event in enumerate(events):
        actions += call.handle(event, float(n + 1))
    return call, actions


UP = (LegChanged(C, 1, Leg.ANSWERED), KeyPressed(C, 1, "1"))


@pytest.mark.parametrize(("events", "by", "cause"), [
    ((LegChanged(C, 1, Leg.ENDED, Cause.BUSY),), "clinician", "busy"),
    ((LegChanged(C, 1, Leg.ENDED, Cause.UNREACHABLE),), "service", "unreachable"),
    ((LegChanged(C, 1, Leg.ANSWERED), LegChanged(C, 1, Leg.ENDED)), "clinician", "declined"),
    ((HangUp(By.CLINICIAN),), "clinician", "cancelled"),
    ((*UP, LegChanged(C, 1, Leg.ENDED)), "clinician", "cancelled"),
    ((*UP, LegChanged(P, 1, Leg.ENDED, Cause.BUSY)), "patient", "busy"),
    ((*UP, LegChanged(P, 1, Leg.ENDED, Cause.NO_ANSWER)), "service", "no_answer"),
    ((*UP, LegChanged(P, 1, Leg.ENDED)), "patient", "declined"),
    ((*UP, DialFailed(P, 1, Cause.REFUSED)), "service", "refused"),
    ((*UP, RightRevoked()), "service", "revoked"),
    ((*UP, LegChanged(P, 1, Leg.ANSWERED), LegChanged(P, 1, Leg.ENDED)), "patient", "completed"),
    ((*UP, LegChanged(P, 1, Leg.ANSWERED), HangUp(By.CLINICIAN)), "clinician", "completed"),
    ((HangUp(By.CLINIC),), "clinic", "cancelled"),
])  # fmt: skip
def test_who_ended_it_and_why(events: tuple[Event, ...], by: str, cause: str) -> None:
    call, _ = told(*events)
    assert call.ending is not None and (call.ending.by, call.ending.cause) == (by, cause)


@pytest.mark.parametrize(("events", "timer", "cause"), [
    ((), "clinician_answer:clinician:1", "no_answer"),
    ((LegChanged(C, 1, Leg.ANSWERED),), "press_one:clinician:1", "no_key"),
    (UP, "patient_answer:patient:1", "no_answer"),
    ((DialUnknown(C, 1),), "dial_uncertain:clinician:1", "uncertain"),
    ((*UP, LegChanged(P, 1, Leg.ANSWERED)), "max_duration", "max_duration"),
])  # fmt: skip
def test_what_a_deadline_means(events: tuple[Event, ...], timer: str, cause: str) -> None:
    call, _ = told(*events)
    assert list(call.memory.timers) == [timer]
    call.handle(TimerDue(timer), call.memory.timers[timer] - 0.1)
    assert call.ending is None, "it was not due"
    call.handle(TimerDue(timer), call.memory.timers[timer])
    assert call.ending is not None and call.ending.cause == cause


def test_a_clinician_who_waits_for_a_patient_that_does_not_come_is_told_before_the_leg_ends() -> None:
    call, out = told(*UP, LegChanged(P, 1, Leg.ENDED, Cause.BUSY))
    assert out[-2] == HangUpLeg(C, 1, "unavailable") and call.stage is Stage.ENDING
    [name] = call.memory.timers
    assert HangUpLeg(C, 1) in call.handle(TimerDue(name), 1e9), "said nothing: then a plain one"
    assert Record() in to_the_end(call, 1e9)


def test_a_wrong_key_asks_again_and_the_right_one_counts_before_the_answer_is_heard_of() -> None:
    _, out = told(LegChanged(C, 1, Leg.ANSWERED), KeyPressed(C, 1, "5"))
    assert out[-1] == Prompt(C, 1, "press_one")
    call, out = told(KeyPressed(C, 1, "1"))
    assert Dial(P, 1, Way.CALLBACK) in out and call.stage is Stage.REACHING_PATIENT


def test_an_answer_without_a_key_never_reaches_the_patient() -> None:
    _, out = told(LegChanged(C, 1, Leg.ANSWERED))
    assert Dial(P, 1, Way.CALLBACK) not in out


def test_a_second_trunk_is_tried_where_the_first_refused_and_not_after_it_rang() -> None:
    _, out = told(DialFailed(C, 1, Cause.FAILED), trunks=2)
    assert Dial(C, 2, Way.CALLBACK) in out
    call, out = told(LegChanged(C, 1, Leg.RINGING), LegChanged(C, 1, Leg.ENDED, Cause.FAILED), trunks=2)
    assert Dial(C, 2, Way.CALLBACK) not in out and call.stage is Stage.ENDED
    call, out = told(DialUnknown(C, 1), TimerDue("dial_uncertain:clinician:1"), trunks=2)
    assert Dial(C, 2, Way.CALLBACK) not in out, "it may have rung"


def test_a_dial_that_was_lost_and_turns_up_goes_on_and_one_that_turns_up_too_late_is_hung_up() -> None:
    call, _ = told(DialUnknown(C, 1), LegChanged(C, 1, Leg.RINGING))
    assert call.ending is None and list(call.memory.timers) == ["clinician_answer:clinician:1"]
    call, _ = told(DialUnknown(C, 1))
    to_the_end(call, 0.0)
    assert call.handle(LegChanged(C, 1, Leg.RINGING), 200.0) == [HangUpLeg(C, 1)]
    assert call.handle(LegChanged(C, 1, Leg.RINGING), 201.0) == []
    assert call.handle(LegChanged(C, 1, Leg.ANSWERED), 202.0) == [HangUpLeg(C, 1)]
    assert call.handle(LegChanged(C, 1, Leg.ENDED), 203.0) == []


def test_a_carrier_that_says_it_refused_what_it_has_taken_is_not_believed() -> None:
    call, _ = told(LegChanged(C, 1, Leg.RINGING), DialFailed(C, 1, Cause.FAILED))
    assert call.ending is None


# --- over WebRTC ----------------------------------------------------------------------------------------------------

WEB = (MediaUp(C, 1, 0), LegChanged(P, 1, Leg.ANSWERED))


def test_media_confirms_a_browser_and_a_handover_bridges_the_phone_before_the_browser_goes() -> None:
    phone = LegChanged(C, 2, Leg.ANSWERED), KeyPressed(C, 2, "1")
    call, out = told(*WEB, Handover(Way.CALLBACK), *phone, way=Way.WEBRTC)
    assert out.count(Bridge(1, 1)) == 1 and Bridge(2, 1) in out and HangUpLeg(C, 1) in out
    assert call.stage is Stage.CONNECTED
    call.handle(LegChanged(C, 1, Leg.ENDED), 9.0)
    assert call.ending is None


def test_a_handover_that_fails_leaves_the_call_as_it_was() -> None:
    call, out = told(*WEB, Handover(Way.CALLBACK), LegChanged(C, 2, Leg.ENDED, Cause.BUSY), way=Way.WEBRTC)
    assert call.stage is Stage.CONNECTED and call.ending is None and Bridge(2, 1) not in out


def test_the_patient_is_told_to_wait_when_the_browser_goes_before_the_phone_is_there() -> None:
    call, out = told(*WEB, Handover(Way.CALLBACK), LegChanged(C, 1, Leg.ENDED), way=Way.WEBRTC)
    assert call.to_state()["stage"] == "holding" and out[-1] == Prompt(P, 1, "one_moment")
    assert Bridge(2, 1) in call.handle(KeyPressed(C, 2, "1"), 9.0) and call.to_state()["stage"] == "connected"


def test_a_peer_connection_is_replaced_and_the_loss_of_the_old_one_means_nothing() -> None:
    call, _ = told(*WEB, MediaUp(C, 1, 1), MediaLost(C, 1, 0), way=Way.WEBRTC)
    assert not call.memory.attempts[0].lost
    call, out = told(*WEB, MediaLost(C, 1, 0), TimerDue("media_warn:clinician:1"), way=Way.WEBRTC)
    out = call.handle(TimerDue("media_warn:clinician:1"), 100.0)
    assert out == [Tell("call.media", {"side": C, "lost": True})]
    assert Tell("call.media", {"side": C, "lost": False}) in call.handle(MediaUp(C, 1, 1), 101.0)
    assert "media_lost:clinician:1" not in call.memory.timers


def test_silence_of_the_browser_for_long_enough_ends_the_call_as_lost() -> None:
    call, _ = told(*WEB, MediaLost(C, 1, 0), way=Way.WEBRTC)
    silent_since = len(WEB) + 1.0 - 1.0  # it is told as lost a second later
    assert call.memory.timers["media_warn:clinician:1"] == silent_since + SPANS.media_warn
    assert call.memory.timers["media_lost:clinician:1"] == silent_since + SPANS.media_lost
    call.handle(TimerDue("media_lost:clinician:1"), 100.0)
    assert call.ending is not None and call.ending.cause is Cause.LOST


# --- what it remembers ----------------------------------------------------------------------------------------------


def test_a_call_goes_on_from_its_state_as_if_nothing_had_been_in_between() -> None:
    chance = random.Random(7)
    events = [*TALK, DialUnknown(P, 1), RightRevoked(), TimerDue("patient_answer:patient:1")]
    for _ in range(300):
        one, _ = Call.start(Way.CALLBACK, SPANS, 0.0)
        other = Call.from_state(one.to_state(), SPANS)
        for n in range(12):
            event = chance.choice(events)
            assert one.handle(event, float(n)) == other.handle(event, float(n))
            other = Call.from_state(other.to_state(), SPANS)
            assert one.to_state() == other.to_state()

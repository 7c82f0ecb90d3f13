"""The clock of a consult, with the time passed in: what comes when, until it is final."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consults.clock import (
    SCHEDULES,
    Clock,
    Step,
    due_step,
    next_due_at,
    next_ring_at,
    open_clock,
    resume_clock,
    ring_at,
    start_clock,
)
from consults.domain import State, Urgency

T0 = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
urgencies = st.sampled_from(list(Urgency))
spans = st.integers(0, 60 * 60 * 30).map(lambda s: timedelta(seconds=s))


def after(**span: float) -> datetime:
    return T0 + timedelta(**span)


@pytest.mark.parametrize(("minutes", "ring"), [(0, 1), (1.99, 1), (2, 2), (4.99, 2), (5, 3), (9.9, 3), (60, 3)])
def test_now_widens_at_two_and_five_minutes(minutes: float, ring: int) -> None:
    assert ring_at(start_clock(Urgency.NOW, T0), after(minutes=minutes)) == ring


@pytest.mark.parametrize(("urgency", "span"), [(Urgency.NOW, {"minutes": 10}), (Urgency.TODAY, {"hours": 12})])
def test_waiting_ends_with_nobody_at_the_end_of_its_clock(urgency: Urgency, span: dict[str, float]) -> None:
    clock = replace(start_clock(urgency, T0), ring=3)
    assert clock.ends_at == after(**span)
    assert due_step(clock, clock.ends_at - timedelta(milliseconds=1)) is None
    assert due_step(clock, clock.ends_at) is Step.NOBODY


def test_no_hurry_behaves_as_today_until_there_are_case_threads() -> None:
    assert SCHEDULES[Urgency.NO_HURRY] is SCHEDULES[Urgency.TODAY]


def test_every_ring_comes_before_the_end_and_after_the_one_before() -> None:
    for schedule in SCHEDULES.values():
        assert list(schedule.rings_s) == sorted(set(schedule.rings_s))
        assert schedule.rings_s[0] == 0
        assert schedule.rings_s[-1] < schedule.end_s


def test_a_silent_answerer_of_now_loses_it_after_three_minutes_and_of_today_never() -> None:
    taken = open_clock(start_clock(Urgency.NOW, T0), after(minutes=1))
    assert due_step(taken, after(minutes=3, seconds=59)) is None
    assert due_step(taken, after(minutes=4)) is Step.OFFER_ON
    assert open_clock(start_clock(Urgency.TODAY, T0), T0).reply_due_at is None


@pytest.mark.parametrize(("urgency", "hours"), [(Urgency.NOW, 2), (Urgency.TODAY, 24), (Urgency.NO_HURRY, 24)])
def test_an_open_consult_ends_by_itself_after_silence(urgency: Urgency, hours: int) -> None:
    clock = replace(open_clock(start_clock(urgency, T0), T0), reply_due_at=None)
    assert due_step(clock, after(hours=hours) - timedelta(seconds=1)) is None
    assert due_step(clock, after(hours=hours)) is Step.SILENCE


def test_the_clock_goes_on_where_it_stood_when_it_comes_back() -> None:
    taken = open_clock(replace(start_clock(Urgency.NOW, T0), ring=1), after(minutes=1))
    back = resume_clock(taken, after(minutes=4))
    assert back.ring == 2
    assert back.ends_at == after(minutes=13)
    assert next_ring_at(back) == after(minutes=8)


def test_what_comes_back_late_can_still_be_taken() -> None:
    taken = open_clock(replace(start_clock(Urgency.NOW, T0), ring=3), after(minutes=9, seconds=59))
    assert resume_clock(taken, after(minutes=30)).ends_at == after(minutes=35)


def test_a_final_consult_has_nothing_more_to_do() -> None:
    ended = replace(start_clock(Urgency.NOW, T0), state=State.ENDED)
    assert due_step(ended, after(days=400)) is None
    assert next_due_at(ended, T0) is None


@given(urgency=urgencies, first=spans, second=spans)
def test_a_ring_never_shrinks(urgency: Urgency, first: timedelta, second: timedelta) -> None:
    early, late = sorted((T0 + first, T0 + second))
    clock = start_clock(urgency, T0)
    clock = replace(clock, ring=ring_at(clock, early))
    assert ring_at(clock, late) >= clock.ring
    assert ring_at(clock, T0) == clock.ring


@given(urgency=urgencies, held=spans)
def test_what_comes_back_never_has_less_time_than_promised(urgency: Urgency, held: timedelta) -> None:
    clock = open_clock(replace(start_clock(urgency, T0), ring=1), after(seconds=5))
    now = after(seconds=5) + held
    back = resume_clock(clock, now)
    assert back.ends_at - now >= timedelta(seconds=SCHEDULES[urgency].again_s)
    assert due_step(back, now) is not Step.NOBODY


class ClockMachine(RuleBasedStateMachine):
    """A consult whose timers are run and whose people act, in any order and with any gaps."""

    def __init__(self) -> None:
        super().__init__()
        self.now = T0
        self.clock = start_clock(Urgency.NOW, T0)
        self.returned = 0

    @rule(span=spans)
    def let_time_pass(self, span: timedelta) -> None:
        self.now += span
        for _ in range(10):
            step = due_step(self.clock, self.now)
            if step is None:
                return
            self._do(step)
        raise AssertionError("a step that is done must not stay due")

    def _do(self, step: Step) -> None:
        if step is Step.WIDEN:
            self.clock = replace(self.clock, ring=ring_at(self.clock, self.now))
        elif step is Step.OFFER_ON:
            self.clock = resume_clock(self.clock, self.now)
        elif step in (Step.NOBODY, Step.SILENCE):
            self.clock = replace(self.clock, state=State.ENDED, final_at=self.now + timedelta(hours=24))
        elif step is Step.FINAL:
            self.clock = replace(self.clock, final_at=None)

    @precondition(lambda self: self.clock.state is State.WAITING and self.clock.ring > 0)
    @rule()
    def take(self) -> None:
        self.clock = open_clock(self.clock, self.now)

    @precondition(lambda self: self.clock.state is State.OPEN)
    @rule()
    def hand_back(self) -> None:
        self.clock = resume_clock(self.clock, self.now)

    @precondition(lambda self: self.clock.state is State.OPEN)
    @rule()
    def reply(self) -> None:
        self.clock = replace(self.clock, reply_due_at=None, word_at=self.now)

    @invariant()
    def something_will_happen_until_it_is_final(self) -> None:
        over = self.clock.state is State.ENDED and self.clock.final_at is None
        due = next_due_at(self.clock, self.now)
        assert (due is None) == over

    @invariant()
    def waiting_has_an_end(self) -> None:
        if self.clock.state is State.WAITING:
            assert self.clock.ends_at <= self.now + timedelta(minutes=10)


TestClock = ClockMachine.TestCase


def test_invitations_run_out_without_ending_the_consult() -> None:
    clock: Clock = replace(
        open_clock(start_clock(Urgency.TODAY, T0), T0), invites_due_at=after(hours=12), word_at=after(hours=11)
    )
    assert due_step(clock, after(hours=12)) is Step.EXPIRE_INVITES

"""The clock of a consult: when its rings begin, when it ends by itself, and how it goes on. The time is passed in.

Everything that a consult does by itself is one `Step` that `due_step` names. May import the standard library and
`consults.domain` only: no Django, no clock of the machine, no network.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from consults.domain import State, Urgency


class Step(StrEnum):
    """What a consult does by itself when its time has come."""

    WIDEN = "widen"
    NOBODY = "nobody"
    OFFER_ON = "offer_on"
    EXPIRE_INVITES = "expire_invites"
    SILENCE = "silence"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Schedule:
    """The clock of one urgency, all in seconds.

    rings_s: when ring 1, 2, 3 begin, from the start of the clock; end_s: when waiting ends; again_s: what is left
    at the least when a consult comes back from an answerer; first_reply_s: how long an answerer may be silent
    before it is offered onward (None: never); silence_s: how long an open consult may be silent before it ends;
    recheck_s: how often a waiting consult looks whose quiet hours or spent budgets are over (who becomes available
    is found at once); invite_s: how long an invitation stands.
    """

    rings_s: tuple[int, int, int]
    end_s: int
    again_s: int
    first_reply_s: int | None
    silence_s: int
    recheck_s: int
    invite_s: int


_MINUTE: Final = 60
_HOUR: Final = 3600
_TODAY: Final = Schedule(
    rings_s=(0, 30 * _MINUTE, 2 * _HOUR),
    end_s=12 * _HOUR,
    again_s=_HOUR,
    first_reply_s=None,
    silence_s=24 * _HOUR,
    recheck_s=5 * _MINUTE,
    invite_s=12 * _HOUR,
)
SCHEDULES: Final[dict[Urgency, Schedule]] = {
    Urgency.NOW: Schedule(
        rings_s=(0, 2 * _MINUTE, 5 * _MINUTE),
        end_s=10 * _MINUTE,
        again_s=5 * _MINUTE,
        first_reply_s=3 * _MINUTE,
        silence_s=2 * _HOUR,
        recheck_s=30,
        invite_s=10 * _MINUTE,
    ),
    Urgency.TODAY: _TODAY,
    # Until case threads exist, what is in no hurry behaves as today.
    Urgency.NO_HURRY: _TODAY,
}
LAST_RING: Final = 3
REOPEN_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Clock:
    """What the times of a consult hang on.

    clock_at: where the clock of the rings starts (moved on by the time that an answerer held the consult);
    ring: 0 before the first, then 1 to 3; reply_due_at: when a silent answerer loses it; word_at: the last
    message, acceptance or reopening of an open consult; invites_due_at: when the next invitation runs out;
    final_at: when an ended consult can no longer be reopened (None: it is final already).
    """

    state: State
    urgency: Urgency
    clock_at: datetime
    ends_at: datetime
    ring: int = 0
    opened_at: datetime | None = None
    reply_due_at: datetime | None = None
    word_at: datetime | None = None
    invites_due_at: datetime | None = None
    final_at: datetime | None = None


def start_clock(urgency: Urgency, now: datetime) -> Clock:
    """Return the clock of a consult that is asked at `now`, before its first ring."""
    return Clock(State.WAITING, urgency, clock_at=now, ends_at=now + _s(SCHEDULES[urgency].end_s))


def ring_at(clock: Clock, now: datetime) -> int:
    """Return the ring (1 to 3) that a waiting consult should have reached by `now`; it never shrinks."""
    passed = sum(1 for at in _rings(clock) if now >= at)
    return max(clock.ring, passed)


def next_ring_at(clock: Clock) -> datetime | None:
    """When the ring after the present one begins, None after the last."""
    return _rings(clock)[clock.ring] if clock.ring < LAST_RING else None


def due_step(clock: Clock, now: datetime) -> Step | None:
    """Return the one thing that this consult must do by itself at `now`, None when nothing is due."""
    for at, step in _dates(clock):
        if at is not None and now >= at:
            return step
    return None


def next_due_at(clock: Clock, now: datetime) -> datetime | None:
    """When to look at this consult again; None when nothing more can happen by itself."""
    dates = [at for at, _ in _dates(clock) if at is not None]
    if clock.state is State.WAITING:
        dates.append(now + _s(SCHEDULES[clock.urgency].recheck_s))
    return min(dates) if dates else None


def open_clock(clock: Clock, now: datetime) -> Clock:
    """Return the clock after someone took a waiting consult at `now`."""
    first_reply_s = SCHEDULES[clock.urgency].first_reply_s
    due = None if first_reply_s is None else now + _s(first_reply_s)
    return replace(clock, state=State.OPEN, opened_at=now, word_at=now, reply_due_at=due)


def resume_clock(clock: Clock, now: datetime) -> Clock:
    """Return the clock of an open consult that comes back at `now`: it goes on where it stood, in the next ring.

    The time that an answerer held it does not count against the asker, and what is left is never so short that
    nobody could take it.
    """
    schedule = SCHEDULES[clock.urgency]
    clock_at = clock.clock_at + (now - (clock.opened_at or now))
    ends_at = max(clock_at + _s(schedule.end_s), now + _s(schedule.again_s))
    return replace(
        clock,
        state=State.WAITING,
        clock_at=clock_at,
        ends_at=ends_at,
        ring=min(clock.ring + 1, LAST_RING),
        opened_at=None,
        reply_due_at=None,
        word_at=None,
    )


def _dates(clock: Clock) -> tuple[tuple[datetime | None, Step], ...]:
    if clock.state is State.WAITING:
        return ((clock.ends_at, Step.NOBODY), (next_ring_at(clock), Step.WIDEN))
    if clock.state is State.OPEN:
        silence = _s(SCHEDULES[clock.urgency].silence_s)
        return (
            (clock.reply_due_at, Step.OFFER_ON),
            (clock.word_at and clock.word_at + silence, Step.SILENCE),
            (clock.invites_due_at, Step.EXPIRE_INVITES),
        )
    return ((clock.final_at, Step.FINAL),)


def _rings(clock: Clock) -> tuple[datetime, ...]:
    return tuple(clock.clock_at + _s(s) for s in SCHEDULES[clock.urgency].rings_s)


def _s(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)

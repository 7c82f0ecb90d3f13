"""The one timer of a consult: what is due by itself is done, however late, and the next date is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from consults.answering import expire_invites, offer_on
from consults.domain import State, Step, due_step
from consults.ending import end_in_silence, end_with_nobody, make_final
from consults.holding import CLOCK_TIMER, holding
from consults.models import Consult
from consults.offering import widen
from realtime.commands import TimerHandler

_STEPS: Final[dict[Step, Callable[[str, datetime], None]]] = {
    Step.WIDEN: widen,
    Step.NOBODY: end_with_nobody,
    Step.OFFER_ON: offer_on,
    Step.EXPIRE_INVITES: expire_invites,
    Step.SILENCE: end_in_silence,
    Step.FINAL: make_final,
}


def advance(r: str, now: datetime) -> None:
    """Do the one thing that a consult must do by itself now; safe to repeat, and to run late.

    A waiting consult of which nothing is due looks for people who became available since.
    """
    if not Consult.objects.filter(pk=r).exists():
        return
    with holding(r, now) as held:
        step = due_step(held.clock(), now)
        waiting = held.consult.state == State.WAITING
        if step is None and not waiting:
            held.finish(tell=False)
            return
    _STEPS[step or Step.WIDEN](r, now)


TIMERS: Final[Mapping[str, TimerHandler]] = {CLOCK_TIMER: advance}

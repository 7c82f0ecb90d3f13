"""The one timer of a consult: what is due by itself is done, however late, and the next date is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db.models import Min
from django.utils import timezone

from consults.answering import expire_invites, offer_on
from consults.clock import Clock, Step, due_step
from consults.domain import State
from consults.ending import end_in_silence, end_with_nobody, make_final
from consults.holding import CLOCK_TIMER, holding
from consults.models import Consult, Offer
from consults.offering import widen
from realtime.commands import TimerHandler
from realtime.timers import set_timer

_STEPS: Final[dict[Step, Callable[[str, datetime], None]]] = {
    Step.WIDEN: widen,
    Step.NOBODY: end_with_nobody,
    Step.OFFER_ON: offer_on,
    Step.EXPIRE_INVITES: expire_invites,
    Step.SILENCE: end_in_silence,
    Step.FINAL: make_final,
}
_HASTENED_MOST: Final = 100


def advance(r: str, now: datetime) -> None:
    """Do the one thing that a consult must do by itself now; safe to repeat, and to run late.

    A waiting consult of which nothing is due looks for people who became available since.
    """
    consult = Consult.objects.filter(pk=r).first()
    if consult is None:
        return
    step = due_step(_clock(consult), now)
    if step is None and consult.state == State.WAITING:
        step = Step.WIDEN
    if step is not None:
        # Each looks again under the locks whether it is still due.
        _STEPS[step](r, now)
        return
    with holding(r, now) as held:
        held.finish(tell=False)


def hasten(specialties: list[str], **signal: Any) -> None:
    """Have what waits in these specialties look again now: someone became available for them."""
    now = timezone.now()
    waiting = Consult.objects.filter(state=State.WAITING, specialty__in=specialties).order_by("asked_at")
    for r in waiting.values_list("pk", flat=True)[:_HASTENED_MOST]:
        set_timer(CLOCK_TIMER, r, now)


def _clock(consult: Consult) -> Clock:
    invites = Offer.objects.filter(consult=consult, state="standing", invited_seq__isnull=False)
    return replace(consult.clock(), invites_due_at=invites.aggregate(at=Min("expires_at"))["at"])


TIMERS: Final[Mapping[str, TimerHandler]] = {CLOCK_TIMER: advance}

"""How a call went, said once by who made it, and what follows; then nothing more is written to the call.

A call that has ended leaves its stream ``closed``; it becomes ``final`` here, from when on ``manage.py purge`` counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from members.clinics import verified_places_of
from realtime import protocol as wire
from realtime.commands import Reply, Request, TimerHandler
from realtime.instants import to_ms
from realtime.log import writing
from realtime.models import Stream
from realtime.timers import clearing, set_timer, setting
from voice import offers, retries, slips
from voice.holding import Held, holding
from voice.models import Call, CallOutcome
from voice.permits import rulebook
from voice.refusals import refuse
from voice.shapes import SayOutcome, from_ms, read

LATEST_RETRY: Final = timedelta(days=30)
TIMER: Final = "call.final"


def say_outcome(req: Request, now: datetime | None = None) -> Reply:
    """`call.outcome`: say once, after the call, how it went, and what follows.

    Raises Refusal `malformed`, `not_found` for who has left the clinic or whose clinic is not verified today,
    `call.not_ended`, `call.outcome_said`, `call.outcome_late`.
    """
    now = now or timezone.now()
    said = read(SayOutcome, req.d)
    retry_at = _retry_at(said, now)
    with holding(req.stream, now) as held:
        if held.row.clinic not in verified_places_of(held.row.account):
            raise wire.refuse("not_found")
        if held.row.ended_at is None:
            raise refuse("call.not_ended")
        if CallOutcome.objects.filter(call=held.row).exists():
            raise refuse("call.outcome_said")
        if now >= _waited_until(held.row.ended_at):
            raise refuse("call.outcome_late")
        CallOutcome.objects.create(call=held.row, how=said.how, then=said.then, retry_at=retry_at, said_at=now)
        if said.how == "wrong_number" and held.row.patient:
            rulebook().wrong_number(held.row.patient, held.row.which)
        if said.how == "wrong_number":
            offers.forget_offer(held.row.pk)
        body: dict[str, Any] = {"how": said.how, "then": said.then}
        if retry_at is not None:
            body |= {"retry_at": to_ms(retry_at)}
            held.w.parts.append(retries.reminding(req.stream, retry_at))
        seq = held.w.append(
            req.stream, "call.outcome", body, seat=req.seat, c=req.c, digest=req.digest, ts=to_ms(now)
        )
        slips.after_outcome(held.row, said.how, said.then, now)
        held.tell_owner()
        held.w.set_state(req.stream, "final")
        held.w.parts.append(clearing(TIMER, req.stream))
        return Reply(seq)


def wait_for_outcome(held: Held) -> None:
    """Wait for what its clinician says of a call that has ended, in the call's transaction."""
    assert held.row.ended_at is not None
    held.w.parts.append(setting(TIMER, held.r, _waited_until(held.row.ended_at)))


def make_final(r: str, now: datetime) -> None:
    """Nobody said in time how a call went: nothing is written to it any more. Waits on where the time was prolonged."""
    ended_at = Call.objects.filter(pk=r).values_list("ended_at", flat=True).first()
    if ended_at is None:
        return
    if now < _waited_until(ended_at):
        set_timer(TIMER, r, _waited_until(ended_at))
        return
    with writing(r) as w:
        w.set_state(r, "final")


def close_forgotten(now: datetime) -> int:
    """Make calls final for which no timer was set: those that a version before this one ended. Returns how many."""
    ended_before = now - timedelta(hours=settings.CURBSIDE_OUTCOME_HOURS)
    return Stream.objects.filter(kind="call", state="closed", call__ended_at__lte=ended_before).update(state="final")


def outcome_until(call: Call, now: datetime) -> datetime | None:
    """Return until when it can be said how a call went; None while it goes on, and once it was said or is too late."""
    if call.ended_at is None or getattr(call, "outcome", None) is not None:
        return None
    until = _waited_until(call.ended_at)
    return until if now < until else None


def _waited_until(ended_at: datetime) -> datetime:
    return ended_at + timedelta(hours=settings.CURBSIDE_OUTCOME_HOURS)


def _retry_at(said: SayOutcome, now: datetime) -> datetime | None:
    if said.then != "retry":
        return None
    if said.retry_at is None:
        raise wire.refuse("malformed")
    at = from_ms(said.retry_at)
    if not now < at < now + LATEST_RETRY:
        raise wire.refuse("malformed")
    return at


TIMERS: Final[Mapping[str, TimerHandler]] = {TIMER: make_final}

"""How a call went, said once by who made it, and what follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from members.clinics import verified_places_of
from realtime import protocol as wire
from realtime.commands import Reply, Request
from realtime.instants import to_ms
from voice import offers, slips
from voice.holding import holding
from voice.models import CallOutcome
from voice.permits import rulebook
from voice.refusals import refuse
from voice.shapes import SayOutcome, from_ms, read

LATEST_RETRY: Final = timedelta(days=30)


def say_outcome(req: Request, now: datetime | None = None) -> Reply:
    """`call.outcome`: say once, after the call, how it went, and what follows.

    Raises Refusal `malformed`, `not_found` for who has left the clinic or whose clinic is not verified today,
    `call.not_ended`, `call.outcome_said`.
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
        CallOutcome.objects.create(call=held.row, how=said.how, then=said.then, retry_at=retry_at, said_at=now)
        if said.how == "wrong_number" and held.row.patient:
            rulebook().wrong_number(held.row.patient, held.row.which)
        if said.how == "wrong_number":
            offers.forget_offer(held.row.pk)
        body: dict[str, Any] = {"how": said.how, "then": said.then}
        if retry_at is not None:
            body |= {"retry_at": to_ms(retry_at)}
        seq = held.w.append(
            req.stream, "call.outcome", body, seat=req.seat, c=req.c, digest=req.digest, ts=to_ms(now)
        )
        slips.after_outcome(held.row, said.how, said.then, now)
        held.tell_owner()
        return Reply(seq)


def _retry_at(said: SayOutcome, now: datetime) -> datetime | None:
    if said.then != "retry":
        return None
    if said.retry_at is None:
        raise wire.refuse("malformed")
    at = from_ms(said.retry_at)
    if not now < at < now + LATEST_RETRY:
        raise wire.refuse("malformed")
    return at

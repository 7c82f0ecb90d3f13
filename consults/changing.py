"""Changing and taking away what one has said; who had read it before is kept, so that they can be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from consults.domain import Act, State
from consults.holding import holding
from consults.issuing import issue_summary
from consults.models import ChangedAfterRead, Summary
from consults.shapes import MESSAGE_CHARS, Edit, Target, check_length, read
from privacy.rules import check_text
from realtime.commands import Reply, Request
from realtime.protocol import Refusal


def edit(req: Request, now: datetime | None = None) -> Reply:
    """`edit`: say something else in an own message. Raises Refusal `not_found`, `closed`, `gate`, `too_large`."""
    change = read(Edit, req.d)
    text = check_length(change.text, MESSAGE_CHARS)
    check_text(text)
    return _rewrite(req, Act.EDIT, change.target, {"text": text}, now or timezone.now())


def redact(req: Request, now: datetime | None = None) -> Reply:
    """`redact`: take an own message away for good. Raises Refusal `not_found`, `closed`."""
    return _rewrite(req, Act.REDACT, read(Target, req.d).target, None, now or timezone.now())


def _rewrite(req: Request, act: Act, target: int, body: dict[str, Any] | None, now: datetime) -> Reply:
    with holding(req.stream, now) as held:
        held.access_party(req.seat, act)
        if held.w.state(held.r) == "final":
            raise Refusal("closed", "This can no longer be changed.")
        seq = held.w.rewrite(held.r, target, body, seat=req.seat, c=req.c, digest=req.digest)
        ChangedAfterRead.objects.bulk_create(
            ChangedAfterRead(seat=p.seat, target=target, seq=seq, changed_at=now)
            for p in held.parties
            if p.seat.id != req.seat and p.seat.read_seq >= target
        )
        issued = Summary.objects.filter(consult=held.consult, upto__gte=target).exists()
        if issued and held.consult.state == State.ENDED:
            issue_summary(held.consult, upto=seq, now=now)
        held.finish()
        return Reply(seq)

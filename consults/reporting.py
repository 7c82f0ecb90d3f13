"""Reports to the platform team: private, never an event in the thread."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from consults import people
from consults.models import Consult
from consults.models import Report as ReportRow
from consults.shapes import REASON_CHARS, Report, check_length, check_word, read
from privacy.rules import check_text
from realtime.commands import Reply, Request
from realtime.instants import to_ms
from realtime.log import writing
from realtime.protocol import refuse


def report(req: Request, now: datetime | None = None) -> Reply:
    """`consult.report`: say what is wrong in a consult that one takes part in.

    Raises Refusal `not_found`, `too_large`, `gate`.
    """
    now = now or timezone.now()
    reported = read(Report, req.d)
    reason = check_length(reported.reason, REASON_CHARS)
    seat = people.find_seat(req.member, check_word(reported.r))
    if not Consult.objects.filter(pk=reported.r).exists():
        raise refuse("not_found")
    check_text(reason)
    with writing(req.stream) as w:
        ReportRow.objects.create(seat_id=seat.id, reason=reason, about=reported.about, made_at=now)
        body = {"r": reported.r}
        seq = w.append(req.stream, "consult.reported", body, seat=req.seat, c=req.c, digest=req.digest, ts=to_ms(now))
    return Reply(seq, reported.r)

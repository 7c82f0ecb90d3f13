"""What members are shown of consults over HTTP: read only, a few queries a page, through the reader's own seats."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from consults import people
from consults.domain import ADVICE, End, Role, State, Urgency, advice_for, bucket, can_reopen
from consults.holding import unseal_inbox
from consults.models import ChangedAfterRead, Consult, Offer, Participant, Summary
from consults.offering import offer_body, question_of
from realtime.commands import SeatRef
from realtime.instants import to_ms
from realtime.log import read_events
from realtime.models import Event, Seat
from realtime.protocol import refuse

PAGE: Final = 30
PREVIEW_CHARS: Final = 160
_OUTDATES: Final = ("edit", "redact", "consult.reopened")
_RECENT: Final = timedelta(days=28)
_RECENT_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Items, newest first, and the cursor of the page after."""

    items: list[dict[str, Any]]
    next: str | None


def list_consults(member: str, state: State | None, before: str | None) -> Page:
    """Return the consults in which the member sits, newest first. Raises Refusal `malformed`."""
    seats = {seat.stream: seat for seat in people.find_seats(member, people.streams_of(member))}
    rows = _with_heads(Consult.objects.filter(pk__in=seats)).order_by("-asked_at", "-pk")
    if state is not None:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(asked_at__lt=_cursor(before))
    found = list(rows[: PAGE + 1])
    page = found[:PAGE]
    return Page(_items(page, seats), page[-1].asked_at.isoformat() if len(found) > PAGE else None)


def describe(consult_id: str, seat: SeatRef) -> dict[str, Any]:
    """One consult as its participant sees it, with all who take or took part and what changed after being read.

    Raises Refusal `not_found` where the stream is no consult.
    """
    consult = _with_heads(Consult.objects.filter(pk=consult_id)).first()
    if consult is None:
        raise refuse("not_found")
    [item] = _items([consult], {consult_id: seat})
    item["question"] = question_of(consult_id)
    rows = Participant.objects.filter(consult=consult).select_related("seat").order_by("joined_at")
    item["participants"] = [
        {"name": p.seat.name, "badge": p.seat.badge, "role": p.role, "left": p.seat.left_seq is not None} for p in rows
    ]
    changed = ChangedAfterRead.objects.filter(seat=seat.id).order_by("seq")
    item["changed"] = [{"target": c.target, "s": c.seq, "at": to_ms(c.changed_at)} for c in changed]
    return item


def list_offers(member: str, now: datetime) -> list[dict[str, Any]]:
    """Return the offers that stand for a member now, the newest first."""
    inbox = people.inbox_of(member)
    made = Event.objects.filter(stream=inbox, kind="offer.made", ts__gte=to_ms(now - timedelta(days=2)))
    seqs = list(made.order_by("-seq").values_list("seq", flat=True))
    ids = [str(_read_one(inbox, seq)["d"]["offer"]) for seq in seqs]
    rows = Offer.objects.filter(pk__in=ids, state="standing", expires_at__gt=now).select_related("consult")
    mine = [row for row in rows.order_by("-made_at") if unseal_inbox(row) == inbox]
    return [offer_body(row, row.consult, question_of(row.consult_id)) for row in mine]


def usual_wait(specialty: str, urgency: Urgency, language: str | None, now: datetime) -> dict[str, Any]:
    """How long askers of a specialty waited of late (median, seconds, of `n`), and how many are available."""
    taken = Consult.objects.filter(
        specialty=specialty, urgency=urgency, first_taken_at__isnull=False, first_taken_at__gte=now - _RECENT
    ).order_by("-first_taken_at")
    waits = [(row.first_taken_at - row.asked_at).total_seconds() for row in taken[:_RECENT_MOST] if row.first_taken_at]
    return {
        "median_s": round(statistics.median(waits)) if waits else None,
        "n": len(waits),
        "available": bucket(people.count_available(specialty, language, now)),
    }


def _with_heads(rows: Any) -> Any:
    """Return the rows with whether their first summary still says what stands in the stream."""
    first_upto = Summary.objects.filter(consult=OuterRef(OuterRef("pk")), n=1).values("upto")
    outdating = Event.objects.filter(stream=OuterRef("pk"), kind__in=_OUTDATES, seq__gt=Subquery(first_upto))
    return rows.select_related("stream").annotate(
        outdated=Exists(outdating.filter(target=None)) | Exists(outdating.filter(target__lte=Subquery(first_upto)))
    )


def _items(consults: list[Any], seats: dict[str, SeatRef]) -> list[dict[str, Any]]:
    ids = [c.pk for c in consults]
    mine = {seats[r].id for r in ids}
    cursors = {row.pk: row for row in _cursors(mine)}
    questions = _questions(ids)
    others: dict[str, list[dict[str, str]]] = defaultdict(list)
    asking: set[str] = set()
    for p in Participant.objects.filter(consult__in=ids).select_related("seat").order_by("joined_at"):
        if p.seat_id in mine:
            asking |= {p.seat_id} if p.role == Role.ASKER else set()
        elif p.seat.left_seq is None:
            others[p.consult_id].append({"name": p.seat.name, "badge": p.seat.badge})
    return [
        _item(c, seats[c.pk], cursors[seats[c.pk].id], questions[c.pk])
        | {"mine": seats[c.pk].id in asking, "others": others[c.pk]}
        for c in consults
    ]


def _item(consult: Any, seat: SeatRef, cursor: Any, question: str) -> dict[str, Any]:
    end = End(consult.end)
    reopen_until = consult.reopen_until if can_reopen(end) else None
    return {
        "r": consult.pk,
        "state": consult.state,
        "end": consult.end,
        "outcome": consult.outcome,
        "specialty": consult.specialty,
        "urgency": consult.urgency,
        "language": consult.language,
        "question": question,
        "asked_at": to_ms(consult.asked_at),
        "opened_at": to_ms(consult.opened_at) if consult.opened_at else None,
        "ended_at": to_ms(consult.ended_at) if consult.ended_at else None,
        "ends_at": to_ms(consult.ends_at),
        "reply_due_at": to_ms(consult.reply_due_at) if consult.reply_due_at else None,
        "ring": consult.ring,
        "me": seat.name,
        "head": consult.stream.seq,
        "read": cursor.read_seq,
        "unread": cursor.unread,
        "outdated": consult.outdated,
        "reopen_until": to_ms(reopen_until) if reopen_until else None,
        "reopen_asked_by_me": consult.reopen_asked_by_id == seat.id,
        "reopen_asked": consult.reopen_asked_by_id is not None,
        "advice": [{"code": code, "text": ADVICE[code]} for code in advice_for(end, Urgency(consult.urgency))],
    }


def _cursors(seats: Iterable[str]) -> Any:
    """Return the seats with how many messages of others they have not read."""
    unread = (
        Event.objects.filter(stream=OuterRef("stream"), kind="message", seq__gt=OuterRef("read_seq"))
        .exclude(seat=OuterRef("pk"))
        .order_by()
        .values("stream")
        .annotate(n=Count("gid"))
        .values("n")
    )
    return Seat.objects.filter(pk__in=list(seats)).annotate(
        unread=Coalesce(Subquery(unread, output_field=IntegerField()), 0)
    )


def _questions(ids: list[str]) -> dict[str, str]:
    rows = Event.objects.filter(stream__in=ids, seq=1).values_list(F("stream_id"), "body")
    questions = {r: str(orjson.loads(bytes(body))["question"]) for r, body in rows}
    return {r: q if len(q) <= PREVIEW_CHARS else q[: PREVIEW_CHARS - 1].rstrip() + "…" for r, q in questions.items()}


def _read_one(stream: str, seq: int) -> dict[str, Any]:
    [event] = read_events(stream, after=seq - 1, before=seq + 1, limit=1)
    return event


def _cursor(before: str) -> datetime:
    try:
        at = datetime.fromisoformat(before)
        if at.tzinfo is None:
            raise refuse("malformed")
        return at.astimezone(UTC)
    except (ValueError, OverflowError):  # of the year 1 or 9999, and beyond it elsewhere on earth
        raise refuse("malformed") from None

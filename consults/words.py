"""What was said in a consult and when, as far as the rules need it: never the text."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import Max

from consults.domain import Role
from consults.models import Participant
from realtime.models import Event, Seat


def has_replied(r: str) -> bool:
    """Whether anyone who was there to answer has ever written in this consult."""
    seats = Participant.objects.filter(consult=r, role=Role.ANSWERER).values("seat")
    return Event.objects.filter(stream=r, kind="message", seat__in=seats).exists()


def wrote_since_joining(seat: Seat) -> bool:
    """Whether this seat has written since it joined (again)."""
    joined = Event.objects.filter(stream=seat.stream_id, seat=seat, kind="consult.joined")
    since = joined.aggregate(seq=Max("seq"))["seq"] or 0
    return Event.objects.filter(stream=seat.stream_id, seat=seat, kind="message", seq__gt=since).exists()


def last_word_at(r: str) -> datetime | None:
    """When the last message of a consult was stored, None if there is none."""
    ts = Event.objects.filter(stream=r, kind="message").aggregate(ts=Max("ts"))["ts"]
    return None if ts is None else datetime.fromtimestamp(ts / 1000, UTC)

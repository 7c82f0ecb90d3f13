"""Legal holds: placed and lifted by a person with a reason, and stronger than any retention time.

The rows are the record of it and stay. A hold names a stream or all of them, never a member: several holds with one
reason and one instant would say that their streams belong together. Imports no app.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from realtime.models import Hold, Stream


class HoldError(Exception):
    """What was asked cannot be done; the text is for whoever typed it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is held now: these streams, or with `everything` all."""

    streams: frozenset[str]
    everything: bool

    def holds(self, stream: str) -> bool:
        """Whether the text of a stream stays, whatever its age."""
        return self.everything or stream in self.streams


def place(stream: str | None, *, by: str, why: str, until: datetime | None = None) -> Hold:
    """Place a hold on a stream, or on all with None. Raises HoldError without a reason, a name or a stream.

    The stream's row is locked: a purge that holds it is waited for, one that comes later finds the hold.
    """
    by, why, now = by.strip(), why.strip(), timezone.now()
    if not by or not why:
        raise HoldError("say who places the hold, and why")
    if until is not None and until <= now:
        raise HoldError("the hold would have ended already")
    with transaction.atomic():
        if stream is not None:
            row = Stream.objects.select_for_update().filter(pk=stream).first()
            if row is None:
                raise HoldError("there is no such thread")
            if row.erased_at is not None:
                raise HoldError(f"its text was erased on {row.erased_at:%Y-%m-%d}")
        return Hold.objects.create(stream_id=stream, placed_by=by, why=why, placed_at=now, until=until)


def lift(hold_id: int, *, by: str, why: str) -> Hold:
    """End a hold. Raises HoldError where there is none that stands, or without a reason or a name."""
    by, why, now = by.strip(), why.strip(), timezone.now()
    if not by or not why:
        raise HoldError("say who lifts the hold, and why")
    changed = standing_rows(now).filter(pk=hold_id).update(lifted_by=by, lifted_why=why, lifted_at=now)
    if not changed:
        raise HoldError("no hold of that number stands")
    return Hold.objects.get(pk=hold_id)


def standing_rows(now: datetime) -> QuerySet[Hold]:
    """Return the holds that stand."""
    return Hold.objects.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)


def standing(now: datetime, streams: Iterable[str] | None = None) -> Standing:
    """Return what is held now, of all streams or of these."""
    rows = standing_rows(now)
    if streams is not None:
        rows = rows.filter(Q(stream=None) | Q(stream__in=list(streams)))
    held = set(rows.values_list("stream", flat=True))
    return Standing(frozenset(stream for stream in held if stream is not None), None in held)

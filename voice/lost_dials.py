"""Finds the leg of a dial whose outcome nobody knows, if there is one.

Where a carrier can be asked by our reference the answer is exact. Else the leg is looked for by both numbers of the
order and by when it was asked for, and then the same numbers may be somebody else's too: a colleague who calls the same
patient, the next call to the same phone, a code that is spoken on it. A wrong leg is worse than none: it would have the
right one hung up as a stranger's. So what may be another's is nobody's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from voice.carriers import carrier_of
from voice.carriers.base import CarrierEvent, DialOrder
from voice.dialling import order_of
from voice.models import Action, Attempt, Proof
from voice.sealed import EVERYWHERE, blind_indexes

Span = tuple[datetime, datetime]
CLOCKS_APART: Final = timedelta(seconds=3)
"""By how much a carrier's clock, which may know whole seconds only, and ours may differ."""
QUEUED: Final = timedelta(minutes=15)
"""How long before it is dialled an attempt was stored at most."""
PROOF_TRIED: Final = timedelta(minutes=1)
"""For how long after its time a proving call is tried."""


def find(action: Action) -> list[CarrierEvent]:
    """Return what the carrier knows of the leg of a dial whose outcome is unknown; empty: nothing that is surely its.

    Raises CarrierError where it cannot be asked.
    """
    attempt = action.attempt
    assert attempt is not None
    carrier = carrier_of(attempt.carrier)
    exactly = carrier.fetch(attempt.reference, None)
    if exactly:
        return exactly
    try:
        order = order_of(attempt)
    except LookupError:  # its numbers have been erased
        return []
    asked = _asked(action)
    fits = carrier.fetch(attempt.reference, None, order=order, asked=asked, known=_learnt(attempt, asked))
    # Looked at after the carrier has answered: who made the leg that was found had claimed its dial before.
    return [] if fits and _may_be_anothers(attempt, fits, order, asked) else fits


def _asked(action: Action) -> Span:
    """Return between which instants of the carrier's clock a leg was made, if it was.

    Nothing is asked before it is due, nor after its claim has ended.
    """
    ends = [at for at in (action.done_at, action.lease_until) if at is not None]
    return action.due_at - CLOCKS_APART, min(ends) + CLOCKS_APART


def _learnt(attempt: Attempt, asked: Span) -> list[str]:
    """Return the carrier's ids of the legs of other attempts of about that time."""
    others = Attempt.objects.filter(carrier=attempt.carrier, heard_at__gt=asked[0] - QUEUED).exclude(carrier_id="")
    return list(others.values_list("carrier_id", flat=True))


def _may_be_anothers(attempt: Attempt, fits: list[CarrierEvent], order: DialOrder, asked: Span) -> bool:
    ids = {event.carrier_id for event in fits}
    if Attempt.objects.filter(carrier=attempt.carrier, carrier_id__in=ids).exclude(pk=attempt.pk).exists():
        return True
    codes = Proof.objects.filter(number_index__in=blind_indexes(EVERYWHERE, order.to))
    if codes.filter(call_at__gt=asked[0] - PROOF_TRIED, call_at__lt=asked[1]).exists():
        return True
    return any(_is_to_the_same(other, order) for other in _open_dials(attempt, asked))


def _open_dials(attempt: Attempt, asked: Span) -> list[Attempt]:
    """Return the other attempts that may have been dialled in that time and whose leg nobody knows yet."""
    rows = Action.objects.filter(
        kind="dial", state__in=["claimed", "unknown"], attempt__carrier=attempt.carrier, attempt__carrier_id="",
        due_at__lt=asked[1] + CLOCKS_APART, made_at__gt=asked[0] - QUEUED,
    ).exclude(attempt=attempt.pk)  # fmt: skip
    found = rows.select_related("attempt__call")
    return [row.attempt for row in found if row.attempt is not None and _asked(row)[1] > asked[0]]


def _is_to_the_same(attempt: Attempt, order: DialOrder) -> bool:
    try:
        other = order_of(attempt)
    except LookupError:
        return False
    return (other.to, other.shown) == (order.to, order.shown)

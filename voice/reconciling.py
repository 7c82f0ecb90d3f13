"""Holds the call records against a carrier's own list, leg by leg, by the carrier's ids. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from voice.carriers.lists import Listed, Listing
from voice.models import Attempt, CallRecord, Proof, ReturnCall

LENGTH_MAY_DIFFER_S: Final = 2
MARGIN: Final = timedelta(hours=1)
"""By how much more than the span is looked at: a leg is dialled after its call began, and by another clock."""
CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """A leg on which the records and the carrier do not agree. `kind`: missing_here, missing_there, length, goes_on."""

    carrier_id: str
    kind: str
    here_s: int | None
    there_s: int | None


def reconcile_with(carrier: str, asked: Listing, since: datetime, until: datetime) -> list[Difference]:
    """Ask a carrier for its list and compare it with the records of calls that began in a span. Raises CarrierError."""
    return reconcile(carrier, asked.listed(since - MARGIN, until + MARGIN), since, until)


def reconcile(carrier: str, listed: Iterable[Listed], since: datetime, until: datetime) -> list[Difference]:
    """Compare what a carrier says it carried with the records of calls that began in a span; by the carrier's id.

    A leg's length is counted from its answer; one that was never answered lasted 0 s. Legs that no record of the span
    has are known where they are of a call that goes on or began just outside it, or of no call to a patient: calls that
    spoke a code, calls that came in, and what those rang.
    """
    legs = {one.carrier_id: one for one in listed}
    known = _going_on(carrier)  # before the records: a call that ends meanwhile is found there
    here, around = _recorded(carrier, since, until)
    known |= around | _beside_calls(carrier, since - MARGIN, until + MARGIN)
    found = []
    for carrier_id in sorted(here.keys() | legs.keys()):
        ours, leg = here.get(carrier_id), legs.get(carrier_id)
        if leg is None:
            found.append(Difference(carrier_id, "missing_there", ours, None))
        elif ours is None:
            if _is_of(leg, since, until) and not known & {carrier_id, leg.parent_id}:
                found.append(Difference(carrier_id, "missing_here", None, leg.lasted_s))
        elif leg.lasted_s is None:
            found.append(Difference(carrier_id, "goes_on", ours, None))
        elif abs(ours - leg.lasted_s) > LENGTH_MAY_DIFFER_S:
            found.append(Difference(carrier_id, "length", ours, leg.lasted_s))
    return found


def _recorded(carrier: str, since: datetime, until: datetime) -> tuple[dict[str, int], set[str]]:
    """Return the legs of the span's records with their seconds, and the ids of those around it."""
    rows = CallRecord.objects.filter(carrier=carrier, started_at__gte=since - MARGIN, started_at__lt=until + MARGIN)
    here: dict[str, int] = {}
    around: set[str] = set()
    for started_at, legs in rows.values_list("started_at", "legs").iterator(CHUNK):
        lasted = {leg["carrier_id"]: _lasted_s(leg) for leg in legs if leg["carrier_id"]}
        if since <= started_at < until:
            here |= lasted
        else:
            around |= lasted.keys()
    return here, around


def _is_of(leg: Listed, since: datetime, until: datetime) -> bool:
    return leg.began_at is None or since <= leg.began_at < until


def _going_on(carrier: str) -> set[str]:
    """The carrier's ids of the legs of calls that have no record yet."""
    legs = Attempt.objects.filter(carrier=carrier, call__ended_at=None).exclude(carrier_id="")
    return set(legs.values_list("carrier_id", flat=True))


def _beside_calls(carrier: str, since: datetime, until: datetime) -> set[str]:
    """The carrier's ids of legs that are known and of no call to a patient."""
    proving = Proof.objects.filter(call_at__gte=since, call_at__lt=until).exclude(carrier_id="")
    came_in = ReturnCall.objects.filter(carrier=carrier, came_at__gte=since, came_at__lt=until)
    return {*proving.values_list("carrier_id", flat=True), *came_in.values_list("carrier_id", flat=True)}


def _lasted_s(leg: dict[str, Any]) -> int:
    answered = leg["answered_at"] or leg["confirmed_at"]
    return 0 if answered is None or leg["ended_at"] is None else round((leg["ended_at"] - answered) / 1000)

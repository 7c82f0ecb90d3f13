"""Call records as CSV, with masks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from voice.call import Side
from voice.listing import Filters, filtered, filtered_refusals
from voice.models import CallRecord, CallRefusal
from voice.records import LEG_INSTANTS, MEDIA
from voice.shapes import from_ms

OF_LEG: Final = (*LEG_INSTANTS, "cause", "carrier_id", "provider_code", *MEDIA)
LEG_COLUMNS: Final = {f"{side}_{name}": (side.value, name) for side in Side for name in OF_LEG}
"""What is said of each leg, in columns of its side; of several legs of a side in their order, ``|`` between them."""
COLUMNS: Final = (
    "call", "clinic", "account", "caller_id", "mode", "attestation", "evidence", "way", "carrier", "patient",
    "patient_mask", "clinician_mask", "purpose", "started_at", "bridged_at", "ended_at", "talked_s", "cents", "by",
    "cause", "reason", "clinician_legs", "patient_legs", "provider_codes", "carrier_ids", "decisions",
    *LEG_COLUMNS,
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
CHUNK: Final = 500
Row = TypeVar("Row", CallRecord, CallRefusal)


def csv_pages(filters: Filters, *, clinic: UUID | None = None, refused: bool = False) -> Iterator[str]:
    """Yield the CSV in pages of whole lines, the heading first; what began first comes first.

    Instants are ISO 8601 in UTC. `refused`: the calls that a rule refused stand among the records, with the cause
    ``refused``. Each page is asked for when it is wanted and by itself, so that an export that takes long holds
    neither a cursor nor a transaction.
    """
    whose = {} if clinic is None else {"clinic": clinic}
    records = _paged(filtered(CallRecord.objects.filter(**whose), filters), "started_at")
    rows = ((record.started_at, _cells(record)) for record in records)
    if refused:
        refusals = _paged(filtered_refusals(CallRefusal.objects.filter(**whose), filters), "at")
        rows = merge(rows, ((row.at, _refused(row)) for row in refusals), key=itemgetter(0))
    yield _line(COLUMNS)
    lines = (_line(cells) for _, cells in rows)
    while page := "".join(islice(lines, CHUNK)):
        yield page


def _paged(rows: QuerySet[Row], at: str) -> Iterator[Row]:
    """Yield rows in the order of an instant, so many at a time."""
    rows = rows.order_by(at, "pk")
    page = list(rows[:CHUNK])
    while page:
        yield from page
        last = page[-1]
        # The first half alone is what an index can answer.
        later = Q(**{f"{at}__gt": getattr(last, at)}) | Q(pk__gt=last.pk)
        page = list(rows.filter(later, **{f"{at}__gte": getattr(last, at)})[:CHUNK]) if len(page) == CHUNK else []


def _refused(row: CallRefusal) -> Iterator[str]:
    made: dict[str, Any] = {
        "call": row.pk, "clinic": row.clinic, "account": row.account, "patient": row.patient,
        "patient_mask": row.mask, "started_at": row.at.isoformat(), "by": "service", "cause": "refused",
        "reason": row.code,
    }  # fmt: skip
    return (str(made.get(name, "")) for name in COLUMNS)


def _cells(record: CallRecord) -> Iterator[str]:
    made: dict[str, Any] = {
        "clinician_legs": _legs(record, "clinician"),
        "patient_legs": _legs(record, "patient"),
        "provider_codes": " ".join(leg["provider_code"] for leg in record.legs if leg["provider_code"]),
        "carrier_ids": " ".join(leg["carrier_id"] for leg in record.legs if leg["carrier_id"]),
        "decisions": "; ".join(_decision(one) for one in record.decisions),
    }
    made |= {column: _of_legs(record, *which) for column, which in LEG_COLUMNS.items()}
    for name in COLUMNS:
        value = made[name] if name in made else getattr(record, name)
        yield value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)


def _legs(record: CallRecord, side: str) -> str:
    return " ".join(f"{leg['n']}:{leg['cause']}" for leg in record.legs if leg["side"] == side)


def _of_legs(record: CallRecord, side: str, name: str) -> str:
    """Return one thing of each leg of a side, in their order, empty where it never came to that."""
    said = (leg.get(name) for leg in record.legs if leg["side"] == side)  # what a leg has hangs on its way and its time
    return " | ".join(
        from_ms(one).isoformat() if name in LEG_INSTANTS and one else "" if one is None else str(one) for one in said
    )


def _decision(one: dict[str, Any]) -> str:
    return f"{one['rule']}={one['used']}/{one['limit']}" if "limit" in one else f"{one['rule']}={one.get('says', '')}"


def _line(cells: Iterable[str]) -> str:
    """One line; a cell that a spreadsheet would take for a formula is quoted with an apostrophe."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([f"'{c}" if c.startswith(_FORMULA) else c for c in cells])
    return out.getvalue()

"""A call held under the lock of its stream.

Everything that changes a call goes through `holding`: one transaction that locks the stream, reads the call, feeds the
machine (`Held`, in ``held.py``), and stores in one statement what it asks for: actions, events, the rows that moved,
the record at the end. The member's inbox, where it is told something, is locked after the stream, and budgets after
the inbox: the order is the same everywhere. What is read is read once, under the lock;
tests/voice/test_statements.py counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from threading import RLock
from typing import Any, Final

from django.conf import settings
from django.db import connection

from realtime import rows, sql
from realtime.gathering import Gathering, gathering
from realtime.protocol import refuse
from realtime.sql import on_postgresql
from voice import call as machine
from voice.call import Spans
from voice.held import Held
from voice.models import Attempt, Call

__all__ = ["Held", "alone", "holding", "spans"]

ACTIONS: Final = "SELECT {} FROM voice_action WHERE call_id = c.stream_id"
AS_LINES_POSTGRESQL: Final = "string_agg(state || ' ' || key, chr(10))"
AS_LINES_SQLITE: Final = "group_concat(state || ' ' || key, char(10))"
_one_writer = RLock()


def spans() -> Spans:
    """Return how long each deadline runs here."""
    return Spans(**settings.CURBSIDE_CALL_SPANS)


def alone() -> Any:
    """Return what is held around a transaction: threads of one process take turns on SQLite, which has one writer."""
    return _one_writer if connection.vendor == "sqlite" else nullcontext()


@contextmanager
def holding(r: str, now: datetime, heard: tuple[str, Collection[str]] = ("", ())) -> Iterator[Held]:
    """Hold one call. `heard`: a carrier and keys of its events, of which `Held.known` are those that were taken before.

    Raises Refusal `not_found`.
    """
    with alone(), gathering(r) as w:
        # Read once the lock is held, in a statement of its own: one that joins the two shows the call as it was before
        # the wait for the lock (PostgreSQL, READ COMMITTED).
        held = _read(w, r, now, *heard)
        yield held
        held.finish()


def _read(w: Gathering, r: str, now: datetime, carrier: str, keys: Collection[str]) -> Held:
    """Read a call, its attempts, how its actions stand, and which of a carrier's events are known; one statement."""
    joined, values = "", [r]
    if keys:
        joined = f"LEFT JOIN voice_heardevent h ON h.carrier = %s AND h.key IN ({', '.join(['%s'] * len(keys))})"
        values = [carrier, *keys, r]
    actions = ACTIONS.format(AS_LINES_POSTGRESQL if on_postgresql() else AS_LINES_SQLITE)
    with sql.prepared() as cursor:
        cursor.execute(
            f"SELECT {rows.columns(Call, 'c')}, {rows.columns(Attempt, 'a')}, ({actions}), "
            f"{'h.key' if keys else 'NULL'} FROM voice_call c LEFT JOIN voice_attempt a ON a.call_id = c.stream_id "
            f"{joined} WHERE c.stream_id = %s ORDER BY a.id", values)
        found = cursor.fetchall()
    if not found:
        raise refuse("not_found")
    attempts: dict[tuple[str, int], Attempt] = {}
    row, *_, asked, _ = rows.split(found[0], Call, Attempt)
    for one in found:
        attempt = rows.read(Attempt, one[rows.width(Call) : -2])
        if attempt is not None:
            attempts.setdefault((attempt.side, attempt.n), attempt)
    states = {key: state for state, _, key in (line.partition(" ") for line in (asked or "").splitlines())}
    known = {str(one[-1]) for one in found if one[-1] is not None}
    return Held(w, row, machine.Call.from_state(row.machine, spans()), now, attempts, states, known)

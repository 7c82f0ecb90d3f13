"""Storing a batch of messages: the decision, which is the same everywhere, and the statements of each database.

The streams' rows are locked first, in the order of their ids; under the locks it is looked at again whether each
stream is open and each seat still in it, single items are refused, the rest is numbered and stored, all or nothing.
"""

import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from django.db import IntegrityError, connection, transaction

from realtime import sql
from realtime.log import SEALED_KINDS
from realtime.protocol import Refusal, event, refuse
from realtime.sql import Head, NewEvent

PREPARED_AFTER: Final = 2  # times that a statement is parsed anew before the server keeps its plan

LOCK: Final = (
    "SELECT id, kind, epoch, seq, state FROM realtime_stream WHERE id = ANY(%b::text[]) ORDER BY id FOR UPDATE"
)
SEATS: Final = "SELECT id FROM realtime_seat WHERE id = ANY(%b::text[]) AND left_seq IS NULL"
INSERT: Final = (
    "INSERT INTO realtime_event (stream_id, seq, seat_id, c, kind, body, digest, ts) SELECT *, %b::int8 FROM unnest("
    "%b::text[], %b::int8[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::bytea[])"
)
# Not a join with the numbers: of a list it does not know PostgreSQL expects a hundred rows, and reads all streams.
HEADS: Final = (
    "UPDATE realtime_stream SET seq = (%(seqs)b::int8[])[array_position(%(ids)b::text[], id::text)] "
    "WHERE id = ANY(%(ids)b::text[])"
)


@dataclass(slots=True)
class Pending:
    """One message on its way into the log. `context` is the asker's own and comes back untouched."""

    stream: str
    seat: str
    name: str
    c: str
    kind: str
    d: dict[str, Any]
    digest: bytes
    context: Any = None
    dropped: bool = False
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Stored:
    """It is committed under this number. `frame` is its ``ev``, or None where it was stored before."""

    seq: int
    frame: bytes | None


Outcome = tuple[Pending, Stored | Refusal]


@dataclass(slots=True)
class Batch:
    """What becomes of the items: their outcomes, the rows to be stored, the streams' new heads. `ts` is Unix ms."""

    ts: int
    outcomes: list[Outcome] = field(default_factory=list)
    rows: list[NewEvent] = field(default_factory=list)
    heads: dict[str, int] = field(default_factory=dict)


def store(items: Sequence[Pending]) -> list[Outcome]:
    """Store what may be stored, in the order given, in one transaction, and return what became of each.

    Raises django.db.IntegrityError where a `c` is stored already or comes twice in the batch, and django.db.Error.
    """
    return _store_on_postgresql(items) if sql.on_postgresql() else _store_on_sqlite(items)


def decide(items: Sequence[Pending], heads: Mapping[str, Head], live: Container[str], now_ms: int) -> Batch:
    """Number what may be stored behind the locked `heads`; `live` are the seats that have not left."""
    batch = Batch(now_ms)
    seen: set[tuple[str, str]] = set()
    for item in items:
        head = heads.get(item.stream)
        if head is None or item.seat not in live or head.kind in SEALED_KINDS:  # written by services alone
            batch.outcomes.append((item, refuse("not_found")))
        elif (item.seat, item.c) in seen:
            raise IntegrityError("the same command twice in one batch")
        elif head.state != "open":
            batch.outcomes.append((item, refuse("closed")))
        else:
            seen.add((item.seat, item.c))
            seq = batch.heads[item.stream] = batch.heads.get(item.stream, head.seq) + 1
            batch.rows.append(NewEvent(item.stream, seq, item.seat, item.c, item.kind, None, item.body, item.digest,
                                       now_ms))
            frame = event(item.stream, seq, item.kind, item.name, item.c, now_ms, item.body)
            batch.outcomes.append((item, Stored(seq, frame)))
    return batch


def _store_on_sqlite(items: Sequence[Pending]) -> list[Outcome]:
    with transaction.atomic():
        heads = sql.heads([item.stream for item in items], lock=True)
        live = sql.live_seats([item.seat for item in items])
        batch = decide(items, heads, live, int(time.time() * 1000))
        if batch.rows:
            sql.insert_events(batch.rows)
            sql.set_heads(batch.heads)
    return batch.outcomes


def _store_on_postgresql(items: Sequence[Pending]) -> list[Outcome]:
    """Two round trips: begin, lock and look; then insert, count up and commit.

    Written against psycopg itself, since Django waits for each statement and writes parameters into its text: that
    cost more than all the rest. Under READ COMMITTED each statement sees what was committed before it began, so that
    the seats are read as they are once the locks are held.
    """
    if connection.in_atomic_block:  # a test inside a transaction of its own: there is nothing to begin or commit
        raise transaction.TransactionManagementError("the writer's transactions are its own")
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    raw.prepare_threshold = PREPARED_AFTER
    with connection.wrap_database_errors:
        try:
            with raw.pipeline(), psycopg.Cursor(raw) as looking, psycopg.Cursor(raw) as writing:
                writing.execute("BEGIN")
                looking.execute(LOCK, [sorted({item.stream for item in items})])
                writing.execute(SEATS, [list({item.seat for item in items})])
                heads = {row[0]: Head(*row) for row in looking.fetchall()}
                live = {row[0] for row in writing.fetchall()}
                batch = decide(items, heads, live, int(time.time() * 1000))
                if batch.rows:
                    streams, seqs, seats, cs, kinds, _, bodies, digests, _ = zip(*batch.rows, strict=True)
                    writing.execute(INSERT, [batch.ts, *map(list, (streams, seqs, seats, cs, kinds, bodies, digests))])
                    writing.execute(HEADS, {"ids": list(batch.heads), "seqs": list(batch.heads.values())})
                writing.execute("COMMIT")
        except BaseException:
            if not raw.closed:
                raw.rollback()
            raise
    return batch.outcomes


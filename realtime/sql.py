"""The statements of the log, for PostgreSQL and for SQLite. Each takes lists and asks the database once.

They are written by hand because the log's cost is the service's cost: one statement a batch, no model instances.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import psycopg
from django.db import connection

from realtime.commands import SeatRef

PREPARED_AFTER: Final = 2  # times that a statement is parsed anew before the server keeps its plan
CHUNK: Final = 400  # SQLite allows 32,766 variables; PostgreSQL plans short lists better


class Row(NamedTuple):
    """One event as read back: with its stream's kind, its seat's name and end, and its target's content."""

    stream: str
    seq: int
    kind: str
    name: str | None
    c: str | None
    ts: int
    body: bytes
    target: int | None
    target_body: bytes | None
    seat: str | None
    left_seq: int | None
    stream_kind: str


class Head(NamedTuple):
    """Where a stream stands."""

    id: str
    kind: str
    epoch: str
    seq: int
    state: str


class Known(NamedTuple):
    """A command that is in the log already."""

    seq: int
    body: bytes
    digest: bytes | None
    stream_kind: str


class NewEvent(NamedTuple):
    """One row to be stored."""

    stream: str
    seq: int
    seat: str | None
    c: str | None
    kind: str
    target: int | None
    body: bytes
    digest: bytes | None
    ts: int


COLUMNS: Final = (
    "e.stream_id, e.seq, e.kind, s.name, e.c, e.ts, e.body, e.target, t.body, e.seat_id, s.left_seq, st.kind"
)
JOINS: Final = (
    "JOIN realtime_stream st ON st.id = e.stream_id LEFT JOIN realtime_seat s ON s.id = e.seat_id "
    "LEFT JOIN realtime_event t ON t.stream_id = e.stream_id AND t.seq = e.target"
)


def on_postgresql() -> bool:
    """Whether the database is PostgreSQL; else it is SQLite."""
    return connection.vendor == "postgresql"


def prepared() -> Any:
    """Return a cursor for statements by hand, of which PostgreSQL keeps the plan when they come again.

    Django's own writes the parameters into the text, so that every statement is parsed and planned anew. Behind
    PgBouncer in transaction mode this needs `max_prepared_statements`, as the writer does (docs/decisions.md).
    """
    if not on_postgresql():
        return connection.cursor()
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    raw.prepare_threshold = PREPARED_AFTER
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return wrap(psycopg.Cursor(raw))  # type: ignore[arg-type]  # what it wraps is the driver's own


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _marks(items: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(items))


def among(statement: str, values: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a statement that says ``{among}`` behind a column: those where it is one of the values.

    Asked in parts, in the order of the values.
    """
    with prepared() as cursor:
        for part in _chunks(sorted(set(values))):
            if on_postgresql():
                cursor.execute(statement.format(among="= ANY(%s)"), [list(part)])
            else:
                cursor.execute(statement.format(among=f"IN ({_marks(part)})"), part)
            yield from cursor.fetchall()


def heads(streams: Sequence[str], *, lock: bool = False) -> dict[str, Head]:
    """Return where the streams stand; `lock` takes their rows for writing, in the order of their ids.

    On SQLite a transaction that writes holds the whole file already.
    """
    suffix = " ORDER BY id FOR UPDATE" if lock and on_postgresql() else ""
    rows = among(f"SELECT id, kind, epoch, seq, state FROM realtime_stream WHERE id {{among}}{suffix}", streams)
    return {row[0]: Head(*row) for row in rows}


def live_seats(seats: Iterable[str]) -> dict[str, SeatRef]:
    """Return those of the seats that have not left."""
    rows = among("SELECT id, stream_id, name, badge FROM realtime_seat WHERE left_seq IS NULL AND id {among}", seats)
    return {row[0]: SeatRef(*row) for row in rows}


def find(stream: str, seat: str, c: str) -> Known | None:
    """Return the event that a seat's command `c` made, if it did."""
    with prepared() as cursor:
        cursor.execute(
            "SELECT e.seq, e.body, e.digest, st.kind FROM realtime_event e JOIN realtime_stream st "
            "ON st.id = e.stream_id WHERE e.stream_id = %s AND e.seat_id = %s AND e.c = %s", [stream, seat, c])
        row = cursor.fetchone()
    if row is None:
        return None
    return Known(row[0], bytes(row[1]), None if row[2] is None else bytes(row[2]), row[3])


def insert_events(events: Sequence[NewEvent]) -> None:
    """Store new events. Raises django.db.IntegrityError where a number or a `c` is taken."""
    names = "stream_id, seq, seat_id, c, kind, target, body, digest, ts"
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO realtime_event ({names}) VALUES ({_marks(NewEvent._fields)})", events)


def set_heads(numbers: dict[str, int]) -> None:
    """Store the new heads of locked streams."""
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE realtime_stream SET seq = %s WHERE id = %s",
                           [(seq, stream) for stream, seq in numbers.items()])


def next_seq(stream: str, count: int = 1) -> int | None:
    """Count a locked stream's number up and return it; None where there is no such stream."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE realtime_stream SET seq = seq + %s WHERE id = %s RETURNING seq", [count, stream])
        row = cursor.fetchone()
    return None if row is None else row[0]


def tails(after: Sequence[tuple[str, int]], most: int | None = None) -> list[Row]:
    """Return the events behind each (stream, seq), by stream and number: all, or about the first `most`."""
    rows: list[Row] = []
    with prepared() as cursor:
        for part in _chunks(after):
            if on_postgresql():
                source = "unnest(%s::text[], %s::bigint[]) AS q(stream, after)"
                params: list[Any] = [[p[0] for p in part], [p[1] for p in part]]
            else:
                source = "q"
                params = [value for pair in part for value in pair]
            values = ", ".join(["(%s, %s)"] * len(part))
            prefix = "" if on_postgresql() else f"WITH q(stream, after) AS (VALUES {values}) "
            limit = "" if most is None else f" LIMIT {most:d}"
            cursor.execute(
                f"{prefix}SELECT {COLUMNS} FROM {source} JOIN realtime_event e ON e.stream_id = q.stream "
                f"AND e.seq > q.after {JOINS} ORDER BY e.stream_id, e.seq{limit}", params)
            rows.extend(_rows(cursor.fetchall()))
            if most is not None and len(rows) >= most:
                break
    return rows


def page(stream: str, *, after: int, before: int | None, limit: int, newest_first: bool) -> list[Row]:
    """Return events of one stream with `after` < seq < `before`, at most `limit`, in the order of their numbers."""
    upper = "" if before is None else " AND e.seq < %s"
    params: list[Any] = [stream, after, *([] if before is None else [before]), limit]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM realtime_event e {JOINS} WHERE e.stream_id = %s AND e.seq > %s{upper} "
            f"ORDER BY e.seq {'DESC' if newest_first else 'ASC'} LIMIT %s", params)
        rows = list(_rows(cursor.fetchall()))
    return rows[::-1] if newest_first else rows


def since(gid: int) -> tuple[int, list[tuple[str, int]]]:
    """Return (newest gid, heads of the streams written since `gid`): how SQLite's other processes are heard.

    SQLite has one writer at a time, so that the order of gid is the order of commit; PostgreSQL has not.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT stream_id, MAX(seq), MAX(gid) FROM realtime_event WHERE gid > %s GROUP BY stream_id",
                       [gid])
        rows = cursor.fetchall()
    return max([gid, *(row[2] for row in rows)]), [(row[0], row[1]) for row in rows]


def newest_gid() -> int:
    """Return the gid of the newest event, 0 where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT MAX(gid) FROM realtime_event")
        return int(cursor.fetchone()[0] or 0)


def raise_cursors(cursors: dict[str, int]) -> None:
    """Store how far seats have read; a cursor never goes back."""
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE realtime_seat SET read_seq = %s WHERE id = %s AND read_seq < %s",
                           [(seq, seat, seq) for seat, seq in sorted(cursors.items())])


def _rows(raw: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
    for row in raw:
        read = Row(*row)
        target = None if read.target_body is None else bytes(read.target_body)
        yield read._replace(body=bytes(read.body), target_body=target)

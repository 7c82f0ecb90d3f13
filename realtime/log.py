"""The log: how services write to streams, and how events are read back. Synchronous, for database threads.

Members' messages take the quicker way of ``writer.py``; the rules are the same: the stream's row is locked first,
its number counted up in the same transaction, and everybody is told after the commit.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from hashlib import blake2b
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction

from realtime import bus, sql
from realtime.models import Event, Seat, Stream
from realtime.protocol import event as event_frame
from realtime.protocol import refuse
from realtime.sealing import seal, unseal
from realtime.sql import NewEvent, Row

REDACTED = b'{"redacted":true}'
REWRITABLE = frozenset({"message"})
SEALED_KINDS = frozenset({"inbox", "call"})


def digest_of(kind: str, d: dict[str, Any]) -> bytes:
    """Return the keyed digest of a command, 16 bytes: the same content under the same `c` is a repeat."""
    return blake2b(orjson.dumps([kind, d], option=orjson.OPT_SORT_KEYS), digest_size=16, key=_digest_key()).digest()


@cache
def _digest_key() -> bytes:
    return bytes(settings.CURBSIDE_KEYS["digest"])


def create_stream(kind: str) -> str:
    """Make an empty stream and return its id."""
    return str(Stream.objects.create(kind=kind).pk)


@contextmanager
def writing(*stream_ids: str) -> Iterator["Writing"]:
    """One transaction that writes to these streams; their rows are locked first, in the order of their ids.

    May be nested. Raises Refusal("not_found") where a stream does not exist.
    """
    with transaction.atomic():
        heads = sql.heads(stream_ids, lock=True)
        if len(heads) != len(set(stream_ids)):
            raise refuse("not_found")
        yield Writing({head.id: head.kind for head in heads.values()})


class Writing:
    """What may be done to locked streams. Made by `writing`."""

    def __init__(self, kinds: dict[str, str]) -> None:
        self._kinds = kinds

    def append(self, stream: str, kind: str, body: dict[str, Any], *, seat: str | None = None, c: str | None = None,
               digest: bytes | None = None, target: int | None = None, ts: int | None = None) -> int:
        """Append an event and return its seq; some kinds of streams seal their bodies. `ts` is Unix milliseconds."""
        seq = self._take_numbers(stream, 1)
        now = int(time.time() * 1000) if ts is None else ts
        self._store([NewEvent(stream, seq, seat, c, kind, target, self._sealed(stream, seq, body), digest, now)])
        return seq

    def append_all(self, stream: str, events: Sequence[tuple[str, dict[str, Any]]], *, ts: int) -> None:
        """Append events of the service itself, (kind, body) each, in two statements however many."""
        last = self._take_numbers(stream, len(events))
        self._store([
            NewEvent(stream, seq, None, None, kind, None, self._sealed(stream, seq, body), None, ts)
            for seq, (kind, body) in enumerate(events, last - len(events) + 1)
        ])  # fmt: skip

    def create(self, kind: str) -> str:
        """Make an empty stream, which this transaction may write to, and return its id."""
        stream = create_stream(kind)
        self._kinds[stream] = kind
        return stream

    def _take_numbers(self, stream: str, count: int) -> int:
        """Count the stream up and return its last number; everybody is told after the commit."""
        if stream not in self._kinds:
            raise ValueError("the stream is not locked by this transaction")
        seq = sql.next_seq(stream, count)
        assert seq is not None
        transaction.on_commit(partial(bus.ring, [(stream, seq)]))
        return seq

    def _store(self, events: Sequence[NewEvent]) -> None:
        sql.insert_events(events)

    def _sealed(self, stream: str, seq: int, body: dict[str, Any]) -> bytes:
        data = orjson.dumps(body)
        return seal(data, aad=sealed_place(stream, seq)) if self._kinds[stream] in SEALED_KINDS else data

    def rewrite(self, stream: str, target: int, body: dict[str, Any] | None, *, seat: str, c: str | None = None,
                digest: bytes | None = None) -> int:
        """Replace the content of a message of this seat (None takes it away) and append the event that says so.

        The event holds no text of its own. Raises Refusal("not_found") where the target is no message of the seat
        or has been taken away before.
        """
        found = Event.objects.filter(stream=stream, seq=target, seat=seat, kind__in=REWRITABLE)
        row = found.values_list("body", flat=True).first()
        if row is None or bytes(row) == REDACTED:
            raise refuse("not_found")
        found.update(body=REDACTED if body is None else orjson.dumps(body))
        kind = "redact" if body is None else "edit"
        return self.append(stream, kind, {}, seat=seat, c=c, digest=digest, target=target)

    def state(self, stream: str) -> str:
        """Return ``open``, ``closed`` or ``final``."""
        return str(Stream.objects.values_list("state", flat=True).get(pk=stream))

    def set_state(self, stream: str, state: str) -> None:
        """Open or close the stream, or end it for good."""
        Stream.objects.filter(pk=stream).update(state=state)

    def head(self, stream: str) -> int:
        """Return the last seq."""
        return int(Stream.objects.values_list("seq", flat=True).get(pk=stream))

    def remove_seat(self, seat: str, at_seq: int) -> None:
        """End a seat at the event `at_seq`, which must be one of that seat: nothing later reaches it."""
        Seat.objects.filter(pk=seat, left_seq=None).update(left_seq=at_seq)


def sealed_place(stream: str, seq: int) -> str:
    """Where the body of a sealed event lies."""
    return f"realtime_event:{stream}:{seq}:body"


def content_of(row: Row) -> bytes:
    """Return what an event shows, as JSON: a sealed body opened, an edit filled from its target as it is now."""
    body = row.body
    if row.stream_kind in SEALED_KINDS:
        body = unseal(body, aad=sealed_place(row.stream, row.seq))
    if row.target is None:
        return body
    shown = orjson.loads(row.target_body or b"{}") if row.kind == "edit" else {}
    return orjson.dumps({"target": row.target, **shown, **orjson.loads(body)})


def encode(row: Row) -> bytes:
    """Return the ``ev`` frame of an event."""
    return event_frame(row.stream, row.seq, row.kind, row.name, row.c, row.ts, content_of(row))


def read_events(stream: str, *, after: int = 0, before: int | None = None, limit: int = 50,
                newest_first: bool = False) -> list[dict[str, Any]]:
    """Return ``ev`` frames as dictionaries with `after` < seq < `before`, in the order of their numbers.

    With `newest_first` the last `limit` of them, else the first.
    """
    rows = sql.page(stream, after=after, before=before, limit=limit, newest_first=newest_first)
    return [orjson.loads(encode(row)) for row in rows]

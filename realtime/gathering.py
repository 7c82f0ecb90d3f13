"""Writing to streams with all of it kept back: numbers are given at once, and one statement stores the rest.

A service that changes a dozen rows of one call would else wait for the database a dozen times, under its locks.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import transaction

from realtime import bus, rows, sql
from realtime.log import Writing
from realtime.models import Stream
from realtime.protocol import refuse
from realtime.rows import Part
from realtime.sql import Head, NewEvent


@contextmanager
def gathering(*stream_ids: str) -> Iterator["Gathering"]:
    """One transaction that writes to these streams, as `log.writing`; what it stores is sent when the block ends.

    Raises Refusal("not_found") where a stream does not exist.
    """
    with transaction.atomic():
        gathered = Gathering()
        gathered.lock(*stream_ids)
        yield gathered
        gathered.send()


class Gathering(Writing):
    """What may be done to locked streams. `parts` are the caller's own statements, which go with the events."""

    def __init__(self) -> None:
        super().__init__({})
        self.parts: list[Part] = []
        self._seqs: dict[str, int] = {}
        self._states: dict[str, str] = {}
        self._made: dict[str, Stream] = {}
        self._grown: set[str] = set()
        self._events: list[NewEvent] = []

    def lock(self, *stream_ids: str) -> None:
        """Lock streams, in the order of their ids. Raises Refusal("not_found")."""
        heads = sql.heads(stream_ids, lock=True)
        if len(heads) != len(set(stream_ids)):
            raise refuse("not_found")
        for head in heads.values():
            self._know(head)

    def _know(self, head: Head) -> None:
        self._kinds[head.id], self._seqs[head.id], self._states[head.id] = head.kind, head.seq, head.state

    def create(self, kind: str) -> str:
        """Make an empty stream and return its id."""
        made = Stream(kind=kind)
        self._made[made.pk] = made
        self._know(Head(made.pk, made.kind, made.epoch, made.seq, made.state))
        return str(made.pk)

    def state(self, stream: str) -> str:
        """Return ``open``, ``closed`` or ``final``."""
        return self._states[stream]

    def set_state(self, stream: str, state: str) -> None:
        """Open or close the stream, or end it for good."""
        self._states[stream] = state
        self._grown.add(stream)

    def head(self, stream: str) -> int:
        """Return the last seq."""
        return self._seqs[stream]

    def _take_numbers(self, stream: str, count: int) -> int:
        if stream not in self._kinds:
            raise ValueError("the stream is not locked by this transaction")
        self._seqs[stream] += count
        self._grown.add(stream)
        return self._seqs[stream]

    def _store(self, events: Sequence[NewEvent]) -> None:
        self._events += events

    def send(self) -> None:
        """Store what was gathered so far. Raises django.db.IntegrityError where a `c` was taken."""
        stored: list[Part] = []
        for stream in sorted(self._grown):
            if stream in self._made:
                made = self._made.pop(stream)
                made.seq, made.state = self._seqs[stream], self._states[stream]
                stored.append(rows.insert(made))
            else:
                stored.append(Part(HEAD, [self._seqs[stream], self._states[stream], stream]))
        if self._events:
            marks = ", ".join([EVENT_MARKS] * len(self._events))
            values: list[Any] = [value for event in self._events for value in event]
            stored.append(Part(f"INSERT INTO realtime_event ({EVENT_NAMES}) VALUES {marks}", values))
            grown = {event.stream: event.seq for event in self._events}
            transaction.on_commit(partial(bus.ring, list(grown.items())))
        stored, self.parts = [*stored, *self.parts], []
        self._events, self._grown = [], set()
        rows.send(stored)


HEAD = "UPDATE realtime_stream SET seq = %s, state = %s WHERE id = %s"
EVENT_NAMES = "stream_id, seq, seat_id, c, kind, target, body, digest, ts"
EVENT_MARKS = f"({', '.join(['%s'] * len(NewEvent._fields))})"

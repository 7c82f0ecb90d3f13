"""What an app hands to the wire: plain functions in plain dictionaries, put together in ``asgi.py``.

No Django here: the types only. `realtime` imports no app, so whatever it needs of one comes through `Wire`.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SeatRef:
    """A member's place in one stream: the seat's id, its stream, its pseudonym and its badge there."""

    id: str
    stream: str
    name: str
    badge: str


@dataclass(frozen=True, slots=True)
class Request:
    """One command: who (an account's id, which goes into no stream), from which seat, and what."""

    member: str
    stream: str
    seat: str
    name: str
    c: str
    kind: str
    d: dict[str, Any]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """The number of the event that records the command, and the stream that it made, if any."""

    seq: int
    made: str | None = None


@dataclass(slots=True)
class Written:
    """What was lately written to a stream: the last number, and the seats that wrote."""

    seq: int
    seats: set[str]


def note_written(noted: dict[str, Written], stream: str, seq: int, seats: Set[str]) -> None:
    """Add to what is noted that these seats wrote to a stream, up to a number."""
    written = noted.get(stream)
    if written is None:
        written = noted[stream] = Written(0, set())
    written.seq = max(written.seq, seq)
    written.seats |= seats


Prepare = Callable[[dict[str, Any]], dict[str, Any]]
Service = Callable[[Request], Reply]
TimerHandler = Callable[[str, datetime], None]


def _no_seats(pairs: Sequence[tuple[str, str]]) -> list[SeatRef | None]:
    return [None] * len(pairs)


def _no_inbox(member: str) -> tuple[str, str]:
    raise LookupError("no app gives members an inbox")


@dataclass(frozen=True, slots=True)
class Wire:
    """All that the apps give to the wire.

    `prepares`: content in, body to store out (or a Refusal); run in the writer's thread, no database.
    `services`: commands to a stream with rules of their own; run in a database thread, each in its own transaction.
    `own`: the same for what goes to ``me`` and is recorded in the member's inbox.
    `timers`: what to do when a stored timer is due, by its kind.
    `find_seats`: the seats of (member, stream) pairs, None where there is none or it has left.
    `inbox_of`: a member's own stream and the seat there. `appended`: told, some seconds after
    messages were stored, what was written where, so that those who have not read can be woken.
    """

    prepares: Mapping[str, Prepare] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    own: Mapping[str, Service] = field(default_factory=dict)
    timers: Mapping[str, TimerHandler] = field(default_factory=dict)
    find_seats: Callable[[Sequence[tuple[str, str]]], list[SeatRef | None]] = _no_seats
    inbox_of: Callable[[str], tuple[str, str]] = _no_inbox
    appended: Callable[[Mapping[str, Written]], None] = lambda written: None

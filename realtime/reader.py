"""What the hub reads: subscriptions, tails and heads, each for many sockets with one query of a kind.

Runs in one database thread. A reconnect storm is a few large questions here, not thousands of small ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from realtime import sql
from realtime.commands import SeatRef
from realtime.log import encode
from realtime.protocol import Limits, Position

Frame = tuple[int, bytes]
FindSeats = Callable[[Sequence[tuple[str, str]]], list[SeatRef | None]]


@dataclass(frozen=True, slots=True)
class Room:
    """The answer to one wanted subscription: where the stream stands, and what the client has missed.

    `recovered` tells whether `missed` is all of it (``rec``); if not, the client loads the newest page.
    """

    stream: str
    kind: str
    epoch: str
    head: int
    state: str
    seat: SeatRef
    recovered: bool
    missed: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Tail:
    """An event to be sent on: its frame, and the seat that it ends, if it does."""

    stream: str
    seq: int
    frame: bytes
    left: str | None


def read_rooms(wanted: Sequence[tuple[str, Position]], find_seats: FindSeats, limits: Limits) -> list[Room | None]:
    """Return a room for each (member, position); None where there is no such stream or no seat in it."""
    seats = find_seats([(member, position.r) for member, position in wanted])
    heads = sql.heads([seat.stream for seat in seats if seat])
    after: dict[str, int] = {}
    for (_, position), seat in zip(wanted, seats, strict=True):
        if seat and _may_recover(position, heads[seat.stream], limits):
            assert position.p is not None
            after[seat.stream] = min(position.p, after.get(seat.stream, position.p))
    frames: dict[str, list[Frame]] = {}
    for row in sql.tails(list(after.items())):
        frames.setdefault(row.stream, []).append((row.seq, encode(row)))
    return [
        _room(position, seat, heads[seat.stream], frames.get(seat.stream, []), limits) if seat else None
        for (_, position), seat in zip(wanted, seats, strict=True)
    ]


def read_tails(after: Sequence[tuple[str, int]]) -> list[Tail]:
    """Return what lies behind each (stream, seq)."""
    return [
        Tail(row.stream, row.seq, encode(row), row.seat if row.left_seq == row.seq else None)
        for row in sql.tails(after)
    ]


def _may_recover(position: Position, head: sql.Head, limits: Limits) -> bool:
    if position.p is None or (position.e is not None and position.e != head.epoch):
        return False
    return 0 < head.seq - position.p <= limits.resume_events


def _room(position: Position, seat: SeatRef, head: sql.Head, frames: list[Frame], limits: Limits) -> Room:
    """All or nothing: another epoch, a position past the head, or too much missing, and nothing is sent again.

    More may have been committed between the two reads, so that the last frame, not the first read, is the head.
    """
    missed: tuple[Frame, ...] = ()
    recovered = position.p is None or (position.e in (None, head.epoch) and position.p == head.seq)
    reached = head.seq
    if _may_recover(position, head, limits):
        assert position.p is not None
        missed = tuple(frame for frame in frames if frame[0] > position.p)
        recovered = sum(len(frame) for _, frame in missed) <= limits.resume_bytes
        reached = max([head.seq, *(seq for seq, _ in missed)])
    return Room(head.id, head.kind, head.epoch, reached, head.state, seat, recovered, missed if recovered else ())

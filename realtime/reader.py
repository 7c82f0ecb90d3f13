"""What the hub reads: subscriptions, tails and heads, each for many sockets with one query of a kind.

Runs in one database thread. A reconnect storm is a few large questions here, not thousands of small ones.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from realtime import sql
from realtime.commands import SeatRef
from realtime.log import encode
from realtime.protocol import Limits, Position

Frame = tuple[int, bytes]
TAILS_MOST = 500  # events of one read: what follows is read once these were sent, and whoever is too slow has left

log = logging.getLogger(__name__)
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
    encoded, broken = _encoded(sql.tails(list(after.items())))
    frames: dict[str, list[Frame]] = {}
    for row, frame in encoded:
        frames.setdefault(row.stream, []).append((row.seq, frame))
    return [
        _room(position, seat, heads[seat.stream], frames.get(seat.stream, []), limits, whole=seat.stream not in broken)
        if seat else None
        for (_, position), seat in zip(wanted, seats, strict=True)
    ]


def read_tails(after: Sequence[tuple[str, int]]) -> list[Tail]:
    """Return what lies behind each (stream, seq), at most about `TAILS_MOST` events at once."""
    encoded, _ = _encoded(sql.tails(after, TAILS_MOST))
    return [
        Tail(row.stream, row.seq, frame, row.seat if row.left_seq == row.seq else None) for row, frame in encoded
    ]


def _encoded(found: Iterable[sql.Row]) -> tuple[list[tuple[sql.Row, bytes]], set[str]]:
    """Return rows with their frames, and the streams of which a row cannot be read: they end before that row.

    One that cannot be opened (its key is gone) must not keep all other streams from being read.
    """
    encoded: list[tuple[sql.Row, bytes]] = []
    broken: set[str] = set()
    for row in found:
        if row.stream in broken:
            continue
        try:
            encoded.append((row, encode(row)))
        except Exception:
            log.exception("an event cannot be read; its stream ends before it", extra={"kind": row.kind})
            broken.add(row.stream)
    return encoded, broken


def _may_recover(position: Position, head: sql.Head, limits: Limits) -> bool:
    if position.p is None or (position.e is not None and position.e != head.epoch):
        return False
    return 0 < head.seq - position.p <= limits.resume_events


def _room(position: Position, seat: SeatRef, head: sql.Head, frames: list[Frame], limits: Limits, *,
          whole: bool) -> Room:
    """All or nothing: another epoch, a position past the head, or too much missing, and nothing is sent again.

    More may have been committed between the two reads, so that the last frame, not the first read, is the head.
    """
    missed: tuple[Frame, ...] = ()
    recovered = position.p is None or (position.e in (None, head.epoch) and position.p == head.seq)
    reached = head.seq
    if whole and _may_recover(position, head, limits):
        assert position.p is not None
        missed = tuple(frame for frame in frames if frame[0] > position.p)
        recovered = sum(len(frame) for _, frame in missed) <= limits.resume_bytes
        reached = max([head.seq, *(seq for seq, _ in missed)])
    return Room(head.id, head.kind, head.epoch, reached, head.state, seat, recovered, missed if recovered else ())

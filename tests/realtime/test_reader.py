"""What the hub reads: bounded, and one event that cannot be opened keeps no other stream from being read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from realtime import reader
from realtime.commands import SeatRef
from realtime.log import encode, writing
from realtime.protocol import Limits, Position
from realtime.reader import read_rooms, read_tails
from realtime.sql import Row
from tests.realtime.conftest import Thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
Make = Callable[..., Thread]


def say(thread: Thread, count: int) -> None:
    with writing(thread.id) as log:
        for n in range(count):
            log.append(thread.id, "message", {"text": str(n)}, seat=thread.seats[0])


def test_a_long_tail_is_read_piece_by_piece(thread: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "TAILS_MOST", 4)
    made = thread()
    say(made, 10)
    seen: list[int] = []
    while tails := read_tails([(made.id, max(seen, default=0))]):
        assert len(tails) <= 4
        seen += [tail.seq for tail in tails]
    assert seen == list(range(1, 11))


@pytest.fixture
def broken(thread: Make, monkeypatch: pytest.MonkeyPatch) -> tuple[Thread, Thread]:
    """A stream whose second event cannot be opened, and a whole one."""
    made, whole = thread(), thread()
    say(made, 3)
    say(whole, 3)

    def open_most(row: Row) -> bytes:
        if (row.stream, row.seq) == (made.id, 2):
            raise ValueError
        return encode(row)

    monkeypatch.setattr(reader, "encode", open_most)
    return made, whole


def test_a_stream_ends_before_what_cannot_be_opened_and_the_others_go_on(broken: tuple[Thread, Thread]) -> None:
    made, whole = broken
    found = [(tail.stream, tail.seq) for tail in read_tails([(made.id, 0), (whole.id, 0)])]
    assert sorted(found) == sorted([(made.id, 1), (whole.id, 1), (whole.id, 2), (whole.id, 3)])


def test_what_cannot_be_opened_is_missed_and_said_so_and_others_recover(broken: tuple[Thread, Thread]) -> None:
    made, whole = broken
    seats = {thread.id: SeatRef(thread.seats[0], thread.id, "Seat 0", "") for thread in broken}
    wanted = [("m", Position(made.id, p=0)), ("m", Position(whole.id, p=0))]
    rooms = read_rooms(wanted, lambda pairs: [seats[stream] for _, stream in pairs], Limits())
    assert [room.recovered for room in rooms if room] == [False, True]
    assert [len(room.missed) for room in rooms if room] == [0, 3]
    assert [room.head for room in rooms if room] == [3, 3]

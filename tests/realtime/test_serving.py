"""A peer that goes while the database is asked is registered nowhere afterwards; what waits for one counts rightly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest

from realtime.connection import Connection, Encoded
from realtime.consumers import AsgiOutlet
from realtime.protocol import Limits, Position
from realtime.serving import Socket
from realtime.session import Subscribe
from realtime.subscribing import Rooms


class Nowhere:
    """An outlet that keeps what was said."""

    framed = False

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []

    def send(self, encoded: Encoded) -> None:
        """Kept."""
        self.said.append(orjson.loads(encoded.data))

    def write(self, wire: bytes) -> None:
        """Framed bytes come by `send` here."""

    def waiting(self) -> int:
        """Nothing waits."""
        return 0

    def close(self, code: int, reason: str) -> None:
        """Nobody to close with."""

    def abort(self) -> None:
        """Nobody to give up."""


class Desk:
    """As much of a hub as a socket that subscribes asks for; nothing else may be asked of it."""

    limits = Limits()
    draining = False
    corked = None

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.loop = asyncio.get_running_loop()
        self.subscribing = self
        self.wishes: list[tuple[list[str], Callable[[Rooms | None], None]]] = []
        self.closed: list[str] = []

    def enter(self, conn: Connection) -> None:
        """A socket was accepted."""
        self.connections.add(conn)

    def leave(self, conn: Connection) -> None:
        """It reads nothing any more."""

    def open_rooms(self, conn: Connection, wanted: Sequence[Position], answered: Callable[[Rooms | None], None]
                   ) -> None:
        """Kept, to be answered when the test says so."""
        self.wishes.append(([position.r for position in wanted], answered))

    def close_room(self, conn: Connection, stream: str) -> None:
        """Noted."""
        self.closed.append(stream)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked of the hub for a peer that is gone")


def a_socket(desk: Desk) -> tuple[Socket, Nowhere]:
    outlet = Nowhere()
    return Socket(desk, outlet, speaks=True), outlet  # type: ignore[arg-type]  # a part of a hub


def subscribe(i: int, *streams: str, un: tuple[str, ...] = ()) -> Subscribe:
    return Subscribe(i, tuple(Position(stream) for stream in streams), un)


@pytest.mark.asyncio
async def test_what_stood_behind_a_subscription_waits_for_its_answer_and_keeps_its_order() -> None:
    desk = Desk()
    socket, outlet = a_socket(desk)
    socket._do_all([subscribe(1, "a"), subscribe(2), subscribe(3, "b")])
    assert [streams for streams, _ in desk.wishes] == [["a"]] and outlet.said == []
    desk.wishes[0][1](None)  # the database did not answer in time
    assert [streams for streams, _ in desk.wishes] == [["a"], ["b"]]
    assert [(frame["i"], frame.get("err", {}).get("code")) for frame in outlet.said] == [(1, "busy"), (2, None)]


@pytest.mark.asyncio
async def test_what_stood_behind_a_subscription_is_not_begun_for_who_went_meanwhile() -> None:
    desk = Desk()
    socket, outlet = a_socket(desk)
    socket._do_all([subscribe(1, "a"), subscribe(2, "b", un=("c",))])
    socket.lost()
    desk.wishes[0][1](None)
    socket._do_all([subscribe(3, "d")])
    assert len(desk.wishes) == 1 and not desk.closed and not outlet.said


@pytest.mark.asyncio
async def test_what_was_taken_waits_no_more_in_whatever_letters() -> None:
    taken: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        taken.append(message)

    outlet = AsgiOutlet(send, Limits())
    for _ in range(50):
        outlet.send(Encoded("Åtta ärenden på mottagningen 心電図".encode()))
    assert outlet.waiting() > 0
    while len(taken) < 50:
        await asyncio.sleep(0)
    assert outlet.waiting() == 0

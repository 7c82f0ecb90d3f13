"""A peer that goes while the database is asked is registered nowhere afterwards; what waits for one counts rightly."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import orjson
import pytest

from realtime.connection import Connection, Encoded
from realtime.consumers import AsgiOutlet
from realtime.protocol import Limits
from realtime.serving import Socket
from realtime.session import Subscribe


class Nowhere:
    """An outlet whose peer is not looked at."""

    framed = False

    def send(self, encoded: Encoded) -> None:
        """Lost."""

    def write(self, wire: bytes) -> None:
        """Lost."""

    def waiting(self) -> int:
        """Nothing waits."""
        return 0

    def close(self, code: int, reason: str) -> None:
        """Nobody to close with."""

    def abort(self) -> None:
        """Nobody to give up."""


class Desk:
    """As much of a hub as a socket asks for; what it begins is kept, to be gone on with by the test."""

    limits = Limits()
    draining = False
    corked = None

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.begun: list[Coroutine[Any, Any, None]] = []
        self.loop = asyncio.get_running_loop()

    def enter(self, conn: Connection) -> None:
        """A socket was accepted."""
        self.connections.add(conn)

    def leave(self, conn: Connection) -> None:
        """It reads nothing any more."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Begun, and gone on with when the test says so."""
        self.begun.append(work)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked of the hub for a peer that is gone")


def frame(**fields: Any) -> str:
    return orjson.dumps(fields).decode()


@pytest.mark.asyncio
async def test_who_went_before_the_ticket_was_read_is_admitted_nowhere() -> None:
    desk = Desk()
    socket = Socket(desk, Nowhere(), speaks=True)  # type: ignore[arg-type]  # a part of a hub
    socket.take(frame(t="hello", i=1, v=1, tok="x" * 20, sub=[]))
    assert len(desk.begun) == 1
    socket.lost()
    await desk.begun[0]


@pytest.mark.asyncio
async def test_what_stood_behind_a_subscription_is_not_begun_for_who_went_meanwhile() -> None:
    desk = Desk()
    socket = Socket(desk, Nowhere(), speaks=True)  # type: ignore[arg-type]  # as above
    behind = Subscribe(2, (), ())
    socket._do_all([behind, behind])
    socket.lost()
    await desk.begun[0]
    socket._do_all([behind])
    assert len(desk.begun) == 1


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

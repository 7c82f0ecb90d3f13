"""A server and its clients in one event loop whose time is moved by hand: a day passes in seconds.

The clients are the library's, the consumer and the hub are the server's own; only the wire between them is two queues,
and the clocks (the loop's, which only rises, and the wall's) go on by as much as a test says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import time_machine
from curbside import Ticket
from curbside.tickets import TicketAtHand

from realtime.hub import Hub
from realtime.tickets import issue_ticket
from tests.peers.curbside import Person
from tests.sockets.checking import QUICK, CheckingClient, Ledger

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
PASSES = 2
PATIENT = replace(QUICK, heartbeat_slack_s=60.0)
"""So patient that a step may be longer than a heartbeat is late: the server asks, and hears, once in a step or two."""


class SteppedLoop(asyncio.SelectorEventLoop):
    """An event loop that is so many seconds ahead of the true time."""

    ahead_s = 0.0

    def time(self) -> float:
        """Seconds of a clock that only rises."""
        return super().time() + self.ahead_s


async def step(hub: Hub, wall: time_machine.Traveller, seconds: float) -> None:
    """Let both clocks go on, and wait until everything that came due has been done."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SteppedLoop)
    wall.shift(seconds)
    loop.ahead_s += seconds
    for _ in range(PASSES):
        await asyncio.sleep(0)
        while loop._ready:  # type: ignore[attr-defined]  # whoever can go on does, and whom they wake
            await asyncio.sleep(0)
        await asyncio.gather(hub.read(_nothing), hub.write(_nothing))  # behind whatever the database was asked


def _nothing() -> None:
    """What is worked off when all before it has been."""


class NearSocket:
    """The client's end of a WebSocket, as the library wants it, on an ASGI application in the same loop."""

    def __init__(self, application: Application) -> None:
        self._up: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._down: asyncio.Queue[str | None] = asyncio.Queue()
        self.close_code: int | None = None
        self.close_reason = ""
        self.transport = self
        scope = {"type": "websocket", "path": "/ws", "raw_path": b"/ws", "query_string": b"", "headers": [],
                 "subprotocols": ["curbside.v1"]}
        self._up.put_nowait({"type": "websocket.connect"})
        self._serving = asyncio.ensure_future(application(scope, self._up.get, self._take))

    async def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            self._down.put_nowait(message["text"])
        elif message["type"] == "websocket.close":
            self.close_code, self.close_reason = message["code"], message.get("reason", "")
            self._down.put_nowait(None)

    async def send(self, text: str) -> None:
        """Say one message."""
        self._up.put_nowait({"type": "websocket.receive", "text": text})

    async def __aiter__(self) -> AsyncIterator[str]:
        """What is said, until it is closed."""
        while (text := await self._down.get()) is not None:
            yield text

    def abort(self) -> None:
        """Go without a word."""
        self._up.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def __aenter__(self) -> Self:
        """It is open from the start."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Go."""
        self.abort()
        await asyncio.gather(self._serving, return_exceptions=True)


class NearClient(CheckingClient):
    """A checking client without a network between it and the server. `tickets` counts those that it was given."""

    def __init__(self, ledger: Ledger, person: Person, application: Application) -> None:
        super().__init__(ledger, person, "http://near.example", PATIENT)
        self._application = application
        self.tickets = 0
        self._ticket = TicketAtHand(self._make_ticket, self._now)

    async def _make_ticket(self) -> Ticket:
        self.tickets += 1
        ticket, _ = issue_ticket(self.person.id, "near")
        return Ticket(ticket, 900.0)

    async def _connect_once(self) -> tuple[int, str]:
        ticket = await self._ticket.take()
        async with NearSocket(self._application) as socket:
            self.session.opened(ticket.value, ticket.lifetime_s, self._now())
            return await self._converse(socket)  # type: ignore[arg-type]  # as much of a socket as is needed

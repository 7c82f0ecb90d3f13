"""The connection of a SIP user agent to its trunk: TCP or TLS, kept up, driven by an event loop.

All rules are in ``voice/sip``; here are sockets and a clock alone. Knows no Django and no database. Methods are called
in the thread of the loop. What a far end is told and what it says is never logged: it holds numbers.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, cast

from voice.call_events import Cause
from voice.sip.agent import Agent
from voice.sip.events import Event, Order, Pinged
from voice.sip.line import TRUNK
from voice.sip.sdp import Direction

CONNECT_S: Final = 5.0
PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""How long is waited after each connection that could not be made, the last one from then on."""
STOOD_S: Final = 5.0
"""A connection that was closed sooner counts as one that could not be made."""
PING_S: Final = 30.0
CONNECTIONS_MOST: Final = 64
UNREAD_MOST: Final = 256 * 1024
"""Bytes that a far end may leave unread before it counts as gone."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trunk is. With `tls` its certificate must be of `name` (the host, where there is none).

    `ca_file`: the authorities that are trusted, PEM; without one the machine's own. `here`: our host and port as the
    trunk shall see them, where they are not those of the connection. Source: RFC 5922, section 7.
    """

    host: str
    port: int
    tls: bool = True
    name: str = ""
    ca_file: str = ""
    here: str = ""

    def security(self) -> ssl.SSLContext | None:
        """Return what a connection is checked by. Raises OSError, where the file cannot be read."""
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


class SipTransport:
    """One trunk's connections. `tell` hears every event of the agent, in order, and must not raise."""

    def __init__(self, agent: Agent, place: Place, tell: Callable[[Event], None], *, ping_s: float = PING_S) -> None:
        self._agent, self._place, self._tell, self._ping_s = agent, place, tell, ping_s
        self._security = place.security()
        self._loop = asyncio.get_running_loop()
        self._connections: dict[int, _Connection] = {}
        self._next = TRUNK + 1
        self._timer: asyncio.TimerHandle | None = None
        self._pinger: asyncio.TimerHandle | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def open(self, within_s: float = CONNECT_S) -> bool:
        """Begin to keep a connection up; return whether there is one within the time. It is tried for on and on."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())
            self._pinger = self._loop.call_later(self._ping_s, self._ping)
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._up.wait()
        return self._up.is_set()

    async def listen(self, host: str, port: int, security: ssl.SSLContext | None = None) -> None:
        """Take connections that the trunk opens to us; `Place.here` says where."""
        self._server = await self._loop.create_server(self._accepted, host, port, ssl=security)

    async def close(self) -> None:
        """Let go of every connection. Calls that are still up are not ended by that: hang up first."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        if self._server is not None:
            self._server.close()
        for timer in (self._timer, self._pinger):
            if timer is not None:
                timer.cancel()
        for connection in list(self._connections.values()):
            connection.abort()
        await asyncio.sleep(0)  # so that they hear of it

    @property
    def up(self) -> bool:
        """Whether there is a connection to the trunk."""
        return self._up.is_set()

    def call(self, order: Order) -> str:
        """Make a call and return the id of its leg."""
        leg = self._agent.call(order, self._loop.time())
        self._pump()
        return leg

    def hang_up(self, leg: str, cause: Cause = Cause.CANCELLED) -> None:
        """End a leg, however far it has come."""
        self._agent.hang_up(leg, self._loop.time(), cause)
        self._pump()

    def change(self, leg: str, direction: Direction) -> None:
        """Hold or resume."""
        self._agent.change(leg, direction, self._loop.time())
        self._pump()

    # --- the connection to the trunk --------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Keep a connection up."""
        failures = 0
        while True:
            try:
                await self._connect()
            except (OSError, TimeoutError):  # a certificate that does not fit is an OSError too
                await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
                failures += 1
                continue
            since = self._loop.time()
            await self._down.wait()
            if self._loop.time() - since >= STOOD_S:
                failures = 0
            else:  # it lets us in and closes: asked at once again, both would do nothing else
                await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
                failures += 1

    async def _connect(self) -> None:
        place = self._place
        name = (place.name or place.host) if place.tls else None
        self._down.clear()
        async with asyncio.timeout(CONNECT_S):
            await self._loop.create_connection(
                lambda: _Connection(self, TRUNK), place.host, place.port, ssl=self._security, server_hostname=name
            )

    def _ping(self) -> None:
        """Ask the trunk whether it is there, again and again."""
        self._pinger = self._loop.call_later(self._ping_s, self._ping)
        if self.up:
            self._agent.ping(self._loop.time())
            self._pump()

    def _accepted(self) -> _Connection:
        number, self._next = self._next, self._next + 1
        return _Connection(self, number)

    def connected(self, connection: _Connection, here: str) -> None:
        """A connection stands. Of those that are opened to us there are no more than a trunk needs."""
        if len(self._connections) >= CONNECTIONS_MOST and connection.number != TRUNK:
            connection.abort()
            return
        self._connections[connection.number] = connection
        self._agent.connection_made(connection.number, self._place.here or here)
        if connection.number == TRUNK:
            self._up.set()
        self._pump()

    def disconnected(self, connection: _Connection) -> None:
        """A connection is gone."""
        if self._connections.get(connection.number) is not connection:
            return
        del self._connections[connection.number]
        self._agent.connection_lost(connection.number, self._loop.time())
        if connection.number == TRUNK:
            self._up.clear()
            self._down.set()
        self._pump()

    def received(self, connection: _Connection, data: bytes) -> None:
        """A connection has read something."""
        self._agent.data_received(connection.number, data, self._loop.time())
        self._pump()

    # --- driving ----------------------------------------------------------------------------------------------------

    def _woken(self) -> None:
        self._agent.handle_timer(self._loop.time())
        self._pump()

    def _pump(self) -> None:
        """Send what is to be sent, tell what is to be told, and set the one timer; after everything that happens."""
        for number, data in self._agent.to_send():
            if connection := self._connections.get(number):
                connection.send(data)
        for number in self._agent.to_close():
            if connection := self._connections.get(number):
                connection.close()
        if self._timer is not None:
            self._timer.cancel()
        at = self._agent.get_timer()
        self._timer = None if at is None else self._loop.call_at(at, self._woken)
        while (event := self._agent.next_event()) is not None:
            if event == Pinged(alive=False, status=0) and (silent := self._connections.get(TRUNK)):
                silent.abort()  # it stands, but nobody is behind it
            self._tell(event)


class _Connection(asyncio.Protocol):
    """One stream."""

    def __init__(self, owner: SipTransport, number: int) -> None:
        self.number = number
        self._owner = owner
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        host, port, *_ = transport.get_extra_info("sockname")
        self._owner.connected(self, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.disconnected(self)

    def data_received(self, data: bytes) -> None:
        self._owner.received(self, data)

    def send(self, data: bytes) -> None:
        """Write; a far end that does not read is let go."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > UNREAD_MOST:
            self.abort()

    def close(self) -> None:
        """Close it when everything is written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close it now."""
        if self._transport is not None:
            self._transport.abort()

"""Many sockets of one system, and windows of load through them. Lean: it must never be what limits.

The load is open: messages are sent when they are due, whatever is still under way. Latency is counted from the instant
at which a message was due (so that a generator that is late counts against the figure, not for it) to each of its
deliveries, the sender's own among them.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final

from bench.dialects import ACK, EVENT, READY, REFUSED, Dialect, Member
from bench.frames import CLOSE, PING, PONG, TEXT, Splitter, frame, handshake

TICK_S: Final = 0.001
AGAIN_S: Final = 0.5
MOST_LATENCIES: Final = 2_000_000
Pair = tuple["Socket", str]


@dataclass(slots=True)
class Window:
    """One stretch of load and what came of it. Instants are seconds of one monotonic clock."""

    first: int
    sent_at: array[float]
    latencies: array[float]
    expected: int = 0
    delivered: int = 0
    acked: int = 0
    refused: int = 0
    latest_s: float = 0.0


class Socket(asyncio.Protocol):
    """One client. Reads as little of what comes as it can."""

    __slots__ = ("_crowd", "_feed", "_member", "_opening", "_ready", "closed", "transport")

    def __init__(self, crowd: Crowd, member: Member, ready: asyncio.Future[None]) -> None:
        """`ready` is set once the client is signed in and reads its streams."""
        self._crowd, self._member, self._ready = crowd, member, ready
        self._opening: bytes | None = b""
        self._feed = Splitter().feed
        self.closed = False
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Ask for a WebSocket."""
        self.transport = transport
        dialect = self._crowd.dialect
        transport.write(handshake(self._crowd.host, dialect.path(self._member), dialect.subprotocol))

    def data_received(self, data: bytes) -> None:
        """The answer to the handshake, then frames."""
        if self._opening is None:
            self._feed(data, self._take)
            return
        self._opening += data
        head, done, rest = self._opening.partition(b"\r\n\r\n")
        if not done:
            return
        self._opening = None
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            self._fail(ConnectionError(head[:200].decode("latin-1")))
            return
        self._say_hello()
        if rest:
            self._feed(rest, self._take)

    def _say_hello(self) -> None:
        """Sign in; again where the server was too busy for it."""
        hello = self._crowd.dialect.hello(self._member)
        if not hello:
            self._be_ready()
        elif not self.closed:
            self.transport.write(hello)

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            heard, answer = self._crowd.dialect.hear(payload)
            if answer:
                self.transport.write(answer)
            for what, number in heard:
                if what is READY:
                    self._be_ready()
                elif what is REFUSED and not self._ready.done():
                    self._crowd.later(self._say_hello)
                else:
                    self._crowd.count(what, number)
        elif opcode == PING:
            self.transport.write(frame(payload, PONG))
        elif opcode == CLOSE:
            self._fail(ConnectionError(f"closed: {payload!r}"))

    def _be_ready(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    def _fail(self, error: Exception) -> None:
        self.transport.close()
        if not self._ready.done():
            self._ready.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count those that ended by themselves."""
        self.closed = True
        self._crowd.lost += 1
        if not self._ready.done():
            self._ready.set_exception(exc or ConnectionError("ended while opening"))


class Crowd:
    """All sockets of one generator."""

    def __init__(self, dialect: Dialect, address: str, port: int) -> None:
        """Nobody is connected yet."""
        self.dialect, self.address, self.port = dialect, address, port
        self.host = f"{address}:{port}"
        self.lost = 0
        self._salt, self._next = secrets.token_hex(6), 0
        self._sockets: list[Socket] = []
        self._pairs: list[Pair] = []
        self._readers: Counter[str] = Counter()
        self._window = Window(0, array("d"), array("d"))

    async def open(self, members: list[Member], at_once: int) -> None:
        """Connect and sign in, `at_once` at a time. Raises ConnectionError where one is refused."""
        loop = asyncio.get_running_loop()
        waiting = iter(members)

        async def open_some() -> None:
            for member in waiting:
                ready: asyncio.Future[None] = loop.create_future()
                make = partial(Socket, self, member, ready)
                _, socket = await loop.create_connection(make, self.address, self.port)
                await asyncio.wait_for(ready, 30.0)
                self._sockets.append(socket)
                self._pairs += [(socket, stream) for stream in member.streams]
                self._readers.update(member.streams)

        await asyncio.gather(*(open_some() for _ in range(min(at_once, len(members)))))

    def later(self, what: Callable[[], None]) -> None:
        """Do something after a while."""
        asyncio.get_running_loop().call_later(AGAIN_S, what)

    def count(self, what: str, number: int) -> None:
        """A socket heard something of a message."""
        window = self._window
        if what is EVENT:
            at = number - window.first
            if at < 0:
                return  # of a window before this one
            window.delivered += 1
            if at < len(window.sent_at) and len(window.latencies) < MOST_LATENCIES:
                window.latencies.append(time.perf_counter() - window.sent_at[at])
        elif what is ACK:
            window.acked += number >= window.first
        elif what is REFUSED:
            window.refused += 1

    async def run(self, rate: float, seconds: float, streams: int | None, patience_s: float) -> Window:
        """Send `rate` messages a second for `seconds` over all (or the first `streams`) streams, then wait.

        Waits until all is delivered and acknowledged, at most `patience_s` seconds.
        """
        pairs = self._choose(streams)
        window = self._window = Window(self._next, array("d"), array("d"))
        began = time.perf_counter()
        total = max(1, int(rate * seconds))
        self._next += total
        for number in range(total):
            due = began + number / rate
            while (now := time.perf_counter()) < due:
                await asyncio.sleep(max(0.0, min(TICK_S, due - now)))
            window.latest_s = max(window.latest_s, now - due)
            if number % 32 == 31:
                await asyncio.sleep(0)
            self._send(pairs[number % len(pairs)], window, number, due)
        await self._settle(window, patience_s)
        return window

    def _choose(self, streams: int | None) -> list[Pair]:
        chosen = set(islice(self._readers, streams)) if streams else self._readers
        pairs = [pair for pair in self._pairs if pair[1] in chosen]
        random.Random(1).shuffle(pairs)
        return pairs

    def _send(self, pair: Pair, window: Window, number: int, due: float) -> None:
        socket, stream = pair
        data = self.dialect.publish(stream, self._salt, window.first + number)
        window.expected += self._readers[stream]
        window.sent_at.append(due)
        if not socket.closed:
            socket.transport.write(data)

    async def _settle(self, window: Window, patience_s: float) -> None:
        until = time.perf_counter() + patience_s
        while window.delivered < window.expected and time.perf_counter() < until:
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        """End all sockets."""
        for socket in self._sockets:
            socket.transport.abort()
        await asyncio.sleep(0.1)

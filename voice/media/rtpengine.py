"""A fleet of rtpengines over UDP: which of them live, which one has a call, and requests that may be lost on the way.

Runs in one event loop, without Django and without a database. What is said stands in `ng.py`. A request is sent again
with the same cookie until it is answered, and an engine answers the same cookie the same way, so that a retry changes
nothing. A call stays with the engine that took its first offer, since its ports are there.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self

from voice.media import ng
from voice.media.bencode import Found, Malformed, Value
from voice.media.descriptions import Side
from voice.media.ng import LegStats
from voice.media.shapes import MediaError

log = logging.getLogger(__name__)

TRIES_S: Final = (0.15, 0.35, 0.75)
"""How long each of the tries is waited for: on the network of an installation an answer takes a millisecond."""
PING_S: Final = 2.0
MISSES: Final = 2
"""So many pings without an answer, each with all its tries, and an engine is given no new call."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine listens for ng. The `repr` is what may be logged: nothing of it."""

    host: str = field(repr=False)
    port: int = field(repr=False)


class Silent(MediaError):
    """An engine did not answer."""

    def __init__(self) -> None:
        super().__init__("engine_silent")


class _Wire(asyncio.DatagramProtocol):
    """The socket towards one engine: answers go to who waits for their cookie, all else is dropped."""

    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Future[dict[str, Found]]] = {}

    def datagram_received(self, data: bytes, addr: object) -> None:
        with suppress(Malformed):
            cookie, reply = ng.read_reply(data)
            waiter = self.waiting.get(cookie)
            if waiter is not None and not waiter.done():
                waiter.set_result(reply)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there. The tries go on, as the engine may be starting again."""


class Engine:
    """One engine as this process sees it."""

    def __init__(self, address: Address, tries_s: Sequence[float]) -> None:
        self.address, self.tries_s = address, tries_s
        self.up = False
        self.misses = 0
        self.calls: dict[str, str] = {}
        """The tag of who offered first, by call."""
        self._wire: _Wire | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._opening = asyncio.Lock()

    async def ask(self, request: Mapping[str, Value]) -> dict[str, Found]:
        """Send a request until it is answered and return the answer. Raises MediaError."""
        wire, transport = await self._open()
        cookie = secrets.token_urlsafe(12)
        datagram = ng.write_request(cookie, request)
        waiter = wire.waiting[cookie] = asyncio.get_running_loop().create_future()
        try:
            for wait_s in self.tries_s:
                if transport.is_closing():
                    break
                transport.sendto(datagram)
                done, _ = await asyncio.wait([waiter], timeout=wait_s)
                if done:
                    return ng.check_reply(waiter.result())
        finally:
            del wire.waiting[cookie]
        raise Silent

    async def _open(self) -> tuple[_Wire, asyncio.DatagramTransport]:
        async with self._opening:
            if self._wire is None or self._transport is None:
                loop, remote = asyncio.get_running_loop(), (self.address.host, self.address.port)
                try:
                    self._transport, self._wire = await loop.create_datagram_endpoint(_Wire, remote_addr=remote)
                except OSError:
                    raise Silent from None
            return self._wire, self._transport

    @property
    def inside(self) -> tuple[str, str]:
        """Its address, and ours as it is seen from there; once it has answered."""
        if self._transport is None:
            raise Silent
        peer, own = (self._transport.get_extra_info(name) for name in ("peername", "sockname"))
        return peer[0], own[0]

    async def look(self) -> None:
        """Ping it, and change its mind of `up`."""
        try:
            await self.ask(ng.ping())
        except MediaError:
            self.misses += 1
            if self.misses < MISSES and self.up:
                return
            self.close()  # its name is looked up anew with the next ping: it may have moved
            if self.up:
                log.warning("an rtpengine does not answer", extra={"count": len(self.calls)})
            self.up = False
            return
        self.misses = 0
        if not self.up:
            log.info("an rtpengine answers")
        self.up = True

    def close(self) -> None:
        """Close its socket; who waits for an answer finds none."""
        if self._transport is not None:
            self._transport.close()
        self._transport = self._wire = None


class Engines:
    """All engines. `async with Engines(addresses) as engines:`; every method may raise MediaError.

    Its words: `no_engine` (none is up), `engine_silent` (that of the call does not answer), `engine_full`,
    `unknown_call`, `engine_refused`.
    """

    def __init__(
        self, addresses: Iterable[Address], *, ping_s: float = PING_S, tries_s: Sequence[float] = TRIES_S
    ) -> None:
        self.engines = [Engine(address, tries_s) for address in addresses]
        self._ping_s = ping_s
        self._of_call: dict[str, Engine] = {}
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Look at every engine once, then again and again."""
        await self._look()
        self._watching = asyncio.create_task(self._watch(), name="rtpengines")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the sockets. Calls go on at the engines until these hear no sound any more."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        for engine in self.engines:
            engine.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._ping_s)
            await self._look()

    async def _look(self) -> None:
        await asyncio.gather(*(engine.look() for engine in self.engines))

    @property
    def up(self) -> int:
        """How many engines take calls."""
        return sum(engine.up for engine in self.engines)

    async def offer(
        self, call: str, tag: str, sdp: str, *, came: Side, toward: Side = Side.TRUNK, beside: str = ""
    ) -> str:
        """Return an offer of `tag`, who is a `came`, as a trunk is to have it, or whoever stands on the inside.

        The first offer of a call chooses its engine: of those that are up that of the call `beside`, else the one
        with the fewest calls. One that does not answer, or is full, is passed over. A later one is that of another
        peer connection, or after a hold.
        """
        request = ng.offer(call, tag, sdp, came=came, toward=toward)
        if call in self._of_call:
            return ng.sdp_of(await self._of_call[call].ask(request), toward)
        failed = MediaError("no_engine")
        for engine in sorted(
            (one for one in self.engines if one.up), key=lambda one: (beside not in one.calls, len(one.calls))
        ):
            engine.calls[call] = tag
            try:
                rewritten = ng.sdp_of(await engine.ask(request), toward)
            except MediaError as error:
                del engine.calls[call]
                failed = error
                if error.word not in ng.ELSEWHERE:
                    raise
                continue
            self._of_call[call] = engine
            return rewritten
        raise failed

    async def answer(
        self, call: str, tag: str, peer: str, sdp: str, *, toward: Side, came: Side = Side.TRUNK
    ) -> str:
        """Return the answer of `peer`, who is a `came`, to the offer of `tag` as that one, a `toward`, is to have it.

        May be given again: first that of whoever plays tones meanwhile, then that of who answered.
        """
        request = ng.answer(call, tag, peer, sdp, toward=toward, came=came)
        return ng.sdp_of(await self._engine(call).ask(request), toward)

    async def query(self, call: str) -> dict[str, LegStats]:
        """Return how the sound that each tag of a call sent has been so far."""
        return ng.read_stats(await self._engine(call).ask(ng.query(call)))

    async def delete(self, call: str) -> dict[str, LegStats]:
        """End the sound of a call and return how it was; nothing, where its engine forgot it after a long silence.

        Whatever happens the call is forgotten here: an engine that does not answer ends it by its own time-out.
        """
        engine = self._of_call.pop(call, None)
        if engine is None:
            return {}
        return ng.read_stats(await engine.ask(ng.delete(call, engine.calls.pop(call))))

    def is_lost(self, call: str) -> bool:
        """Whether the engine of a call is down."""
        engine = self._of_call.get(call)
        return engine is not None and not engine.up

    def address(self, call: str) -> str:
        """Return the address of a call's engine on the inside. Raises MediaError: ``unknown_call``."""
        return self._engine(call).inside[0]

    def here(self) -> str:
        """Return the address of this machine as the engines reach it. Raises MediaError: ``no_engine``."""
        for engine in self.engines:
            if engine.up:
                return engine.inside[1]
        raise MediaError("no_engine")

    def lost(self) -> list[str]:
        """The calls whose engine is down: their sound is gone, and nothing can bring it back."""
        return [call for call, engine in self._of_call.items() if not engine.up]

    def _engine(self, call: str) -> Engine:
        try:
            return self._of_call[call]
        except KeyError:
            raise MediaError("unknown_call") from None

"""A worker's ends on the inside of engines: what is said on a leg goes out there. Knows no Django.

Where two people talk nothing passes here: their legs are connected at the engines (`engine_calls.link`).
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from typing import Any, Final

from voice.media.bridge import Frame
from voice.media.engine_calls import BrowserCall, TrunkCall
from voice.media.inner import Inner
from voice.media.rtpengine import Engines
from voice.media.shapes import MediaError, Rtp, Stats, Told
from voice.media.telephones import Telephones
from voice.media.trunk import ANY_PORT, TrunkEnd, bound

log = logging.getLogger(__name__)
GIVES_WAY_S: Final = 0.4
"""For so long a far end that has heard nothing yet waits for who is bridged to it to be connected at the engine. After
a few packets of ours it would take the other source for stragglers of the first, and some telephones stay deaf then."""
Later = Callable[[Coroutine[Any, Any, None]], None]


class Wire(asyncio.DatagramProtocol):
    """The inner end of one peer connection. Only its engine is heard."""

    def __init__(self, to: Inner, heard: Callable[[bytes], None], reported: Callable[[bytes], None]) -> None:
        self._to, self._heard, self._reported = (to.address, to.port), heard, reported
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(
        cls, address: str, to: Inner, heard: Callable[[bytes], None], reported: Callable[[bytes], None]
    ) -> Wire:
        """Listen for what an engine sends. Raises MediaError: ``no_port``."""
        return await bound(lambda: cls(to, heard, reported), address, ANY_PORT)

    @property
    def local(self) -> Inner:
        """Where it listens."""
        assert self._transport is not None
        return Inner(*self._transport.get_extra_info("sockname")[:2])

    def send(self, data: bytes) -> None:
        """Send a packet of RTP or RTCP."""
        if self._transport is not None:
            self._transport.sendto(data, self._to)

    def close(self) -> None:
        """Close its port."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def connection_made(self, transport: Any) -> None:
        """The port is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Take a packet; reports share the port (RFC 5761, section 4)."""
        if addr[:2] == self._to and len(data) > 1:
            (self._reported if 192 <= data[1] <= 223 else self._heard)(data)


class Line:
    """A peer connection at an engine, as its leg sees it."""

    def __init__(self, call: BrowserCall, wire: Wire, later: Later) -> None:
        self.call = call
        self._wire, self._later = wire, later

    def send(self, data: bytes) -> None:
        """Send a packet, unless others are heard there now."""
        if self.call.is_here:
            self._wire.send(data)

    def close(self) -> None:
        """Have it closed."""
        self._wire.close()
        self._later(self.call.end())


class EngineEnd(TrunkEnd):
    """A far end behind an engine. `outer` is the port of the engine that it sends to."""

    def __init__(self) -> None:
        super().__init__()
        self.outer = ("", 0)
        self.measured: Stats | None = None
        self._gives_way, self._reached_at = False, 0.0
        self.call: TrunkCall
        self._later: Later

    async def listen(self, call: TrunkCall, beside: str, later: Later) -> None:
        """Have an engine listen for it. Raises MediaError."""
        self.call, self._later = call, later
        self.outer = await call.listen(Inner(*super().local), beside)

    @property
    def local(self) -> tuple[str, int]:
        """Where the far end is to send to."""
        return self.outer

    @property
    def is_reached(self) -> bool:
        """Whether its engine knows where it is."""
        return self._to is not None

    def give_way(self) -> None:
        """It is bridged: whom it hears first is who speaks there, and not this worker for him."""
        self._gives_way = self._outward is None or not self._outward.packets

    def hear(self, frame: Frame, now: float) -> None:
        """Send what the leg says, unless that is about to come another way."""
        if self._gives_way and now < self._reached_at + GIVES_WAY_S:
            return
        self._gives_way = False
        super().hear(frame, now)

    def _reach(self, far: Rtp) -> None:
        self._to, self._from, self._reached_at = None, "", math.inf
        self._later(self._reached(far))

    async def _reached(self, far: Rtp) -> None:
        try:
            await self.call.reach(far)
        except MediaError as error:
            log.warning("an engine did not take a far end", extra={"reason_code": error.word})
            self.call.gone_at = self._loop.time()
            return
        assert self.call.there is not None
        self._reached_at = self._loop.time()
        self._speak(self.call.there.sound())
        self._to, self._from = (self.call.there.address, self.call.there.port), self.call.there.address

    def stats(self) -> Stats:
        """How it sounds so far, as the engine has it where it does."""
        return super().stats() if self.measured is None else self.measured

    def end(self) -> Stats:
        """Close both ports and return how it sounded."""
        self._later(self.call.end())
        return super().end()


class EngineTelephones(Telephones):
    """The far ends of one worker, all of them behind engines. `beside`: the call whose engine is preferred."""

    def __init__(
        self, tell: Callable[[Told], None], engines: Engines, later: Later, beside: Callable[[], str]
    ) -> None:
        super().__init__(tell)
        self._engines, self._later, self._beside = engines, later, beside

    async def _open(self, name: str, address: str, ports: range) -> EngineEnd:
        """The port is the engine's; of these ports one is taken on the inside."""
        end = await EngineEnd.open(self._engines.here(), ports)
        try:
            await end.listen(TrunkCall(self._engines, name), self._beside(), self._later)
        except MediaError:
            end.end()
            raise
        return end

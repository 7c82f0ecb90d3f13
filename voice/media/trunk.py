"""A far end over plain RTP, as behind a SIP trunk: one UDP port, no ICE and no SRTP. Knows no Django.

The port is opened before the far end is known, as the description that asks for it has to name it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any, Final, Self, TypeVar

from voice.media.bridge import Frame, Inward, Outward
from voice.media.gate import Gate
from voice.media.quality import one_way
from voice.media.shapes import Heard, MediaError, Rtp, Sound, Stats

End = TypeVar("End", bound=asyncio.DatagramProtocol)
ANY_PORT: Final = range(16384, 32768)
"""Below the ports that the system gives out by itself; RTP has an even one (RFC 3550, section 11)."""


async def bound(make: Callable[[], End], address: str, ports: range) -> End:
    """Listen on an even port of these, beginning anywhere among them. Raises MediaError: ``no_port``."""
    even = [port for port in ports if port % 2 == 0]
    begin = secrets.randbelow(len(even))
    for port in even[begin:] + even[:begin]:
        try:
            _, end = await asyncio.get_running_loop().create_datagram_endpoint(make, local_addr=(address, port))
        except OSError:
            continue
        return end
    raise MediaError("no_port")


class TrunkEnd(asyncio.DatagramProtocol):
    """One far end. It hears nothing and says nothing until it is connected to a leg."""

    beats = False

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._loop = asyncio.get_running_loop()
        self.far: Rtp | None = None
        self._to: tuple[str, int] | None = None
        self._from = ""
        self._said: Callable[[Frame, float], None] | None = None
        self._inward: Inward | None = None
        self._outward: Outward | None = None
        self._gate = Gate()

    @classmethod
    async def open(cls, address: str, ports: range) -> Self:
        """Listen on one of these ports. Raises MediaError: ``no_port``."""
        return await bound(cls, address, ports)

    @property
    def local(self) -> tuple[str, int]:
        """Where it listens."""
        assert self._transport is not None
        address: tuple[str, int] = self._transport.get_extra_info("sockname")[:2]
        return address

    def connect(self, far: Rtp, said: Callable[[Frame, float], None] | None = None) -> None:
        """Exchange sound with the far end; `said` takes what it says, who took it before where there is none.

        One that changes its address keeps its counts.
        """
        if self.far is None or (self.far.address, self.far.port, self.far.sound) != (far.address, far.port, far.sound):
            self._reach(far)
        self.far, self._said = far, said or self._said

    def _reach(self, far: Rtp) -> None:
        """Send to where it is, and take what comes from there alone."""
        self._speak(far.sound)
        self._to, self._from = (far.address, far.port), far.address

    def _speak(self, sound: Sound) -> None:
        """Begin to count anew where it is another one."""
        if self._inward is None or self._inward.sound != sound:
            self._inward = Inward(sound)
            self._outward = Outward(sound, secrets.randbits(32), secrets.randbits(15), secrets.randbits(32))

    # --- as a far end of a leg ---

    def hear(self, frame: Frame, now: float) -> None:
        """Send what the leg says."""
        if self._transport is not None and self._outward is not None and self._to is not None:
            packet = self._outward.packet(frame, now)
            if packet is not None:
                self._transport.sendto(packet, self._to)

    def beat(self) -> None:
        """It says nothing by itself."""

    def close(self) -> None:
        """Be of no leg any more; the port stays open for the next."""
        self._said = None

    def end(self) -> Stats:
        """Close the port and return how it sounded."""
        if self._transport is not None:
            self._transport.close()
        return self.stats()

    def stats(self) -> Stats:
        """How it sounds so far; nothing is known of what the far end heard."""
        if self.far is None or self._inward is None or self._outward is None:
            return Stats()
        arrivals, sent = self._inward.arrivals, Heard(self._outward.packets)
        return one_way(self.far.sound.codec, arrivals, sent, dropped=self._gate.dropped)

    # --- as a protocol of asyncio ---

    def connection_made(self, transport: Any) -> None:
        """The port is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Take a packet, from the far end's address alone; the port that it comes from is where answers go.

        Source: RFC 4961 (symmetric RTP).
        """
        if self._inward is None or addr[0] != self._from:
            return
        now = self._loop.time()
        frame = self._inward.take(data, now) if self._gate.passes(now) else None
        if frame is not None:
            self._to = addr[0], addr[1]
            if self._said is not None:
                self._said(frame, now)

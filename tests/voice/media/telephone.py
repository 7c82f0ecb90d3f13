"""A telephone behind a trunk, for tests: it speaks A-law over plain RTP, presses keys, and keeps what it hears."""

from __future__ import annotations

import asyncio
import struct

from tests.voice.media.browser import loudness
from tests.voice.media.packets import PCMA, Read, rtp
from voice.media.g711 import SAMPLES, Codec, translated
from voice.media.tones import frames, tone

LOCAL = "127.0.0.1"
KEYS = PCMA.event or 0


def pressed(event: int, *, at: int, sequence: int, packets: int = 3, kind: int = KEYS) -> list[bytes]:
    """The packets of one key, as RFC 4733 has them: the first is marked, the end is said three times."""
    said = []
    for n in range(packets + 3):
        end, length = n >= packets, 160 * min(n + 1, packets)
        payload = struct.pack("!BBH", event, end << 7 | 10, length)
        said.append(rtp(sequence + n, at, kind=kind, marker=n == 0, payload=payload))
    return said


class Telephone(asyncio.DatagramProtocol):
    """One telephone. Its packets have one count, whatever it does. `kind` is the payload type of its keys."""

    def __init__(self, kind: int = KEYS) -> None:
        self.kind = kind
        self.heard: list[Read] = []
        self.transport: asyncio.DatagramTransport
        self._next = 0

    @classmethod
    async def open(cls, kind: int = KEYS) -> Telephone:
        loop = asyncio.get_running_loop()
        _, telephone = await loop.create_datagram_endpoint(lambda: cls(kind), local_addr=(LOCAL, 0))
        return telephone

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # it is UDP
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append(Read(data))

    @property
    def port(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])

    async def say(self, hz: int, seconds: float, to: tuple[str, int]) -> None:
        for payload in frames(translated(tone((hz,), seconds), Codec.PCMU, Codec.PCMA)):
            self.transport.sendto(rtp(self._next, kind=PCMA.voice, payload=payload), to)
            self._next += 1
            await asyncio.sleep(0.02)

    async def press(self, event: int, to: tuple[str, int]) -> None:
        for packet in pressed(event, at=self._next * 160, sequence=self._next, kind=self.kind):
            self.transport.sendto(packet, to)
            self._next += 1
            await asyncio.sleep(0.02)

    def loud(self, hz: int) -> float:
        """How loud a frequency is in the last fifth of a second."""
        said = [read for read in self.heard if read.kind == PCMA.voice][-10:]
        if len(said) < 10:
            return 0.0
        return loudness([SAMPLES[Codec.PCMA][octet] for read in said for octet in read.payload], hz)

    async def hears(self, hz: int, within: float = 10.0) -> None:
        async with asyncio.timeout(within):
            while self.loud(hz) < 0.1:
                await asyncio.sleep(0.02)

    def keys(self) -> list[int]:
        """The events that it heard, each once by its timestamp."""
        return list({read.timestamp: read.payload[0] for read in self.heard if read.kind == self.kind}.values())

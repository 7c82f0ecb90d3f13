"""A telephone of the tests: it sends a tone as G.711 over RTP and listens by ear, that is, by the energy at a pitch."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Sequence
from typing import Any, Protocol

RATE = 8000
FRAME = 160
"""Samples in the 20 ms of a packet."""


def to_ulaw(sample: int) -> int:
    """Source: ITU-T G.711, table 2a: sign, segment, four bits, all inverted; the input in 16 bits."""
    sign, size = (0x80, -sample) if sample < 0 else (0, sample)
    size = min(size, 32635) + 132
    segment = size.bit_length() - 8
    return ~(sign | segment << 4 | (size >> (segment + 3)) & 0x0F) & 0xFF


def from_ulaw(byte: int) -> int:
    """The same table backwards."""
    byte = ~byte & 0xFF
    size = (((byte & 0x0F) << 3) + 132 << (byte >> 4 & 7)) - 132
    return -size if byte & 0x80 else size


HEARD = [from_ulaw(byte) for byte in range(256)]


def tone(pitch: float, start: int, count: int = FRAME) -> bytes:
    """Samples `start` on of a sine at a quarter of full scale, as µ-law."""
    step = 2 * math.pi * pitch / RATE
    return bytes(to_ulaw(round(8000 * math.sin(step * (start + n)))) for n in range(count))


def energy(samples: Sequence[float], pitch: float, rate: int = RATE) -> float:
    """The share of all energy that is at a pitch, 0 to 1. Source: G. Goertzel, Amer. Math. Monthly 65 (1958)."""
    factor = 2 * math.cos(2 * math.pi * pitch / rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    power = last * last + before * before - factor * last * before
    whole = sum(sample * sample for sample in samples)
    return 2 * power / (whole * len(samples)) if whole else 0.0


class Line(Protocol):
    """What a telephone sends by: a socket, or a relay."""

    def sendto(self, data: bytes, addr: tuple[str, int]) -> None: ...

    def get_extra_info(self, name: str) -> Any: ...

    def close(self) -> None: ...


class Phone(asyncio.DatagramProtocol):
    """One end of a stream. `said` is every RTP packet as it came: payload type, sequence number, payload."""

    def __init__(self, pitch: float, payload_type: int = 0) -> None:
        self.pitch, self.payload_type = pitch, payload_type
        self.said: list[tuple[int, int, bytes]] = []
        self.came: list[bytes] = []
        self._transport: Line | None = None
        self._sent = 0

    @classmethod
    async def open(cls, pitch: float) -> Phone:
        """A telephone at a free port of the loopback."""
        made = cls(pitch)
        made._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: made, local_addr=("127.0.0.1", 0)
        )
        return made

    def through(self, line: Line) -> None:
        """Send by another way than a socket of its own."""
        self._transport = line

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def describe(self, *, name: str = "-", session: str = "-") -> str:
        """Its description: PCMU and keys."""
        return (
            f"v=0\r\no={name} 1 1 IN IP4 127.0.0.1\r\ns={session}\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
            "a=fmtp:101 0-15\r\na=sendrecv\r\n"
        )

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.came.append(data)
        if len(data) >= 12 and not 72 <= data[1] & 0x7F <= 95:
            self.said.append((data[1] & 0x7F, int.from_bytes(data[2:4], "big"), data[12:]))

    def send(
        self, payload: bytes, *, payload_type: int, port: int, marker: bool = False, at: int | None = None
    ) -> None:
        """Send one packet; `at` is its timestamp."""
        assert self._transport is not None
        stamp = self._sent * FRAME if at is None else at
        second = payload_type | (0x80 if marker else 0)
        header = struct.pack("!BBHII", 0x80, second, self._sent & 0xFFFF, stamp, self.port)
        self._transport.sendto(header + payload, ("127.0.0.1", port))
        self._sent += 1

    async def talk(self, port: int, packets: int) -> None:
        """Send its tone, one packet in 20 ms."""
        for _ in range(packets):
            self.send(tone(self.pitch, self._sent * FRAME), payload_type=self.payload_type, port=port)
            await asyncio.sleep(0.02)

    def hears(self, pitch: float) -> float:
        """The share of the energy of what it heard that is at a pitch, the first 100 ms left out."""
        payload = b"".join(sound for kind, _, sound in self.said if kind == self.payload_type)
        return energy([HEARD[byte] for byte in payload[5 * FRAME :]], pitch)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

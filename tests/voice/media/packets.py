"""RTP for tests, written by hand."""

from __future__ import annotations

import struct

from voice.media.bridge import Inward, Outward
from voice.media.g711 import Codec
from voice.media.shapes import Sound

PCMU = Sound(Codec.PCMU, 0, 101)
PCMA = Sound(Codec.PCMA, 8, 96)
DUMB = Sound(Codec.PCMU, 0)


def rtp(
    sequence: int, timestamp: int | None = None, *, ssrc: int = 7, kind: int = 0, marker: bool = False,
    payload: bytes = b"\x55" * 160,
) -> bytes:
    at = sequence * 160 if timestamp is None else timestamp
    return struct.pack("!BBHLL", 0x80, marker << 7 | kind, sequence & 0xFFFF, at & 0xFFFFFFFF, ssrc) + payload


class Read:
    """What stands in a packet that went out."""

    def __init__(self, data: bytes) -> None:
        self.first, second, self.sequence, self.timestamp, self.ssrc = struct.unpack_from("!BBHLL", data)
        self.kind, self.marker, self.payload = second & 0x7F, second > 0x7F, data[12:]


class Bridge:
    """One way through a bridge."""

    def __init__(self, into: Sound = PCMU, out: Sound = PCMU, *, sequence: int = 1000, timestamp: int = 5000) -> None:
        self.inward, self.outward = Inward(into), Outward(out, 99, sequence, timestamp)

    def pass_on(self, data: bytes, now: float = 0.0) -> Read | None:
        frame = self.inward.take(data, now)
        out = None if frame is None else self.outward.packet(frame, now)
        return None if out is None else Read(out)

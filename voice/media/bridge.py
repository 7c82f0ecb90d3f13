"""RTP from one leg to another: parsed, judged, counted, and sent on under our own name. Sans-IO; time is passed in.

Nothing is decoded and nothing waits: a packet in is at most one packet out, at once, so that a bridge adds no delay and
the far end's own jitter buffer works on what the network did. What goes out has our own SSRC, sequence, timestamps and
marker; gaps and reordering stay, a change of who speaks (another SSRC, another peer connection, a prompt) does not
show. `Inward` is one leg's receiving half, `Outward` its sending half, a `Frame` what passes between.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

from voice.media.g711 import Codec, translated
from voice.media.quality import Arrivals
from voice.media.shapes import FRAME, RATE, Sound

HEADER: Final = struct.Struct("!BBHLL")
VERSION: Final = 2
HALF: Final = 0x8000
MAX_DROPOUT: Final = 3000
"""A sequence that jumps further ahead than this is a new count, not a loss (RFC 3550, A.1)."""
MAX_MISORDER: Final = 100
"""One that lies further back than this is a new count, not a late packet (RFC 3550, A.1)."""
FLOOR_BEHIND: Final = 1024
STRAGGLES_S: Final = 1.0
"""For so long a packet of the source before is taken for a late one; afterwards that source speaks again."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One packet of voice, or of a key pressed (RFC 4733), between two legs.

    `source` is compared by identity: frames of the same source share one count of sequence and timestamp.
    """

    source: object
    sequence: int
    timestamp: int
    payload: bytes
    codec: Codec
    marker: bool = False
    event: bool = False


class Malformed(ValueError):
    """Not RTP."""


def parsed(data: bytes) -> tuple[int, bool, int, int, int, bytes]:
    """Return payload type, marker, sequence, timestamp, SSRC and payload. Raises Malformed.

    Source: RFC 3550, section 5.1 and 5.3.1.
    """
    size = len(data)
    if size < HEADER.size:
        raise Malformed
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != VERSION:
        raise Malformed
    start = HEADER.size
    if first & 0x3F:
        start += 4 * (first & 0x0F)
        if first & 0x10:
            if size < start + 4:
                raise Malformed
            start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
        if first & 0x20:
            padding = data[-1]
            if not padding or padding > size - start:
                raise Malformed
            size -= padding
        if size < start:
            raise Malformed
    return second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, data[start:size]


class Inward:
    """What arrives on one leg. `arrivals` holds its counters over every source that it had."""

    def __init__(self, sound: Sound) -> None:
        self.sound, self.arrivals = sound, Arrivals()
        self.malformed = 0
        self.source: object = object()
        self.ssrc: int | None = None
        self._former: int | None = None
        self._changed_at = 0.0
        self._next_if_new: int | None = None

    def take(self, data: bytes, now: float) -> Frame | None:
        """Return the frame of a packet; None where it carries neither voice nor a key, or is no RTP.

        `now`: seconds of any clock that only rises.
        """
        try:
            kind, marker, sequence, timestamp, ssrc, payload = parsed(data)
        except Malformed:
            self.malformed += 1
            return None
        event = kind == self.sound.event
        if not (event or kind == self.sound.voice) or not self._counts(ssrc, sequence, now):
            return None
        self.arrivals.arrived(sequence, None if event else timestamp, now)
        if not payload:
            return None
        return Frame(self.source, sequence, timestamp, payload, self.sound.codec, marker, event)

    def _counts(self, ssrc: int, sequence: int, now: float) -> bool:
        """Judge a sequence, and begin anew with another source. Source: RFC 3550, A.1 (`update_seq`)."""
        if ssrc != self.ssrc:
            if ssrc == self._former and now < self._changed_at + STRAGGLES_S:
                return False  # a straggler of the source before
            self._former, self.ssrc, self._changed_at = self.ssrc, ssrc, now
            self._begin(sequence)
            return True
        ahead = (sequence - self.arrivals.highest) & 0xFFFF
        if ahead < MAX_DROPOUT or ahead > 0x10000 - MAX_MISORDER:
            return True
        if sequence != self._next_if_new:
            self._next_if_new = (sequence + 1) & 0xFFFF
            return False
        self._begin(sequence)  # two in a row: the other end has begun to count anew
        return True

    def _begin(self, sequence: int) -> None:
        self.source, self._next_if_new = object(), None
        self.arrivals.begin(sequence)


class Outward:
    """What leaves on one leg, under one SSRC, one count and one clock, whoever speaks."""

    def __init__(self, sound: Sound, ssrc: int, sequence: int, timestamp: int) -> None:
        self.sound, self.ssrc = sound, ssrc
        self.packets = self.octets = 0
        self.timestamp, self.at = timestamp, 0.0
        self._sequence = sequence
        self._source: object = None
        self._shift = self._offset = 0
        self._floor = sequence

    def packet(self, frame: Frame, now: float) -> bytes | None:
        """Return the packet that says a frame; None for a key on a leg without keys, and for a late one of a source.

        `now` is of the same clock for each call.
        """
        joined = frame.source is not self._source
        if joined:
            self._join(frame, now)
        sequence = (frame.sequence + self._shift) & 0xFFFF
        above = (sequence - self._floor) & 0xFFFF
        if above >= HALF:
            return None  # from before the source began: its number was given away
        newest = (sequence - self._sequence) & 0xFFFF < HALF
        if frame.event and self.sound.event is None:
            self._shift -= newest
            return None
        timestamp = (frame.timestamp + self._offset) & 0xFFFFFFFF
        if newest:
            self._sequence, self.timestamp, self.at = sequence, timestamp, now
            if above > 2 * FLOOR_BEHIND:
                self._floor = (sequence - FLOOR_BEHIND) & 0xFFFF
        kind = self.sound.voice if self.sound.event is None or not frame.event else self.sound.event
        marker = frame.marker or (joined and not frame.event)
        payload = frame.payload if frame.event else translated(frame.payload, frame.codec, self.sound.codec)
        self.packets += 1
        self.octets += len(payload)
        return HEADER.pack(VERSION << 6, marker << 7 | kind, sequence, timestamp, self.ssrc) + payload

    def _join(self, frame: Frame, now: float) -> None:
        """Let another source go on where the one before stopped: the next number, and as much later as it is."""
        sequence, timestamp = self._sequence, self.timestamp
        if self._source is not None:
            sequence = (sequence + 1) & 0xFFFF
            timestamp += max(FRAME, round((now - self.at) * RATE))
        self._source, self._floor = frame.source, sequence
        self._shift, self._offset = sequence - frame.sequence, timestamp - frame.timestamp

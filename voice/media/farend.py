"""The other ends of a leg: what a bridge needs of one, and the loopback end, which is nobody. Sans-IO."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import chain
from typing import Final, Protocol

from voice.media.bridge import Frame
from voice.media.g711 import SILENCE, Codec, translated
from voice.media.shapes import FRAME, RATE
from voice.media.speech import speech
from voice.media.tones import BEEP, BEEP_S, QUIET, frames, key, silence, tone

EVENT: Final = struct.Struct("!BBH")
"""A telephone-event: which, its end and volume, how long so far (RFC 4733, section 2.3)."""
KEY_FRAMES: Final = 5
VOLUME: Final = 10
ECHO_S: Final = 1.0
RING: Final = 1 << 14
"""Samples that an echo keeps: two seconds, and a power of two, so that timestamps may turn over."""


class FarEnd(Protocol):
    """What a leg is bridged to."""

    @property
    def beats(self) -> bool:
        """Whether it has something to say at every beat, rather than when it comes."""
        ...

    def hear(self, frame: Frame, now: float) -> None:
        """Take what the leg says."""
        ...

    def beat(self) -> Frame | None:
        """Return what it says in the next 20 ms."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Voice:
    """A count of sequence and timestamp for sound that is made here."""

    def __init__(self) -> None:
        self._source = object()
        self._sequence = self._timestamp = 0

    def frame(self, payload: bytes) -> Frame:
        """Return the next frame, of µ-law."""
        frame = Frame(self._source, self._sequence, self._timestamp, payload, Codec.PCMU)
        self._pass()
        return frame

    def key(self, event: int) -> Iterator[Frame]:
        """Press a key for 100 ms: its packets have one timestamp, and its end is said three times.

        Source: RFC 4733, section 2.5.1.
        """
        begun = self._timestamp
        for n in range(KEY_FRAMES + 2):
            ended, length = n >= KEY_FRAMES - 1, FRAME * min(n + 1, KEY_FRAMES)
            payload = EVENT.pack(event, ended << 7 | VOLUME, length)
            frame = Frame(self._source, self._sequence, begun, payload, Codec.PCMU, n == 0, event=True)
            self._pass()
            yield frame

    def _pass(self) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF


class Echo:
    """A line that gives back what was said a second ago, sample for sample, and silence where nothing came."""

    def __init__(self) -> None:
        self._ring = bytearray(SILENCE[Codec.PCMU] * RING)
        self._source: object = None
        self._at = 0

    def write(self, frame: Frame) -> None:
        """Take a frame of voice. One that fits nowhere begins the line anew."""
        size = len(frame.payload)
        if size > RING - ECHO_S * RATE:
            return
        if frame.source is not self._source or (frame.timestamp - self._at) & 0xFFFFFFFF > RING - size:
            self._source, self._at = frame.source, (frame.timestamp - round(ECHO_S * RATE)) & 0xFFFFFFFF
            self._ring[:] = SILENCE[Codec.PCMU] * RING
        at, payload = frame.timestamp % RING, translated(frame.payload, frame.codec, Codec.PCMU)
        first = min(size, RING - at)
        self._ring[at : at + first], self._ring[: size - first] = payload[:first], payload[first:]

    def read(self) -> bytes:
        """Return the next frame, and leave silence behind."""
        at = self._at % RING
        around = at + FRAME - RING
        payload = bytes(self._ring[at : at + FRAME])
        self._ring[at : at + len(payload)] = SILENCE[Codec.PCMU] * len(payload)
        if around > 0:
            payload += self._ring[:around]
            self._ring[:around] = SILENCE[Codec.PCMU] * around
        self._at = (self._at + FRAME) & 0xFFFFFFFF
        return payload


class LoopbackEnd:
    """Says that it is a test line, beeps, and echoes. A key that is pressed is sounded at once."""

    beats = True

    def __init__(self, language: str) -> None:
        self._voice, self._echo = Voice(), Echo()
        self._script: Iterator[bytes] | None = chain(
            silence(0.4), frames(speech("test_line", language)), silence(0.3), frames(tone(BEEP, BEEP_S)),
        )  # fmt: skip
        self._keys: Iterator[bytes] = iter(())
        self._pressed: int | None = None

    def hear(self, frame: Frame, now: float) -> None:
        """Keep voice for the echo once it has been asked for; sound a key once, however long it is held."""
        if not frame.event:
            if self._script is None:
                self._echo.write(frame)
        elif frame.timestamp != self._pressed:
            self._pressed = frame.timestamp
            self._keys = frames(key(frame.payload[0]))

    def beat(self) -> Frame | None:
        """The next 20 ms: of a key, of what it says at first, or of the echo."""
        said = next(self._keys, None)
        if said is None and self._script is not None:
            said = next(self._script, None)
            if said is None:
                self._script = None
        echoed = self._echo.read() if self._script is None else QUIET
        return self._voice.frame(said or echoed)

    def close(self) -> None:
        """Nobody is there."""

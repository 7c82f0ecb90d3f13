"""Tones of the telephone, made from tables: ringing, a beep, keys. Sans-IO; µ-law at 8000 samples a second.

Source: ITU-T E.180/Q.35 and its Supplement 2 (tones of national networks), ITU-T Q.23 (keys).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import cycle
from typing import Final

from voice.media.g711 import SILENCE, Codec, encoded
from voice.media.shapes import FRAME, RATE

QUIET: Final = SILENCE[Codec.PCMU] * FRAME
LEVEL: Final = 0.12
"""Of each frequency; two of them together are about 14 dB below the loudest that G.711 can say."""
BEEP: Final = (1000,)
BEEP_S: Final = 0.4
RINGING: Final[dict[str, tuple[tuple[int, ...], tuple[float, ...]]]] = {
    "US": ((440, 480), (2.0, 4.0)),
    "GB": ((400, 450), (0.4, 0.2, 0.4, 2.0)),
    "SE": ((425,), (1.0, 5.0)),
}
"""The frequencies (Hz) that the caller hears while it rings, and how long they sound and pause in turn (s)."""
BY_LANGUAGE: Final = {"en": "US", "sv": "SE"}
KEYS: Final = "123A456B789C*0#D"
ROWS: Final = (697, 770, 852, 941)
COLUMNS: Final = (1209, 1336, 1477, 1633)
EVENTS: Final = "0123456789*#ABCD"
"""Keys by their number in a telephone-event (RFC 4733, section 3.2)."""
KEY_S: Final = 0.12


@cache
def tone(frequencies: Sequence[int], seconds: float) -> bytes:
    """Return so many seconds of these frequencies together, in whole frames. Made once for each table's entry."""
    period = RATE // math.gcd(RATE, *frequencies)  # it repeats itself, so that little has to be computed
    turn = [math.tau * frequency / RATE for frequency in frequencies]
    once = encoded(LEVEL * sum(math.sin(angle * at) for angle in turn) for at in range(period))
    size = round(seconds * RATE / FRAME) * FRAME
    return (once * (size // period + 1))[:size]


@cache
def key(event: int) -> bytes:
    """Return the sound of a key by its number in a telephone-event; nothing for one that is no key."""
    if event >= len(EVENTS):
        return b""
    at = KEYS.index(EVENTS[event])
    return tone((ROWS[at // 4], COLUMNS[at % 4]), KEY_S)


def frames(sound: bytes) -> Iterator[bytes]:
    """Cut µ-law into frames; the last is filled with silence."""
    for at in range(0, len(sound), FRAME):
        yield sound[at : at + FRAME].ljust(FRAME, SILENCE[Codec.PCMU])


def silence(seconds: float) -> Iterator[bytes]:
    """Return frames of silence."""
    for _ in range(round(seconds * RATE / FRAME)):
        yield QUIET


def ringing(region: str) -> Iterator[bytes]:
    """Ring as a region's network does, for ever."""
    frequencies, cadence = RINGING[region]
    for at, seconds in cycle(enumerate(cadence)):
        yield from silence(seconds) if at % 2 else frames(tone(frequencies, seconds))

"""G.711: the two laws, from samples and from each other. Sans-IO, and tables only: a packet is translated, not decoded.

Source: ITU-T G.711, tables 1 and 2; the segments as ITU-T G.191 computes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Codec(StrEnum):
    """How a leg's voice is coded. The words are those of SDP (RFC 3551, section 6)."""

    PCMU = "PCMU"
    PCMA = "PCMA"


STATIC: Final = {Codec.PCMU: 0, Codec.PCMA: 8}
"""Their payload types, which never change (RFC 3551, table 4)."""
CLIP: Final = 32635
BIAS: Final = 0x84


def mulaw(sample: int) -> int:
    """Return the octet of one 16-bit sample in µ-law."""
    sign, size = (0x80, -sample) if sample < 0 else (0, sample)
    size = min(size, CLIP) + BIAS
    exponent = size.bit_length() - 8
    return ~(sign | exponent << 4 | (size >> (exponent + 3)) & 0x0F) & 0xFF


def alaw(sample: int) -> int:
    """Return the octet of one 16-bit sample in A-law."""
    sign, size = (0, ~sample) if sample < 0 else (0x80, sample)
    size >>= 3
    exponent = max(0, size.bit_length() - 5)
    return (sign | exponent << 4 | size >> max(1, exponent) & 0x0F) ^ 0x55


def mulaw_sample(octet: int) -> int:
    """Return the 16-bit sample of an octet of µ-law."""
    octet = ~octet & 0xFF
    size = (((octet & 0x0F) << 3) + BIAS << (octet >> 4 & 7)) - BIAS
    return -size if octet & 0x80 else size


def alaw_sample(octet: int) -> int:
    """Return the 16-bit sample of an octet of A-law."""
    octet ^= 0x55
    exponent, mantissa = octet >> 4 & 7, octet & 0x0F
    size = (mantissa << 4) + 8 if exponent == 0 else (mantissa << 4) + 0x108 << (exponent - 1)
    return size if octet & 0x80 else -size


SAMPLES: Final = {
    Codec.PCMU: tuple(mulaw_sample(octet) for octet in range(256)),
    Codec.PCMA: tuple(alaw_sample(octet) for octet in range(256)),
}
TRANSLATED: Final = {
    (Codec.PCMU, Codec.PCMA): bytes(alaw(sample) for sample in SAMPLES[Codec.PCMU]),
    (Codec.PCMA, Codec.PCMU): bytes(mulaw(sample) for sample in SAMPLES[Codec.PCMA]),
}
SILENCE: Final = {Codec.PCMU: b"\xff", Codec.PCMA: b"\xd5"}
"""One octet of it."""


def encoded(samples: Iterable[float]) -> bytes:
    """Return samples between -1 and 1 as µ-law."""
    return bytes(mulaw(round(sample * 32767)) for sample in samples)


def translated(payload: bytes, was: Codec, wanted: Codec) -> bytes:
    """Return a payload in the other law, or as it is."""
    return payload if was is wanted else payload.translate(TRANSLATED[was, wanted])

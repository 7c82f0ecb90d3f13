"""Reports of RTCP: those that we send of a leg, and what the peer's say of what it hears. Sans-IO; time is passed in.

aiortc's own reports count what its decoder gets, which here is nothing.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

SENDER, RECEIVER, SDES = 200, 201, 202
HEAD: Final = struct.Struct("!BBH")
BLOCK: Final = struct.Struct("!LLLLLL")
VERSION: Final = 2
CNAME: Final = 1


class Block(msgspec.Struct, frozen=True):
    """What one side says of what it hears from `ssrc`. `fraction`: 1/256; `jitter`: clock units; the times: 1/65536 s.

    Source: RFC 3550, section 6.4.1.
    """

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int
    last_report: int = 0
    since_report: int = 0


class Sending(msgspec.Struct, frozen=True):
    """What a sender says of itself: when (64 bits of NTP), its clock then, and how much it sent."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int


def ntp(now: float) -> int:
    """Return seconds of any clock as 64 bits of NTP. A clock without a date serves (RFC 3550, section 4)."""
    return int(now * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def middle(ntp_time: int) -> int:
    """Return the 32 bits in the middle, by which reports name a time."""
    return ntp_time >> 16 & 0xFFFFFFFF


def report(sending: Sending, heard: Block | None, cname: str) -> bytes:
    """Return a sender's report with at most one block, and the name that RFC 3550, section 6.1, wants beside it."""
    body = struct.pack("!LQ", sending.ssrc, sending.ntp)
    body += b"".join(struct.pack("!L", n & 0xFFFFFFFF) for n in (sending.timestamp, sending.packets, sending.octets))
    if heard:
        lost = max(-0x800000, min(0x7FFFFF, heard.lost)) & 0xFFFFFF
        body += BLOCK.pack(heard.ssrc, heard.fraction << 24 | lost, heard.highest, heard.jitter, heard.last_report,
                           heard.since_report & 0xFFFFFFFF)  # fmt: skip
    name = cname.encode("ascii")
    chunk = struct.pack("!LBB", sending.ssrc, CNAME, len(name)) + name + b"\0"
    chunk += bytes(-len(chunk) % 4)
    return _packet(SENDER, 1 if heard else 0, body) + _packet(SDES, 1, chunk)


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return HEAD.pack(VERSION << 6 | count, kind, len(body) // 4) + body


def read(data: bytes) -> list[Sending | Block]:
    """Return what a compound packet says, in order; what is malformed, and what follows it, is left out."""
    said: list[Sending | Block] = []
    at = 0
    while at + HEAD.size <= len(data):
        first, kind, words = HEAD.unpack_from(data, at)
        end = at + HEAD.size + 4 * words
        if first >> 6 != VERSION or end > len(data):
            break
        body = data[at + HEAD.size : end]
        if kind == SENDER and len(body) >= 24:
            ssrc, high, low, *rest = struct.unpack_from("!LLLLLL", body)
            said.append(Sending(ssrc, high << 32 | low, *rest))
            said += _blocks(body[24:], first & 0x1F)
        elif kind == RECEIVER and len(body) >= 4:
            said += _blocks(body[4:], first & 0x1F)
        at = end
    return said


def _blocks(body: bytes, count: int) -> list[Block]:
    blocks = []
    for at in range(0, min(count * BLOCK.size, len(body) - BLOCK.size + 1), BLOCK.size):
        ssrc, loss, highest, jitter, last, since = BLOCK.unpack_from(body, at)
        lost = loss & 0xFFFFFF
        lost -= 0x1000000 if lost & 0x800000 else 0
        blocks.append(Block(ssrc, loss >> 24, lost, highest, jitter, last, since))
    return blocks


def round_trip_s(block: Block, now: float) -> float | None:
    """Return how long there and back takes by a report on us; None where it names none of ours.

    Source: RFC 3550, section 6.4.1, figure 2.
    """
    if not block.last_report:
        return None
    units = (middle(ntp(now)) - block.last_report - block.since_report) & 0xFFFFFFFF
    return units / 65536 if units < 0x80000000 else 0.0

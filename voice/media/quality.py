"""How a leg sounds, in figures: loss and jitter of what arrives, and what a listener would say of it. Sans-IO."""

from __future__ import annotations

from typing import Final

from voice.media.shapes import RATE, Heard, Stats

R_BEST: Final = 93.2
"""The rating factor without any impairment (ITU-T G.107, all parameters at their defaults)."""
BPL: Final = 25.1
"""How well G.711 with concealment stands random loss (ITU-T G.113, appendix I); its own impairment `Ie` is 0."""
BUFFER_JITTERS: Final = 2.0
PACKET_MS: Final = 20.0


class Arrivals:
    """Counters of one direction, over every source that it had. Source: RFC 3550, A.1, A.3 and A.8."""

    def __init__(self) -> None:
        self.received = 0
        self.highest = 0
        self.jitter = 0.0
        self._base = self._cycles = 0
        self._expected_before = self._lost_before = 0
        self._expected_last = self._received_last = 0
        self._begun = False
        self._transit: float | None = None
        self._timestamp: int | None = None

    def begin(self, sequence: int) -> None:
        """Count from here: the first packet of a source has this sequence. What was counted stays."""
        self._expected_before = self.expected
        self._lost_before = self._expected_before - self.received
        self._base, self._cycles, self.highest, self._begun = sequence, 0, sequence, True
        self._transit = self._timestamp = None

    def arrived(self, sequence: int, timestamp: int | None, now: float) -> None:
        """Count a packet. `timestamp` is None for one that says nothing of time, as a key that is held down."""
        if (sequence - self.highest) & 0xFFFF < 0x8000:
            self._cycles += sequence < self.highest
            self.highest = sequence
        self.received += 1
        if timestamp is None or timestamp == self._timestamp:
            return
        transit = now * RATE - timestamp
        if self._transit is not None:
            # A clock of 32 bits turns over: differences are taken around it.
            off = abs((transit - self._transit + 0x80000000) % 0x100000000 - 0x80000000)
            self.jitter += (off - self.jitter) / 16
        self._transit, self._timestamp = transit, timestamp

    @property
    def extended(self) -> int:
        """The highest sequence with its turns above it, as a report says it (32 bits)."""
        return (self._cycles << 16 | self.highest) & 0xFFFFFFFF

    @property
    def expected(self) -> int:
        """How many packets were sent, as far as sequences tell."""
        if not self._begun:
            return 0
        return self._expected_before + (self._cycles << 16) + self.highest - self._base + 1

    @property
    def lost(self) -> int:
        """How many of those did not arrive; below 0 where some came twice."""
        return self.expected - self.received

    @property
    def lost_of_source(self) -> int:
        """The same of the present source alone, as a report says it."""
        return self.lost - self._lost_before

    @property
    def jitter_ms(self) -> float:
        """The mean deviation of the spacing between packets, in milliseconds."""
        return self.jitter * 1000 / RATE

    def fraction_lost(self) -> int:
        """Return the share that was lost since the last time this was asked for, in 1/256. Source: RFC 3550, A.3."""
        expected, received = self.expected - self._expected_last, self.received - self._received_last
        self._expected_last, self._received_last = self.expected, self.received
        lost = expected - received
        return 0 if expected <= 0 or lost <= 0 else min(255, lost * 256 // expected)


def heard(arrivals: Arrivals) -> Heard:
    """Return what arrived, as a record has it."""
    return Heard(arrivals.received, max(0, arrivals.lost), round(arrivals.jitter_ms, 1))


def one_way(codec: str, arrivals: Arrivals, sent: Heard, *, dropped: int = 0) -> Stats:
    """Return how a far end sounded of which nothing is known of what it heard: by what came from it alone."""
    received = heard(arrivals)
    expected = received.packets + received.lost
    score = mos(received.lost / expected, arrivals.jitter_ms, 0.0) if received.packets else None
    return Stats(codec, received, sent, None, score, dropped)


def mos(loss: float, jitter_ms: float, rtt_ms: float) -> float:
    """Return what a listener would say, 1 (bad) to 4.4 (G.711 at its best), by the simplified E-model.

    `loss`: share of packets, 0 to 1. The delay is half the way there and back, a packet, and a jitter buffer of twice
    the jitter. Source: ITU-T G.107, annex B, with the delay impairment as Cole and Rosenbluth simplified it ("Voice
    over IP performance monitoring", 2001) and the loss impairment of G.107, formula 7-29, for random loss.
    """
    delay = rtt_ms / 2 + PACKET_MS + BUFFER_JITTERS * jitter_ms
    by_delay = 0.024 * delay + 0.11 * max(0.0, delay - 177.3)
    by_loss = 95.0 * 100 * loss / (100 * loss + BPL)
    rating = max(0.0, min(100.0, R_BEST - by_delay - by_loss))
    score = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6
    return round(max(1.0, score), 2)

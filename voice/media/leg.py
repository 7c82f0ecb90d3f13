"""One leg: its peer connections one after another, what it hears, and whether it is heard. Sans-IO; time is passed in.

A leg listens to one peer connection, the latest that had sound. Another one with sound takes it over, with all that it
was bridged to; until then, and while nothing arrives, the far end is asked for a moment's patience. While the line is
held both sides hear that it is, and nothing of each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from voice.media import rtcp
from voice.media.bridge import Frame, Inward, Outward
from voice.media.gate import Gate
from voice.media.hearing import Hearing, again_and_again
from voice.media.quality import heard, mos
from voice.media.shapes import RATE, Heard, Lost, Quality, Stats, Told, Up

LOST_S: Final = 1.0
HOLD_S: Final = 0.3
"""So long without sound, and another peer connection coming, is enough to ask the far end for patience."""
PENDING_S: Final = 30.0
"""A peer connection without sound is given up after this."""
REPORT_S: Final = 5.0
QUALITY_S: Final = 5.0


class Line(Protocol):
    """A peer connection as a leg needs it."""

    def send(self, data: bytes) -> None:
        """Send a packet of RTP or RTCP; nothing happens where it is not connected."""
        ...

    def close(self) -> None:
        """Have it closed."""
        ...


class Peer:
    """One peer connection of a leg and its figures."""

    def __init__(self, n: int, line: Line, inward: Inward, outward: Outward, now: float) -> None:
        self.n, self.line, self.inward, self.outward = n, line, inward, outward
        self.opened_at, self.heard_at, self.report_at = now, now, now + REPORT_S
        self.up, self.gate = False, Gate()
        self.rtt_s: float | None = None
        self.measured: Stats | None = None
        """How it sounds where its packets pass, if that is elsewhere; our own packets are not counted then."""
        self._block: rtcp.Block | None = None
        self._their_report, self._reported_at = 0, 0.0

    @property
    def codec(self) -> str:
        """What it speaks."""
        return self.inward.sound.codec if self.measured is None else self.measured.codec

    def reported(self, data: bytes, now: float) -> None:
        """Take the peer's reports."""
        for said in rtcp.read(data):
            if isinstance(said, rtcp.Sending):
                self._their_report, self._reported_at = rtcp.middle(said.ntp), now
            elif said.ssrc == self.outward.ssrc:
                self._block = said
                trip = rtcp.round_trip_s(said, now)
                self.rtt_s = self.rtt_s if trip is None else trip

    def report(self, now: float) -> bytes:
        """Return our report to the peer."""
        out, arrivals = self.outward, self.inward.arrivals
        block = None if self.inward.ssrc is None else rtcp.Block(
            self.inward.ssrc, arrivals.fraction_lost(), arrivals.lost_of_source, arrivals.extended,
            round(arrivals.jitter), self._their_report,
            round((now - self._reported_at) * 65536) if self._their_report else 0,
        )  # fmt: skip
        timestamp = out.timestamp + round((now - out.at) * RATE)
        return rtcp.report(rtcp.Sending(out.ssrc, rtcp.ntp(now), timestamp, out.packets, out.octets), block, "curbside")

    def received(self) -> Heard:
        """What came from the peer."""
        if self.measured is not None:
            return self.measured.received
        return heard(self.inward.arrivals)

    def sent(self) -> Heard:
        """What went to the peer, and how much of it its reports miss."""
        if self.measured is not None:
            return self.measured.sent
        lost, jitter = (max(0, self._block.lost), self._block.jitter) if self._block else (0, 0)
        return Heard(self.outward.packets, lost, round(jitter * 1000 / RATE, 1))


def both(first: Heard, then: Heard) -> Heard:
    """Add two peer connections of one leg: the jitter is the later one's."""
    return Heard(first.packets + then.packets, first.lost + then.lost, then.jitter_ms if then.packets
                 else first.jitter_ms)  # fmt: skip


class Leg(Hearing):
    """One leg. `name` is the reference of its attempt; `tell` is called at once and must not raise.

    `peers` are its open peer connections by number, `newest` is the highest number that it ever had.
    """

    def __init__(self, name: str, tell: Callable[[Told], None]) -> None:
        super().__init__()
        self.name, self._tell = name, tell
        self.peers: dict[int, Peer] = {}
        self.newest = 0
        self._current: Peer | None = None
        self._quality_at = 0.0
        self._was = (Heard(), Heard())
        self._dropped = 0

    @property
    def current(self) -> Peer | None:
        """The peer connection that it listens to."""
        return self._current

    @property
    def listens(self) -> bool:
        """Whether somebody can hear what is said on it now."""
        return self._current is not None and self._current.up

    @property
    def beats(self) -> bool:
        """Whether 20 ms from now it has something to say to either side."""
        if self._current is None or self._current.n not in self.peers:
            return False
        return super().beats

    @property
    def passes(self) -> bool:
        """Whether each side hears what the other one says, and no other peer connection is coming."""
        return super().passes and self.listens and len(self.peers) == 1

    # --- what is asked of it ---

    def join(self, n: int, line: Line, inward: Inward, outward: Outward, now: float) -> None:
        """Give it another peer connection. One that waits for sound already is closed."""
        for waiting in [peer for peer in self.peers.values() if peer is not self._current]:
            self._drop(waiting)
        self.newest = n
        self.peers[n] = Peer(n, line, inward, outward, now)

    def end(self) -> Stats:
        """Close all that it has, and return how it sounded."""
        stats = self.stats()
        self.unbridge()
        for peer in list(self.peers.values()):
            self._drop(peer)
        return stats

    def stats(self) -> Stats:
        """How it sounds so far."""
        peer = self._current
        codec = "" if peer is None else peer.codec
        received, sent = self._was
        if peer is not None and peer.n in self.peers:
            received, sent = both(received, peer.received()), both(sent, peer.sent())
        dropped = self._dropped + sum(each.gate.dropped for each in self.peers.values())
        measured = None if peer is None else peer.measured
        unreported = measured is not None and measured.unreported
        rtt = peer.rtt_s * 1000 if peer and peer.rtt_s is not None and measured is None else None
        if not received.packets:
            return Stats(codec, received, sent, rtt, dropped=dropped, unreported=unreported)
        losses = (received.lost / (received.packets + received.lost), min(1.0, sent.lost / max(1, sent.packets)))
        worst = min(mos(loss, side.jitter_ms, rtt or 0.0) for loss, side in zip(losses, (received, sent), strict=True))
        return Stats(codec, received, sent, None if rtt is None else round(rtt, 1), worst, dropped, unreported)

    # --- what happens to it ---

    def rtp(self, n: int, data: bytes, now: float) -> None:
        """Take a packet that came over the peer connection `n`."""
        peer = self.peers.get(n)
        frame = peer.inward.take(data, now) if peer and peer.gate.passes(now) else None
        if peer is None or frame is None:
            return
        peer.heard_at = now
        if not peer.up:
            self._hear(peer, now)
        self.tell_far(frame, now)

    def rtcp(self, n: int, data: bytes, now: float) -> None:
        """Take a report that came over the peer connection `n`."""
        peer = self.peers.get(n)
        if peer is not None and peer.gate.passes(now):
            peer.reported(data, now)

    def watch(self, now: float) -> None:
        """Look what does not arrive. To be called a few times a second."""
        for peer in list(self.peers.values()):
            if peer is not self._current and now - peer.opened_at >= PENDING_S:
                self._drop(peer)
        current = self._current
        if current is None:
            return
        silent_s = now - current.heard_at
        if current.up and silent_s >= LOST_S:
            current.up = False
            self._tell(Lost(self.name, current.n))
        waits = len(self.peers) > 1 and silent_s >= HOLD_S
        if self.far is not None and self._patience is None and (waits or not current.up):
            self._patience = again_and_again("one_moment", self.bridged_to.language if self.bridged_to else "en")
        if now >= current.report_at:
            current.report_at = now + REPORT_S
            current.line.send(current.report(now))
        if current.up and now >= self._quality_at:
            self._quality_at = now + QUALITY_S
            self._tell(Quality(self.name, self.stats()))

    # --- within ---

    def _tell_peer(self, frame: Frame, now: float) -> None:
        if self._current is not None:
            data = self._current.outward.packet(frame, now)
            if data is not None:
                self._current.line.send(data)

    def _hear(self, peer: Peer, now: float) -> None:
        """A peer connection has sound: for the first time, when it takes over, or again."""
        if peer is not self._current:
            former, self._current = self._current, peer
            self._quality_at = now + QUALITY_S
            if former is not None:
                self._drop(former)
        peer.up, self._patience = True, None
        self._tell(Up(self.name, peer.n))

    def _drop(self, peer: Peer) -> None:
        """Close a peer connection and keep its figures."""
        if self.peers.pop(peer.n, None) is not None:
            self._was = both(self._was[0], peer.received()), both(self._was[1], peer.sent())
            self._dropped += peer.gate.dropped
            peer.line.close()

"""Our 2xx to an INVITE of the far end: sent again until its ACK comes, over any transport. Sans-IO.

Source: RFC 3261, section 13.3.1.4.
"""

from __future__ import annotations

from dataclasses import dataclass

from voice.sip.events import Timing
from voice.sip.message import Request
from voice.sip.values import parse_cseq


@dataclass(slots=True)
class Served:
    """What was answered, and when that is said again. `offers`: it holds our offer, and the ACK the answer."""

    connection: int
    data: bytes
    sequence: int
    offers: bool
    again_at: float
    pause_s: float
    until: float

    @classmethod
    def begin(cls, connection: int, data: bytes, request: Request, timing: Timing, now: float) -> Served:
        """Begin to wait for the ACK of `request`, which was answered with `data`. Raises Malformed."""
        pause_s, until = timing.t1_s, now + timing.transaction_s
        return cls(connection, data, parse_cseq(request.headers)[0], not request.body, now + pause_s, pause_s, until)

    @property
    def next_due(self) -> float:
        """When something is due."""
        return min(self.again_at, self.until)

    def is_acknowledged_by(self, request: Request) -> bool:
        """Whether an ACK is that of this INVITE. Raises Malformed."""
        return parse_cseq(request.headers)[0] == self.sequence

    def is_given_up(self, now: float) -> bool:
        """Whether nobody will acknowledge it any more."""
        return self.until <= now

    def is_said_again(self, now: float, timing: Timing) -> bool:
        """Whether it is time to say it once more; the pauses double up to T2."""
        if self.again_at > now:
            return False
        self.pause_s = min(2 * self.pause_s, timing.t2_s)
        self.again_at = now + self.pause_s
        return True

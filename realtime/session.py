"""One socket's life, sans-IO: what came in and the time go in, what is to be done comes out.

No Django, no event loop, no clock. The shell around it (``consumers.py``) must

- hand every message to `receive` and carry out the actions that come back, in order;
- call `admit` when it has accepted the ticket of an `Authenticate`, before it carries out anything that follows;
- call `settled` once for every `Publish` when its answer has been sent;
- count what it writes with `sent`, and look at `due` and call `tick` when that instant has come;
- stop when an `End` comes out: send its ``bye``, close, and call nothing more.

Instants are seconds of any one clock that only rises, except `admit`'s `expires_in`, a span.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from realtime.buckets import Bucket
from realtime.protocol import (
    VERSION,
    Code,
    Inbound,
    Limits,
    Position,
    Refusal,
    content,
    decode,
    error,
    heartbeat,
    refuse,
)

UUID4: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
WORD: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
EPHEMERAL: Final = frozenset({"typing", "read"})
CREDIT_BYTES: Final = 131_072  # a heartbeat asks for credit each time this much was sent without one
LONGEST_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class Send:
    """Write this frame."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Check the ticket; then `admit` and answer with the rooms of `subs`, or end the connection."""

    i: int | str | None
    tok: str
    subs: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Answer with the rooms of `subs`, and stop sending what is in `un`."""

    i: int | str
    subs: tuple[Position, ...]
    un: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Publish:
    """Carry out a durable operation and answer it."""

    i: int | str
    r: str
    c: str
    k: str
    d: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """Tell the others of a stream, if this member has a seat there."""

    r: str
    k: str
    d: dict[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """Send a ``bye`` with this code, then close with it."""

    code: Code
    after: float = 0.0


Action = Send | Authenticate | Subscribe | Publish | Ephemeral | End


class Session:
    """The state of one socket. See the module for what its shell must do."""

    __slots__ = (
        "_acked", "_asked_at", "_asked_sent", "_expires_at", "_frames", "_heard_at", "_in_flight", "_jitter",
        "_limits", "_opened_at", "_pubs", "_seen_sent", "_sent", "_spoke_at", "_strikes", "_struck_at", "live", "n",
        "over",
    )

    def __init__(self, limits: Limits, now: float, jitter: float = 1.0) -> None:
        """`jitter` (about 0.9 to 1.1) spreads the heartbeats of many sockets."""
        self._limits, self._jitter = limits, jitter
        self._opened_at = self._heard_at = self._spoke_at = now
        self._frames = Bucket(limits.frame_rate, limits.frame_burst, now)
        self._pubs: Bucket | None = None
        self._strikes, self._struck_at = 0, now
        self._in_flight = 0
        self._expires_at = float("inf")
        self._sent = self._acked = self._asked_sent = self._seen_sent = 0
        self._asked_at: float | None = None
        self.n = 0
        self.live = False
        self.over = False

    # --- what comes in ---------------------------------------------------------------------------------------------

    def receive(self, message: str | None, now: float) -> list[Action]:
        """Take one WebSocket message (None for a binary one) and return what is to be done."""
        self._heard_at = now
        if self.over:
            return []
        # A character is one byte at least, so the longer test runs only for a message near the limit.
        limit = self._limits.frame_bytes
        if message is None or len(message) > limit or (len(message) * 4 > limit and len(message.encode()) > limit):
            return [self._end(Code.MALFORMED)]
        actions: list[Action] = []
        try:
            frames = decode(message)
        except Refusal:
            return [self._end(Code.MALFORMED)]
        for frame in frames:
            actions += self._take(frame, now)
            if self.over:
                break
        return actions

    def admit(self, now: float, *, expires_in: float, pubs: Bucket) -> None:
        """The ticket was good: for how long, and the bucket that all sockets of this member share."""
        self.live = True
        self._expires_at = now + expires_in
        self._pubs = pubs

    def settled(self) -> None:
        """One `Publish` has been answered."""
        self._in_flight -= 1

    def _take(self, frame: Inbound, now: float) -> list[Action]:
        if frame.t == "hb" and frame.n is not None and frame.n == self.n and self._asked_at is not None:
            return self._answered(now)
        wait = self._frames.take(now)
        if wait:
            return self._strike(frame.i, wait, now)
        handler = _HANDLERS.get(frame.t)
        if handler is None:
            return []
        if not self.live and frame.t != "hello":
            return [self._end(Code.NOT_SIGNED_IN)]
        try:
            return handler(self, frame, now)
        except Refusal as refusal:
            if refusal.code == "rate":
                return self._strike(frame.i, refusal.after or 1.0, now)
            return [Send(error(frame.i, refusal))] if frame.i is not None else []

    def _hello(self, frame: Inbound, now: float) -> list[Action]:
        if frame.v != VERSION:
            return [self._end(Code.VERSION)]
        if not frame.tok:
            return [self._end(Code.NOT_SIGNED_IN)]
        return [Authenticate(frame.i, frame.tok, _positions(frame.subs))]

    def _sub(self, frame: Inbound, now: float) -> list[Action]:
        un = tuple(frame.un or ())
        if frame.i is None or not all(map(ID.fullmatch, un)):
            raise refuse("malformed")
        return [Subscribe(frame.i, _positions(frame.subs), un)]

    def _pub(self, frame: Inbound, now: float) -> list[Action]:
        if frame.i is None or not (frame.r and frame.c and frame.k):
            raise refuse("malformed")
        if not (ID.fullmatch(frame.r) and UUID4.fullmatch(frame.c) and _is_word(frame.k)):
            raise refuse("malformed")
        if len(bytes(frame.d)) > self._limits.pub_bytes:
            raise refuse("too_large")
        d = content(frame.d)
        if self._in_flight >= self._limits.pub_in_flight:
            raise refuse("busy", after=1.0)
        wait = self._pubs.take(now) if self._pubs else 0.0
        if wait:
            raise refuse("rate", after=wait)
        self._in_flight += 1
        return [Publish(frame.i, frame.r, frame.c.lower(), frame.k, d)]

    def _eph(self, frame: Inbound, now: float) -> list[Action]:
        if not frame.r or not ID.fullmatch(frame.r) or frame.k not in EPHEMERAL:
            return []
        return [Ephemeral(frame.r, frame.k, content(frame.d))]

    def _hb(self, frame: Inbound, now: float) -> list[Action]:
        return []  # a late or unasked one: it was heard, which is all that it says

    def _strike(self, i: int | str | None, after: float, now: float) -> list[Action]:
        if now - self._struck_at > self._limits.strike_s:
            self._strikes = 0
        self._strikes += 1
        self._struck_at = now
        if self._strikes >= self._limits.strikes:
            return [self._end(Code.TOO_MANY, after=max(after, 1.0))]
        return [Send(error(i, refuse("rate", after=after)))] if i is not None else []

    def _end(self, code: Code, after: float = 0.0) -> End:
        self.over = True
        return End(code, after)

    # --- what goes out, and the time -------------------------------------------------------------------------------

    def sent(self, size: int) -> bool:
        """Count `size` written bytes. Returns whether `tick` wants to be called at once."""
        self._sent += size
        if self._asked_at is None:
            return self._sent - self._acked >= CREDIT_BYTES
        return self._sent - self._acked > self._limits.unacked_bytes

    def due(self) -> float:
        """Return the instant at which `tick` has something to do."""
        if not self.live:
            return self._opened_at + self._limits.hello_s
        if self._asked_at is not None:
            return min(self._expires_at, self._asked_at + self._limits.answer_s)
        return min(self._expires_at, min(self._heard_at, self._spoke_at) + self._limits.silence_s * self._jitter)

    def tick(self, now: float, heads: Callable[[], dict[str, int]]) -> list[Action]:
        """Do what is due: refuse to wait longer, or send a heartbeat with the heads of all subscriptions."""
        if self.over:
            return []
        if self._sent != self._seen_sent:
            self._seen_sent, self._spoke_at = self._sent, now
        if not self.live:
            return [self._end(Code.NO_HELLO)] if now >= self._opened_at + self._limits.hello_s else []
        if now >= self._expires_at:
            return [self._end(Code.TICKET_EXPIRED)]
        if self._asked_at is not None:
            if now >= self._asked_at + self._limits.answer_s:
                return [self._end(Code.NO_HEARTBEAT)]
            over = self._sent - self._acked > self._limits.unacked_bytes
            return [self._end(Code.SLOW)] if over else []
        if now >= self.due() or self._sent - self._acked >= CREDIT_BYTES:
            return [self._ask(now, heads)]
        return []

    def end(self, code: Code, after: float = 0.0) -> list[Action]:
        """The shell ends the connection: returns the End, or nothing where it has ended already."""
        return [] if self.over else [self._end(code, after)]

    def _ask(self, now: float, heads: Callable[[], dict[str, int]]) -> Send:
        self.n += 1
        self._asked_at, self._asked_sent, self._spoke_at = now, self._sent, now
        return Send(heartbeat(self.n, heads()))

    def _answered(self, now: float) -> list[Action]:
        self._asked_at = None
        self._acked = self._asked_sent
        return []


def _is_word(word: str) -> bool:
    return len(word) <= LONGEST_WORD and WORD.fullmatch(word) is not None


def _positions(subs: list[Position] | None) -> tuple[Position, ...]:
    """Raises Refusal("malformed") for a stream's id or a number that cannot be one."""
    for sub in subs or ():
        if not ID.fullmatch(sub.r) or (sub.p is not None and not 0 <= sub.p < 2**63) or len(sub.e or "") > LONGEST_WORD:
            raise refuse("malformed")
    return tuple(subs or ())


_HANDLERS: Final[dict[str, Callable[[Session, Inbound, float], list[Action]]]] = {
    "hello": Session._hello,
    "sub": Session._sub,
    "pub": Session._pub,
    "eph": Session._eph,
    "hb": Session._hb,
}

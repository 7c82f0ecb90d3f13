"""What a user agent is given, how long it waits, and what it tells. Sans-IO: values only. No `repr` shows a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from voice.call_events import Cause
from voice.sip.sdp import Sound


@dataclass(frozen=True, slots=True)
class Trunk:
    """Whom calls are given to: the domain of its addresses, what carries them, and what it knows us by.

    `ours` is the domain of the number that is shown; without one the trunk's own is written. `realm` is the one that
    may ask for the password; without one any may.
    """

    name: str
    domain: str
    transport: Literal["tcp", "tls"] = "tcp"
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ours: str = ""
    realm: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long is waited, in seconds. Source: RFC 3261, section 17.1.1.1 (T1, T2); RFC 4028, section 4.

    `first_s`: for the first sign of life after an INVITE, before another trunk is tried; below Timer B (64 T1), as a
    trunk that lives says 100 at once.
    """

    t1_s: float = 0.5
    t2_s: float = 4.0
    first_s: float = 6.0
    session_s: int = 1800
    session_least_s: int = 90

    @property
    def transaction_s(self) -> float:
        """How long a request may stay without an answer: 64 T1."""
        return 64 * self.t1_s


@dataclass(frozen=True, slots=True)
class Order:
    """One call to be made: E.164 numbers, our sound, how long it may ring in seconds, and its ``Call-ID``.

    Nothing else of who calls is known here, so nothing else can get out. Without a `call_id` one is made.
    """

    to: str = field(repr=False)
    shown: str = field(repr=False)
    sound: Sound
    timeout_s: float
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Ringing:
    """The far end is being rung."""

    leg: str


@dataclass(frozen=True, slots=True)
class Early:
    """The far end sends sound before it has answered."""

    leg: str
    far: Sound


@dataclass(frozen=True, slots=True)
class Answered:
    """The far end has answered."""

    leg: str
    far: Sound


@dataclass(frozen=True, slots=True)
class Changed:
    """The two have agreed anew on where sound goes and who sends. `here` is our side."""

    leg: str
    far: Sound
    here: Sound


@dataclass(frozen=True, slots=True)
class NotChanged:
    """The far end did not agree to hold or resume; what was agreed before stands."""

    leg: str
    status: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The leg is over, told once. `status` is the SIP status, 0 where there was none.

    `next_trunk`: nothing has rung and nothing will, so the number may be tried over another trunk.
    """

    leg: str
    cause: Cause
    status: int
    by_far: bool = False
    next_trunk: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """Somebody calls in; it was refused with 480. Both are what the trunk says, not proved."""

    called: str = field(repr=False)
    caller: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pinged:
    """What came of OPTIONS: whether the trunk takes calls, and its status (0: none)."""

    alive: bool
    status: int


Event = Ringing | Early | Answered | Changed | NotChanged | Ended | Incoming | Pinged

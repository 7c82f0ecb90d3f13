"""What a session tells the program that uses it, as frozen values. Standard library only.

Times called `at` are the server's Unix milliseconds, for display; spans end in `_s` and are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
"""A JSON object as it came off the wire; its values are checked where they are used."""


@dataclass(frozen=True, slots=True)
class Event:
    """One durable event. `by` is a pseudonym of that stream, "" when the service itself speaks."""

    stream: str
    seq: int
    kind: str
    by: str
    c: str | None
    at: int
    d: Json


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """Someone types, has read up to a number, is here. May be lost; the latest of a kind wins."""

    stream: str
    kind: str
    by: str
    d: Json


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The server answered a subscription. `me` is one's own pseudonym there, `head` the newest number."""

    stream: str
    epoch: str
    head: int
    me: str


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """That subscription has ended for good (4503 access withdrawn, 4506 closed); the connection lives."""

    stream: str
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Reset:
    """What was known of the stream no longer stands: forget it and load the newest page by HTTP."""

    stream: str
    epoch: str
    head: int


@dataclass(frozen=True, slots=True)
class Missing:
    """More is missing than the socket gives again: fetch by HTTP what comes after `after`, then `filled()`."""

    stream: str
    after: int


@dataclass(frozen=True, slots=True)
class Published:
    """The event is committed under `seq`; `made` is the stream that it made, if it made one."""

    c: str
    stream: str
    seq: int
    made: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server will never take this operation; it has left the outbox."""

    c: str
    stream: str
    code: str
    message: str
    d: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """Signed in on a fresh connection; subscriptions and the outbox are on their way."""

    limits: Json


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone; another is tried in `retry_in_s`. Positions and the outbox are kept."""

    code: int
    message: str
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class Final:
    """The server does not want this client back as it is (4500 to 4505, or 403): no further attempt."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class TicketWanted:
    """The ticket ends soon: fetch another and give it to `renewed()`."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The server has been silent for too long: abandon the connection and report it with `lost()`."""

    reason: str


Happening = (
    Event
    | Ephemeral
    | Subscribed
    | Unsubscribed
    | Reset
    | Missing
    | Published
    | Refused
    | Ready
    | Lost
    | Final
    | TicketWanted
    | Stale
)

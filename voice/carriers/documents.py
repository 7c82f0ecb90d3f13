"""What a carrier that asks for instructions by webhook is told. Knows no Django, no database and no provider.

Some carriers (Twilio) fetch a document whenever a leg is answered or a key was pressed, and follow it. What it shall do
is decided by ``voice.standing``, from how the leg stands once the webhook's events were taken; how that is written, by
the adapter. A carrier that is told everything by requests needs none of this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from voice.carriers.base import WebhookRequest

Step = Literal["press_one", "join", "stream", "say", "hang_up"]


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a leg shall do next.

    ``press_one``: ask for a key, then ask us again; ``join``: enter `room`, after being told to wait where `waits`;
    ``stream``: bring the sound to `stream_url` and show `token` there;
    ``say``: speak `text` three times and end; ``hang_up``: end now. `max_s` is how long it may stay in the room.
    """

    step: Step
    reference: str = ""
    room: str = ""
    waits: bool = False
    stream_url: str = ""
    token: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    language: str = "en"
    max_s: int = 3600
    press_one_s: int = 15


@dataclass(frozen=True, slots=True)
class Route:
    """Where an incoming call goes: `to` (E.164) rings for `ring_s`, showing `shown`; without `to`, `text` is said.

    `reference` names the incoming call and `step` the place that rings, so that a word of one place that comes late or
    twice is not taken for the next one's. The phone that answers is known by its asking us what to do, so `to` is
    always dialled with an address for that. Empty `shown` leaves the caller's number as it came.
    """

    reference: str
    text: str
    language: str = "en"
    to: str = field(default="", repr=False)
    shown: str = field(default="", repr=False)
    ring_s: int = 25
    max_s: int = 3600
    step: int = 0


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """Somebody calls a number that the service holds. `carrier_id` is the carrier's name of the leg.

    `caller` is empty where the number was withheld.
    """

    carrier_id: str
    caller: str = field(repr=False)
    called: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """The answer to a webhook. Its `repr` shows neither a number nor a code."""

    body: bytes = field(repr=False)
    content_type: str = "text/xml; charset=utf-8"


@runtime_checkable
class WritesDocuments(Protocol):
    """A carrier whose webhooks are answered by documents."""

    def asks(self, request: WebhookRequest) -> bool:
        """Return whether a verified request wants to know what its leg shall do; else it only tells."""
        ...

    def instruct(self, request: WebhookRequest, instruction: Instruction) -> Document:
        """Write an instruction down as the answer to `request`."""
        ...

    def incoming(self, request: WebhookRequest) -> IncomingCall:
        """Return who calls whom, of a verified request. Raises Forged where it is no call."""
        ...

    def route(self, route: Route) -> Document:
        """Write down where an incoming call goes."""
        ...

    def pressed(self, request: WebhookRequest) -> str:
        """Return the keys that a verified request brings, "" for none."""
        ...

    def accept(self, reference: str, step: int, language: str, *, accepted: bool) -> Document:
        """Write down what is asked of one who answers a call that came in: a key, or nothing once it is `accepted`."""
        ...


@runtime_checkable
class BringsSound(Protocol):
    """A carrier that brings the sound of a leg to a media worker, over a socket that it opens itself."""

    def into_stream(self, carrier_id: str, url: str, token: str) -> None:
        """Have a leg that talks bring its sound to `url` from now on, and show `token` there. Raises CarrierError."""
        ...

    def into_room(self, carrier_id: str, room: str) -> None:
        """Have a leg that talks enter the room of its call from now on. Raises CarrierError."""
        ...

    def genuine(self, url: str, headers: Mapping[str, str]) -> bool:
        """Return whether this carrier opens the socket at `url`, by the headers of its handshake."""
        ...


@runtime_checkable
class ValidatesCallerIds(Protocol):
    """A carrier that shows only numbers that it holds or has called itself.

    This comes beside our own proof, which no carrier's check replaces.
    """

    def validate(self, number: str, name: str, extension: str = "", delay_s: int = 0) -> str:
        """Have the carrier call a number and return the code that must be typed there. Raises CarrierError.

        `name` is what the carrier's own list calls it and holds no number; `delay_s` is 0 to 60.
        """
        ...

    def validated(self) -> frozenset[str]:
        """Return the numbers (E.164) that may be shown. Raises CarrierError."""
        ...

    def withdraw(self, number: str) -> None:
        """Take a number off the list; one that is not on it is no error. Raises CarrierError."""
        ...

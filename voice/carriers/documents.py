"""What a carrier that asks for instructions by webhook is told. Knows no Django, no database and no provider.

Some carriers (Twilio) fetch a document whenever a leg is answered or a key was pressed, and follow it. What it shall do
is decided by ``voice.standing``, from how the leg stands once the webhook's events were taken; how that is written, by
the adapter. A carrier that is told everything by requests needs none of this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from voice.carriers.base import WebhookRequest

Step = Literal["press_one", "join", "say", "hang_up"]


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a leg shall do next.

    ``press_one``: ask for a key, then ask us again; ``join``: enter `room`, after being told to wait where `waits`;
    ``say``: speak `text` three times and end; ``hang_up``: end now. `max_s` is how long it may stay in the room.
    """

    step: Step
    reference: str = ""
    room: str = ""
    waits: bool = False
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

"""What a carrier is: eight methods over normalised events. Knows no Django, no database and no provider.

All methods are synchronous and are called by the threads of the loop (``verify`` and ``parse`` by a web thread). Each
must return or raise within `TIMEOUT_S`, which is well below the time for which an action is claimed. The contract is
``tests/voice/carriers/contract.py``; ``docs/adding-a-carrier.md`` explains it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

from voice.call import Cause, PromptKind

TIMEOUT_S: Final = 8.0
Kind = Literal["dialing", "ringing", "answered", "confirmed", "ended", "key"]
About = Literal["clinic", "phone"]
"""What a code proves: a number of a clinic, or a member's own phone."""


@dataclass(frozen=True, slots=True)
class DialOrder:
    """One leg to be dialled. The `repr` shows no number.

    `reference` is random and the only name of ours that the carrier may be given; `to` and `shown` are E.164; `room`
    is the random name of the bridge; `confirm` asks for a key press before anything is heard of the other side;
    `timeout_s` is how long it may ring and `max_s` how long the leg may live at all; `language` is that of who hears
    it. With `say` the leg is no side of a call: `digits` are sent after the answer (an extension), the sentence is
    spoken three times, and the carrier hangs up; it has no room then. A carrier that speaks in recordings says instead
    that there is a code `about` this, and the digits of `code`.
    """

    reference: str
    to: str = field(repr=False)
    shown: str = field(repr=False)
    timeout_s: int
    confirm: bool
    room: str
    max_s: int
    language: str
    say: str = field(default="", repr=False)
    digits: str = field(default="", repr=False)
    about: About | None = None
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class CarrierEvent:
    """What a carrier says of a leg. `key` names this event for ever: the same key twice is the same event.

    `carrier_id` is the carrier's name of the leg; `digits` are set for ``key`` alone; `order` is the carrier's own
    number of the event within the leg where it has one; `cause` and `provider_code` are set for ``ended``.
    """

    reference: str
    carrier_id: str
    key: str
    kind: Kind
    at: datetime
    cause: Cause | None = None
    provider_code: str = ""
    digits: str = field(default="", repr=False)
    order: int | None = None


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request of a carrier as it came in: path below the configured public address, query, form, headers."""

    path: str
    query: str
    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


class CarrierError(Exception):
    """A carrier did not do what was asked. The message is a constant sentence and holds no number.

    `permanent`: asking again cannot help. For a dial, anything but `Cause.UNCERTAIN` says that nothing rings and
    nothing will; with `Cause.UNCERTAIN` the request may have arrived, so it is never repeated but looked for.
    """

    def __init__(self, message: str, *, permanent: bool, cause: Cause, provider_code: str = "") -> None:
        super().__init__(message)
        self.permanent, self.cause, self.provider_code = permanent, cause, provider_code


class Forged(Exception):
    """A webhook that is not of this carrier: a wrong signature, a wrong account, or too old."""


class NoWebhooks:
    """A carrier of which nothing comes by a request: what happens is told within the installation."""

    def verify(self, request: WebhookRequest) -> None:
        """Refuse: no request is of this carrier."""
        raise Forged

    def parse(self, request: WebhookRequest) -> list[CarrierEvent]:
        """Nothing comes this way."""
        return []


class Carrier(Protocol):
    """One carrier. Instances are shared by threads."""

    @property
    def name(self) -> str:
        """The word under which its rows and webhooks are kept."""
        ...

    def dial(self, order: DialOrder) -> str:
        """Have one leg dialled and return the carrier's id of it. Raises CarrierError."""
        ...

    def answer(self, carrier_id: str) -> None:
        """Accept an incoming leg. Raises CarrierError."""
        ...

    def prompt(self, carrier_id: str, what: PromptKind, language: str) -> None:
        """Have something said on a leg in the language of who hears it; ``unavailable`` also ends it.

        Raises CarrierError.
        """
        ...

    def bridge(self, clinician_id: str, patient_id: str, room: str) -> None:
        """Let the two legs hear each other; safe to repeat. Raises CarrierError."""
        ...

    def hangup(self, carrier_id: str) -> None:
        """End a leg, ringing or answered; one that has ended is no error. Raises CarrierError."""
        ...

    def verify(self, request: WebhookRequest) -> None:
        """Raise Forged unless this carrier sent the request, now."""
        ...

    def parse(self, request: WebhookRequest) -> list[CarrierEvent]:
        """Return what a verified request says; what is not understood is left out."""
        ...

    def fetch(
        self, reference: str, carrier_id: str | None, *, order: DialOrder | None = None,
        asked: tuple[datetime, datetime] | None = None, known: Collection[str] = (),
    ) -> list[CarrierEvent]:
        """Return what the carrier knows of a leg; empty: nothing.

        Where its id is unknown the carrier looks by our reference. One that cannot looks by both numbers of `order`
        among the legs that it made between the two instants of `asked`, leaving out other attempts' (`known`); without
        `order` and `asked` it finds nothing, and where more than one fits, nothing. Raises CarrierError where it cannot
        be asked.
        """
        ...

"""Shapes of the HTTP answers and questions about clinics' numbers and own phones. Instants are Unix milliseconds."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from ninja import Field, Schema

from voice.models.rights import LONGEST_WHY

LATEST_MS = 253_402_300_799_000  # the end of the year 9999
Instant = Annotated[int, Field(ge=0, le=LATEST_MS)]
Typed = Annotated[str, Field(max_length=40)]
"""A number as somebody typed it: never in an address, never in an answer."""


def from_ms(at: int | None) -> datetime | None:
    """Return the instant of Unix milliseconds."""
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)


class ProofShown(Schema):
    """A call with a code. `state`: waiting, calling, called, proved, failed; `code` in the demo alone."""

    state: str
    cause: str
    call_at: int
    expires_at: int
    attempts_left: int
    code: str | None


class GrantShown(Schema):
    """Who may show a number, until when."""

    member: str
    name: str
    until: int | None


class LentShown(Schema):
    """A clinic that uses this number; `id` is the number as that clinic has it."""

    id: str
    clinic: str
    state: str


class NumberShown(Schema):
    """A clinic's number. `state`: proving, approving, live, expired; `holder` is the clinic that lends it.

    `single_until`: when the approval comes by itself, as nobody else can give it. `carrier`: ``wanted`` where the
    carrier has to call the number itself before it shows it, ``done`` once it has, ``none`` where it does not ask.
    """

    id: str
    formatted: str
    extension: bool
    mode: str
    attestation: str
    says: str
    calls_back: str
    state: str
    asked_by: str | None
    approved_by: str | None
    can_approve: bool
    carrier: Literal["none", "wanted", "done"]
    single: bool
    single_until: int | None
    expires_at: int | None
    holder: str | None
    lent: list[LentShown]
    proof: ProofShown | None
    grants: list[GrantShown]


class NumberEnded(Schema):
    """A number that was revoked (who and why: by this clinic), or that expired with the clinic that lends it."""

    id: str
    formatted: str
    mode: str
    state: Literal["revoked", "expired"]
    holder: str | None
    approved_at: int | None
    expires_at: int | None
    revoked_at: int | None
    revoked_by: str | None
    revoked_why: str


class NumbersShown(Schema):
    """A clinic's numbers, the oldest first; `ended` are those of which nothing is to be done, the newest first."""

    items: list[NumberShown]
    ended: list[NumberEnded]


class NumberWanted(Schema):
    """A number to be shown. With `call_at` it is called with a code at that time, within a week."""

    number: Typed
    mode: Literal["own", "held"] = "own"
    extension: str = Field(default="", max_length=10)
    call_at: Instant | None = None


class CallWanted(Schema):
    """When to call with a code; left out: now."""

    at: Instant | None = None


class CodeHeard(Schema):
    """The six digits that the call spoke."""

    code: str = Field(max_length=20)


class GrantWanted(Schema):
    """Which member of the clinic, by the id of their place, and until when."""

    member: str
    until: Instant | None = None


class Revocation(Schema):
    """Why a number is revoked, for the clinic's administrators."""

    why: str = Field(default="", max_length=LONGEST_WHY)


class CarrierCode(Schema):
    """What is to be typed on the phone that the carrier calls."""

    code: str


class Consent(Schema):
    """Which clinic may use the number too, by its id, which its administrator tells."""

    clinic: str


class PhoneWanted(Schema):
    """One's own phone."""

    number: Typed


class PhoneWaiting(ProofShown):
    """A phone that waits for its code."""

    mask: str


class PhoneCooling(Schema):
    """A phone that was proved in place of another, and from when it rings."""

    mask: str
    at: int


class PhoneShown(Schema):
    """One's own phone. `verified`: one is in use, whose `mask` this is; else `mask` is of the one that waits."""

    verified: bool
    mask: str | None
    cooling: PhoneCooling | None
    waiting: PhoneWaiting | None
    service_number: str

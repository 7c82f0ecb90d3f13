"""What consults say on the wire, for the documents: the content of each event, and the commands with their shapes.

Commands come from the tables of ``commands.py`` and say of themselves what their services say. Events are built in
the services; a test holds these shapes equal to what a consult that goes through everything leaves in the log.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from consults import shapes
from consults.clock import REOPEN_FOR, SCHEDULES, Schedule
from consults.commands import OWN, PREPARES, SERVICES
from consults.domain import (
    ADVICE,
    ASKS_STANDING,
    INVITES_STANDING,
    MAY,
    OFFERS_PER_RING,
    PARTIES_MOST,
    Act,
    Outcome,
    State,
    Urgency,
)
from realtime.describing import CommandDoc, Described, EventDoc, TableDoc, does_of

Instant = Annotated[int, Meta(description="Unix milliseconds.")]
OfferId = Annotated[str, Meta(description="An offer's id.")]
ConsultId = Annotated[str, Meta(description="The consult's stream.")]
Specialty = Annotated[str, Meta(description="A code of `GET /api/v1/specialties`.")]
Language = Annotated[str, Meta(description="A code of `GET /api/v1/languages`.")]
Target = Annotated[int, Meta(description="The number of the message.", ge=1)]
Gone = Annotated[Literal[True], Meta(description="Instead of the text, once it was taken away.")]
Erased = Annotated[Literal[True], Meta(description="Instead of the text, after its retention time.")]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The question; the first event of a consult."""

    specialty: Specialty
    question: str
    language: Language
    urgency: Urgency
    ends_at: Annotated[int, Meta(description="When waiting ends, Unix milliseconds.")]
    erased: Erased | UnsetType = UNSET


class Ringing(msgspec.Struct, frozen=True, kw_only=True):
    """More clinicians are asked from now on."""

    ring: Annotated[int, Meta(ge=1, le=3)]
    next_at: Annotated[int | None, Meta(description="When the next ring begins, Unix milliseconds.")]
    ends_at: Instant


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """Someone took it, or came in on an invitation. `u` is the pseudonym."""

    badge: Annotated[str, Meta(description="As specific as enough members share; may be empty.")]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What someone said, as it stands now."""

    text: str | UnsetType = UNSET
    redacted: Gone | UnsetType = UNSET
    erased: Erased | UnsetType = UNSET


class Edited(msgspec.Struct, frozen=True, kw_only=True):
    """The author changed a message; `text` is filled from it as it stands now."""

    target: Target
    text: str | UnsetType = UNSET
    redacted: Gone | UnsetType = UNSET
    erased: Erased | UnsetType = UNSET


class Redacted(msgspec.Struct, frozen=True, kw_only=True):
    """The author took a message away for good."""

    target: Target


class HandedBack(msgspec.Struct, frozen=True):
    """The answerer gave it back; their seat ends here."""


class OfferedOn(msgspec.Struct, frozen=True):
    """The answerer did not reply in time; their seat ends here and it is offered onward."""


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """One more clinician of a specialty is asked in."""

    specialty: Specialty


class InviteEnded(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody came in on an invitation."""

    specialty: Specialty


class Left(msgspec.Struct, frozen=True):
    """A participant has gone; their seat ends here."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The consult has ended, by someone (`u`) or by itself."""

    state: Literal["answered", "withdrawn", "nobody", "no_reply"]
    outcome: Annotated[Outcome, Meta(description="What the one who closed it said.")] | UnsetType = UNSET
    note: str | UnsetType = UNSET
    erased: Erased | UnsetType = UNSET
    reopen_until: Annotated[int, Meta(description="Unix milliseconds.")] | UnsetType = UNSET
    advice: (
        Annotated[list[Literal[tuple(ADVICE)]], Meta(description="What to do next, in order.")]  # type: ignore[valid-type]  # made of the table
        | UnsetType
    ) = UNSET


class ReopenAsked(msgspec.Struct, frozen=True):
    """One side asks to go on; the other agrees by the same command."""


class Reopened(msgspec.Struct, frozen=True):
    """Both sides agreed, it is open again."""


class AskedByMe(msgspec.Struct, frozen=True, kw_only=True):
    """The member asked something."""

    r: ConsultId


class OfferMade(msgspec.Struct, frozen=True, kw_only=True):
    """The member is offered a consult."""

    offer: OfferId
    specialty: Specialty
    question: str
    language: Language
    urgency: Urgency
    ring: Annotated[int, Meta(description="0: an invitation into an open consult.", ge=0, le=3)]
    expires_at: Instant
    erased: Erased | UnsetType = UNSET


class OfferGone(msgspec.Struct, frozen=True, kw_only=True):
    """An offer no longer stands."""

    offer: OfferId
    why: Literal["taken", "expired", "withdrawn"]


class OfferAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """The member took a consult."""

    offer: OfferId
    r: ConsultId


class OfferDeclined(msgspec.Struct, frozen=True, kw_only=True):
    """The member declined an offer."""

    offer: OfferId


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A consult in which the member takes part, or took part until this moment, has changed."""

    r: ConsultId
    state: State
    head: Annotated[int, Meta(description="Its last number.")]


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """The member reported a consult to the platform team."""

    r: ConsultId


IN_A_CONSULT: Final[dict[str, type[msgspec.Struct]]] = {
    "consult.asked": Asked,
    "consult.ringing": Ringing,
    "consult.joined": Joined,
    "message": Said,
    "edit": Edited,
    "redact": Redacted,
    "consult.handed_back": HandedBack,
    "consult.offered_on": OfferedOn,
    "consult.invited": Invited,
    "consult.invite_ended": InviteEnded,
    "consult.left": Left,
    "consult.ended": Ended,
    "consult.reopen_asked": ReopenAsked,
    "consult.reopened": Reopened,
}
IN_AN_INBOX: Final[dict[str, type[msgspec.Struct]]] = {
    "consult.asked": AskedByMe,
    "offer.made": OfferMade,
    "offer.gone": OfferGone,
    "offer.accepted": OfferAccepted,
    "offer.declined": OfferDeclined,
    "consult.changed": Changed,
    "consult.reported": Reported,
}
SHAPES: Final[dict[str, type[msgspec.Struct]]] = {
    "consult.ask": shapes.Ask,
    "consult.report": shapes.Report,
    "offer.accept": shapes.OfferRef,
    "offer.decline": shapes.Decline,
    "message": shapes.Message,
    "edit": shapes.Edit,
    "redact": shapes.Target,
    "consult.close": shapes.Close,
    "consult.invite": shapes.Invite,
}
SAY: Final = "`message`: say something. Raises Refusal `malformed`, `too_large`, `gate`, `closed`."


def _span(seconds: int | None) -> str:
    if seconds is None:
        return "never"
    if seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"


def _clock(urgency: Urgency, times: Schedule) -> tuple[str, ...]:
    rings = ", ".join(_span(at) if at else "at once" for at in times.rings_s)
    return (
        f"`{urgency}`",
        rings,
        _span(times.end_s),
        _span(times.first_reply_s),
        _span(times.silence_s),
        _span(times.invite_s),
    )


CLOCKS: Final = TableDoc(
    "clocks",
    (
        "urgency",
        "rings widen",
        "waiting ends",
        "offered onward without a first reply",
        "ends in silence",
        "an invitation stands",
    ),
    tuple(_clock(urgency, times) for urgency, times in SCHEDULES.items()),
)
MAY_DO: Final = TableDoc(
    "who may do what",
    ("command", *(f"{state}, {role}" for state, role in MAY)),
    tuple((f"`{act}`", *("yes" if act in may else "" for may in MAY.values())) for act in Act),
)
SIZES: Final = TableDoc(
    "sizes",
    ("what", "at most"),
    (
        ("question", f"{shapes.QUESTION_CHARS} characters"),
        ("message", f"{shapes.MESSAGE_CHARS} characters"),
        ("closing note", f"{shapes.NOTE_CHARS} characters"),
        ("reason of a report", f"{shapes.REASON_CHARS} characters"),
        ("consults of one member that wait", str(ASKS_STANDING)),
        ("offers made by one ring or invitation", str(OFFERS_PER_RING)),
        ("participants of a consult", str(PARTIES_MOST)),
        ("invitations of a consult that stand", str(INVITES_STANDING)),
        ("time in which a consult can be reopened", f"{REOPEN_FOR.total_seconds() / 3600:.0f} h"),
    ),
)

DESCRIBED: Final = Described(
    commands=(
        *(CommandDoc(kind, "me", SHAPES[kind], does_of(service.__doc__)) for kind, service in OWN.items()),
        *(CommandDoc(kind, "consult", SHAPES[kind], does_of(SAY)) for kind in PREPARES),
        *(
            CommandDoc(kind, "consult", SHAPES.get(kind, shapes.Nothing), does_of(service.__doc__))
            for kind, service in SERVICES.items()
        ),
    ),
    events=(
        *(EventDoc(kind, "consult", shape) for kind, shape in IN_A_CONSULT.items()),
        *(EventDoc(kind, "inbox", shape) for kind, shape in IN_AN_INBOX.items()),
    ),
    tables=(CLOCKS, MAY_DO, SIZES),
)

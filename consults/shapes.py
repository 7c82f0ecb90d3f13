"""The content of every consult command as a typed struct, and how long each text may be.

May import the standard library, msgspec, `consults.domain` and `realtime.protocol` only: no Django, no clock.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeVar

import msgspec

from consults.domain import Outcome, Urgency
from realtime.protocol import Refusal, refuse

QUESTION_CHARS: Final = 2000
MESSAGE_CHARS: Final = 4000
NOTE_CHARS: Final = 1000
REASON_CHARS: Final = 1000
_WORD_CHARS: Final = 64

T = TypeVar("T", bound=msgspec.Struct)


class Ask(msgspec.Struct, frozen=True):
    """`consult.ask`: which specialty, what, in which language, how soon."""

    specialty: str
    question: str
    language: str
    urgency: Urgency


class OfferRef(msgspec.Struct, frozen=True):
    """`offer.accept`: which offer."""

    offer: str


class Decline(msgspec.Struct, frozen=True):
    """`offer.decline`: which offer, and why not."""

    offer: str
    why: Literal["not_now", "not_my_field"]


class Close(msgspec.Struct, frozen=True):
    """`consult.close`: what became of the question, and a word for the summary."""

    outcome: Outcome
    note: str | None = None


class Invite(msgspec.Struct, frozen=True):
    """`consult.invite`: of which specialty one more clinician is asked in."""

    specialty: str


class Report(msgspec.Struct, frozen=True):
    """`consult.report`: which consult, why, and which event of it (its number), if one."""

    r: str
    reason: str
    about: int | None = None


class Message(msgspec.Struct, frozen=True):
    """`message`: what is said."""

    text: str


class Edit(msgspec.Struct, frozen=True):
    """`edit`: the number of an own message, and what it says instead."""

    target: int
    text: str


class Target(msgspec.Struct, frozen=True):
    """`redact`: the number of an own message."""

    target: int


class Nothing(msgspec.Struct, frozen=True):
    """The content of a command that needs none."""


def read(shape: type[T], d: dict[str, Any]) -> T:
    """Return the content of a command; unknown keys are ignored. Raises Refusal `malformed`."""
    try:
        return msgspec.convert(d, shape)
    except msgspec.ValidationError:
        raise refuse("malformed") from None


def check_word(word: str) -> str:
    """Return a short word (a specialty, a language, an id) as it is. Raises Refusal `malformed`."""
    if not word or len(word) > _WORD_CHARS:
        raise refuse("malformed")
    return word


def check_length(text: str, most: int) -> str:
    """Return the text without the blank space around it. Raises Refusal `malformed` (empty) or `too_large`."""
    kept = text.strip()
    if not kept:
        raise Refusal("malformed", "Write something first.")
    if len(kept) > most:
        raise Refusal("too_large", f"This is longer than {most} characters.", d={"most": most})
    return kept

"""What a voice says on a call with a code, in every language that the service speaks, and which one is for whom.

Who is on a side of a masked call hears the same language there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from members.models import Account, Clinic
from voice.call import Side
from voice.carriers.base import About
from voice.models import Action, Call, IncomingRule

ENGLISH: Final = "en"
SAYS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "clinic": "Hello. This is Curbside with a code for {name}. Somebody there asked to show this number "
                  "to patients whom they call. If that is right, give them the code. If not, hang up. The code is: "
                  "{code}.",
        "phone": "Hello. This is Curbside with a code that proves your own phone. Nobody will ever ask you for it. "
                 "The code is: {code}.",
    },
    "sv": {
        "clinic": "Hej. Det här är Curbside med en kod till {name}. Någon där har bett om att få visa det här numret "
                  "för patienter som de ringer. Om det stämmer, ge dem koden. Om inte, lägg på. Koden är: {code}.",
        "phone": "Hej. Det här är Curbside med en kod som bevisar din egen telefon. Ingen kommer någonsin att fråga "
                 "dig efter den. Koden är: {code}.",
    },
}  # fmt: skip
BY_COUNTRY: Final = {"SE": "sv"}
"""Of a clinic that has not chosen in which language callers are spoken to."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text and the language that it is in; and what it is about and its code, to be said in recordings.

    The `repr` shows no code.
    """

    text: str = field(repr=False)
    language: str
    about: About
    code: str = field(repr=False)


def to_clinic(clinic: Clinic, digits: str) -> Spoken:
    """Return what whoever answers the clinic's number hears."""
    language = language_of(clinic)
    return Spoken(
        SAYS[language]["clinic"].format(name=clinic.name, code=_slowly(digits)), language, "clinic", digits)


def to_member(account: Account, digits: str) -> Spoken:
    """Return what a member hears on their own phone, in the first of their languages that the service speaks."""
    language = _first_of(account.languages)
    return Spoken(SAYS[language]["phone"].format(code=_slowly(digits)), language, "phone", digits)


def language_on_leg(call: Call, side: str, languages: Sequence[str] | None = None) -> str:
    """Return the language of who hears one side of a call: a member's own, or that of the patient.

    `languages`: the member's, where they were read already.
    """
    if side == Side.PATIENT:
        return call.language
    if languages is None:
        languages = Account.objects.values_list("languages", flat=True).get(pk=call.account)
    return _first_of(languages)


def language_asked(action: Action) -> str:
    """Return the language in which something that was claimed is said on its leg; the claim has read the member's."""
    assert action.attempt is not None
    return language_on_leg(action.attempt.call, action.attempt.side, action.languages)


def language_of(clinic: Clinic) -> str:
    """Return the language in which the service speaks for a clinic: the one that it chose, else that of its country."""
    chosen = IncomingRule.objects.filter(clinic=clinic).values_list("language", flat=True).first()
    language = (chosen or BY_COUNTRY.get(clinic.country, ENGLISH))[:2]
    return language if language in SAYS else ENGLISH


def _slowly(digits: str) -> str:
    return ", ".join(digits)


def _first_of(languages: Sequence[str]) -> str:
    return next((tag[:2] for tag in languages if tag[:2] in SAYS), ENGLISH)

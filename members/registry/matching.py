"""Asks a registry for a number, and holds what it says beside what a member says. A match is evidence of a number.

That somebody knows a number does not make them its owner: what is said and what was found are shown side by side.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Final, Literal, NamedTuple

from members.models import RegistryEntry
from members.registry.layouts import Layout, bare

Verdict = Literal["same", "near", "differs", "unknown"]
TITLES: Final = frozenset({
    "dr", "prof", "professor", "doctor", "md", "do", "phd", "mbbs", "mph", "rn", "np", "pa", "pharmd", "jr", "sr", "ii",
    "iii", "mr", "mrs", "ms", "leg", "lakare",
})  # fmt: skip
LETTERS: Final = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


class Compared(NamedTuple):
    """One thing as the member says it, as the registry says it, and how the two agree."""

    what: str
    said: str
    found: str
    verdict: Verdict


def look_up(layout: Layout, number: str) -> RegistryEntry | None:
    """Return what a registry says of a number, however it is spaced; None where it has none."""
    wanted = bare(number)
    if not layout.is_number(wanted):
        return None
    return RegistryEntry.objects.filter(registry=layout.registry, number=wanted).first()


def compare(layout: Layout, entry: RegistryEntry, name: str, specialty: str, today: date) -> list[Compared]:
    """Return name, specialty and standing, each as said and as found."""
    shown = " ".join(filter(None, [entry.given, entry.middle, entry.family, entry.credential]))
    fields = [layout.specialty(word) for word in entry.fields.split()]
    stands = entry.standing and (entry.ended_on is None or entry.ended_on > today)
    return [
        Compared("name", name, shown, _names(name, entry)),
        Compared("specialty", specialty, entry.fields, _specialties(specialty, fields)),
        Compared("standing", "stands", "stands" if stands else "does not stand", "same" if stands else "differs"),
    ]


def _names(said: str, entry: RegistryEntry) -> Verdict:
    """Same: family and given name are there; near: a former or a part of the family name, or an initial."""
    if not entry.family:
        return "unknown"
    words = _words(said)
    given = _words(entry.given)
    families = [found for found in (_words(entry.family), _words(entry.former)) if found]
    whole = bool(families) and families[0] <= words
    part = any(family & words for family in families)
    initials = {word[0] for word in words - set().union(*families)}
    known = bool(given & words)
    alike = known or not given or bool({word[0] for word in given} & initials)
    if whole and known:
        return "same"
    return "near" if part and alike else "differs"


def _specialties(said: str, found: Iterable[str]) -> Verdict:
    named = [code for code in found if code]
    if not said or not named:
        return "unknown"
    return "same" if said in named else "differs"


def _words(name: str) -> set[str]:
    """Return the words of a name without marks, cases and titles."""
    apart = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    plain = (sign for sign in apart if not unicodedata.combining(sign) and sign not in ".'’")
    return set("".join(sign if sign.isalpha() else " " for sign in plain).split()) - TITLES

"""Badges as classes of at least *k* members, along a fixed lattice. Pure: counts in, words out.

The population is split from the top: clinicians, role, specialty, region, subspecialty, years. A split shows its
parts only where each holds *k*; parts below it stay together under the wider badge, and where those alone would be
fewer than *k*, the smallest shown part joins them, so that "the one without a region" is nobody in particular.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from members import taxonomy


class Traits(NamedTuple):
    """What a badge may tell of a clinician. `years` is a band of ``years_band``."""

    role: str
    specialty: str
    subspecialty: str
    region: str
    years: str


Counts = Mapping[Traits, int]
SPLITS: tuple[Callable[[Traits], str], ...] = (
    lambda t: t.role, lambda t: t.specialty, lambda t: t.region, lambda t: t.subspecialty, lambda t: t.years)
BANDS = ((5, "under 5 years"), (15, "5 to 14 years"), (25, "15 to 24 years"))


def years_band(years: int) -> str:
    """Return the band of years in practice that a badge may show."""
    return next((name for limit, name in BANDS if years < limit), "25 years or more")


def assign(counts: Counts, k: int) -> dict[Traits, str]:
    """Return the badge of everyone with the same traits: each badge is shared by at least `k`, or is empty."""
    if sum(counts.values()) < k:
        return dict.fromkeys(counts, "")
    badges: dict[Traits, str] = {}
    _split(list(counts), 0, counts, k, badges)
    return badges


def _split(members: list[Traits], depth: int, counts: Counts, k: int, badges: dict[Traits, str]) -> None:
    if depth == len(SPLITS):
        badges.update(dict.fromkeys(members, words(members[0], depth)))
        return
    parts: dict[str, list[Traits]] = defaultdict(list)
    for traits in members:
        parts[SPLITS[depth](traits)].append(traits)
    sizes = {value: sum(counts[t] for t in part) for value, part in parts.items()}
    shown = sorted((value for value in parts if value and sizes[value] >= k), key=lambda value: (sizes[value], value))
    rest = [value for value in parts if value not in shown]
    while shown and rest and sum(sizes[value] for value in rest) < k:
        rest.append(shown.pop(0))
    together = [traits for value in rest for traits in parts[value]]
    if together:
        _keep(together, depth, counts, k, badges)
    for value in shown:
        _split(parts[value], depth + 1, counts, k, badges)


def _keep(members: list[Traits], depth: int, counts: Counts, k: int, badges: dict[Traits, str]) -> None:
    """Give those that cannot be told apart at this depth its badge, or split on where all have nothing to tell."""
    if all(not SPLITS[depth](traits) for traits in members):
        _split(members, depth + 1, counts, k, badges)
    else:
        badges.update(dict.fromkeys(members, words(members[0], depth)))


def words(traits: Traits, depth: int) -> str:
    """Return the badge of a class whose first `depth` traits are told."""
    if depth == 0:
        return "Clinician"
    parts = [_noun(traits, depth)]
    if depth > 2 and traits.region:
        parts.append(traits.region)
    if depth > 4:
        parts.append(traits.years)
    return ", ".join(parts)


def _noun(traits: Traits, depth: int) -> str:
    role = taxonomy.ROLES[traits.role]
    specialty = taxonomy.SPECIALTIES.get(traits.specialty)
    if depth < 2 or specialty is None:
        return role.name
    subspecialty = taxonomy.SUBSPECIALTIES.get(traits.subspecialty) if depth > 3 else None
    if role.code == "physician":
        return subspecialty[1] if subspecialty else specialty.doctor
    return f"{subspecialty[0] if subspecialty else specialty.name} {role.noun}"

"""What somebody may hold for a clinic, as other apps say it, and what becomes of it when their place there ends.

It is shown before a place ends (`touches`), and passed on in the same transaction, or ends after it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from members.models import ClinicMembership
from realtime.instants import to_ms


@dataclass(frozen=True, slots=True)
class Leaving:
    """A place in a clinic that ends. `heir`: who takes over, of the same clinic; `by`: who ends it, None: nobody asked.

    `chosen` are ids of those `Choice`s that the heir is given.
    """

    place: ClinicMembership
    heir: ClinicMembership | None
    by: ClinicMembership | None
    chosen: frozenset[str]
    now: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that an heir is given only where an administrator says so; `until` is its end, None: it has none."""

    id: str
    says: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    """What a member may hold for a clinic, by kind, and what becomes of it in words.

    `count(clinic, account)` says how much there is; `pass_on` ends it, or gives it to the heir; `needs_heir`: it has to
    go on, so that there must be one. `heir_roles`: in which roles an heir takes it; of what has `choices`, only these.
    Without `pass_on` it ends, or goes its own way, once the place has ended (``members.standing``).
    """

    kind: str
    says: str
    count: Callable[[str, str], int]
    pass_on: Callable[[Leaving], None] | None
    needs_heir: bool = False
    heir_roles: tuple[str, ...] = ()
    choices: Callable[[ClinicMembership, datetime], list[Choice]] | None = None


_parts: Final[dict[str, Part]] = {}


def register_part(part: Part) -> None:
    """Make known what can be held for a clinic. Called once by an app that is ready."""
    _parts[part.kind] = part


def touches(place: ClinicMembership, now: datetime, *, may_choose: bool = False) -> list[dict[str, Any]]:
    """Return what ending a place touches, only what there is, with what may be given on where one `may_choose`."""
    found = [(part, part.count(str(place.clinic_id), str(place.account_id))) for part in _parts.values()]
    return [_shown(part, count, part.choices(place, now) if part.choices and may_choose else [])
            for part, count in found if count]


def _shown(part: Part, count: int, choices: list[Choice]) -> dict[str, Any]:
    """An heir takes nothing of what has to be chosen where nothing can be."""
    return {
        "kind": part.kind, "says": part.says, "count": count, "needs_heir": part.needs_heir,
        "heir_roles": list(part.heir_roles) if choices or part.choices is None else [],
        "choices": [{"id": one.id, "says": one.says, "until": to_ms(one.until) if one.until else None}
                    for one in choices],
    }  # fmt: skip


def choices_of(place: ClinicMembership, now: datetime) -> set[str]:
    """Return the ids of all that could be given to an heir."""
    return {one.id for part in _parts.values() if part.choices for one in part.choices(place, now)}


def pass_all_on(leaving: Leaving) -> None:
    """End or pass on all that somebody holds, in the caller's transaction."""
    for part in _parts.values():
        if part.pass_on is not None:
            part.pass_on(leaving)

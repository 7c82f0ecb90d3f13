"""A clinic's rule for calls that come in to its held numbers, and who is on call. The only writer of both.

A rule never holds a member's own phone: those are rung for a call back only where their owner offered it for that one
call (``voice.offers``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from members.clinic_members import find_member
from members.clinics import access_verified
from members.errors import Invalid, NotFound
from members.models import Account, Clinic, ClinicMembership
from voice.models import ClinicNumber, IncomingRule, OnCallTurn, OwnPhone
from voice.numbers import DIALLED, Unreadable, find_emergency, mask, read_number
from voice.sealed import EVERYWHERE, blind_indexes, open_in, seal_in
from voice.spoken import language_of

ROUTES: Final = ("desk", "on_call", "hours", "message")
AFTER_HOURS: Final = ("on_call", "message")
READERS: Final = ("desk", "administrator")
KEEPERS: Final = ("administrator",)
MOST_HOURS: Final = 21
MOST_TURNS: Final = 100
LONGEST_TURN: Final = timedelta(days=14)
FARTHEST_TURN: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Opening:
    """The desk is open on this day (Monday is 0) between two times of the clinic's own wall clock."""

    day: int
    opens: time
    closes: time


def access_rule(account: Account, clinic_id: str) -> dict[str, Any]:
    """Return a clinic's rule as its desk and administrators see it. Raises NotFound."""
    place = access_verified(account, clinic_id, READERS)
    rule = IncomingRule.objects.filter(clinic=place.clinic).first() or IncomingRule(
        clinic=place.clinic, language=language_of(place.clinic))
    turns = OnCallTurn.objects.filter(clinic=place.clinic, ends_at__gt=timezone.now()).select_related("account")
    places = ClinicMembership.objects.filter(clinic=place.clinic, left_at=None)
    member_of = dict(places.values_list("account", "pk"))
    return {
        "route": rule.route,
        "after_hours": rule.after_hours,
        "language": rule.language,
        "desk": {"mask": rule.desk_mask} if rule.desk else None,
        "hours": [{"day": day, "from": opens, "to": closes} for day, opens, closes in rule.hours],
        "on_call": [
            {"id": turn.pk, "member": member_of.get(turn.account_id, ""), "name": turn.account.name, "mask": turn.mask,
             "from": turn.starts_at, "until": turn.ends_at}
            for turn in turns.order_by("starts_at", "pk")
        ],
    }  # fmt: skip


@transaction.atomic
def change_rule(account: Account, clinic_id: str, *, route: str, after_hours: str, openings: list[Opening],
                desk_number: str | None, language: str) -> None:
    """Store where a clinic's calls go. A `desk_number` of None keeps the one that is there, "" removes it.

    Raises NotFound, Invalid.
    """
    clinic = access_verified(account, clinic_id, KEEPERS).clinic
    rule = IncomingRule.objects.select_for_update().filter(clinic=clinic).first() or IncomingRule(clinic=clinic)
    if route not in ROUTES or after_hours not in AFTER_HOURS:
        raise Invalid("route", "Choose where calls go.")
    if len(openings) > MOST_HOURS or any(not 0 <= o.day <= 6 or o.opens >= o.closes for o in openings):
        raise Invalid("hours", "Opening hours begin and end on one day, the end after the beginning.")
    if desk_number is not None:
        number = _place_number(desk_number, clinic, "desk_number") if desk_number else ""
        seal_in(rule, "desk", number)
        rule.desk_mask = mask(number) if number else ""
    if route in ("desk", "hours") and not rule.desk:
        raise Invalid("desk_number", "Give the desk's number, where these calls shall ring.")
    if route == "hours" and not openings:
        raise Invalid("hours", "Say when the desk is open.")
    rule.route, rule.after_hours, rule.language, rule.changed_at = route, after_hours, language, timezone.now()
    rule.hours = [[o.day, f"{o.opens:%H:%M}", f"{o.closes:%H:%M}"] for o in sorted(openings, key=_by_time)]
    rule.save()


@transaction.atomic
def add_turn(account: Account, clinic_id: str, member: str, number: str, starts: datetime, ends: datetime) -> str:
    """Have a member, by the id of their place, on call for a time on a phone of the clinic; return the turn's id.

    Raises NotFound, Invalid.
    """
    clinic = access_verified(account, clinic_id, KEEPERS).clinic
    try:
        place = find_member(clinic.pk, member)
    except NotFound:
        raise Invalid("member", "Choose a member of the clinic.") from None
    now = timezone.now()
    if not starts < ends or ends - starts > LONGEST_TURN or not now < ends <= now + FARTHEST_TURN:
        raise Invalid("until", "A turn ends after it begins, at most two weeks later, within a year from now.")
    if OnCallTurn.objects.filter(clinic=clinic, ends_at__gt=timezone.now()).count() >= MOST_TURNS:
        raise Invalid("until", "There are as many turns planned as can be.")
    e164 = _place_number(number, clinic, "number")
    turn = OnCallTurn(clinic=clinic, account=place.account, mask=mask(e164), starts_at=starts, ends_at=ends)
    seal_in(turn, "number", e164)
    turn.save(force_insert=True)
    return turn.pk


def remove_turn(account: Account, turn_id: str) -> None:
    """End a turn. Raises NotFound."""
    turn = OnCallTurn.objects.filter(pk=turn_id).first()
    if turn is None:
        raise NotFound
    access_verified(account, str(turn.clinic_id), KEEPERS)
    turn.delete()


def places_now(clinic: Clinic, now: datetime) -> list[tuple[str, str]]:
    """Return the places that ring one after the other for a call that comes in now: ``desk`` or ``on_call``, E.164."""
    rule = IncomingRule.objects.filter(clinic=clinic).first()
    if rule is None or rule.route == "message":
        return []
    on_call, desk = _on_call(clinic, now), open_in(rule, "desk")
    if rule.route == "on_call":
        tried = [on_call, ("desk", desk)]
    elif rule.route == "desk" or is_open(rule, clinic, now):
        tried = [("desk", desk)]
    else:
        tried = [on_call] if rule.after_hours == "on_call" else []
    # A phone that has become somebody's own since is not rung.
    return [(kind, number) for kind, number in tried if number and not is_own_phone(number)]


def is_open(rule: IncomingRule, clinic: Clinic, now: datetime) -> bool:
    """Return whether the clinic's desk is open now, on its own wall clock."""
    local = now.astimezone(ZoneInfo(clinic.time_zone))
    clock = f"{local:%H:%M}"
    return any(day == local.weekday() and opens <= clock < closes for day, opens, closes in rule.hours)


def is_own_phone(number: str) -> bool:
    """Return whether a number (E.164) is some member's own phone."""
    indexes = blind_indexes(EVERYWHERE, number)
    return OwnPhone.objects.filter(number_index__in=indexes, removed_at=None, proved_at__isnull=False).exists()


def _on_call(clinic: Clinic, now: datetime) -> tuple[str, str]:
    turns = OnCallTurn.objects.filter(
        clinic=clinic, starts_at__lte=now, ends_at__gt=now, account__is_active=True,
        account__memberships__clinic=clinic, account__memberships__left_at=None,
    )  # fmt: skip
    turn = turns.order_by("-starts_at", "pk").first()
    return ("on_call", open_in(turn, "number") if turn else "")


def _place_number(raw: str, clinic: Clinic, field: str) -> str:
    """Return the number of a place of the clinic. Raises Invalid, in one sentence whatever the reason.

    Otherwise an administrator could learn whether a number is some member's own phone, or another clinic's.
    """
    refused = Invalid(field, "This number cannot be rung. Give an ordinary number of the clinic's own country that is "
                             "nobody's own phone and does not come in here itself.")
    try:
        if find_emergency(raw, clinic.country):
            raise Unreadable
        number = read_number(raw, clinic.country)
    except Unreadable:
        raise refused from None
    held = ClinicNumber.objects.filter(number_index__in=blind_indexes(EVERYWHERE, number.e164), mode="held")
    if (number.type not in DIALLED or number.region != clinic.country or is_own_phone(number.e164)
            or held.exists()):
        raise refused
    return number.e164


def _by_time(opening: Opening) -> tuple[int, time]:
    return opening.day, opening.opens

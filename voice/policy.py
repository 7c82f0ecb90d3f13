"""Where a call may go, asked before every call. Budgets, which need locks, stand in ``budgets.py``.

Emergency numbers come first, on what was typed and again on what it means: nobody who needs help is told of a policy.
Each check that passed is a decision of the call's record.
"""

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Final

from django.conf import settings
from django.db.models import Q

from members.models import Clinic, ClinicMembership
from members.quiet import is_quiet
from realtime import rows, sql
from voice.budgets import Reserved, peek, release, reserve
from voice.do_not_call import MARKED, marked_by
from voice.ground import Ground, stand_on
from voice.models import CallPause, ClinicLimits, RegionException
from voice.numbers import DIALLED, Number, Unreadable, find_emergency, mask, read_number, zones_of
from voice.patients import PatientView
from voice.refusals import refuse
from voice.sealed import EVERYWHERE, blind_index, blind_indexes

__all__ = ["Destination", "Reserved", "check_destination", "is_paused", "peek", "release", "reserve"]

HOURS: Final = (time(8), time(21))
"""When people are called who did not ask for it at another time. Source: 47 CFR 64.1200(c)(1), as a measure."""
NOWHERE: Final = "ZZ"  # the region of who belongs to no clinic: only numbers with a country code can be read


@dataclass(frozen=True, slots=True)
class Destination:
    """A number that may be called. `index` is keyed and of the clinic alone; `decisions` go into the record."""

    e164: str = field(repr=False)
    region: str
    type: str
    mask: str
    index: str
    decisions: tuple[dict[str, Any], ...]


def check_destination(account_id: str, clinic_id: str, raw: str, now: datetime, *,
                      patient: PatientView | None = None, urgent: bool = False) -> Destination:
    """Return the destination that `raw` is, if it may be called now; without a patient it is dialled freely.

    Raises Refusal as `destination_on`.
    """
    ground = stand_on(account_id, now, clinic=clinic_id)
    return destination_on(ground, raw, now, free=patient is None, urgent=urgent)


def destination_on(ground: Ground, raw: str, now: datetime, *, free: bool, urgent: bool) -> Destination:
    """Return the destination that `raw` is, if it may be called on what stands; `free`: it is no patient's.

    `urgent`: the caller says that it cannot wait, so calling hours do not bind. Raises Refusal `call.emergency` (with
    ``d.tel``), `call.no_right`, `call.not_verified`, `call.second_factor`, `call.paused`, `call.free_dial`,
    `call.invalid`, `call.region`, `call.type`, `call.own_number`, `call.do_not_call` or `call.hours`.
    """
    place = ground.place
    region = place.clinic.country if place else NOWHERE
    _check_emergency(raw, region)
    if place is None or place.clinic.state != "verified":
        raise refuse("call.no_right")
    _check_caller(place, ground, free=free)
    try:
        number = read_number(raw, region)
    except Unreadable:
        raise refuse("call.invalid") from None
    _check_emergency(number.e164, region)
    _check_number(number, place, now)
    called_in = _check_hours(number, place.clinic, ground.limits, now, urgent=urgent)
    decisions = ({"rule": "emergency", "says": "none"}, {"rule": "region", "says": number.region},
                 {"rule": "type", "says": number.type}, {"rule": "hours", "says": called_in})
    index = blind_index(str(place.clinic_id), number.e164)
    return Destination(number.e164, number.region, number.type, mask(number.e164), index, decisions)


def mask_of(clinic_id: str, raw: str) -> str:
    """Return the mask of what was typed by a clinic's member, "" where it is no number."""
    country = Clinic.objects.filter(pk=clinic_id).values_list("country", flat=True).first()
    try:
        return mask(read_number(raw, country or NOWHERE).e164)
    except Unreadable:
        return ""


def _check_emergency(raw: str, region: str) -> None:
    tel = find_emergency(raw, region)
    if tel is not None:
        raise refuse("call.emergency", d={"tel": tel})


def _check_caller(place: ClinicMembership, ground: Ground, *, free: bool) -> None:
    if place.account.verified_at is None:
        raise refuse("call.not_verified")
    if not ground.second_factor:
        raise refuse("call.second_factor")
    if ground.paused:
        raise refuse("call.paused")
    if free and not place.can_free_dial:
        raise refuse("call.free_dial")


def is_paused(clinic: Clinic | None) -> bool:
    """Return whether no call of a clinic begins now; without a clinic, whether none of all clinics does."""
    scope = Q(clinic=None) if clinic is None else Q(clinic=None) | Q(clinic=clinic)
    return CallPause.objects.filter(scope, ended_at=None).exists()


def regions_of(clinic: Clinic, now: datetime) -> set[str]:
    """Return the regions that a clinic may call: its own, those of the installation, its exceptions of today."""
    exceptions = RegionException.objects.filter(clinic=clinic, until__gt=now).values_list("region", flat=True)
    return {clinic.country, *settings.CURBSIDE_CALL_REGIONS, *exceptions}


def _check_number(number: Number, place: ClinicMembership, now: datetime) -> None:
    """What is stored of this very number, in one statement.

    A do-not-call mark holds for the number, whoever dials it and whether or not the patient was chosen.
    """
    # The type first: premium and satellite ranges are refused wherever they are.
    if number.type not in DIALLED:
        raise refuse("call.type")
    here, anywhere = blind_indexes(str(place.clinic_id), number.e164), blind_indexes(EVERYWHERE, number.e164)
    with sql.prepared() as cursor:
        cursor.execute(OF_NUMBER.replace("MARKS", ", ".join(["%s"] * len(here))), rows.given(
            place.clinic_id, number.region, now, *marked_by(place.clinic_id, here), place.account_id, *anywhere,
            place.clinic_id, *anywhere))
        excepted, do_not_call, own = cursor.fetchone()
    if not excepted and number.region not in {place.clinic.country, *settings.CURBSIDE_CALL_REGIONS}:
        raise refuse("call.region")
    if do_not_call:
        raise refuse("call.do_not_call")
    if own:
        raise refuse("call.own_number")


OF_NUMBER: Final = (
    "SELECT EXISTS(SELECT 1 FROM voice_regionexception WHERE clinic_id = %s AND region = %s AND until > %s), "
    f"{MARKED}, "
    "EXISTS(SELECT 1 FROM voice_ownphone WHERE account_id = %s AND number_index IN (MARKS) AND removed_at IS NULL) "
    "OR EXISTS(SELECT 1 FROM voice_clinicnumber WHERE clinic_id = %s AND number_index IN (MARKS) "
    "AND state <> 'revoked')"
)
"""Whether the region is excepted, whether the number must not be called, whether it is one's own or the clinic's."""


def _check_hours(number: Number, clinic: Clinic, limits: ClinicLimits | None, now: datetime, *, urgent: bool) -> str:
    begins = (limits.hours_from if limits else None) or HOURS[0]
    ends = (limits.hours_to if limits else None) or HOURS[1]
    if limits and limits.hours_from is not None and limits.hours_from == limits.hours_to:
        return "any"
    zones = zones_of(number.e164)
    # A mobile number is of a whole country: the clinic's own zone where it is one of them, else all of them must do.
    asked = (clinic.time_zone,) if not zones or clinic.time_zone in zones else zones
    if all(is_quiet(now, zone, begins, ends) for zone in asked):  # the span of `is_quiet` is any span of a day
        return "within"
    if urgent:
        return "urgent"
    raise refuse("call.hours", d={"urgent": True})

"""Who may show which number. The right is asked for twice: at the request, and again before the patient's leg.

A right is a chain, and every link must hold now: a verified member, a clinic that is verified, a place in it, a grant,
a number that is proved, approved and not expired, and, where another clinic lends it, that clinic and its number too.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from members.clinics import places_of
from members.second_factor import has_second_factor
from realtime.instants import to_ms
from voice.carrier_ids import needs_carrier
from voice.ground import Ground, stand_on
from voice.models import ClinicNumber, Grant
from voice.numbers import formatted
from voice.pauses import standing_pause
from voice.phones import show_phone
from voice.policy import is_paused
from voice.refusals import refuse
from voice.sealed import open_in

LIVE: Final = "live"

SAYS: Final = {
    "A": "Verified by the carrier.",
    "B": "Partly verified by the carrier; may be labelled.",
    "C": "Not verified by the carrier; may be labelled or blocked.",
}
CALLS_BACK: Final = {
    "own": "A call back goes to the clinic's own line. This service does not see it.",
    "held": "A call back comes in here and is routed by the clinic's rule.",
}
"""What is said before dialling of how the number will be presented, and of where a call back lands."""


@dataclass(frozen=True, slots=True)
class CallerId:
    """A number that somebody may show now. `evidence` says by what the right to it was proved."""

    id: str
    clinic: str
    clinic_name: str
    e164: str = field(repr=False)
    formatted: str = field(repr=False)
    mode: str
    attestation: str
    evidence: str
    says: str
    calls_back: str
    expires_at: datetime | None


def access_caller_id(account_id: str, clinic_id: str, caller_id: str) -> CallerId:
    """Return the number that a member may show for a clinic now.

    Raises Refusal `call.no_right`, and `call.number_expired` for a number that one was granted and that has expired.
    """
    now = timezone.now()
    return caller_id_on(stand_on(account_id, now, caller_id=caller_id), clinic_id, now)


def caller_id_on(ground: Ground, clinic_id: str, now: datetime) -> CallerId:
    """Return the number that may be shown, of what stands. Raises Refusal as `access_caller_id`."""
    if ground.number is None or str(ground.number.clinic_id) != clinic_id:
        raise refuse("call.no_right")
    check_number(ground.number, now)
    return show_caller_id(ground.number)


def still_may_show(caller_id: str, account_id: str, clinic_id: str = "") -> None:
    """Raise Refusal unless the right stands at this moment too, and calls of the clinic are not paused.

    `call.no_right`, `call.number_expired`, `number.carrier`, `call.paused`.
    """
    now = timezone.now()
    ground = stand_on(account_id, now, clinic=clinic_id, caller_id=caller_id)
    if ground.number is None:
        raise refuse("call.no_right")
    check_number(ground.number, now)
    if ground.paused:
        raise refuse("call.paused")


def grants_of(account_id: str, now: datetime) -> QuerySet[Grant]:
    """Return the grants of a member that count now, whatever has become of the number itself."""
    return Grant.objects.select_related("clinic_number__clinic").filter(
        Q(until=None) | Q(until__gt=now),
        ended_at=None,
        membership__account=UUID(account_id),
        membership__left_at=None,
        membership__account__is_active=True,
        membership__account__verified_at__isnull=False,
        membership__clinic__state="verified",
    )


def check_number(number: ClinicNumber, now: datetime) -> None:
    """Raise Refusal unless a number may be shown now, over the carrier in use, by whoever holds a grant of it."""
    for link in (number, number.holder):
        if link is None:
            continue
        if link.clinic.state != "verified" or link.state not in (LIVE, "expired"):
            raise refuse("call.no_right")
        if state_of(link, now) == "expired":
            raise refuse("call.number_expired")
    if needs_carrier(number):
        raise refuse("number.carrier")


def state_of(number: ClinicNumber, now: datetime) -> str:
    """Return the state of a number as it is now: one that is past its end is expired, whether a timer ran or not."""
    ended = number.expires_at is not None and number.expires_at <= now
    return "expired" if number.state == LIVE and ended else number.state


def standing_of(number: ClinicNumber, now: datetime) -> str:
    """Return the state of a number as its clinic has it: one whose lender let it expire is expired too."""
    state = state_of(number, now)
    lapsed = number.holder is not None and state_of(number.holder, now) == "expired"
    return "expired" if state == LIVE and lapsed else state


def show_caller_id(number: ClinicNumber) -> CallerId:
    """Return a number as it is presented. The caller has checked the right to it."""
    e164 = open_in(number, "number")
    ends = [link.expires_at for link in (number, number.holder) if link is not None and link.expires_at is not None]
    return CallerId(
        id=number.pk,
        clinic=str(number.clinic_id),
        clinic_name=number.clinic.name,
        e164=e164,
        formatted=formatted(e164),
        mode=number.mode,
        attestation=number.attestation,
        evidence=number.evidence,
        says=SAYS[number.attestation],
        calls_back=CALLS_BACK[number.mode],
        expires_at=min(ends, default=None),
    )


def setup_of(account_id: str, now: datetime) -> dict[str, Any]:
    """Return what must be settled before a call, and the numbers that may be shown: for the screen that sets one up."""
    given: dict[str, list[ClinicNumber]] = {}
    for grant in grants_of(account_id, now).order_by("clinic_number__mode", "-clinic_number__expires_at"):
        given.setdefault(str(grant.clinic_number.clinic_id), []).append(grant.clinic_number)
    places = [place for place in places_of(account_id) if place.clinic.state == "verified"]
    phone, paused = show_phone(account_id, now), standing_pause()
    return {
        "phone": phone if phone["verified"] or phone["waiting"] or phone["cooling"] else None,
        "second_factor": has_second_factor(account_id),
        "paused": paused is not None,
        "pause": paused and {"since": to_ms(paused.since), "reason": paused.reason},
        "clinics": [
            {"id": str(place.clinic_id), "name": place.clinic.name, "time_zone": place.clinic.time_zone,
             "country": place.clinic.country, "role": place.role, "can_free_dial": place.can_free_dial,
             "paused": is_paused(place.clinic),
             "numbers": [_in_setup(number, now) for number in given.get(str(place.clinic_id), [])]}
            for place in places
        ],
    }


def _in_setup(number: ClinicNumber, now: datetime) -> dict[str, Any]:
    shown = show_caller_id(number)
    ended = shown.expires_at is not None and shown.expires_at <= now
    lapsed = number.holder is not None and number.holder.state != LIVE
    state = "expired" if ended else "revoked" if lapsed else state_of(number, now)
    return {"id": shown.id, "formatted": shown.formatted, "mode": shown.mode, "attestation": shown.attestation,
            "says": shown.says, "calls_back": shown.calls_back, "state": state,
            "expires_at": None if shown.expires_at is None else to_ms(shown.expires_at)}

"""The clinic of the demo's first minute (product.md): its numbers, its patients, and who may call.

All numbers are of the range kept for fiction (555-01xx), and the loopback carrier plays a script by the last two
digits. Made once; a later start refreshes what runs out.
"""

from datetime import datetime, time, timedelta
from typing import Final

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction

from members.clinics import ADMINISTRATOR
from members.demo import create_people
from members.models import Account, Clinic, ClinicMembership
from voice.address_book import add_patient
from voice.approvals import keep_timer
from voice.demo_calls import load_calls
from voice.models import ClinicLimits, ClinicNumber, Grant, OwnPhone, Patient, Reservation
from voice.sealed import EVERYWHERE, blind_index, open_in, seal_in

NAME: Final = "Riverside Clinic"
SECRET: Final = "CURBSIDEDEMOCURBSIDEDEMOCURBSIDE"  # noqa: S105  (one click signs in anyway)
"""What an authenticator app is given, for those of the demo who sign in by email and may call."""
SAYS: Final = f"  Okafor and Díaz also type a code of an authenticator app, whose secret is {SECRET}."

# number, mode, attestation, evidence, in how many days it expires (None: never)
NUMBERS: Final = (
    ("+16175550100", "own", "B", "code spoken by a call", 71),
    ("+16175550101", "held", "A", "held by the service, the clinic vetted", None),
    ("+16175550102", "own", "B", "code spoken by a call", 3),
)
PATIENTS: Final = (
    {"name": "Maria Lopez", "born": "1958-03-02", "number": "+16175550150", "second": "+16175550161",
     "language": "es", "interpreter": True, "message": "name_only"},
    {"name": "Maria Lopez", "born": "1985-11-19", "number": "+16175550161", "message": "yes"},
    {"name": "Tom Reed", "born": "1971-07-30", "number": "+16175550162", "message": "no", "hide_clinic": True},
    {"name": "Ann Bell", "born": "2019-01-08", "number": "+16175550163", "guardian": "Sue Bell"},
)
PHONES: Final = {"okafor": "+16175550142", "diaz": "+16175550143"}
ROLES: Final = {"diaz": ADMINISTRATOR, "okafor": "physician"}


@transaction.atomic
def load(now: datetime) -> None:
    """Make the clinic where it is not there yet, and refresh its numbers. Safe to repeat."""
    people = create_people()
    first = ClinicMembership.objects.filter(
        account=people["diaz"], clinic__name=NAME, left_at=None).select_related("clinic").first()
    clinic = first.clinic if first else _make_clinic(now)
    places = {who: _place(clinic, people[who], role) for who, role in ROLES.items()}
    for who, e164 in PHONES.items():
        _make_phone(people[who], e164, now)
        if not Authenticator.objects.filter(user=people[who], type=Authenticator.Type.TOTP).exists():
            TOTP.activate(people[who], SECRET)
    for e164, mode, attestation, evidence, days in NUMBERS:
        number = _make_number(clinic, e164, mode, attestation, evidence, days, places["diaz"], now)
        for place in places.values():
            Grant.objects.get_or_create(clinic_number=number, membership=place, ended_at=None,
                                        defaults={"given_at": now, "given_by": people["diaz"]})
    if not Patient.objects.filter(clinic=clinic).exists():
        for fields in PATIENTS:
            add_patient(places["diaz"], fields, now)
    load_calls(clinic, people, now)
    # What was called before this start is no reason to refuse a call after it.
    Reservation.objects.filter(clinic=clinic.pk).exclude(released_at=None).delete()


def _make_clinic(now: datetime) -> Clinic:
    clinic = Clinic.objects.create(
        name=NAME, country="US", time_zone="America/New_York", state="verified", verified_at=now,
        evidence="Demo. There is no such clinic.")
    ClinicLimits.objects.create(clinic=clinic, hours_from=time(0), hours_to=time(0))  # tried out at any hour
    return clinic


def _place(clinic: Clinic, account: Account, role: str) -> ClinicMembership:
    place, _ = ClinicMembership.objects.get_or_create(
        clinic=clinic, account=account, left_at=None, defaults={"role": role, "can_free_dial": True})
    return place


def _make_phone(account: Account, e164: str, now: datetime) -> None:
    if OwnPhone.objects.filter(account=account).exists():
        return
    phone = OwnPhone(account=account, added_at=now, proved_at=now, usable_at=now,
                     number_index=blind_index(EVERYWHERE, e164))
    seal_in(phone, "number", e164)
    phone.save()


def _make_number(clinic: Clinic, e164: str, mode: str, attestation: str, evidence: str, days: int | None,
                 by: ClinicMembership, now: datetime) -> ClinicNumber:
    number = next((row for row in clinic.numbers.all() if open_in(row, "number") == e164), None)
    if number is None:
        number = ClinicNumber(clinic=clinic, mode=mode, attestation=attestation, evidence=evidence, asked_at=now,
                              asked_by=by.account, number_index=blind_index(EVERYWHERE, e164))
        seal_in(number, "number", e164)
    if number.state in ("proving", "live", "expired"):
        number.state, number.approved_at, number.reminded_days = "live", now, None
        number.proved_at = now if days is None else now - timedelta(days=90 - days)
        number.expires_at = None if days is None else now + timedelta(days=days)
        number.save()
        keep_timer(number)
    return number

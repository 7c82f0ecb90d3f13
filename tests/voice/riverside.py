"""A verified clinic with an administrator, a physician who may call, its numbers and its patients."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.utils import timezone

from members.models import Account, Clinic, ClinicMembership
from tests.members.people import make_member
from voice.models import ClinicLimits, ClinicNumber, Grant, OwnPhone, Patient
from voice.sealed import EVERYWHERE, blind_index, seal_in

OWN: Final = "+16175550100"
HELD: Final = "+16175550101"
PHONE: Final = "+16175550142"
PATIENT: Final = "+16175550155"
SECOND: Final = "+16175550156"


def make_clinic(name: str = "Riverside Clinic", **fields: Any) -> Clinic:
    """A clinic in Boston that is verified today and calls at any hour."""
    wanted = {"country": "US", "time_zone": "America/New_York", "state": "verified", "verified_at": timezone.now()}
    clinic = Clinic.objects.create(name=name, **(wanted | fields))
    ClinicLimits.objects.create(clinic=clinic, hours_from=time(0), hours_to=time(0))
    return clinic


def join(clinic: Clinic, role: str = "physician", account: Account | None = None, **fields: Any) -> ClinicMembership:
    """Somebody new, or `account`, in this clinic."""
    return ClinicMembership.objects.create(clinic=clinic, account=account or make_member(), role=role, **fields)


def set_up_totp(account: Account) -> None:
    """Give an account a second factor."""
    Authenticator.objects.create(user=account, type=Authenticator.Type.TOTP, data={"secret": "none"})


def make_phone(account: Account, e164: str = PHONE) -> OwnPhone:
    """A phone that was proved long ago."""
    then = timezone.now() - timedelta(days=40)
    phone = OwnPhone(account=account, added_at=then, proved_at=then, usable_at=then)
    seal_in(phone, "number", e164)
    phone.number_index = blind_index(EVERYWHERE, e164)
    phone.save()
    return phone


def make_number(clinic: Clinic, e164: str = OWN, mode: str = "own", **fields: Any) -> ClinicNumber:
    """A number that is live for 90 days."""
    now = timezone.now()
    wanted = {"mode": mode, "attestation": "A" if mode == "held" else "B", "evidence": "call", "state": "live",
              "asked_at": now, "proved_at": now, "approved_at": now, "expires_at": now + timedelta(days=90)}
    number = ClinicNumber(clinic=clinic, **(wanted | fields))
    seal_in(number, "number", e164)
    number.number_index = blind_index(EVERYWHERE, e164)
    number.save()
    return number


def make_grant(number: ClinicNumber, place: ClinicMembership, **fields: Any) -> Grant:
    """The right of a member to show a number."""
    return Grant.objects.create(clinic_number=number, membership=place, given_at=timezone.now(), **fields)


def make_patient(clinic: Clinic, name: str = "Maria Lopez", born: str = "1958-03-02", number: str = PATIENT,
                 second: str = "", **fields: Any) -> Patient:
    """A patient of the clinic."""
    patient = Patient(clinic=clinic, **fields)
    for column, text in (("name", name), ("born", born), ("number", number), ("second", second)):
        seal_in(patient, column, text)
    patient.number_index = blind_index(str(clinic.pk), number) if number else ""
    patient.second_index = blind_index(str(clinic.pk), second) if second else ""
    patient.save()
    return patient


class Riverside:
    """The clinic, Rosa who administers it, Amara who may call, her phone, two numbers and a patient."""

    def __init__(self) -> None:
        self.clinic = make_clinic()
        self.rosa = join(self.clinic, "administrator")
        self.amara = join(self.clinic, can_free_dial=True)
        set_up_totp(self.amara.account)
        self.phone = make_phone(self.amara.account)
        self.own = make_number(self.clinic)
        self.held = make_number(self.clinic, HELD, "held")
        self.grants = [make_grant(self.own, self.amara), make_grant(self.held, self.amara)]
        self.maria = make_patient(self.clinic)

    @property
    def id(self) -> str:
        """The clinic's id as it stands in a request."""
        return str(self.clinic.pk)

    @property
    def member(self) -> str:
        """Amara's account, as it stands in a request."""
        return str(self.amara.account_id)

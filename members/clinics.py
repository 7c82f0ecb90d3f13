"""Clinics: asked for by a member, verified by the platform team, and who may act in their name.

The platform team verifies a clinic together with its first administrator. Everyone else joins by an invitation
(``clinic_members.py``). Other apps ask here who belongs where; they hold no membership of their own making.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from members.countries import COUNTRIES
from members.errors import Invalid, NotClinician, NotFound, NotVerifiedClinic, TooMany
from members.models import Account, Clinic, ClinicMembership
from members.notices import tell
from members.quiet import zone
from members.standing import end_all

ROLES: Final = ("physician", "desk", "administrator")
ADMINISTRATOR: Final = "administrator"
MOST_WAITING: Final = 3
NAME_LENGTH: Final = 80


def find_place(account_id: str, clinic_id: str) -> ClinicMembership | None:
    """Return somebody's place in a clinic that they have not left, whatever the clinic's state."""
    try:
        member, wanted = UUID(account_id), UUID(clinic_id)
    except ValueError:
        return None
    places = ClinicMembership.objects.select_related("clinic", "account")
    return places.filter(account=member, clinic=wanted, left_at=None, account__is_active=True).first()


def access_place(account: Account, clinic_id: str, roles: Collection[str] = ROLES) -> ClinicMembership:
    """Return the member's place in a clinic in one of these roles.

    Raises NotFound, whether there is no such clinic, it is not theirs, or another role is needed.
    """
    place = find_place(str(account.pk), clinic_id)
    if place is None or place.role not in roles:
        raise NotFound
    return place


def access_verified(account: Account, clinic_id: str, roles: Collection[str] = ROLES) -> ClinicMembership:
    """Return the member's place in a clinic that is verified today. Raises NotFound, NotVerifiedClinic."""
    place = access_place(account, clinic_id, roles)
    if place.clinic.state != "verified":
        raise NotVerifiedClinic
    return place


def places_of(account_id: str) -> list[ClinicMembership]:
    """Return where somebody belongs, by the clinics' names."""
    places = ClinicMembership.objects.select_related("clinic").filter(account=UUID(account_id), left_at=None)
    return list(places.order_by("clinic__name", "pk"))


def verified_places_of(account: UUID) -> set[UUID]:
    """Return the clinics to which somebody belongs and which are verified today."""
    return {clinic for _, clinic in places_that_stand({account})}


def places_that_stand(accounts: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Return account and clinic of every place that some members may act in today."""
    places = ClinicMembership.objects.filter(
        account__in=accounts, left_at=None, account__is_active=True, clinic__state="verified"
    )
    return set(places.values_list("account", "clinic"))


def account_at(clinic: Clinic, place: str) -> UUID:
    """Return whose a place in a clinic is or was. Raises NotFound."""
    found = clinic.memberships.filter(pk=place) if place.isascii() else clinic.memberships.none()
    account = found.values_list("account", flat=True).first()
    if account is None:
        raise NotFound
    return account


def named_clinics(clinics: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    """Return how clinics are shown beside what is theirs: id, name and time zone, of those that exist."""
    rows = Clinic.objects.filter(pk__in=clinics).values_list("pk", "name", "time_zone")
    return {pk: {"id": str(pk), "name": name, "time_zone": time_zone} for pk, name, time_zone in rows}


def administrators_of(clinic_id: UUID) -> list[str]:
    """Return the accounts that administer a clinic today."""
    found = ClinicMembership.objects.filter(
        clinic=clinic_id, role=ADMINISTRATOR, left_at=None, account__is_active=True
    )
    return [str(account) for account in found.values_list("account", flat=True)]


def locked(clinic_id: UUID) -> Clinic:
    """Return a clinic with its row locked to the end of the caller's transaction: who administers it stays so.

    Not its key: rows that name the clinic, as a call's, are stored meanwhile.
    """
    return Clinic.objects.select_for_update(no_key=True).get(pk=clinic_id)


@transaction.atomic
def ask_for_clinic(account: Account, name: str, country: str, time_zone: str) -> ClinicMembership:
    """Store a clinic that waits for the platform team, with its first administrator, and return that place.

    Raises NotClinician, Invalid, TooMany.
    """
    if account.verified_at is None or not account.is_active:
        raise NotClinician
    check_clinic(name, country, time_zone)
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if Clinic.objects.filter(memberships__account=account, state="waiting").count() >= MOST_WAITING:
        raise TooMany("These clinics wait for the platform team already.")
    clinic = Clinic.objects.create(name=name.strip(), country=country, time_zone=time_zone)
    return ClinicMembership.objects.create(clinic=clinic, account=account, role=ADMINISTRATOR)


def check_clinic(name: str, country: str, time_zone: str) -> None:
    """Raise Invalid for what no clinic can have."""
    if not name.strip() or len(name) > NAME_LENGTH or any(ord(letter) < 32 for letter in name):
        raise Invalid("name", f"Give the clinic a name of at most {NAME_LENGTH} characters.")
    if country not in COUNTRIES:
        raise Invalid("country", "Choose the clinic's country.")
    if zone(time_zone) is None:
        raise Invalid("time_zone", "This time zone is not known.")


def withdraw_clinic(place: ClinicMembership) -> None:
    """Take back the asking for a clinic that nobody has verified. Raises NotFound."""
    if not Clinic.objects.filter(pk=place.clinic_id, state="waiting", verified_at=None).delete()[0]:
        raise NotFound


def verify_clinic(clinic: Clinic, by: Account, now: datetime) -> None:
    """Let a clinic and its first administrator act. Raises Invalid without evidence or a verified administrator."""
    if not clinic.evidence.strip():
        raise Invalid("evidence", "Say by what the clinic was verified.")
    first = clinic.memberships.filter(role=ADMINISTRATOR, left_at=None).select_related("account").first()
    if first is None or first.account.verified_at is None or not first.account.is_active:
        raise Invalid("administrator", "The three checks of the first administrator do not stand.")
    with transaction.atomic():
        Clinic.objects.filter(pk=clinic.pk).update(state="verified", verified_at=now, verified_by=by)
        tell(str(first.account_id), "clinic.verified", clinic=str(clinic.pk), name=clinic.name)


def suspend_clinic(clinic: Clinic) -> None:
    """Let nobody act in a clinic's name from now on, and end what goes on; ``verify_clinic`` ends it."""
    with transaction.atomic():
        Clinic.objects.filter(pk=clinic.pk).update(state="suspended")
        for account in administrators_of(clinic.pk):
            tell(account, "clinic.suspended", clinic=str(clinic.pk), name=clinic.name)
    end_all(timezone.now(), clinic=clinic.pk)


def change_clinic(place: ClinicMembership, time_zone: str) -> None:
    """Store the clinic's time zone. Its name and country are what was verified and stay. Raises Invalid."""
    check_clinic(place.clinic.name, place.clinic.country, time_zone)
    place.clinic.time_zone = time_zone
    place.clinic.save(update_fields=["time_zone"])

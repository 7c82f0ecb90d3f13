"""What other apps may ask about members: who is verified, and which specialties and languages there are."""

from collections.abc import Collection
from uuid import UUID

from members import rights
from members.models import Account
from members.taxonomy import LANGUAGES, SPECIALTIES

__all__ = ["LANGUAGES", "SPECIALTIES", "is_verified", "names_of"]


def is_verified(member: str) -> bool:
    """Return whether an account may ask and answer today."""
    account = Account.objects.filter(pk=member).first()
    return account is not None and rights.is_clinician(account)


def names_of(accounts: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of members, for a clinic that may know who acted in its name."""
    return dict(Account.objects.filter(pk__in=accounts).values_list("pk", "name"))

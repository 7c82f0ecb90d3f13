"""What other apps may ask about members: who is verified, and which specialties and languages there are."""

from members import rights
from members.models import Account
from members.taxonomy import LANGUAGES, SPECIALTIES

__all__ = ["LANGUAGES", "SPECIALTIES", "is_verified"]


def is_verified(member: str) -> bool:
    """Return whether an account may ask and answer today."""
    account = Account.objects.filter(pk=member).first()
    return account is not None and rights.is_clinician(account)

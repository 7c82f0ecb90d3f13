"""Who may do what: act as a clinician in consults, see how the platform does."""

from members import taxonomy
from members.errors import NotClinician
from members.models import Account


def is_clinician(account: Account) -> bool:
    """Return whether a member may ask and answer: a clinical role, verified, not suspended."""
    role = taxonomy.ROLES.get(account.role)
    return bool(role and role.clinical and account.verified_at and account.is_active)


def is_platform_team(account: Account) -> bool:
    """Return whether a member may see how the platform does: staff that is not suspended."""
    return account.is_staff and account.is_active


def check_clinician(account: Account) -> None:
    """Raise NotClinician unless the member may ask and answer."""
    if not is_clinician(account):
        raise NotClinician

"""What changes an account: joining, suspension, and the member's own profile."""

from datetime import datetime, time
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from members import badges, taxonomy
from members.availability import end_availability
from members.errors import Invalid
from members.models import Account
from members.quiet import zone
from members.sessions import end_sessions_of
from members.standing import end_all

MOST_BUDGET = 200


@transaction.atomic
def create_member(email: str, password: str | None, *, verified: bool = False, **fields: Any) -> Account:
    """Store a member whose email is confirmed, and return the account. Raises Invalid."""
    if Account.objects.filter(email=email.strip().lower()).exists():
        raise Invalid("email", "This email has an account.")
    check_profile(fields)
    account = Account.objects.create_user(
        email, password, verified_at=timezone.now() if verified else None, **fields)
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
    badges.forget_classes()
    return account


def check_profile(fields: dict[str, Any]) -> None:
    """Raise Invalid for a role, specialty, region or language that does not exist."""
    known: dict[str, Any] = {
        "role": taxonomy.ROLES, "specialty": taxonomy.SPECIALTIES, "subspecialty": taxonomy.SUBSPECIALTIES,
        "region": taxonomy.REGIONS}
    for field, values in known.items():
        if fields.get(field) and fields[field] not in values:
            raise Invalid(field, f"This {field} is not known.")
    if any(language not in taxonomy.LANGUAGES for language in fields.get("languages", ())):
        raise Invalid("languages", "One of these languages is not known.")
    if "time_zone" in fields and zone(fields["time_zone"]) is None:
        raise Invalid("time_zone", "This time zone is not known.")


def change_profile(account: Account, changes: dict[str, Any]) -> None:
    """Store the member's own changes: languages, time_zone, quiet ((from, to) or None), daily_budget.

    Raises Invalid.
    """
    check_profile(changes)
    if "languages" in changes and not changes["languages"]:
        raise Invalid("languages", "Choose at least one language.")
    if not 0 <= changes.get("daily_budget", 0) <= MOST_BUDGET:
        raise Invalid("daily_budget", f"Choose from 0 to {MOST_BUDGET} offers a day.")
    fields = dict(changes)
    if "quiet" in fields:
        quiet: tuple[time, time] | None = fields.pop("quiet")
        fields["quiet_from"], fields["quiet_to"] = quiet or (None, None)
    for field, value in fields.items():
        setattr(account, field, value)
    account.save(update_fields=list(fields))


def suspend(account: Account, now: datetime) -> None:
    """Shut a member out: no sign-in, no offers, no live socket within two seconds, and what goes on ends."""
    with transaction.atomic():
        end_availability(str(account.pk), "suspended")
        Account.objects.filter(pk=account.pk).update(is_active=False, suspended_at=now)
        end_sessions_of(account)
    account.is_active, account.suspended_at = False, now
    badges.forget_classes()
    end_all(now, account=account.pk)


def reinstate(account: Account) -> None:
    """Let a suspended member in again; they sign in anew."""
    Account.objects.filter(pk=account.pk).update(is_active=True, suspended_at=None)
    account.is_active, account.suspended_at = True, None
    badges.forget_classes()

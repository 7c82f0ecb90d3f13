"""Who belongs to a clinic: invited by an administrator, joined by themselves, changed, and removed with what they hold.

An invitation is for an email and its answer is the same whether anybody has it, so that no administrator can list
members. Other apps say here what somebody holds for a clinic (`register_part`): it is shown before they are removed,
and passed on in the same transaction, or ended after it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from members.clinics import ADMINISTRATOR, ROLES, administrators_of, locked
from members.errors import Invalid, LastAdministrator, NotFound, NotVerifiedClinic, TooMany, ToReassign
from members.marks import mark
from members.models import Account, ClinicInvitation, ClinicMembership
from members.notices import tell
from members.standing import end_all
from realtime.commands import TimerHandler
from realtime.sealing import seal, unseal
from realtime.timers import set_timer

INVITED_FOR: Final = timedelta(days=14)
MOST_INVITED: Final = 100
TIMER: Final = "members.invited"


@dataclass(frozen=True, slots=True)
class Part:
    """What a member may hold for a clinic, by kind, and what becomes of it in words.

    `count(clinic, account)` says how much there is; `pass_on(clinic, account, heir, now)` ends it, or gives it to the
    heir, a member of the clinic, where `needs_heir` says that it has to go on. Without `pass_on` it ends once the place
    has ended (``members.standing``).
    """

    kind: str
    says: str
    count: Callable[[str, str], int]
    pass_on: Callable[[str, str, str | None, datetime], None] | None
    needs_heir: bool = False


_parts: dict[str, Part] = {}


def register_part(part: Part) -> None:
    """Make known what can be held for a clinic. Called once by an app that is ready."""
    _parts[part.kind] = part


def touches(place: ClinicMembership) -> list[dict[str, Any]]:
    """Return what removing a member touches: {kind, says, count, needs_heir}, only what there is."""
    found = [(part, part.count(str(place.clinic_id), str(place.account_id))) for part in _parts.values()]
    return [{"kind": part.kind, "says": part.says, "count": count, "needs_heir": part.needs_heir}
            for part, count in found if count]


def find_member(clinic_id: UUID, member: str) -> ClinicMembership:
    """Return a place in a clinic by its id. Raises NotFound."""
    found = ClinicMembership.objects.select_related("account", "clinic").filter(
        pk=member, clinic=clinic_id, left_at=None).first()
    if found is None:
        raise NotFound
    return found


@transaction.atomic
def change_member(member: ClinicMembership, *, role: str | None, can_free_dial: bool | None) -> None:
    """Give a member another role, or the permission to dial freely. Raises Invalid, LastAdministrator."""
    locked(member.clinic_id)
    if role is not None and role != member.role:
        _check_role(role)
        _check_not_last(member)
        member.role = role
    if can_free_dial is not None:
        member.can_free_dial = can_free_dial
    member.save(update_fields=["role", "can_free_dial"])


def remove_member(member: ClinicMembership, heir: ClinicMembership | None, now: datetime) -> None:
    """End somebody's place in a clinic, passing on what they hold. Records stay with the clinic.

    Raises LastAdministrator, ToReassign (``d.kinds``) where something needs an heir and none is named, Invalid for an
    heir who is the same or of another clinic.
    """
    _end_place(member, heir, now)
    end_all(now, account=member.account_id, clinic=member.clinic_id)


@transaction.atomic
def _end_place(member: ClinicMembership, heir: ClinicMembership | None, now: datetime) -> None:
    clinic = locked(member.clinic_id)
    if not ClinicMembership.objects.filter(pk=member.pk, left_at=None).exists():
        raise NotFound
    _check_not_last(member)
    if heir is not None and (heir.pk == member.pk or heir.clinic_id != clinic.pk or heir.left_at is not None):
        raise Invalid("reassign", "Choose another member of this clinic.")
    left_alone = [touch["kind"] for touch in touches(member) if touch["needs_heir"] and heir is None]
    if left_alone:
        raise ToReassign(left_alone)
    for part in _parts.values():
        if part.pass_on is not None:
            part.pass_on(str(clinic.pk), str(member.account_id), str(heir.account_id) if heir else None, now)
    member.left_at = now
    member.save(update_fields=["left_at"])
    tell(str(member.account_id), "clinic.left", clinic=str(clinic.pk), name=clinic.name)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Invalid("role", "This role is not known.")


def _check_not_last(member: ClinicMembership) -> None:
    if member.role == ADMINISTRATOR and administrators_of(member.clinic_id) == [str(member.account_id)]:
        raise LastAdministrator


@transaction.atomic
def invite(by: ClinicMembership, email: str, role: str, *, can_free_dial: bool) -> ClinicInvitation:
    """Let an email join, for a fortnight; a second invitation of one replaces the first. Raises Invalid, TooMany."""
    _check_role(role)
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid("email", "This is not an email address.") from None
    now = timezone.now()
    locked(by.clinic_id)
    standing = ClinicInvitation.objects.filter(clinic=by.clinic_id)
    standing.filter(expires_at__lte=now).delete()
    standing.filter(email_mark=_mark(address)).delete()
    if standing.count() >= MOST_INVITED:
        raise TooMany(f"{MOST_INVITED} invitations are open. Withdraw one first.")
    invitation = ClinicInvitation(
        clinic=by.clinic, email_mark=_mark(address), role=role, can_free_dial=can_free_dial, invited_by=by.account,
        expires_at=now + INVITED_FOR)
    invitation.email = seal(address.encode(), aad=_place(invitation))
    invitation.save()
    set_timer(TIMER, invitation.pk, now)
    return invitation


def email_of(invitation: ClinicInvitation) -> str:
    """Return whom an invitation is for, for the clinic's administrators."""
    return unseal(invitation.email, aad=_place(invitation)).decode()


def tell_invited(invitation_id: str, now: datetime) -> None:
    """Tell whoever has the email, if anybody has: later, so that the answer to the clinic takes as long for nobody."""
    invitation = ClinicInvitation.objects.select_related("clinic").filter(pk=invitation_id).first()
    account = Account.objects.filter(email=email_of(invitation), is_active=True).first() if invitation else None
    if invitation and account:
        tell(str(account.pk), "clinic.invited", clinic=str(invitation.clinic_id), name=invitation.clinic.name)


def invitations_for(account: Account) -> list[ClinicInvitation]:
    """Return the invitations that stand for a member's email."""
    found = ClinicInvitation.objects.select_related("clinic").filter(
        email_mark=_mark(account.email), expires_at__gt=timezone.now(), clinic__state="verified")
    return list(found.order_by("clinic__name"))


@transaction.atomic
def join(account: Account, invitation_id: str) -> ClinicMembership:
    """Take an invitation and return the new place. Raises NotFound, NotVerifiedClinic."""
    invitation = _own_invitation(account, invitation_id)
    clinic = locked(invitation.clinic_id)
    if clinic.state != "verified":
        raise NotVerifiedClinic
    place, _ = ClinicMembership.objects.get_or_create(
        clinic=clinic, account=account, left_at=None,
        defaults={"role": invitation.role, "can_free_dial": invitation.can_free_dial})
    invitation.delete()
    for administrator in administrators_of(clinic.pk):
        if administrator != str(account.pk):
            tell(administrator, "clinic.joined", clinic=str(clinic.pk), name=clinic.name, who=account.name)
    return place


def decline(account: Account, invitation_id: str) -> None:
    """Turn an invitation down. Raises NotFound."""
    _own_invitation(account, invitation_id).delete()


def withdraw_invitation(clinic_id: UUID, invitation_id: str) -> None:
    """Take an invitation back. Raises NotFound."""
    if not ClinicInvitation.objects.filter(pk=invitation_id, clinic=clinic_id).delete()[0]:
        raise NotFound


def _own_invitation(account: Account, invitation_id: str) -> ClinicInvitation:
    found = ClinicInvitation.objects.filter(
        pk=invitation_id, email_mark=_mark(account.email), expires_at__gt=timezone.now()).first()
    if found is None:
        raise NotFound
    return found


def _mark(email: str) -> str:
    return mark("invitation", email.strip().lower())


def _place(invitation: ClinicInvitation) -> str:
    return f"members_clinicinvitation:{invitation.pk}:email"


TIMERS: Final[dict[str, TimerHandler]] = {TIMER: tell_invited}

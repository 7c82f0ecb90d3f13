"""Who belongs to a clinic: invited by an administrator, joined by themselves, changed, and removed with what they hold.

An invitation is for an email and its answer is the same whether anybody has it, so that no administrator can list
members. Other apps say here what somebody holds for a clinic (`register_part`): it is shown before they are removed,
and passed on in the same transaction, or ended after it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
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
from members.parts import Leaving, choices_of, pass_all_on, touches
from members.standing import end_all
from realtime.commands import TimerHandler
from realtime.sealing import seal, unseal
from realtime.timers import set_timer

INVITED_FOR: Final = timedelta(days=14)
MOST_INVITED: Final = 100
TIMER: Final = "members.invited"



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


def remove_member(member: ClinicMembership, heir: ClinicMembership | None, now: datetime, *,
                  by: ClinicMembership | None = None, chosen: Collection[str] = ()) -> None:
    """End somebody's place in a clinic, passing on what they hold. Records stay with the clinic.

    `by` ends it; as an administrator they may have `chosen` what the heir is given besides, by the ids of its choices.
    Raises LastAdministrator, ToReassign (``d.kinds``) where something needs an heir and none is named, Invalid for an
    heir who is the same or of another clinic, and for a choice that is not theirs or not there.
    """
    _end_place(Leaving(member, heir, by, frozenset(chosen), now))
    end_all(now, account=member.account_id, clinic=member.clinic_id)


@transaction.atomic
def _end_place(leaving: Leaving) -> None:
    member, heir, now = leaving.place, leaving.heir, leaving.now
    clinic = locked(member.clinic_id)
    if not ClinicMembership.objects.filter(pk=member.pk, left_at=None).exists():
        raise NotFound
    _check_not_last(member)
    if heir is not None and (heir.pk == member.pk or heir.clinic_id != clinic.pk or heir.left_at is not None):
        raise Invalid("reassign", "Choose another member of this clinic.")
    _check_chosen(leaving)
    left_alone = [touch["kind"] for touch in touches(member, now) if touch["needs_heir"] and heir is None]
    if left_alone:
        raise ToReassign(left_alone)
    pass_all_on(leaving)
    member.left_at = now
    member.save(update_fields=["left_at"])
    tell(str(member.account_id), "clinic.left", clinic=str(clinic.pk), name=clinic.name)


def _check_chosen(leaving: Leaving) -> None:
    if not leaving.chosen:
        return
    if leaving.by is None or leaving.by.role != ADMINISTRATOR:
        raise Invalid("pass_on", "Only an administrator gives this on.")
    if leaving.heir is None:
        raise Invalid("reassign", "Choose who is given it.")
    if not leaving.chosen <= choices_of(leaving.place, leaving.now):
        raise Invalid("pass_on", "Some of it cannot be given on any more. Look again.")


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

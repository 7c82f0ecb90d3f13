"""The HTTP API of clinics and who belongs to them. What is not one's own is not found."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status

from members import clinic_members, clinics, parts
from members.auth import account_of, signed_in
from members.clinic_schemas import (
    ClinicChanges,
    ClinicShown,
    ClinicsShown,
    ClinicWanted,
    InvitationShown,
    MemberChanges,
    MemberShown,
    MembersShown,
    MemberWanted,
    Removal,
    Touches,
)
from members.clinics import ADMINISTRATOR, access_place, access_verified
from members.errors import NotFound
from members.models import ClinicInvitation, ClinicMembership
from members.problems import PROBLEMS
from realtime.instants import to_ms

router = Router(tags=["clinics"], auth=signed_in)


@router.get("/clinics", response={200: ClinicsShown, **PROBLEMS})
def list_clinics(request: HttpRequest) -> Any:
    """My clinics, and those that invite me."""
    account = account_of(request)
    invitations = [
        {"id": i.pk, "clinic": str(i.clinic_id), "name": i.clinic.name, "role": i.role,
         "expires_at": to_ms(i.expires_at)}
        for i in clinic_members.invitations_for(account)
    ]
    return {"items": [_clinic(place) for place in clinics.places_of(str(account.pk))], "invitations": invitations}


@router.post("/clinics", response={201: ClinicShown, **PROBLEMS})
def ask_for_clinic(request: HttpRequest, wanted: ClinicWanted) -> Any:
    """Ask the platform team to verify a clinic, of which one is the first administrator."""
    place = clinics.ask_for_clinic(account_of(request), wanted.name, wanted.country, wanted.time_zone)
    return Status(201, _clinic(place))


@router.get("/clinics/{clinic}", response={200: ClinicShown, **PROBLEMS})
def show_clinic(request: HttpRequest, clinic: str) -> Any:
    """One of my clinics."""
    return _clinic(access_place(account_of(request), clinic))


@router.patch("/clinics/{clinic}", response={200: ClinicShown, **PROBLEMS})
def change_clinic(request: HttpRequest, clinic: str, changes: ClinicChanges) -> Any:
    """Change the time zone of a clinic that one administers. Its name and country are what was verified."""
    place = access_place(account_of(request), clinic, {ADMINISTRATOR})
    clinics.change_clinic(place, changes.time_zone)
    return _clinic(place)


@router.delete("/clinics/{clinic}", response={204: None, **PROBLEMS})
def withdraw_clinic(request: HttpRequest, clinic: str) -> Any:
    """Take back the asking for a clinic that was not verified yet."""
    clinics.withdraw_clinic(access_place(account_of(request), clinic, {ADMINISTRATOR}))
    return Status(204, None)


@router.post("/clinics/invitations/{invitation}/join", response={200: ClinicShown, **PROBLEMS})
def join(request: HttpRequest, invitation: str) -> Any:
    """Join a clinic that invited me."""
    return _clinic(clinic_members.join(account_of(request), invitation))


@router.delete("/clinics/invitations/{invitation}", response={204: None, **PROBLEMS})
def decline(request: HttpRequest, invitation: str) -> Any:
    """Turn an invitation down."""
    clinic_members.decline(account_of(request), invitation)
    return Status(204, None)


@router.get("/clinics/{clinic}/members", response={200: MembersShown, **PROBLEMS})
def list_members(request: HttpRequest, clinic: str) -> Any:
    """Who belongs to one of my clinics; administrators also see who is invited."""
    mine = access_place(account_of(request), clinic)
    places = ClinicMembership.objects.select_related("account").filter(clinic=mine.clinic_id, left_at=None)
    invited = ClinicInvitation.objects.filter(clinic=mine.clinic_id, expires_at__gt=timezone.now())
    return {
        "items": [_member(place, mine) for place in places.order_by("account__name", "pk")],
        "invitations": [_invitation(i) for i in invited.order_by("expires_at")] if mine.role == ADMINISTRATOR else [],
    }


@router.post("/clinics/{clinic}/members", response={201: InvitationShown, **PROBLEMS})
def invite(request: HttpRequest, clinic: str, wanted: MemberWanted) -> Any:
    """Invite somebody by email. The answer is the same whether or not they are a member of the service."""
    mine = access_verified(account_of(request), clinic, {ADMINISTRATOR})
    invitation = clinic_members.invite(mine, wanted.email, wanted.role, can_free_dial=wanted.can_free_dial)
    return Status(201, _invitation(invitation))


@router.delete("/clinics/{clinic}/invitations/{invitation}", response={204: None, **PROBLEMS})
def withdraw_invitation(request: HttpRequest, clinic: str, invitation: str) -> Any:
    """Take an invitation back."""
    mine = access_place(account_of(request), clinic, {ADMINISTRATOR})
    clinic_members.withdraw_invitation(mine.clinic_id, invitation)
    return Status(204, None)


@router.patch("/clinics/{clinic}/members/{member}", response={200: MemberShown, **PROBLEMS})
def change_member(request: HttpRequest, clinic: str, member: str, changes: MemberChanges) -> Any:
    """Give a member another role, or the permission to dial numbers freely."""
    mine = access_place(account_of(request), clinic, {ADMINISTRATOR})
    place = clinic_members.find_member(mine.clinic_id, member)
    clinic_members.change_member(place, role=changes.role, can_free_dial=changes.can_free_dial)
    return _member(place, mine)


@router.get("/clinics/{clinic}/members/{member}/touches", response={200: Touches, **PROBLEMS})
def list_touches(request: HttpRequest, clinic: str, member: str) -> Any:
    """What removing this member, or leaving oneself, touches; an administrator may choose what an heir is given."""
    place, mine = _removable(request, clinic, member)
    last = clinics.administrators_of(place.clinic_id) == [str(place.account_id)]
    found = parts.touches(place, timezone.now(), may_choose=mine.role == ADMINISTRATOR)
    return {"items": found, "last_administrator": last}


@router.post("/clinics/{clinic}/members/{member}/remove", response={204: None, **PROBLEMS})
def remove_member(request: HttpRequest, clinic: str, member: str, removal: Removal) -> Any:
    """Remove a member, or leave; the member that `reassign` names takes over what goes on, and what `pass_on` names."""
    place, mine = _removable(request, clinic, member)
    heir = clinic_members.find_member(place.clinic_id, removal.reassign) if removal.reassign else None
    clinic_members.remove_member(place, heir, timezone.now(), by=mine, chosen=removal.pass_on)
    return Status(204, None)


def _removable(request: HttpRequest, clinic: str, member: str) -> tuple[ClinicMembership, ClinicMembership]:
    """Return a place that the one who asks may end, and theirs: any as an administrator, else one's own.

    Raises NotFound.
    """
    mine = access_place(account_of(request), clinic)
    if mine.role != ADMINISTRATOR and mine.pk != member:
        raise NotFound
    return clinic_members.find_member(mine.clinic_id, member), mine


def _clinic(place: ClinicMembership) -> dict[str, Any]:
    clinic = place.clinic
    return {
        "id": str(clinic.pk), "name": clinic.name, "country": clinic.country, "time_zone": clinic.time_zone,
        "state": clinic.state, "role": place.role, "can_free_dial": place.can_free_dial, "member": place.pk,
        "administrators": len(clinics.administrators_of(clinic.pk)),
    }


def _member(place: ClinicMembership, mine: ClinicMembership) -> dict[str, Any]:
    return {"id": place.pk, "name": place.account.name, "role": place.role, "can_free_dial": place.can_free_dial,
            "joined_at": to_ms(place.joined_at), "me": place.account_id == mine.account_id}


def _invitation(invitation: ClinicInvitation) -> dict[str, Any]:
    return {"id": invitation.pk, "email": clinic_members.email_of(invitation), "role": invitation.role,
            "can_free_dial": invitation.can_free_dial, "expires_at": to_ms(invitation.expires_at)}

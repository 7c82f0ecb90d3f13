"""A clinic's numbers over HTTP, for its administrators: proved, approved, granted, lent, revoked."""

from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status

from members.auth import account_of, signed_in
from members.clinic_members import find_member
from members.clinics import ADMINISTRATOR, access_verified, administrators_of
from members.models import ClinicMembership
from members.problems import PROBLEMS
from realtime.instants import to_ms
from voice import carrier_ids, clinic_numbers, grants
from voice.clinic_numbers import access_number
from voice.models import ClinicNumber, Grant
from voice.numbers import formatted
from voice.proofs import BY_CARRIER, show_proof
from voice.refusals import refuse as refuse_for
from voice.rights import CALLS_BACK, SAYS, standing_of
from voice.sealed import open_in
from voice.shapes import or_none
from voice.views.number_schemas import (
    CallWanted,
    CarrierCode,
    CodeHeard,
    Consent,
    GrantWanted,
    NumberShown,
    NumbersShown,
    NumberWanted,
    ProofShown,
    Revocation,
    from_ms,
)

MOST_ENDED: Final = 50

router = Router(tags=["numbers"], auth=signed_in)


@router.get("/clinics/{clinic}/numbers", response={200: NumbersShown, **PROBLEMS})
def list_numbers(request: HttpRequest, clinic: str) -> Any:
    """The numbers of a clinic that one administers; in `ended` those that it can do nothing with any more."""
    mine, now = access_verified(account_of(request), clinic, {ADMINISTRATOR}), timezone.now()
    all_rows = ClinicNumber.objects.select_related("clinic", "holder__clinic", "asked_by", "approved_by")
    all_rows = all_rows.filter(clinic=mine.clinic_id)
    standing = list(all_rows.exclude(state="revoked").prefetch_related("lent__clinic").order_by("asked_at"))
    lapsed = [row for row in standing if row.holder is not None and standing_of(row, now) == "expired"]
    rows = [row for row in standing if row not in lapsed]
    revoked = all_rows.filter(state="revoked").select_related("revoked_by").order_by("-revoked_at", "-pk")
    held = Grant.objects.filter(clinic_number__in=rows, ended_at=None).select_related("membership__account")
    given: dict[str, list[Grant]] = {}
    for grant in held.order_by("membership__account__name"):
        given.setdefault(grant.clinic_number_id, []).append(grant)
    return {"items": [_number(row, mine, given.get(row.pk, [])) for row in rows],
            "ended": [_ended(row, now) for row in [*lapsed, *revoked[:MOST_ENDED]]]}


@router.post("/clinics/{clinic}/numbers", response={201: NumberShown, **PROBLEMS})
def ask_number(request: HttpRequest, clinic: str, wanted: NumberWanted) -> Any:
    """Ask for a number of the clinic's own to be shown; it is proved by a call, at a time that one picks."""
    mine = access_verified(account_of(request), clinic, {ADMINISTRATOR})
    if wanted.mode != "own":
        raise refuse_for("number.held")
    row = clinic_numbers.ask_number(mine, wanted.number, wanted.extension, from_ms(wanted.call_at), timezone.now())
    return Status(201, _number(row, mine, []))


@router.post("/numbers/{number}/prove/call", response={200: ProofShown, **PROBLEMS})
def call_to_prove(request: HttpRequest, number: str, wanted: CallWanted) -> Any:
    """Have the number called with a code, now or at a time within a week."""
    row, mine = _access(request, number)
    return show_proof(clinic_numbers.call_to_prove(row, mine, timezone.now(), from_ms(wanted.at)))


@router.post("/numbers/{number}/prove", response={200: NumberShown, **PROBLEMS})
def prove(request: HttpRequest, number: str, heard: CodeHeard) -> Any:
    """Say the code that the call spoke."""
    row, mine = _access(request, number)
    clinic_numbers.prove(row, mine, heard.code, timezone.now())
    return _fresh(row, mine)


@router.post("/numbers/{number}/approve", response={200: NumberShown, **PROBLEMS})
def approve(request: HttpRequest, number: str) -> Any:
    """Approve a number that somebody else proved."""
    row, mine = _access(request, number)
    clinic_numbers.approve(row, mine, timezone.now())
    return _fresh(row, mine)


@router.post("/numbers/{number}/carrier", response={200: CarrierCode, **PROBLEMS})
def validate(request: HttpRequest, number: str) -> Any:
    """Have the carrier call the number; whoever answers types this code. Only where `carrier` is wanted."""
    row, mine = _access(request, number)
    return {"code": carrier_ids.validate(row, mine.account, timezone.now())}


@router.post("/numbers/{number}/carrier/look", response={200: NumberShown, **PROBLEMS})
def look(request: HttpRequest, number: str) -> Any:
    """Ask the carrier whether it shows the number now."""
    row, mine = _access(request, number)
    carrier_ids.look(row, timezone.now())
    return _fresh(row, mine)


@router.post("/numbers/{number}/revoke", response={204: None, **PROBLEMS})
def revoke(request: HttpRequest, number: str, wanted: Revocation | None = None) -> Any:
    """Have a number shown no more, at once, also by departments that use it with this clinic's consent."""
    row, mine = _access(request, number)
    clinic_numbers.revoke(row, timezone.now(), mine.account, wanted.why.strip() if wanted else "")
    carrier_ids.withdraw(row)
    return Status(204, None)


@router.post("/numbers/{number}/grants", response={200: NumberShown, **PROBLEMS})
def give(request: HttpRequest, number: str, wanted: GrantWanted) -> Any:
    """Let a member show this number, until a time or until it is taken back."""
    row, mine = _access(request, number)
    member = find_member(mine.clinic_id, wanted.member)
    grants.give(row, member, mine, from_ms(wanted.until), timezone.now())
    return _fresh(row, mine)


@router.delete("/numbers/{number}/grants/{member}", response={204: None, **PROBLEMS})
def take_back(request: HttpRequest, number: str, member: str) -> Any:
    """Take a member's right to show this number back, at once."""
    row, _ = _access(request, number)
    grants.take_back(row, member, timezone.now())
    return Status(204, None)


@router.post("/numbers/{number}/consent", response={200: NumberShown, **PROBLEMS})
def lend(request: HttpRequest, number: str, consent: Consent) -> Any:
    """Let another clinic use this number; its administrator still has to approve."""
    row, mine = _access(request, number)
    clinic_numbers.lend(row, consent.clinic, mine, timezone.now())
    return _fresh(row, mine)


def _access(request: HttpRequest, number: str) -> tuple[ClinicNumber, ClinicMembership]:
    """Return a number of a clinic that one administers, and one's place there. Raises Refusal `not_found`."""
    clinic = ClinicNumber.objects.filter(pk=number).values_list("clinic", flat=True).first()
    mine = access_verified(account_of(request), str(clinic), {ADMINISTRATOR})
    return access_number(mine, number), mine


def _fresh(row: ClinicNumber, mine: ClinicMembership) -> dict[str, Any]:
    row = access_number(mine, row.pk)
    grants = Grant.objects.filter(clinic_number=row, ended_at=None).select_related("membership__account")
    return _number(row, mine, list(grants.order_by("membership__account__name")))


def _ended(row: ClinicNumber, now: datetime) -> dict[str, Any]:
    return {
        "id": row.pk,
        "formatted": formatted(open_in(row, "number")),
        "mode": row.mode,
        "state": standing_of(row, now),
        "holder": row.holder.clinic.name if row.holder else None,
        "approved_at": or_none(row.approved_at),
        "expires_at": or_none(row.expires_at or (row.holder.expires_at if row.holder else None)),
        "revoked_at": or_none(row.revoked_at),
        "revoked_by": row.revoked_by.name if row.revoked_by else None,
        "revoked_why": row.revoked_why,
    }


def _number(row: ClinicNumber, mine: ClinicMembership, grants: list[Grant]) -> dict[str, Any]:
    proof = row.proofs.exclude(cause=BY_CARRIER).order_by("-call_at").first()
    asked_by_me = row.asked_by_id == mine.account_id
    return {
        "id": row.pk,
        "formatted": formatted(open_in(row, "number")),
        "extension": row.extension is not None,
        "mode": row.mode,
        "attestation": row.attestation,
        "says": SAYS[row.attestation],
        "calls_back": CALLS_BACK[row.mode],
        "state": standing_of(row, timezone.now()),
        "asked_by": row.asked_by.name if row.asked_by else None,
        "approved_by": row.approved_by.name if row.approved_by else None,
        "can_approve": row.state == "approving" and not asked_by_me,
        "carrier": "wanted" if carrier_ids.needs_carrier(row) else "done" if row.carrier_at else "none",
        "single": row.state == "approving" and administrators_of(row.clinic_id) == [str(mine.account_id)],
        "single_until": to_ms(row.single_until) if row.single_until else None,
        "expires_at": to_ms(row.expires_at) if row.expires_at else None,
        "holder": row.holder.clinic.name if row.holder else None,
        "lent": [{"id": lent.pk, "clinic": lent.clinic.name, "state": lent.state}
                 for lent in row.lent.exclude(state="revoked").select_related("clinic")],
        "proof": show_proof(proof) if proof else None,
        "grants": [{"member": g.membership_id, "name": g.membership.account.name,
                    "until": to_ms(g.until) if g.until else None} for g in grants],
    }

"""One's own calls over HTTP: what must be settled before one, whether it may be made, the list, one of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from members.auth import account_of, signed_in
from members.clinics import find_place
from members.problems import PROBLEMS, shape
from realtime import protocol as wire
from realtime.protocol import Refusal
from voice import listing, retries
from voice.call import Way
from voice.models import Call, CallRefusal
from voice.numbers import formatted
from voice.owning import check_way, is_open
from voice.permits import Permit, rulebook
from voice.rights import setup_of
from voice.shapes import Wish
from voice.views.call_schemas import CallItem, CallWhole, Checked, OwnCalls, Setup, before_of

router = Router(tags=["calls"], auth=signed_in)
READERS = ("desk", "administrator")


class Asked(Schema):
    """Whom one would call, as which clinic: a patient of the clinic, or a number."""

    clinic: Annotated[str, Field(min_length=1, max_length=64)]
    caller_id: Annotated[str, Field(min_length=1, max_length=64)]
    patient: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    number: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    to: Literal["preferred", "second"] = "preferred"
    urgent: bool = False
    way: Way = Way.CALLBACK


@router.get("/calls/setup", response={200: Setup, **PROBLEMS}, summary="What a call needs before it")
def get_setup(request: HttpRequest) -> Any:
    """My phone, my second factor, the clinics and numbers that I may call as, and how often I called of late."""
    account, now = account_of(request), timezone.now()
    today, week = listing.count_own(account.pk, now)
    own = {"service_number": formatted(settings.CURBSIDE_SERVICE_NUMBER), "today": today, "week": week}
    return setup_of(str(account.pk), now) | own | {"webrtc": is_open(now)}


@router.post("/calls/check", response={200: Checked, **PROBLEMS}, summary="Whether a call may be made")
def check_call(request: HttpRequest, asked: Asked) -> Any:
    """Ask every rule as the start of a call would, and take nothing. Nobody is called."""
    if (asked.patient is None) == (asked.number is None):
        raise wire.refuse("malformed")
    now, permit = timezone.now(), None
    answer: dict[str, Any] = {"ok": True}
    try:
        permit = rulebook().permit(str(account_of(request).pk), Wish(**asked.dict()), now)
        check_way(asked.way, now)
        rulebook().peek(permit, settings.CURBSIDE_CARRIER, now)
    except Refusal as refusal:
        if not refusal.code.startswith("call."):
            raise
        tel = (refusal.d or {}).get("tel")
        answer = {"ok": False, "refusal": shape(refusal), "emergency": {"tel": tel} if tel else None}
    return answer | (_shown(permit) if permit else {})


def _shown(permit: Permit) -> dict[str, Any]:
    today, week = rulebook().attempts(permit, timezone.now())
    region = next((one["says"] for one in permit.decisions if one["rule"] == "region"), None)
    return {
        "mask": permit.mask, "region": region, "shown": permit.shown_formatted, "mode": permit.mode,
        "attestation": permit.attestation,
        "says": permit.says, "calls_back": permit.calls_back, "attempts_today": today, "attempts_week": week,
    }  # fmt: skip


@router.get("/calls", response={200: OwnCalls, **PROBLEMS}, summary="My calls, newest first")
def list_own(request: HttpRequest, before: str | None = None) -> Any:
    """Return my calls, those that were refused with them; with the first page all that are to be tried again."""
    account = account_of(request).pk
    page = listing.own_calls(account, before_of(before))
    again = listing.own_retries(account, timezone.now()) if before is None else []
    return {"items": page.items, "next": page.next, "again": again}


@router.post("/calls/{r}/retry/done", response={204: None, **PROBLEMS}, summary="A call need not be tried again")
def end_retry(request: HttpRequest, r: str) -> Any:
    """Only who made the call says so; a second time changes nothing."""
    retries.finish(account_of(request).pk, r, timezone.now())
    return Status(204, None)


@router.get("/calls/{r}", response={200: CallWhole, **PROBLEMS}, summary="One call")
def get_one(request: HttpRequest, r: str) -> Any:
    """One of my calls, or one of a clinic whose desk or administrator I am; all else is not found."""
    account = account_of(request)
    call = Call.objects.filter(pk=r).select_related("outcome").first()
    if call is not None:
        who = _whose(str(account.pk), call.account, call.clinic)
        return listing.describe(call, timezone.now(), account.pk, who=who)
    refused = CallRefusal.objects.filter(pk=r).first()
    if refused is None:
        raise wire.refuse("not_found")
    who = _whose(str(account.pk), refused.account, refused.clinic)
    return listing.describe_refusal(refused, account.pk, who=who)


def _whose(reader: str, owner: UUID, clinic: UUID | None) -> bool:
    """Return whether who made the call is to be told. Raises Refusal `not_found` for who may not see it."""
    place = find_place(reader, str(clinic)) if clinic is not None else None
    if place is not None and place.role in READERS and place.clinic.state == "verified":
        return True
    if reader != str(owner):
        raise wire.refuse("not_found")
    return False


__all__ = ["CallItem", "router"]

"""The HTTP API of members: oneself, tickets for the socket, availability, and the lists to choose from."""

import base64
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from ninja import Router

from members import availability, rights, services, taxonomy, vault
from members.auth import account_of, session_of, signed_in
from members.clinic_views import router as clinic_router
from members.demo_views import router as demo_router
from members.device_views import router as device_router
from members.errors import Invalid
from members.marks import mark
from members.models import Account
from members.problems import PROBLEMS
from members.quiet import is_quiet
from members.schemas import (
    AvailabilityShown,
    AvailabilityWanted,
    LanguageShown,
    Me,
    MeChanges,
    SpecialtyShown,
    TicketShown,
)
from realtime.instants import to_ms
from realtime.tickets import issue_ticket

router = Router(tags=["members"])
router.add_router("", device_router)
router.add_router("", demo_router)
router.add_router("", clinic_router)


@router.get("/me", response={200: Me, **PROBLEMS}, auth=signed_in, by_alias=True)
def show_me(request: HttpRequest) -> Any:
    """Who am I, and am I available."""
    return _me(account_of(request), session_of(request), timezone.now())


@router.patch("/me", response={200: Me, **PROBLEMS}, auth=signed_in, by_alias=True)
def change_me(request: HttpRequest, changes: MeChanges) -> Any:
    """Change languages, time zone, quiet hours or the daily budget; what is left out stays."""
    account = account_of(request)
    wanted = {field: getattr(changes, field) for field in changes.model_fields_set}
    if wanted.get("quiet") is not None:
        wanted["quiet"] = (wanted["quiet"].from_, wanted["quiet"].to)
    services.change_profile(account, wanted)
    return _me(account, session_of(request), timezone.now())


@router.post("/ticket", response={200: TicketShown, **PROBLEMS}, auth=signed_in)
def make_ticket(request: HttpRequest) -> Any:
    """A ticket to say in `hello`; fetch another before it ends."""
    ticket, expires_at = issue_ticket(str(account_of(request).pk), session_of(request))
    return {"ticket": ticket, "expires_at": expires_at, "expires_in": settings.CURBSIDE_LIMITS.ticket_s}


@router.get("/availability", response={200: AvailabilityShown, **PROBLEMS}, auth=signed_in)
def show_availability(request: HttpRequest) -> Any:
    """Whether I take questions, for what, and until when."""
    return _availability(account_of(request), timezone.now())


@router.put("/availability", response={200: AvailabilityShown, **PROBLEMS}, auth=signed_in)
def change_availability(request: HttpRequest, wanted: AvailabilityWanted) -> Any:
    """Take questions for eight hours from now, or none any more."""
    account, now = account_of(request), timezone.now()
    specialties = wanted.specialties
    if specialties is None:
        specialties = [account.specialty] if account.specialty else []
    if wanted.on and not specialties:
        raise Invalid("specialties", "Choose a specialty.")
    availability.set_availability(account, wanted.on, specialties, now)
    return _availability(account, now)


@router.get("/specialties", response=list[SpecialtyShown], auth=None)
def list_specialties(request: HttpRequest) -> Any:
    """The specialties that can be asked."""
    return [
        {"code": s.code, "name": s.name, "doctor": s.doctor, "related": s.related,
         "subspecialties": [{"code": c, "name": taxonomy.SUBSPECIALTIES[c][0]} for c in s.subspecialties]}
        for s in taxonomy.SPECIALTIES.values()
    ]


@router.get("/languages", response=list[LanguageShown], auth=None)
def list_languages(request: HttpRequest) -> Any:
    """The languages in which can be asked."""
    return [{"code": code, "name": name} for code, name in taxonomy.LANGUAGES.items()]


@csrf_exempt
def refuse_signup(request: HttpRequest, client: str) -> HttpResponse:
    """Nobody joins by themselves: said before allauth looks at the address, which would tell whether it is known."""
    return JsonResponse({"status": 403}, status=403)


def _me(account: Account, session: str, now: datetime) -> dict[str, Any]:
    quiet = None
    if account.quiet_from is not None and account.quiet_to is not None:
        quiet = {"from": f"{account.quiet_from:%H:%M}", "to": f"{account.quiet_to:%H:%M}"}
    return {
        "email": account.email, "name": account.name, "role": account.role, "specialty": account.specialty,
        "subspecialty": account.subspecialty, "region": account.region, "languages": account.languages,
        "time_zone": account.time_zone, "verified": account.verified_at is not None,
        "clinical": rights.is_clinician(account), "staff": rights.is_platform_team(account),
        "inbox": vault.inbox_of(str(account.pk))[0], "outbox_key": outbox_key(account, session), "quiet": quiet,
        "daily_budget": account.daily_budget,
        "offers_today": availability.offers_today(account, now), "availability": _availability(account, now),
        "demo": settings.CURBSIDE_DEMO,
    }


def outbox_key(account: Account, session: str) -> str:
    """Return the key under which a device keeps drafts of this session: 32 bytes in base64."""
    digest = mark("outbox", str(account.pk), session, key="outbox")
    return base64.b64encode(base64.urlsafe_b64decode(digest + "=")).decode()


def _availability(account: Account, now: datetime) -> dict[str, Any]:
    row = availability.availability_of(account)
    on = row.on and row.until is not None and row.until > now
    left = max(0, account.daily_budget - availability.offers_today(account, now))
    return {
        "on": on, "until": to_ms(row.until) if on and row.until else None,
        "specialties": availability.specialties_of(row), "reason": row.reason or None,
        "alertable": account.devices.exists(),
        "quiet_now": is_quiet(now, account.time_zone, account.quiet_from, account.quiet_to), "offers_left": left,
    }

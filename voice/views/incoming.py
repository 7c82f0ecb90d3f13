"""Slips and calls that come in, over HTTP: for a clinic's desk and administrators, and a member's own offer."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status

from members.auth import account_of, signed_in
from members.problems import PROBLEMS
from realtime.instants import to_ms
from realtime.protocol import refuse
from voice import offers, routing, slips
from voice.models import ClinicNumber, Slip
from voice.numbers import formatted
from voice.patients import show_patients
from voice.sealed import open_in
from voice.views.incoming_schemas import Closing, Made, RuleShown, RuleWanted, Slips, Sought, TurnWanted, Until

router = Router(tags=["slips"], auth=signed_in)
PAGE = 50
State = Literal["open", "claimed", "closed", "expired"]


@router.get("/clinics/{clinic}/slips", response={200: Slips, **PROBLEMS}, summary="A clinic's slips, newest first")
def list_slips(request: HttpRequest, clinic: str, state: Annotated[State | None, Query()] = None,
               before: str | None = None) -> Any:
    """For the desk and administrators."""
    account = account_of(request)
    rows = slips.slips_of(account, clinic)
    if state is not None:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(made_at__lt=_cursor(before))
    found = list(rows[: PAGE + 1])
    page = found[:PAGE]
    more = page[-1].made_at.isoformat() if len(found) > PAGE else None
    return {"items": _shown(page, str(account.pk)), "next": more}


@router.post("/clinics/{clinic}/slips/search", response={200: Slips, **PROBLEMS}, summary="Slips by name or number")
def search_slips(request: HttpRequest, clinic: str, sought: Sought) -> Any:
    """By the beginning of a name or a whole number, of any state, newest first."""
    account = account_of(request)
    return {"items": _shown(slips.find_slips(account, clinic, sought.q), str(account.pk)), "next": None}


@router.post("/slips/{slip}/claim", response={204: None, **PROBLEMS}, summary="Take a slip")
def claim_slip(request: HttpRequest, slip: str) -> Any:
    """Two who try at once: one gets it, the other is refused `slip.taken`."""
    slips.claim(account_of(request), slip)
    return Status(204, None)


@router.post("/slips/{slip}/open", response={204: None, **PROBLEMS}, summary="Give a slip back to the desk")
def open_slip(request: HttpRequest, slip: str) -> Any:
    """Anybody at the desk may, for a colleague who has gone home too."""
    slips.give_back(account_of(request), slip)
    return Status(204, None)


@router.post("/slips/{slip}/close", response={204: None, **PROBLEMS}, summary="Close a slip")
def close_slip(request: HttpRequest, slip: str, closing: Closing) -> Any:
    """Say how it went; nothing clinical."""
    slips.close(account_of(request), slip, closing.how)
    return Status(204, None)


@router.get("/clinics/{clinic}/incoming", response={200: RuleShown, **PROBLEMS}, by_alias=True,
            summary="Where calls to held numbers go")
def get_rule(request: HttpRequest, clinic: str) -> Any:
    """For the desk and administrators."""
    rule = routing.access_rule(account_of(request), clinic)
    for turn in rule["on_call"]:
        turn["from"], turn["until"] = to_ms(turn["from"]), to_ms(turn["until"])
    return rule


@router.put("/clinics/{clinic}/incoming", response={204: None, **PROBLEMS}, summary="Say where they shall go")
def put_rule(request: HttpRequest, clinic: str, wanted: RuleWanted) -> Any:
    """For administrators."""
    openings = [routing.Opening(h.day, _minutes(h.from_), _minutes(h.to)) for h in wanted.hours]
    routing.change_rule(account_of(request), clinic, route=wanted.route, after_hours=wanted.after_hours,
                        openings=openings, desk_number=wanted.desk_number, language=wanted.language)
    return Status(204, None)


@router.post("/clinics/{clinic}/on-call", response={201: Made, **PROBLEMS}, summary="Have a member on call")
def add_turn(request: HttpRequest, clinic: str, wanted: TurnWanted) -> Any:
    """For administrators. The number is of a phone of the clinic, never a member's own."""
    made = routing.add_turn(account_of(request), clinic, wanted.member, wanted.number, _instant(wanted.from_),
                            _instant(wanted.until))
    return Status(201, {"id": made})


@router.delete("/on-call/{turn}", response={204: None, **PROBLEMS}, summary="End a turn")
def remove_turn(request: HttpRequest, turn: str) -> Any:
    """For administrators."""
    routing.remove_turn(account_of(request), turn)
    return Status(204, None)


@router.post("/calls/{r}/call-back", response={204: None, **PROBLEMS}, summary="Take the call back of a call oneself")
def offer_call_back(request: HttpRequest, r: str, wanted: Until) -> Any:
    """Until then, at most a day, a call back of this patient to this number rings one's own phone."""
    offers.offer_call_back(account_of(request), r, _instant(wanted.until))
    return Status(204, None)


@router.delete("/calls/{r}/call-back", response={204: None, **PROBLEMS}, summary="Take it no longer")
def withdraw_call_back(request: HttpRequest, r: str) -> Any:
    """From now on it rings the clinic again."""
    offers.withdraw_offer(account_of(request), r)
    return Status(204, None)


def _shown(rows: list[Slip], me: str) -> list[dict[str, Any]]:
    patients = show_patients({row.patient for row in rows if row.patient})
    numbers = {number.pk: number for number in ClinicNumber.objects.filter(pk__in={row.caller_id for row in rows})}
    now = timezone.now()
    return [_slip(row, patients.get(row.patient), numbers.get(row.caller_id), me, now) for row in rows]


def _slip(row: Slip, patient: dict[str, Any] | None, number: ClinicNumber | None, me: str,
          now: datetime) -> dict[str, Any]:
    until = offers.offer_until(row.call, now) if row.call else None
    named = patient or {"id": None, "name": None, "born": None}
    return {
        "id": row.pk,
        "kind": row.kind,
        "at": to_ms(row.made_at),
        "patient": {"id": named["id"], "name": named["name"], "born": named["born"] or None, "mask": row.mask},
        "shown": formatted(open_in(number, "number")) if number else None,
        "mode": row.mode,
        "calls_back": row.mode == "held",
        "callers": [row.account.name] if row.account else [],
        "cause": row.cause,
        "attempts": row.attempts,
        "their_calls": row.their_calls,
        "caller_id": row.caller_id,
        "state": row.state,
        "claimed_by": row.claimed_by.name if row.claimed_by else None,
        "mine": str(row.claimed_by_id) == me,
        "called_back_at": to_ms(row.called_back_at) if row.called_back_at else None,
        "expires_at": to_ms(row.expires_at),
        "until": to_ms(until) if until else None,
        "closed_at": to_ms(row.closed_at) if row.closed_at else None,
        "how": row.how,
        "r": row.call or None,
    }


def _minutes(at: time) -> time:
    return at.replace(second=0, microsecond=0)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _cursor(before: str) -> datetime:
    try:
        at = datetime.fromisoformat(before)
        if at.tzinfo is None:
            raise refuse("malformed")
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise refuse("malformed") from None

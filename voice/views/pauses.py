"""Pauses over HTTP: of a clinic by its administrators, of all calls by the platform team."""

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from members.auth import account_of, signed_in
from members.clinics import ADMINISTRATOR, access_verified
from members.models import Account
from members.problems import PROBLEMS
from members.rights import is_platform_team
from realtime.instants import to_ms
from realtime.protocol import refuse
from voice import pauses
from voice.models import CallPause
from voice.models.policy import LONGEST_REASON
from voice.shapes import or_none

router = Router(tags=["numbers"], auth=signed_in)


class Pause(Schema):
    """Whether calls of a clinic are paused."""

    on: bool


class PauseOfAll(Pause):
    """Whether all calls are paused; `reason` with a pause, for every clinician to read: no name, no patient."""

    reason: Annotated[str, Field(max_length=LONGEST_REASON)] = ""


class PauseShown(Schema):
    """A pause of all calls: since when, why, by whom, and who ended it when. Nobody where a command did it."""

    since: int
    reason: str
    by: str | None
    ended_at: int | None
    ended_by: str | None


class PausesShown(Schema):
    """The pause that stands, if one does, and the last ones before it, the newest first."""

    standing: PauseShown | None
    earlier: list[PauseShown]


@router.post("/clinics/{clinic}/pause", response={204: None, **PROBLEMS})
def pause_clinic(request: HttpRequest, clinic: str, pause: Pause) -> Any:
    """Pause the calls of a clinic that one administers, or go on."""
    mine = access_verified(account_of(request), clinic, {ADMINISTRATOR})
    pauses.set_pause(mine.clinic, account_of(request), timezone.now(), on=pause.on)
    return Status(204, None)


@router.get("/pause", response={200: PausesShown, **PROBLEMS})
def show_pauses(request: HttpRequest) -> Any:
    """The pause of all calls and those before it: for the platform team; for everybody else this does not exist."""
    _team(request)
    standing = pauses.standing_pause()
    return {"standing": standing and _shown(standing), "earlier": [_shown(row) for row in pauses.earlier_pauses()]}


@router.post("/pause", response={204: None, **PROBLEMS})
def pause_all(request: HttpRequest, pause: PauseOfAll) -> Any:
    """Pause all calls, or go on: for the platform team; for everybody else this address does not exist."""
    account = _team(request)
    if pause.on:
        pauses.pause_all(account, timezone.now(), pause.reason)
    else:
        pauses.set_pause(None, account, timezone.now(), on=False)
    return Status(204, None)


def _team(request: HttpRequest) -> Account:
    account = account_of(request)
    if not is_platform_team(account):
        raise refuse("not_found")
    return account


def _shown(row: CallPause) -> dict[str, Any]:
    return {"since": to_ms(row.since), "reason": row.reason, "by": row.by.name if row.by else None,
            "ended_at": or_none(row.ended_at), "ended_by": row.ended_by.name if row.ended_by else None}

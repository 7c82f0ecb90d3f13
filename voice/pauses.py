"""Pauses: no call begins, of one clinic or of all. What two are talking goes on. Every pause stays as a row."""

from datetime import datetime
from typing import Final

from django.db import transaction

from members.errors import Invalid
from members.models import Account, Clinic
from voice.models import CallPause

SHOWN: Final = 20


@transaction.atomic
def set_pause(clinic: Clinic | None, by: Account | None, now: datetime, *, on: bool, reason: str = "") -> None:
    """Begin or end the pause of a clinic, or that of all calls. Safe to repeat: what stands keeps its reason."""
    standing = CallPause.objects.filter(clinic=clinic, ended_at=None)
    if not on:
        standing.update(ended_at=now, ended_by=by)
    elif not standing.exists():
        CallPause.objects.create(clinic=clinic, by=by, since=now, reason=reason)


def pause_all(by: Account, now: datetime, reason: str) -> None:
    """Pause all calls, and say why to those who cannot call. Raises Invalid without a reason."""
    if not reason.strip():
        raise Invalid("reason", "Say why, in words that every clinician may read.")
    set_pause(None, by, now, on=True, reason=reason.strip())


def standing_pause() -> CallPause | None:
    """Return the pause of all calls that stands, if one does."""
    return CallPause.objects.filter(clinic=None, ended_at=None).select_related("by").order_by("since").first()


def earlier_pauses() -> list[CallPause]:
    """Return the last pauses of all calls that have ended, the newest first."""
    ended = CallPause.objects.filter(clinic=None, ended_at__isnull=False).select_related("by", "ended_by")
    return list(ended.order_by("-since", "-pk")[:SHOWN])

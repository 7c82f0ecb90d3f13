"""Pauses: no call begins, of one clinic or of all. What has begun goes on."""

from datetime import datetime

from django.db import transaction

from members.models import Account, Clinic
from voice.models import CallPause


@transaction.atomic
def set_pause(clinic: Clinic | None, by: Account | None, now: datetime, *, on: bool) -> None:
    """Begin or end the pause of a clinic, without one that of all calls. Safe to repeat."""
    standing = CallPause.objects.filter(clinic=clinic, ended_at=None)
    if not on:
        standing.update(ended_at=now)
    elif not standing.exists():
        CallPause.objects.create(clinic=clinic, by=by, since=now)

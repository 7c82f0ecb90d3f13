"""Ends calls of who may not make them any more, or not show their number: of members, of clinics, of numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from django.db import Error
from django.db.models import Exists, OuterRef, Q, QuerySet

from voice.call import By, Cause, Stage
from voice.models import Call, Grant
from voice.services import end_call, end_unanswered


def end_calls(account: UUID | None, clinic: UUID | None, now: datetime, by: By | None = None) -> None:
    """End the calls that go on of who may not call any more; their records stay with the clinic."""
    whose = {name: one for name, one in (("account", account), ("clinic", clinic)) if one is not None}
    by = by or (By.CLINIC if len(whose) == 2 else By.SERVICE)  # a clinic removes members, the platform team suspends
    _end_each(Call.objects.filter(ended_at=None, **whose), lambda r: end_call(r, by, Cause.REVOKED, now))


def end_shown(numbers: Collection[str], now: datetime, account: UUID | None = None) -> int:
    """End the calls, of a member or of all, that were to show these numbers and that no patient has answered.

    Returns how many. Where the two talk already, ending it harms the patient and takes back nothing: the number was
    shown.
    """
    whose = {} if account is None else {"account": account}
    return _end_where(Q(caller_id__in=numbers, **whose), now)


def end_taken_back(now: datetime) -> int:
    """End the calls that no patient has answered of members whose right to the number was taken back; return how many.

    A right that expires while a call rings ends none: it is looked at before each dial.
    """
    rights = Grant.objects.filter(clinic_number=OuterRef("caller_id"), membership__account=OuterRef("account"))
    lost = Q(Exists(rights.filter(ended_at__isnull=False)), ~Exists(rights.filter(ended_at=None)))
    return _end_where(lost, now)


def _end_where(revoked: Q, now: datetime) -> int:
    going = Call.objects.filter(revoked, ended_at=None).exclude(stage=Stage.ENDING)
    return _end_each(going, lambda r: end_unanswered(r, By.CLINIC, Cause.REVOKED, now))


def _end_each(going: QuerySet[Call], end: Callable[[str], bool | None]) -> int:
    """End calls one by one; return of how many `end` said so. One that fails leaves none of the others going on."""
    ended, failed = 0, None
    for r in list(going.values_list("pk", flat=True)):
        try:
            ended += bool(end(str(r)))
        except Error as error:
            failed = error
    if failed is not None:
        raise failed
    return ended

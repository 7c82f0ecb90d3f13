"""What somebody holds for a clinic of what stands in this app, and what becomes of it when they leave."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import Error
from django.db.models import QuerySet
from django.utils import timezone

from members.clinic_members import Part
from voice import slips
from voice.call import By, Cause, Stage
from voice.models import Call, CallBackOffer, Grant, OnCallTurn, Slip
from voice.services import end_call, end_unanswered


def count_turns(clinic: str, account: str) -> int:
    """How many turns on call of somebody have not ended."""
    return OnCallTurn.objects.filter(clinic=UUID(clinic), account=UUID(account), ends_at__gt=timezone.now()).count()


def pass_turns_on(clinic: str, account: str, heir: str | None, now: datetime) -> None:
    """Give the turns to the heir, who has them on the same phones of the clinic."""
    mine = OnCallTurn.objects.filter(clinic=UUID(clinic), account=UUID(account), ends_at__gt=now)
    if heir is not None:
        mine.update(account=UUID(heir))


def count_grants(clinic: str, account: str) -> int:
    """How many of the clinic's numbers somebody may show."""
    return _grants(clinic, account).count()


def end_grants(clinic: str, account: str, heir: str | None, now: datetime) -> None:
    """End the right to show the clinic's numbers; an heir is given none that an administrator did not give."""
    _grants(clinic, account).update(ended_at=now)


def _grants(clinic: str, account: str) -> QuerySet[Grant]:
    places = {"membership__clinic": UUID(clinic), "membership__account": UUID(account)}
    return Grant.objects.filter(ended_at=None, **places)


def count_slips(clinic: str, account: str) -> int:
    """How many slips somebody has claimed and not closed."""
    return Slip.objects.filter(clinic=UUID(clinic), claimed_by=UUID(account), state="claimed").count()


def count_offers(clinic: str, account: str) -> int:
    """How many calls back somebody takes on their own phone."""
    return CallBackOffer.objects.filter(clinic=UUID(clinic), account=UUID(account), until__gt=timezone.now()).count()


def end_offers(clinic: str, account: str, heir: str | None, now: datetime) -> None:
    """End the offers: calls back ring the clinic."""
    CallBackOffer.objects.filter(clinic=UUID(clinic), account=UUID(account)).delete()


def count_calls(clinic: str, account: str) -> int:
    """How many calls of somebody for the clinic go on now."""
    return Call.objects.filter(clinic=UUID(clinic), account=UUID(account), ended_at=None).count()


def end_calls(account: UUID | None, clinic: UUID | None, now: datetime, by: By | None = None) -> None:
    """End the calls that go on of who may not call any more; their records stay with the clinic."""
    whose = {name: one for name, one in (("account", account), ("clinic", clinic)) if one is not None}
    by = by or (By.CLINIC if len(whose) == 2 else By.SERVICE)  # a clinic removes members, the platform team suspends
    _end_each(Call.objects.filter(ended_at=None, **whose), lambda r: end_call(r, by, Cause.REVOKED, now))


def end_shown(numbers: Collection[str], now: datetime) -> int:
    """End the calls that were to show these numbers and that no patient has answered; return how many.

    Where the two talk already, ending it harms the patient and takes back nothing: the number was shown.
    """
    going = Call.objects.filter(ended_at=None, caller_id__in=numbers).exclude(stage=Stage.ENDING)
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


PARTS: Final = (
    Part("calls", "Calls that go on now; they are ended", count_calls, None),
    Part("grants", "Numbers that they may show; this ends", count_grants, end_grants),
    Part("on_call", "Turns on call", count_turns, pass_turns_on, needs_heir=True),
    Part("slips", "Slips that they claimed; they are open for the desk again", count_slips, slips.pass_on),
    Part("call_backs", "Calls back that ring their own phone", count_offers, end_offers),
)

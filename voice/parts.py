"""What somebody holds for a clinic of what stands in this app, and what becomes of it when they leave."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.utils import timezone

from members.clinics import ROLES, administrators_of
from members.parts import Leaving, Part
from voice import grants, slips
from voice.models import Call, CallBackOffer, ClinicNumber, OnCallTurn, Slip


def count_turns(clinic: str, account: str) -> int:
    """How many turns on call of somebody have not ended."""
    return OnCallTurn.objects.filter(clinic=UUID(clinic), account=UUID(account), ends_at__gt=timezone.now()).count()


def pass_turns_on(leaving: Leaving) -> None:
    """Give the turns to the heir, who has them on the same phones of the clinic."""
    place, heir = leaving.place, leaving.heir
    mine = OnCallTurn.objects.filter(clinic=place.clinic_id, account=place.account_id, ends_at__gt=leaving.now)
    if heir is not None:
        mine.update(account=heir.account_id)


def count_slips(clinic: str, account: str) -> int:
    """How many slips somebody has claimed and not closed."""
    return Slip.objects.filter(clinic=UUID(clinic), claimed_by=UUID(account), state="claimed").count()


def count_offers(clinic: str, account: str) -> int:
    """How many calls back somebody takes on their own phone."""
    return CallBackOffer.objects.filter(clinic=UUID(clinic), account=UUID(account), until__gt=timezone.now()).count()


def end_offers(leaving: Leaving) -> None:
    """End the offers: calls back ring the clinic."""
    CallBackOffer.objects.filter(clinic=leaving.place.clinic_id, account=leaving.place.account_id).delete()


def count_calls(clinic: str, account: str) -> int:
    """How many calls of somebody for the clinic go on now."""
    return Call.objects.filter(clinic=UUID(clinic), account=UUID(account), ended_at=None).count()


def count_approvals(clinic: str, account: str) -> int:
    """How many numbers wait for an approval that nobody but this administrator could give.

    That is so with one other administrator, for what that one asked for; alone they wait a day (``voice.approvals``).
    """
    others = [one for one in administrators_of(UUID(clinic)) if one != account]
    if len(others) != 1 or account not in administrators_of(UUID(clinic)):
        return 0
    waiting = ClinicNumber.objects.filter(clinic=UUID(clinic), state="approving", single_until=None)
    return waiting.filter(asked_by=UUID(others[0])).count()


PARTS: Final = (
    Part("calls", "Calls that go on now; they are ended", count_calls, None),
    Part("grants", "Numbers that they may show; this ends, also where it is given to somebody else", grants.count,
         grants.pass_on, heir_roles=ROLES, choices=grants.choices),
    Part("on_call", "Turns on call", count_turns, pass_turns_on, needs_heir=True, heir_roles=ROLES),
    Part("slips", "Slips that they claimed; somebody of the desk takes them over, or they are open for it again",
         count_slips, slips.pass_on, heir_roles=slips.READERS),
    Part("call_backs", "Calls back that ring their own phone", count_offers, end_offers),
    Part("approvals", "Numbers that only they could approve; who asked waits a day alone", count_approvals, None),
)

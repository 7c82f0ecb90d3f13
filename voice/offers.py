"""A member's offer to take the call back of one call on their own phone, until a time. The only writer of offers.

Without such an offer no call that comes in ever rings a member's own phone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from members.clinics import find_place
from members.errors import Invalid, NotFound
from members.models import Account
from realtime.protocol import Refusal
from voice.models import Attempt, Call, CallBackOffer, CallNumber, CallOutcome
from voice.phones import own_phone
from voice.sealed import blind_index, open_in

LONGEST: Final = timedelta(hours=24)


def offer_call_back(account: Account, call_id: str, until: datetime) -> None:
    """Have the call back of one's own call ring one's own phone until then, at most a day.

    Raises NotFound, Invalid, and the Refusals of `own_phone`.
    """
    call = _own_call(account, call_id)
    now = timezone.now()
    if not now < until <= now + LONGEST:
        raise Invalid("until", "Choose a time within a day from now.")
    if call.mode != "held":
        raise Invalid("until", "Calls to the clinic's own number do not come in here, so they cannot ring you.")
    outcome = CallOutcome.objects.filter(call=call).first()
    if not _rang(call) or (outcome is not None and outcome.how == "wrong_number"):
        raise Invalid("until", "Only a patient who was rung can call back, and not where the number was wrong.")
    own_phone(str(account.pk))
    number = CallNumber.objects.filter(call=call, role="patient").first()
    if number is None:
        raise NotFound
    index = blind_index(str(call.clinic), open_in(number, "sealed"))
    CallBackOffer.objects.update_or_create(call=call.pk, defaults={
        "clinic_id": call.clinic, "account": account, "caller_id": call.caller_id, "number_index": index,
        "until": until, "made_at": now,
    })  # fmt: skip


def withdraw_offer(account: Account, call_id: str) -> None:
    """Take the offer back at once. Raises NotFound for a call that is not one's own."""
    _own_call(account, call_id)
    CallBackOffer.objects.filter(call=call_id, account=account).delete()


def offer_until(call_id: str, now: datetime) -> datetime | None:
    """Return until when who made this call takes its call back, None where they do not."""
    return CallBackOffer.objects.filter(call=call_id, until__gt=now).values_list("until", flat=True).first()


def offered_phone(clinic_id: str, caller_id: str, indexes: list[str], now: datetime) -> str:
    """Return the phone that takes this caller's call back now, "" where nobody offered theirs.

    Only who called them last counts, on this very number, and only while they belong to the clinic and the phone is
    still theirs.
    """
    offers = CallBackOffer.objects.filter(
        clinic=UUID(clinic_id), caller_id=caller_id, number_index__in=indexes, until__gt=now
    )
    offer = offers.order_by("-made_at").first()
    if offer is None or find_place(str(offer.account_id), clinic_id) is None:
        return ""
    try:
        return own_phone(str(offer.account_id))
    except Refusal:
        return ""


def forget_offer(call_id: str) -> None:
    """Take an offer back because the number turned out to be somebody else's."""
    CallBackOffer.objects.filter(call=call_id).delete()


def _rang(call: Call) -> bool:
    rang = Q(ringing_at__isnull=False) | Q(answered_at__isnull=False)
    return Attempt.objects.filter(rang, call=call, side="patient").exists()


def _own_call(account: Account, call_id: str) -> Call:
    call = Call.objects.filter(pk=call_id, account=account.pk).first()
    if call is None or find_place(str(account.pk), str(call.clinic)) is None:
        raise NotFound
    return call

"""Times to try a call again: which of them stand, how one ends, and the reminder once it has come.

A time to try again ends with the next call to the same patient, or to the same number where it was typed, by whoever
made the first; or by their word that it is done. A call that was refused tried nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from members.clinics import verified_places_of
from members.notices import tell
from realtime import protocol as wire
from realtime.commands import TimerHandler
from realtime.models import Timer
from realtime.rows import Part
from realtime.timers import clear_timer, setting
from voice.models import Call, CallNumber, CallOutcome
from voice.sealed import open_in

TIMER: Final = "call.retry"
LAPSES: Final = timedelta(days=30)
"""How long after its time one that nobody took up is still shown."""


def reminding(r: str, at: datetime) -> Part:
    """Return what sets the reminder of a call, to be sent with other statements."""
    return setting(TIMER, r, at)


def retries_of(account: UUID, now: datetime) -> list[Call]:
    """Return a member's calls of which they said so, those that are due first in front; `standing` says which are."""
    said = Call.objects.filter(account=account, outcome__then="retry", outcome__retry_done_at=None,
                               outcome__retry_at__gt=now - LAPSES)
    return list(said.select_related("outcome").order_by("outcome__retry_at", "pk"))


def standing(calls: Sequence[Call], now: datetime) -> set[str]:
    """Return the ids of those calls that are still to be tried again."""
    waiting = [call for call in calls if _waits(call, now)]
    if not waiting:
        return set()
    typed = {call.pk: call.patient_mask for call in waiting if not call.patient}
    same = Q(patient__in={call.patient for call in waiting if call.patient}) | Q(patient_mask__in=set(typed.values()))
    later = Call.objects.filter(same, account__in={call.account for call in waiting},
                                started_at__gt=min(call.started_at for call in waiting))
    made = list(later.only("pk", "account", "patient", "patient_mask", "started_at"))
    # Masks are of two digits: whether it is the same number is seen in the few that could be.
    alike = [call.pk for call in made if call.patient_mask in typed.values()]
    numbers = _numbers([*typed, *alike]) if typed else {}
    return {call.pk for call in waiting if not any(_is_next_try(call, other, numbers) for other in made)}


def finish(account: UUID, r: str, now: datetime) -> None:
    """Note that a call of one's own need not be tried again. Raises Refusal `not_found`."""
    said = CallOutcome.objects.filter(call=r, call__account=account, then="retry")
    if not said.exists():
        raise wire.refuse("not_found")
    with transaction.atomic():
        said.filter(retry_done_at=None).update(retry_done_at=now)
        clear_timer(TIMER, r)


@transaction.atomic
def remind(r: str, now: datetime) -> None:
    """Tell who made a call that its time to try again has come, once, where it stands and they belong to the clinic."""
    if not Timer.objects.filter(kind=TIMER, subject=r).delete()[0]:
        return  # told already, by another process
    call = Call.objects.filter(pk=r).select_related("outcome").first()
    if call is not None and standing([call], now) and call.clinic in verified_places_of(call.account):
        tell(str(call.account), "call.retry")


def _waits(call: Call, now: datetime) -> bool:
    said: CallOutcome | None = getattr(call, "outcome", None)
    if said is None or said.then != "retry" or said.retry_at is None:
        return False
    return said.retry_done_at is None and said.retry_at > now - LAPSES


def _is_next_try(call: Call, other: Call, numbers: Mapping[str, str]) -> bool:
    if other.account != call.account or other.started_at <= call.started_at:
        return False
    if call.patient:
        return other.patient == call.patient
    return call.pk in numbers and numbers.get(other.pk) == numbers[call.pk]


def _numbers(calls: Sequence[str]) -> dict[str, str]:
    """Return the patients' numbers of calls, without those that were erased."""
    rows = CallNumber.objects.filter(call__in=calls, role="patient")
    return {row.call_id: open_in(row, "sealed") for row in rows}


TIMERS: Final[Mapping[str, TimerHandler]] = {TIMER: remind}

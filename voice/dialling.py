"""The one dial of an attempt, whoever asks for it: what is looked at before, and what follows from the answer.

A call loop asks a carrier by a request, a media worker its trunks; what is ordered, when nothing is asked any more, and
what a refusal means is the same for both. All of it runs in a thread, and never in an event loop.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import timezone

from realtime.protocol import Refusal
from voice import outbox
from voice.call import By, Call, Cause, DialFailed, Event, HangUp, Leg, LegChanged, RightRevoked, Side
from voice.carriers.base import CarrierError, DialOrder
from voice.holding import alone, holding, spans
from voice.models import Action, Attempt, CallNumber
from voice.permits import rulebook
from voice.sealed import open_in
from voice.spoken import language_on_leg

log = logging.getLogger(__name__)
TRIES: Final = 3


def order_of(attempt: Attempt, numbers: Mapping[str, CallNumber] | None = None,
             languages: Sequence[str] | None = None) -> DialOrder:
    """Return what is ordered for an attempt: the clinician sees the service's number, the patient the clinic's.

    `numbers`: those that are needed, by their role, and `languages` of the clinician, where they were read already.
    Raises LookupError where the numbers have been erased.
    """
    call = attempt.call
    if numbers is None:
        numbers = {row.role: row for row in CallNumber.objects.filter(call=call)}
    if not {attempt.side, "shown"} <= numbers.keys():
        raise LookupError("the numbers of this call have been erased")
    to_clinician = attempt.side == Side.CLINICIAN
    lasts = settings.CURBSIDE_CALL_SPANS
    shown = settings.CURBSIDE_SERVICE_NUMBER if to_clinician else open_in(numbers["shown"], "sealed")
    return DialOrder(
        reference=attempt.reference,
        to=open_in(numbers[attempt.side], "sealed"),
        shown=shown,
        timeout_s=max(1, round(lasts["clinician_answer" if to_clinician else "patient_answer"])),
        confirm=to_clinician,
        room=call.room,
        max_s=round(call.machine["max_s"] + lasts["patient_answer"] + lasts["press_one"]),
        language=language_on_leg(call, attempt.side, languages),
    )


def prepare(action: Action) -> DialOrder | None:
    """Return what is to be ordered for a claimed dial; None where it is not asked any more, and that was stored."""
    attempt = action.attempt
    assert attempt is not None
    order = order_of(attempt, action.numbers, action.languages)
    withdrawn = _given_up(attempt) or _withdrawn(attempt, order.to)
    if withdrawn is not None:
        settle(action, "cancelled", withdrawn)
        return None
    return None if is_late(action) else order


def _given_up(attempt: Attempt) -> Event | None:
    """Return what ends a leg that was given up before its dial was claimed, as after a claim that came to nothing."""
    known = Call.from_state(attempt.call.machine, spans()).attempt(Side(attempt.side), attempt.n)
    if known is not None and known.awaits_dial:
        return None
    return DialFailed(Side(attempt.side), attempt.n, Cause.CANCELLED)


def _withdrawn(attempt: Attempt, to: str) -> Event | None:
    """Look again before a leg is dialled; return what ends the call where it may not be any more."""
    call, own = attempt.call, attempt.side == Side.CLINICIAN
    account, clinic = str(call.account), str(call.clinic)
    try:
        if not own:
            rulebook().still_may_show(call.caller_id, account, clinic)
    except Refusal as refusal:
        return HangUp(By.SERVICE, Cause.PAUSED) if refusal.code == "call.paused" else RightRevoked()
    if not rulebook().still_wanted(account, clinic, to, own=own):
        return HangUp(By.SERVICE, Cause.WITHDRAWN)
    return None


def is_late(action: Action) -> bool:
    """Whether a claim ended before its dial was asked, as of a process that stood still. What was not asked waits anew.

    Where somebody has found the claim meanwhile the dial is unknown for good, and asking it now would ring a phone of a
    call that may have ended.
    """
    now = timezone.now()
    if action.lease_until is None or now < action.lease_until:
        return False
    outbox.again(action, now, after_s=0.0)
    return True


def taken(action: Action, carrier_id: str, asked_at: datetime) -> None:
    """Store that a carrier took a dial that was asked at an instant, and its id of the leg."""
    attempt = action.attempt
    assert attempt is not None
    with holding(str(action.call_id), timezone.now()) as held:
        row = held.attempts[attempt.side, attempt.n]
        held.w.parts.append(outbox.settling(action, "done", held.now))
        if row.carrier_id and row.carrier_id != carrier_id:
            held.hang_up_stranger(carrier_id)
            return
        row.carrier_id = carrier_id
        held.touch(row)
        held.feed(LegChanged(Side(row.side), row.n, Leg.DIALING), at=max(asked_at, held.row.started_at))


def refused(action: Action, error: CarrierError) -> None:
    """Store that a carrier did not take a dial: it is asked again, the leg has ended, or nobody knows."""
    now, attempt = timezone.now(), action.attempt
    assert attempt is not None
    log.warning("a carrier did not take a dial", extra={"reason_code": error.provider_code, "kind": error.cause.value})
    if error.cause is Cause.UNCERTAIN:
        outbox.make_unknown(action, now)
        return
    with holding(str(action.call_id), now) as held:
        row = held.attempts[attempt.side, attempt.n]
        known = held.call.attempt(Side(row.side), row.n)
        # Decided under the call's lock: a hang-up before this could not take the dial back, and one after this can.
        wanted = known is not None and known.awaits_dial
        if wanted and not error.permanent and action.tries < TRIES:
            outbox.again(action, now)
            return
        row.provider_code = error.provider_code[:32]
        held.touch(row)
        held.w.parts.append(outbox.settling(action, "failed", now))
        held.feed(DialFailed(Side(row.side), row.n, error.cause if wanted else Cause.CANCELLED))


def settle(action: Action, state: str, event: Event | None) -> None:
    """Store what became of an action, and tell the machine, in one transaction."""
    now = timezone.now()
    if event is None:
        with alone():
            outbox.settle(action, state, now)
        return
    with holding(str(action.call_id), now) as held:
        held.w.parts.append(outbox.settling(action, state, now))
        held.feed(event)

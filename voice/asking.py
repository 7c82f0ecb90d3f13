"""Asking a carrier for one claimed action, and what follows from its answer.

The order never changes: claim (committed) → ask → store the answer. A process that dies between the last two leaves a
claim behind, which ``outbox.find_lost`` finds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from realtime.protocol import Refusal
from voice import outbox
from voice.call import BridgeFailed, By, Call, Cause, DialFailed, Event, HangUp, Leg, LegChanged, RightRevoked, Side
from voice.carriers import carrier_of
from voice.carriers.base import CarrierError, DialOrder
from voice.carriers.documents import BringsSound
from voice.holding import alone, holding, spans
from voice.models import Action, Attempt, CallNumber
from voice.permits import rulebook
from voice.planes import dial_key
from voice.sealed import open_in
from voice.spoken import language_asked, language_on_leg
from voice.streaming import was_bridged

log = logging.getLogger(__name__)
UNKNOWN_LEG_S: Final = 1.0
LEG_AWAITED: Final = timedelta(minutes=10)


def perform(action: Action) -> None:
    """Ask the carrier for a claimed action. Never raises: whatever fails is found again by its claim."""
    try:
        _ASKING[action.kind](action)
    except Exception:
        log.exception("an action could not be carried out", extra={"kind": action.kind})


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


def _dial(action: Action) -> None:
    attempt, now = action.attempt, timezone.now()
    assert attempt is not None
    call, order = attempt.call, order_of(attempt, action.numbers, action.languages)
    withdrawn = _given_up(attempt) or _withdrawn(attempt, order.to)
    if withdrawn is not None:
        _settle(action, "cancelled", withdrawn)
        return
    if _is_late(action):
        return
    try:
        carrier_id = carrier_of(attempt.carrier).dial(order)
    except CarrierError as error:
        _dial_refused(action, attempt, error)
        return
    with holding(str(call.pk), timezone.now()) as held:
        row = held.attempts[attempt.side, attempt.n]
        held.w.parts.append(outbox.settling(action, "done", held.now))
        if row.carrier_id and row.carrier_id != carrier_id:
            held.hang_up_stranger(carrier_id)
            return
        row.carrier_id = carrier_id
        held.touch(row)
        held.feed(LegChanged(Side(row.side), row.n, Leg.DIALING), at=max(now, call.started_at))


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


def _is_late(action: Action) -> bool:
    """Whether a claim ended before its dial was asked, as of a process that stood still. What was not asked waits anew.

    Where somebody has found the claim meanwhile the dial is unknown for good, and asking it now would ring a phone of a
    call that may have ended.
    """
    now = timezone.now()
    if action.lease_until is None or now < action.lease_until:
        return False
    outbox.again(action, now, after_s=0.0)
    return True


def _dial_refused(action: Action, attempt: Attempt, error: CarrierError) -> None:
    now = timezone.now()
    log.warning("a carrier did not take a dial", extra={"reason_code": error.provider_code, "kind": error.cause.value})
    if error.cause is Cause.UNCERTAIN:
        outbox.make_unknown(action, now)
        return
    with holding(str(action.call_id), now) as held:
        row = held.attempts[attempt.side, attempt.n]
        known = held.call.attempt(Side(row.side), row.n)
        # Decided under the call's lock: a hang-up before this could not take the dial back, and one after this can.
        wanted = known is not None and known.awaits_dial
        if wanted and not error.permanent and action.tries < _DIAL_TRIES:
            outbox.again(action, now)
            return
        row.provider_code = error.provider_code[:32]
        held.touch(row)
        held.w.parts.append(outbox.settling(action, "failed", now))
        held.feed(DialFailed(Side(row.side), row.n, error.cause if wanted else Cause.CANCELLED))


_DIAL_TRIES: Final = 3


def _prompt(action: Action) -> None:
    assert action.attempt is not None
    carrier_id = _known_leg(action, action.attempt)
    if carrier_id:
        language = language_asked(action)
        _ask(action, lambda: carrier_of(_carrier(action)).prompt(carrier_id, action.args["what"], language))


def _bridge(action: Action) -> None:
    assert action.attempt is not None and action.call is not None
    patient = Attempt.objects.get(call=action.call, side=Side.PATIENT, n=action.args["patient"])
    ids = _known_leg(action, action.attempt), _known_leg(action, patient)
    if all(ids):
        room = action.call.room
        _ask(action, lambda: _into_one_room(action, ids[0], ids[1], room), failed=BridgeFailed())


def _into_one_room(action: Action, clinician_id: str, patient_id: str, room: str) -> None:
    """Have the two hear each other. Who was heard over a browser until now comes into the room first, and only once."""
    carrier = carrier_of(_carrier(action))
    if isinstance(carrier, BringsSound) and action.tries == 1 and was_bridged(str(action.call_id), over_browser=True):
        carrier.into_room(patient_id, room)
    carrier.bridge(clinician_id, patient_id, room)


def _hangup(action: Action) -> None:
    carrier_id = action.args.get("carrier_id") or (action.attempt and _known_leg(action, action.attempt))
    if not carrier_id:
        return
    if action.attempt is not None and "prompt" in action.args:
        language = language_asked(action)
        _ask(action, lambda: carrier_of(_carrier(action)).prompt(carrier_id, action.args["prompt"], language))
    else:
        _ask(action, lambda: carrier_of(_carrier(action)).hangup(carrier_id))


def _carrier(action: Action) -> str:
    if action.attempt is not None:
        return action.attempt.carrier
    assert action.call is not None
    return action.call.carrier


def _known_leg(action: Action, attempt: Attempt) -> str:
    """Return the carrier's id of a leg. While its dial is on the way the action waits; where none comes it is over."""
    carrier_id = attempt.carrier_id or Attempt.objects.values_list("carrier_id", flat=True).get(pk=attempt.pk)
    if carrier_id:
        return str(carrier_id)
    now = timezone.now()
    dial = Action.objects.filter(key=dial_key(str(attempt.call_id), attempt.side, attempt.n))
    over = dial.filter(state__in=["failed", "cancelled", "done"]).exists()
    if over or action.made_at < now - LEG_AWAITED:
        outbox.settle(action, "failed", now)
    else:
        outbox.again(action, now, after_s=UNKNOWN_LEG_S)
    return ""


def _ask(action: Action, ask: Callable[[], None], *, failed: Event | None = None) -> None:
    """Ask what does nothing twice; a passing failure is tried again, a lasting one is told the machine."""
    try:
        ask()
    except CarrierError as error:
        log.warning("a carrier did not do what was asked",
                    extra={"reason_code": error.provider_code, "kind": action.kind})
        if error.permanent or not outbox.again(action, timezone.now()):
            _settle(action, "failed", failed)
        return
    with alone():
        outbox.settle(action, "done", timezone.now())


def _settle(action: Action, state: str, event: Event | None) -> None:
    """Store what became of an action, and tell the machine, in one transaction."""
    now = timezone.now()
    if event is None:
        with alone():
            outbox.settle(action, state, now)
        return
    with holding(str(action.call_id), now) as held:
        held.w.parts.append(outbox.settling(action, state, now))
        held.feed(event)


def _proof(action: Action) -> None:
    """Dial a proving call, which speaks a code to whoever answers."""
    from voice import proofs

    proof = action.args["proof"]
    order = proofs.order_of(proof)
    if order is None:
        _settle(action, "cancelled", None)
        return
    if _is_late(action):
        return
    try:
        carrier_id = carrier_of(settings.CURBSIDE_CARRIER).dial(order)
    except CarrierError as error:
        now = timezone.now()
        if error.cause is Cause.UNCERTAIN or error.permanent or not outbox.again(action, now):
            _settle(action, "failed", None)
            proofs.failed(proof, error.cause.value)
        return
    _settle(action, "done", None)
    proofs.called(proof, carrier_id)


_ASKING: Final[dict[str, Callable[[Action], None]]] = {
    "dial": _dial,
    "prompt": _prompt,
    "bridge": _bridge,
    "hangup": _hangup,
    "proof": _proof,
}

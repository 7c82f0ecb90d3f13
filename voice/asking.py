"""Asking a carrier for one claimed action, and what follows from its answer.

The order never changes: claim (committed) → ask → store the answer. A process that dies between the last two leaves a
claim behind, which ``outbox.find_lost`` finds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from voice import dialling, outbox, proving
from voice.call import BridgeFailed, Event, Side
from voice.carriers import carrier_of
from voice.carriers.base import CarrierError
from voice.carriers.documents import BringsSound
from voice.holding import alone
from voice.models import Action, Attempt
from voice.planes import dial_key
from voice.spoken import language_asked
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


def _dial(action: Action) -> None:
    attempt, asked_at = action.attempt, timezone.now()
    assert attempt is not None
    order = dialling.prepare(action)
    if order is None:
        return
    try:
        carrier_id = carrier_of(attempt.carrier).dial(order)
    except CarrierError as error:
        dialling.refused(action, error)
        return
    dialling.taken(action, carrier_id, asked_at)


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
            dialling.settle(action, "failed", failed)
        return
    with alone():
        outbox.settle(action, "done", timezone.now())


def _proof(action: Action) -> None:
    """Dial a proving call, which speaks a code to whoever answers."""
    order = proving.prepare(action)
    if order is None:
        return
    try:
        carrier_id = carrier_of(settings.CURBSIDE_CARRIER).dial(order)
    except CarrierError as error:
        proving.refused(action, error)
        return
    proving.taken(action, carrier_id)


_ASKING: Final[dict[str, Callable[[Action], None]]] = {
    "dial": _dial,
    "prompt": _prompt,
    "bridge": _bridge,
    "hangup": _hangup,
    "proof": _proof,
}

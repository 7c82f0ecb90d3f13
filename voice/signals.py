"""Offers and answers of a call's peer connections, between a browser and the worker that carries its sound.

An SDP holds the addresses of the member's device: it lies here sealed, for a minute at most, and in no event, log line
or exception. Each offer of an attempt is a new peer connection, which replaces the one before when its sound arrives.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from members.second_factor import has_second_factor
from realtime import protocol as wire
from realtime import rows
from realtime.sealing import seal, unseal
from voice import outbox
from voice.call import Call as Machine
from voice.call import Leg, LegChanged, Side, Way
from voice.holding import Held, alone, holding
from voice.models import Action, Call, MediaSignal
from voice.owning import is_alive, is_carried
from voice.refusals import refuse

LIFE: Final = timedelta(seconds=60)
OFFERS_MOST: Final = 12
"""Of one call in a minute: a phone on a train offers anew again and again, and each offer costs keys and ports."""
PASSING: Final = frozenset({"stale_peer", "closed", "late"})
"""Words of a worker after which another offer may be taken."""


def offer(account: UUID, r: str, sdp: str, now: datetime) -> MediaSignal:
    """Store what a browser offers for its member's call, and have a worker accept it.

    Raises Refusal `not_found`, `call.second_factor`, `call.ended`, `media.no_leg`, `media.none`, `rate`.
    """
    call = Call.objects.filter(pk=r, account=account).first()
    if call is None:
        raise wire.refuse("not_found")
    if not has_second_factor(str(account)):
        raise refuse("call.second_factor")
    with holding(r, now) as held:
        n = _leg(held)
        if not (is_carried(now) if held.row.worker is None else is_alive(held.row.worker, now)):
            raise refuse("media.none")
        if MediaSignal.objects.filter(call=r, made_at__gt=now - LIFE).count() >= OFFERS_MOST:
            raise wire.refuse("rate", after=LIFE.total_seconds() / OFFERS_MOST)
        signal = MediaSignal(call=held.row, n=n, peer=held.accept(n), made_at=now, expires_at=now + LIFE)
        signal.offer = seal(sdp.encode(), aad=_place(signal, "offer"))
        held.w.parts.append(rows.insert(signal))
        held.feed(LegChanged(Side.CLINICIAN, n, Leg.DIALING))
    return signal


def _leg(held: Held) -> int:
    """Return which attempt of the clinician waits for a peer connection. Raises Refusal."""
    if held.row.ended_at is not None or held.call.ending is not None:
        raise refuse("call.ended")
    living = living_over_browser(held.call)
    if not living:
        raise refuse("media.no_leg")
    return living[-1]


def living_over_browser(call: Machine) -> list[int]:
    """Return the attempts of the clinician that go over a browser and have not ended."""
    living = [a for a in call.memory.attempts if a.leg is not Leg.ENDED and not a.leaving]
    return [a.n for a in living if a.side is Side.CLINICIAN and a.way is Way.WEBRTC]


def read_answer(signal: MediaSignal) -> str | None:
    """Return what the worker answered, None while it has not. Raises Refusal `media.refused`, `media.none`."""
    found = MediaSignal.objects.filter(pk=signal.pk).values_list("answer", "error").first()
    answer, error = found or (None, "late")
    if error:
        raise refuse("media.none" if error in PASSING else "media.refused")
    return None if answer is None else unseal(answer, aad=_place(signal, "answer")).decode()


def read_offer(action: Action, now: datetime) -> tuple[MediaSignal, str] | None:
    """Return what an `accept` is to accept, None where it has expired or was answered."""
    assert action.attempt is not None
    signal = MediaSignal.objects.filter(
        call=action.call_id, n=action.attempt.n, peer=action.args["peer"], expires_at__gt=now).first()  # fmt: skip
    if signal is None or signal.offer is None:
        return None
    return signal, unseal(signal.offer, aad=_place(signal, "offer")).decode()


def store_answer(action: Action, signal: MediaSignal, now: datetime, *, sdp: str = "", error: str = "") -> None:
    """Store what the worker answers, or its word for why it does not; the offer goes, as nobody needs it again."""
    sealed = seal(sdp.encode(), aad=_place(signal, "answer")) if sdp else None
    with alone(), transaction.atomic():
        MediaSignal.objects.filter(pk=signal.pk).update(offer=None, answer=sealed, error=error)
        outbox.settle(action, "failed" if error else "done", now)


def _place(signal: MediaSignal, column: str) -> str:
    return f"voice_mediasignal:{signal.pk}:{column}"

"""What the media worker asks of the database, each step in a thread: nothing here runs in its event loop.

A step that the database did not take is tried again: each finds what it left before, so that none is done twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.db import Error, connection
from django.utils import timezone

from voice import outbox, owning
from voice.call import BridgeFailed, Cause, Event, Leg, LegChanged, Side
from voice.carriers import carrier_of
from voice.carriers.base import CarrierError, CarrierEvent
from voice.carriers.documents import BringsSound
from voice.holding import Held, alone, holding
from voice.media.shapes import Far, Loopback, Stats, Stream
from voice.models import Action, Attempt
from voice.planes import SIP
from voice.reasons import SOUND_STOPPED
from voice.services import take_events
from voice.spoken import language_on_leg
from voice.streaming import issue, was_bridged

T = TypeVar("T")
TRIES: Final = 6
PAUSE_S: Final = 0.2


def in_thread(work: Callable[[], T]) -> T:
    """Do database work in a thread of a pool, again after a failure of the database. Raises django.db.Error at last."""
    for attempt in range(TRIES):
        try:
            return work()
        except Error:
            connection.close()
            if attempt == TRIES - 1:
                raise
            time.sleep(PAUSE_S * 2**attempt)
    raise AssertionError("unreachable")


def patient_of(action: Action) -> Attempt:
    """Return the attempt that a leg is to be bridged to."""
    assert action.call is not None
    return Attempt.objects.select_related("call").get(
        call=action.call, side=Side.PATIENT, n=action.args["patient"])  # fmt: skip


def far_of(patient: Attempt) -> Far | None:
    """Return what a leg is bridged to: the patient's, as its carrier can be heard; None where it cannot."""
    reach = _FARS.get(patient.carrier)
    return None if reach is None or not patient.carrier_id else reach(patient)


def _loopback(patient: Attempt) -> Far:
    carrier_of(patient.carrier).bridge("", patient.carrier_id, patient.call.room)
    return Loopback(language=language_on_leg(patient.call, Side.CLINICIAN))


def _twilio(patient: Attempt) -> Far | None:
    """A patient's leg brings its sound by itself when it is answered; one that talks in a room is asked to."""
    if was_bridged(str(patient.call_id), over_browser=False):
        where = issue(patient, timezone.now())
        brings = carrier_of(patient.carrier)
        if where is None or not isinstance(brings, BringsSound):
            return None
        try:
            brings.into_stream(patient.carrier_id, *where)
        except CarrierError:
            return None
    return Stream(patient.reference, language_on_leg(patient.call, Side.PATIENT))


_FARS: Final[dict[str, Callable[[Attempt], Far | None]]] = {"loopback": _loopback, "twilio": _twilio}


def settle(action: Action, state: str) -> None:
    """Store what became of an action."""
    with alone():
        outbox.settle(action, state, timezone.now())


def fail_bridge(action: Action) -> None:
    """The two cannot hear each other: their call ends."""
    with holding(str(action.call_id), timezone.now()) as held:
        held.w.parts.append(outbox.settling(action, "failed", held.now))
        held.feed(BridgeFailed())


def feed(r: str, event: Event) -> None:
    """Tell the machine of a call what happened to its sound."""
    with holding(r, timezone.now()) as held:
        held.feed(event)


def end_leg(action: Action, stats: Stats | None) -> None:
    """A leg was hung up as it was asked for: store how it sounded, and that it has ended."""
    assert action.attempt is not None
    with holding(str(action.call_id), timezone.now()) as held:
        attempt = held.attempts[action.attempt.side, action.attempt.n]
        attempt.media = attempt.media or describe(stats)
        held.touch(attempt)
        held.w.parts.append(outbox.settling(action, "done", held.now))
        held.feed(LegChanged(Side(attempt.side), attempt.n, Leg.ENDED))


def keep_sound(reference: str, stats: Stats) -> None:
    """Store how the far end of a leg sounded, before its call ends, as the record is made then."""
    sound = {**(describe(stats) or {}), "lost_sent": None}  # nobody there says what arrived
    with alone():
        Attempt.objects.filter(reference=reference, media__isnull=True).update(media=sound)


def take_told(event: CarrierEvent, stats: Stats | None) -> None:
    """Take what a trunk has told of a leg; how it sounded is stored before its end, which may make the record."""
    if stats is not None and stats.codec:
        keep_sound(event.reference, stats)
    take_events(SIP, [event])


def lose_leg(r: str, n: int, stats: Stats | None) -> None:
    """What carried a leg's sound is gone, and the worker is not: store how it sounded, and that it is lost."""
    with holding(r, timezone.now()) as held:
        _lose(held, n, stats)


def abandon_leg(r: str, n: int, stats: Stats | None) -> None:
    """The worker ends before the call does: store how its leg sounded, and that it is lost."""
    with holding(r, timezone.now()) as held:
        held.change(worker=None)
        _lose(held, n, stats)
    owning.call_off_ends(r, timezone.now())


def _lose(held: Held, n: int, stats: Stats | None) -> None:
    attempt = held.attempts[Side.CLINICIAN, n]
    attempt.media = attempt.media or describe(stats)
    held.touch(attempt)
    held.feed_because(SOUND_STOPPED, [LegChanged(Side.CLINICIAN, n, Leg.ENDED, Cause.LOST)])


def describe(stats: Stats | None) -> dict[str, Any] | None:
    """Return how a leg sounded as `voice.records.MEDIA` names it, None where there was no leg."""
    if stats is None:
        return None
    return {
        "codec": stats.codec, "packets": stats.received.packets, "lost": stats.received.lost,
        "jitter_ms": round(stats.received.jitter_ms, 1), "packets_sent": stats.sent.packets,
        "lost_sent": None if stats.unreported else stats.sent.lost,
        "mos": None if stats.mos is None else round(stats.mos, 2),
    }  # fmt: skip

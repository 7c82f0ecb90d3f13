"""What calls offers to others: the commands, and the one door for what a carrier says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.utils import timezone

from realtime import rows
from realtime.commands import Reply, Request
from realtime.instants import to_ms
from realtime.protocol import Refusal, refuse
from voice.call import By, Cause, Event, HangUp, KeyPressed, Leg, LegChanged, Side, TimerDue
from voice.carriers.base import CarrierEvent
from voice.handing import hand_over, hold_line
from voice.holding import Held, holding
from voice.models import Attempt, HeardEvent
from voice.outcomes import say_outcome
from voice.shapes import EndCall, read
from voice.standing import calls_of
from voice.starting import start

__all__ = [
    "advance", "end_call", "end_unanswered", "hand_over", "hang_up", "hold_line", "outcome", "start", "take_events",
]  # fmt: skip

outcome = say_outcome
LEGS: Final = {leg.word: leg for leg in Leg}


def hang_up(req: Request, now: datetime | None = None) -> Reply:
    """`call.hang_up`: end the call, whatever stands; repeated after the end it changes nothing.

    Raises Refusal `closed`.
    """
    now = now or timezone.now()
    read(EndCall, req.d)
    with holding(req.stream, now) as held:
        if held.row.ended_at is not None:
            raise refuse("closed")
        seq = held.w.append(
            req.stream, "call.hang_up", {}, seat=req.seat, c=req.c, digest=req.digest, ts=to_ms(now)
        )
        held.feed(HangUp(By.CLINICIAN))
        return Reply(seq)


def end_call(r: str, by: By, cause: Cause, now: datetime) -> None:
    """End a call for the clinic or the service. One that has ended stays as it is."""
    with holding(r, now) as held:
        held.feed(HangUp(by, cause))


def end_unanswered(r: str, by: By, cause: Cause, now: datetime) -> bool:
    """End a call that the patient has not answered, and say whether it was one; a talk goes on."""
    with holding(r, now) as held:
        patient = [attempt for (side, _), attempt in held.attempts.items() if side == Side.PATIENT]
        if any(attempt.answered_at is not None and attempt.ended_at is None for attempt in patient):
            return False
        held.feed(HangUp(by, cause))
        return True


def advance(r: str, now: datetime) -> None:
    """Do what the timers of a call ask for; safe to repeat, and to run late."""
    try:
        with holding(r, now) as held:
            for name in held.call.due(now.timestamp()):
                held.feed(TimerDue(name))
    except Refusal as refusal:
        if refusal.code != "not_found":
            raise


def take_events(carrier: str, events: Sequence[CarrierEvent]) -> None:
    """Take what a carrier said, each event once by its key; what is late, repeated or not ours changes nothing.

    Stores the events, feeds the machine, stores what follows, in one transaction a call. Raises django.db.Error,
    after which the carrier says it again.
    """
    calls = calls_of(carrier, {event.reference for event in events})
    by_call: dict[str, list[CarrierEvent]] = defaultdict(list)
    for event in events:
        if event.reference in calls:
            by_call[calls[event.reference]].append(event)
        else:
            _take_elsewhere(event)
    for r, found in by_call.items():
        with holding(r, timezone.now(), (carrier, {event.key for event in found})) as held:
            _take_of_call(held, carrier, sorted(found, key=lambda e: -1 if e.order is None else e.order))


def _take_elsewhere(event: CarrierEvent) -> None:
    """An event of a leg that is no call's: a proving call's, or nobody's."""
    from voice import proofs

    proofs.take_event(event)


def _take_of_call(held: Held, carrier: str, events: Sequence[CarrierEvent]) -> None:
    attempts = {attempt.reference: attempt for attempt in held.attempts.values()}
    new: list[HeardEvent] = []
    for event in [event for event in events if _is_ours(held, attempts[event.reference], event)]:
        if event.key in held.known:
            continue
        held.known.add(event.key)
        attempt, at = attempts[event.reference], min(event.at, held.now)
        new.append(HeardEvent(carrier=carrier, key=event.key, attempt=attempt, kind=event.kind,
                              provider_code=event.provider_code, at=at, heard_at=held.now))
        attempt.heard_at = held.now
        attempt.provider_code = event.provider_code or attempt.provider_code
        held.touch(attempt)
        held.feed(_event_for(attempt, event), at)
        _fill_in(attempt, event, at)
    if new:
        # What is known was read under the call's lock; another call's event of the same key stays what it was.
        held.w.parts.append(rows.insert(*new, also="ON CONFLICT (carrier, key) DO NOTHING"))


def _is_ours(held: Held, attempt: Attempt, event: CarrierEvent) -> bool:
    """Learn the carrier's id of a leg from its first event; another leg under our name is ended."""
    if not attempt.carrier_id and event.carrier_id:
        attempt.carrier_id = event.carrier_id
        held.touch(attempt)
    if event.carrier_id and event.carrier_id != attempt.carrier_id:
        if event.kind != "ended":
            held.hang_up_stranger(event.carrier_id)
        return False
    return True


def _event_for(attempt: Attempt, event: CarrierEvent) -> Event:
    side = Side(attempt.side)
    if event.kind == "key":
        return KeyPressed(side, attempt.n, event.digits)
    return LegChanged(side, attempt.n, LEGS[event.kind], event.cause)


def _fill_in(attempt: Attempt, event: CarrierEvent, at: datetime) -> None:
    """An instant that arrives after a later one changed nothing, but belongs into the record."""
    name = f"{event.kind}_at"
    if event.kind not in ("key", "ended") and getattr(attempt, name) is None:
        setattr(attempt, name, at)

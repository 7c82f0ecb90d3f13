"""A call that comes in to a number that the service holds: which places ring, one after the other, and what is said.

The clinic's own number never comes in here; of a number that is lent ``voice.returning`` says whose call it is. What is
said names no clinic, member or patient: whoever picked up a phone may hear it. Nothing is recorded.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from voice.carriers.documents import IncomingCall, Route
from voice.models import ClinicNumber, ReturnCall
from voice.offers import offered_phone
from voice.returning import called_number
from voice.routing import places_now
from voice.sealed import blind_indexes, mask, open_in
from voice.slips import called_back
from voice.spoken import language_of

SAID: Final[dict[str, dict[str, str]]] = {
    "en": {
        "nobody": "Thank you for calling back. Nobody can take your call now. Your call was noted, and you will be "
        "called again. If this is an emergency, hang up and call your local emergency number.",
        "not_here": "This number does not take calls. If this is an emergency, hang up and call your local emergency "
        "number.",
        "goodbye": "Goodbye.",
    },
    "sv": {
        "nobody": "Tack för att du ringer tillbaka. Ingen kan ta samtalet just nu. Vi har noterat att du ringde och "
        "ringer upp dig igen. Om det är akut, lägg på och ring nödnumret.",
        "not_here": "Det här numret tar inte emot samtal. Om det är akut, lägg på och ring nödnumret.",
        "goodbye": "Hej då.",
    },
}
RING_S: Final = {"offer": 20, "desk": 30, "on_call": 30}
OWN_OR_MOBILE: Final = frozenset({"offer", "on_call"})
"""Places where a voicemail box may answer, so that a key is asked for, and where the clinic's number is shown."""

CALLS_MOST: Final = 6
WITHIN: Final = timedelta(hours=1)
"""More calls of one caller in that time are answered by the message alone: one phone cannot keep the desk ringing."""


class Unknown(Exception):
    """No call that came in has this reference."""


def receive(carrier: str, call: IncomingCall, now: datetime) -> Route:
    """Store a call that comes in, once however often its webhook comes, and return where it goes first."""
    number = called_number(call.called, call.caller, now)
    if number is None:
        return Route("", said("not_here", "en"))
    *older, index = blind_indexes(str(number.clinic_id), call.caller) if call.caller else [""]
    row, _ = ReturnCall.objects.get_or_create(carrier=carrier, carrier_id=call.carrier_id, defaults={
        "clinic_id": number.clinic_id, "caller_id": number.pk, "came_at": now,
        "number_index": index, "older_indexes": older,
        "mask": mask(call.caller) if call.caller else "",
    })  # fmt: skip
    row = ReturnCall.objects.select_for_update().get(pk=row.pk)
    if row.ended_at is not None or row.answered:
        return _over(row)
    return _next(row, call, number, now)


def go_on(reference: str, step: int, call: IncomingCall, now: datetime) -> Route:
    """Return where a call goes after the place at `step` has rung: to the next one, or to its end. Raises Unknown.

    A repeat gives the same answer again: nothing goes on from a step that the call has left.
    """
    row = ReturnCall.objects.select_for_update().filter(pk=reference, carrier_id=call.carrier_id).first()
    if row is None:
        raise Unknown
    number = ClinicNumber.objects.filter(pk=row.caller_id).first()
    if number is None:
        raise Unknown
    if row.ended_at is not None:
        return _over(row)
    if row.answered:
        if row.step == step:
            _end(row, now)
        return _over(row)
    if row.step == step:
        row.step += 1
    return _next(row, call, number, now)


def let_through(reference: str, step: int, pressed: str) -> tuple[bool, str]:
    """Return whether the phone of a step that answered may talk, and the language to ask for a key in. Raises Unknown.

    A phone that answers when the next place rings already may not. Where a voicemail box may have answered, only the
    key counts.
    """
    row = ReturnCall.objects.select_for_update().filter(pk=reference, ended_at=None).first()
    if row is None:
        raise Unknown
    if row.step != step:
        return False, language_of(row.clinic)
    if not row.answered and (row.went not in OWN_OR_MOBILE or pressed == "1"):
        row.answered = True
        row.save(update_fields=["answered"])
    return row.answered, language_of(row.clinic)


def end(carrier: str, carrier_id: str, now: datetime) -> None:
    """Note that a call that came in is over, whoever hung up; for one that is not known nothing happens."""
    row = ReturnCall.objects.select_for_update().filter(carrier=carrier, carrier_id=carrier_id, ended_at=None).first()
    if row is not None:
        _end(row, now)


def said(what: str, language: str) -> str:
    """Return a sentence that callers hear, in English where there is none in their language."""
    return SAID.get(language[:2], SAID["en"])[what]


def _next(row: ReturnCall, call: IncomingCall, number: ClinicNumber, now: datetime) -> Route:
    """Return the place at the step of a row that goes on; after the last one the message, and a slip at the desk."""
    places = _places(row, call, now)
    language = language_of(row.clinic)
    while row.step < len(places) and not places[row.step][1]:
        row.step += 1
    if row.step < len(places):
        row.went, to = places[row.step]
        row.save()
        own = row.went in OWN_OR_MOBILE
        shown = open_in(number, "number") if own else ""
        return Route(row.pk, said("nobody", language), language, to, shown, RING_S[row.went], step=row.step)
    row.went = "message"
    _end(row, now)
    return _over(row)


def _over(row: ReturnCall) -> Route:
    """What is said to a caller for whom nothing rings any more."""
    language = language_of(row.clinic)
    return Route(row.pk, said("goodbye" if row.answered else "nobody", language), language)


def _end(row: ReturnCall, now: datetime) -> None:
    row.ended_at = now
    row.slip = called_back(row, now)
    row.save()


def _places(row: ReturnCall, call: IncomingCall, now: datetime) -> list[tuple[str, str]]:
    """The places of this call. They are looked up anew at each step: an offer may have ended meanwhile."""
    if row.number_index and _came_before(row, now) >= CALLS_MOST:
        return []
    places = places_now(row.clinic, now)
    if call.caller:
        offered = offered_phone(str(row.clinic_id), row.caller_id, blind_indexes(str(row.clinic_id), call.caller), now)
        # Kept in its place when it has ended, so that the steps stay the same.
        if offered or row.went == "offer":
            return [("offer", offered), *places]
    return places


def _came_before(row: ReturnCall, now: datetime) -> int:
    calls = ReturnCall.objects.filter(clinic=row.clinic_id, number_index__in=row.indexes, came_at__gt=now - WITHIN)
    return calls.exclude(pk=row.pk).count()

"""What a leg shall do next when its carrier asks, from how the call stands. Reads only.

A webhook's events have been taken before this is asked, so the answer already follows from them: a key that was right
leads into the room, an answer that crossed a hang-up leads to the end. Nothing that the webhook itself says is believed
here. One thing is stored: what lets the sound of the leg in, where it is to be brought to a media worker.
"""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock
from typing import Final

from django.conf import settings
from django.utils import timezone

from realtime import sql
from voice.call import Call, Leg, Side
from voice.carriers.documents import Instruction
from voice.holding import spans
from voice.models import Attempt
from voice.proofs import is_proof, say_of
from voice.spoken import language_on_leg
from voice.streaming import is_over_browser, issue

HANG_UP: Final = Instruction("hang_up")
REMEMBERED: Final = 5_000
_calls: dict[tuple[str, str], str] = {}
_remembering = Lock()


class Unknown(Exception):
    """No leg has this reference."""


def calls_of(carrier: str, references: Collection[str]) -> dict[str, str]:
    """Return the calls of legs by the references under which they were dialled; no call's legs are missing.

    A leg never changes its call, so what was found once is remembered.
    """
    known = {reference: call for reference in references if (call := _calls.get((carrier, reference))) is not None}
    missing = [reference for reference in references if reference not in known]
    if missing:
        marks = ", ".join(["%s"] * len(missing))
        with sql.prepared() as cursor:
            cursor.execute(
                f"SELECT reference, call_id FROM voice_attempt WHERE carrier = %s AND reference IN ({marks})",
                [carrier, *missing])
            found = dict(cursor.fetchall())
        known |= found
        with _remembering:
            while len(_calls) > REMEMBERED:
                del _calls[next(iter(_calls))]
            _calls.update({(carrier, reference): call for reference, call in found.items()})
    return known


def check_leg(carrier: str, reference: str) -> None:
    """Raise Unknown unless this carrier was ever asked to dial under this reference."""
    if not calls_of(carrier, [reference]) and not is_proof(reference):
        raise Unknown


def instruction_of(reference: str, carrier_id: str) -> Instruction:
    """Return what the leg of this reference shall do now; to hang up where nothing of it stands.

    A second leg of the carrier's under one reference is nobody's and hangs up.
    """
    attempt = Attempt.objects.filter(reference=reference).select_related("call").first()
    if attempt is None:
        spoken = say_of(reference)
        if spoken is None:
            return HANG_UP
        return Instruction("say", reference, text=spoken.text, language=spoken.language)
    if attempt.carrier_id != carrier_id:
        return HANG_UP
    row = attempt.call
    call = Call.from_state(row.machine, spans())
    known = call.attempt(Side(attempt.side), attempt.n)
    if known is None or known.leaving or known.given_up or known.leg is Leg.ENDED or call.ending is not None:
        return HANG_UP
    clinician, language = known.side is Side.CLINICIAN, language_on_leg(row, attempt.side)
    if clinician and known.leg < Leg.CONFIRMED:
        press_one_s = round(settings.CURBSIDE_CALL_SPANS["press_one"])
        return Instruction("press_one", reference, press_one_s=press_one_s, language=language)
    if not clinician and is_over_browser(call):
        where = issue(attempt, timezone.now())
        return HANG_UP if where is None else Instruction("stream", reference, stream_url=where[0], token=where[1])
    return Instruction("join", reference, room=row.room, waits=clinician, max_s=round(call.memory.max_s),
                       language=language)

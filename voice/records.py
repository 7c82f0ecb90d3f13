"""The call record: written once, in the transaction in which a call ends. Masks only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from voice.models import Attempt, Call, CallNumber, CallRecord
from voice.prices import cost_of
from voice.shapes import or_none

_SAME = (
    "account", "clinic", "caller_id", "mode", "attestation", "evidence", "way", "carrier", "patient", "patient_mask",
    "clinician_mask", "purpose", "started_at", "bridged_at", "ended_at", "talked_s", "by", "cause", "reason",
    "decisions",
)  # fmt: skip
LEG_INSTANTS = ("dialing_at", "ringing_at", "answered_at", "confirmed_at", "ended_at")
MEDIA = ("codec", "packets", "lost", "jitter_ms", "packets_sent", "lost_sent", "mos")
"""How the sound of a leg was: from it, then to it; the jitter as RFC 3550 counts it, the MOS an estimate.

Of a telephone over a SIP trunk, and of a browser to which an engine speaks Opus, `lost_sent` is null: nothing is known
of what arrived there.
"""


def describe_leg(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt as the record keeps it, instants in Unix milliseconds; with `MEDIA` where a worker heard it."""
    return {
        "side": attempt.side,
        "n": attempt.n,
        "way": attempt.way,
        "carrier": attempt.carrier,
        "carrier_id": attempt.carrier_id,
        **{name: or_none(getattr(attempt, name)) for name in LEG_INSTANTS},
        "cause": attempt.cause,
        "provider_code": attempt.provider_code,
        **(attempt.media or {}),
    }


def record_of(call: Call, attempts: Sequence[Attempt]) -> CallRecord:
    """Return the record of a call that has ended, to be stored once."""
    return CallRecord(
        call=call.pk, legs=[describe_leg(a) for a in attempts], cents=cost_of(call.decisions, call.talked_s),
        **{n: getattr(call, n) for n in _SAME})


def erase_numbers(before: datetime, held: Collection[str] = ()) -> int:
    """Erase the sealed numbers of calls that ended before an instant, but of those held; return how many."""
    old = CallNumber.objects.filter(made_at__lt=before, call__ended_at__isnull=False).exclude(call_id__in=held)
    return old.delete()[0]

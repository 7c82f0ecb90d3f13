"""Slips at the desk: who was not reached, or called back and was not answered. The only writer of slips.

A slip says who, when, which number was shown, who may take the call back, and when it expires: nothing clinical. In
both modes there is one, though for a clinic's own number the service cannot see whether the patient calls back. A
mother and her child may have one telephone: each of them has a live slip of that number, and who is not known one more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from members.clinics import access_verified
from members.errors import NotFound
from members.models import Account
from members.parts import Leaving
from realtime.commands import TimerHandler
from realtime.timers import clear_timer, set_timer
from voice.call import Cause, Side
from voice.finding import matches, sought
from voice.holding import Held
from voice.models import Call, CallBackOffer, CallNumber, OnCallTurn, Patient, ReturnCall, Slip
from voice.numbers import Unreadable, read_number
from voice.patients import having_number, note_wrong_number, show_patients
from voice.refusals import refuse
from voice.sealed import blind_indexes, open_in

TIMER: Final = "voice.slip"
STATES: Final = ("open", "claimed", "closed", "expired")
LIVE: Final = ("open", "claimed")
WITHHELD: Final = "withheld"
"""What is indexed in the place of a number that a caller withholds."""
ENDS: Final = {"spoke": "reached", "wrong_number": "wrong_number"}
"""What of a call leaves nothing to do for the desk, and how its slip is closed then."""
HOWS: Final = ("reached", "no_answer", "wrong_number", "not_needed")
READERS: Final = ("desk", "administrator")
MOST_FOUND: Final = 50
MOST_STRANGERS: Final = 200
MOST_LOOKED_AT: Final = 1000


def leave_after(held: Held) -> None:
    """Leave a slip when a call has ended whose patient was dialled and not connected, in the call's transaction."""
    tried = [attempt for (side, _), attempt in held.attempts.items() if side == Side.PATIENT]
    rang = [a for a in tried if a.dialing_at or a.ringing_at or a.answered_at or a.cause == Cause.UNCERTAIN]
    if rang and held.row.bridged_at is None:
        leave_slip(held.row, held.row.cause, held.now)


def leave_slip(call: Call, cause: str, now: datetime, *, asked: bool = False) -> None:
    """Leave a slip for a call, once; in the caller's transaction. One that is closed by then stays closed.

    A patient has one live slip of a number: a later attempt makes it the latest's, and counts. Where the desk is
    `asked` in words, a slip of a later call that was closed meanwhile does not stand for this one. A number that was
    dialled without the address book is the one patient's who has it.
    """
    if call.clinic is None or Slip.objects.filter(call=call.pk).exists():
        return
    indexes = _indexes_of(call)
    patient = call.patient or _only_one(having_number(call.clinic, indexes))
    said = {"caller_id": call.caller_id, "mode": call.mode, "account_id": call.account, "patient": patient,
            "mask": call.patient_mask, "cause": cause, "made_at": now, "expires_at": now + _life(), "kind": "outgoing"}
    same = Slip.objects.filter(clinic=call.clinic, number_index__in=indexes, patient=patient,
                               **({"state__in": LIVE} if asked else {}))
    if call.ended_at is not None and same.filter(made_at__gt=call.ended_at).exists():
        return  # a later attempt or call has taken this one's slip over
    if indexes:
        _count(call.clinic, indexes, "attempts", {**said, "call": call.pk})
    else:
        slip = Slip.objects.create(clinic_id=call.clinic, call=call.pk, attempts=1, **said)
        set_timer(TIMER, slip.pk, slip.expires_at)


def after_outcome(call: Call, how: str, then: str, now: datetime) -> None:
    """Follow what was said of a call: the desk is asked, or nothing is open of that patient, whoever left the slip."""
    if then == "desk" or how in ("left_message", "no_answer"):
        leave_slip(call, how, now, asked=then == "desk")
    elif how in ENDS:
        indexes = _indexes_of(call)
        for slip in Slip.objects.filter(clinic=call.clinic, number_index__in=indexes, state__in=LIVE,
                                        patient__in=_settled(call, indexes)):
            _close(slip, call.account, ENDS[how], now)


def called_back(row: ReturnCall, now: datetime) -> Slip | None:
    """Note on the live slips of the caller's number that they called; without one, and unanswered, the desk gets one.

    Which of those who share a telephone called is not known, so that each of their slips says it; the newest is
    returned. All who withhold their number share one slip, which counts, and so do strangers beyond `MOST_STRANGERS`:
    nobody can fill the desk by calling again and again.
    """
    clinic, indexes = str(row.clinic_id), row.indexes
    live = Slip.objects.filter(clinic=row.clinic_id, number_index__in=indexes, state__in=LIVE)
    newest = live.order_by("-made_at", "-pk").first()
    if newest is not None:
        live.update(their_calls=F("their_calls") + 1, called_back_at=now)
        return newest
    if row.answered:
        return None
    having = having_number(row.clinic_id, indexes)
    shared = not indexes or (not having and _strangers(row.clinic_id) >= MOST_STRANGERS)
    return _count(row.clinic_id, blind_indexes(clinic, WITHHELD) if shared else indexes, "their_calls", {
        "kind": "incoming", "caller_id": row.caller_id, "mode": "held", "mask": "" if shared else row.mask,
        "patient": _only_one(having), "cause": "no_answer", "made_at": row.came_at,
        "called_back_at": row.came_at, "expires_at": now + _life(),
    })  # fmt: skip


def _only_one(having: list[str]) -> str:
    """Return who has a number, "" where several have it or nobody: a guess at a name would be read as a fact."""
    return having[0] if len(having) == 1 else ""


def _strangers(clinic: UUID) -> int:
    return Slip.objects.filter(clinic=clinic, kind="incoming", patient="", state__in=LIVE).count()


def _count(clinic: UUID, indexes: list[str], what: str, said: dict[str, Any]) -> Slip:
    """Make a patient's live slip of a number, or have theirs count one more of `what`, in the caller's transaction."""
    same: dict[str, Any] = {"clinic_id": clinic, "patient": said["patient"], "state__in": LIVE}
    slip, made = Slip.objects.select_for_update().filter(number_index__in=indexes, **same).first(), False
    if slip is None:
        # Two at once: the constraint lets one of them make it, and the other finds it.
        slip, made = Slip.objects.select_for_update().get_or_create(
            number_index=indexes[-1], **same, defaults={**said, what: 1})
    if not made:
        Slip.objects.filter(pk=slip.pk).update(**said, **{what: F(what) + 1})
        clear_timer(TIMER, slip.pk)
    set_timer(TIMER, slip.pk, said["expires_at"])
    return slip


def _settled(call: Call, indexes: list[str]) -> list[str]:
    """Return whose slips of its number a call settles: its patient's, and nobody's where nobody else has the number."""
    having = having_number(call.clinic, indexes)
    patient = call.patient or _only_one(having)
    return [patient, ""] if set(having) <= {patient} else [patient]


def _indexes_of(call: Call) -> list[str]:
    """Return the indexes of the number that a call dialled, the last under the key of today; [] once it is erased."""
    number = CallNumber.objects.filter(call=call, role="patient").first()
    return blind_indexes(str(call.clinic), open_in(number, "sealed")) if number is not None else []


def slips_of(account: Account, clinic_id: str) -> QuerySet[Slip]:
    """Return the slips of a clinic to its desk and administrators, newest first. Raises NotFound."""
    place = access_verified(account, clinic_id, READERS)
    return Slip.objects.filter(clinic=place.clinic).select_related("account", "claimed_by").order_by("-made_at", "-pk")


def find_slips(account: Account, clinic_id: str, query: str) -> list[Slip]:
    """Return the newest slips of a patient found by the beginning of a name, or of a whole number.

    Raises NotFound, Refusal `slip.search`.
    """
    place = access_verified(account, clinic_id, READERS)
    slips = slips_of(account, clinic_id)
    try:
        number = read_number(query, place.clinic.country).e164
    except Unreadable:
        number = ""
    if number:
        return list(slips.filter(number_index__in=blind_indexes(clinic_id, number))[:MOST_FOUND])
    if not sought(query):
        raise refuse("slip.search")
    newest = list(slips.exclude(patient="")[:MOST_LOOKED_AT])
    names = {pk: shown["name"] for pk, shown in show_patients({slip.patient for slip in newest}).items()}
    return [slip for slip in newest if matches(names.get(slip.patient, ""), query)][:MOST_FOUND]


def claim(account: Account, slip_id: str) -> None:
    """Take a slip for oneself; one's own again is no change. Raises NotFound, Refusal `slip.taken`, `slip.over`."""
    slip = access_slip(account, slip_id)
    if slip.state == "claimed" and slip.claimed_by_id == account.pk:
        return
    taken = Slip.objects.filter(pk=slip.pk, state="open").update(
        state="claimed", claimed_by=account, claimed_at=timezone.now()
    )
    if not taken:
        raise refuse("slip.taken" if access_slip(account, slip_id).state == "claimed" else "slip.over")


def give_back(account: Account, slip_id: str) -> None:
    """Open a claimed slip again. Raises NotFound, Refusal `slip.over`."""
    slip = access_slip(account, slip_id)
    if slip.state == "open":
        return
    if not Slip.objects.filter(pk=slip.pk, state="claimed").update(state="open", claimed_by=None, claimed_at=None):
        raise refuse("slip.over")


@transaction.atomic
def close(account: Account, slip_id: str, how: str) -> None:
    """Close a slip and say how it went, once. A wrong number is noted of the patient.

    Raises NotFound, Refusal `slip.over`.
    """
    slip = access_slip(account, slip_id)
    if how == "wrong_number" and slip.state in LIVE:
        _note_wrong_number(slip)  # the patient's row first, as where a clinician says how a call went
    if slip.state not in LIVE or not _close(slip, account.pk, how, timezone.now()):
        raise refuse("slip.over")


def access_slip(account: Account, slip_id: str) -> Slip:
    """Return a slip to the desk and administrators of its clinic. Raises NotFound."""
    slip = Slip.objects.filter(pk=slip_id).first()
    if slip is None:
        raise NotFound
    access_verified(account, str(slip.clinic_id), READERS)
    return slip


def slip_until(call_id: str, now: datetime) -> datetime | None:
    """Return until when the desk keeps a slip of this call, None where none is open or claimed."""
    live = Slip.objects.filter(call=call_id, state__in=LIVE, expires_at__gt=now)
    return live.values_list("expires_at", flat=True).first()


def expire(slip_id: str, now: datetime) -> None:
    """Let a slip expire that nobody closed in time."""
    Slip.objects.filter(pk=slip_id, state__in=LIVE, expires_at__lte=now).update(state="expired")


def forget(before: datetime) -> int:
    """Remove slips and offers that ended before an instant, and calls that came in before it; return how many rows."""
    old = [Slip.objects.filter(expires_at__lt=before), CallBackOffer.objects.filter(until__lt=before),
           ReturnCall.objects.filter(came_at__lt=before), OnCallTurn.objects.filter(ends_at__lt=before)]
    return sum(rows.delete()[0] for rows in old)


def pass_on(leaving: Leaving) -> None:
    """Give the slips that somebody claimed to an heir who reads slips, else back to the desk."""
    place, heir = leaving.place, leaving.heir
    claimed = Slip.objects.filter(clinic=place.clinic_id, claimed_by=place.account_id, state="claimed")
    if heir is not None and heir.role in READERS:
        claimed.update(claimed_by=heir.account_id, claimed_at=leaving.now)
    else:
        claimed.update(state="open", claimed_by=None, claimed_at=None)


def _close(slip: Slip, by: object, how: str, now: datetime) -> bool:
    done = Slip.objects.filter(pk=slip.pk, state__in=LIVE).update(
        state="closed", closed_by_id=by, closed_at=now, how=how
    )
    clear_timer(TIMER, slip.pk)
    return bool(done)


def _note_wrong_number(slip: Slip) -> None:
    patient = Patient.objects.filter(pk=slip.patient, clinic=slip.clinic_id).first() if slip.number_index else None
    for column, which in (("number", "preferred"), ("second", "second")):
        number = open_in(patient, column) if patient is not None else ""
        # By all keys: the slip's index may be older than the patient's.
        if patient is not None and number and slip.number_index in blind_indexes(str(slip.clinic_id), number):
            note_wrong_number(patient.pk, which)


def _life() -> timedelta:
    return timedelta(hours=settings.CURBSIDE_SLIP_HOURS)


TIMERS: Final[Mapping[str, TimerHandler]] = {TIMER: expire}

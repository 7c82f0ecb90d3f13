"""Starting a call: every rule is asked, and then in one transaction the call, its first dial and its timer stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from members import vault
from members.clinics import find_place
from realtime import protocol as wire
from realtime.commands import Reply, Request
from realtime.instants import to_ms
from realtime.log import Writing, writing
from realtime.models import Event
from realtime.protocol import Refusal
from realtime.timers import set_timer
from voice import call as machine
from voice.call import Way
from voice.holding import CLOCK_TIMER, Held, alone, instant, spans
from voice.models import Call, CallNumber, CallRefusal
from voice.permits import Permit, rulebook
from voice.refusals import refuse
from voice.sealed import seal_in
from voice.shapes import Start, Wish, from_ms, read


def start(req: Request, now: datetime | None = None) -> Reply:
    """`call.start`: ring the member's own phone and then, once 1 was pressed, the patient with the clinic's number.

    Raises Refusal `malformed`, `call.late`, `call.look`, `not_found` and every `call.…` of the rules.
    """
    now = now or timezone.now()
    asked = read(Start, req.d)
    if asked.until is not None and from_ms(asked.until) < now:
        raise refuse("call.late")
    if (asked.patient is None) == (asked.number is None) or asked.way is not Way.CALLBACK:
        raise wire.refuse("malformed")
    if asked.patient is not None and not asked.looked:
        raise refuse("call.look")
    with noting_refusal(req.member, asked, now):
        permit = rulebook().permit(req.member, asked, now)
        return _begin(req, asked, permit, now)


def _begin(req: Request, asked: Start, permit: Permit, now: datetime) -> Reply:
    with alone(), writing(req.stream) as w:
        _check_repeat(req)
        r = w.create("call")
        if permit.patient:
            rulebook().looked(req.member, permit.patient)
        vault.take_seat(req.member, r, joined_seq=0, badge="")
        call, actions = machine.Call.start(asked.way, spans(), now.timestamp(), max_s=permit.max_s)
        row = _store(r, asked, permit, call, now)
        w.append(r, "call.started", _told(asked, permit), ts=to_ms(now))
        held = Held(w, row, call, now)
        held.begin()
        held.take(actions, now)
        held.finish()
        assert call.next_due is not None
        set_timer(CLOCK_TIMER, r, instant(call.next_due))
        seq = _answer(w, req, r, now)
        # Last, as its locks are everybody's: what follows them is waited for by all who begin a call.
        budgets = rulebook().reserve(r, permit, settings.CURBSIDE_CARRIER, now)
        Call.objects.filter(pk=r).update(decisions=[*permit.decisions, *budgets])
        return Reply(seq, r)


def _check_repeat(req: Request) -> None:
    """Raise IntegrityError where the same command was carried out while this one waited for the lock.

    The dispatcher then answers from the log; without this, the budget of one call at a time would refuse a request
    that a client repeated because we were slow.
    """
    if Event.objects.filter(stream=req.stream, seat=req.seat, c=req.c).exists():
        raise IntegrityError("the same command twice at once")


def _answer(w: Writing, req: Request, r: str, now: datetime) -> int:
    return w.append(req.stream, "call.started", {"r": r}, seat=req.seat, c=req.c, digest=req.digest, ts=to_ms(now))


def _store(r: str, asked: Start, permit: Permit, call: machine.Call, now: datetime) -> Call:
    row = Call.objects.create(
        pk=r, account=permit.account, clinic=permit.clinic, caller_id=permit.caller_id, mode=permit.mode,
        attestation=permit.attestation, evidence=permit.evidence, way=asked.way, carrier=settings.CURBSIDE_CARRIER,
        patient=permit.patient, which=asked.to if permit.patient else "", patient_mask=permit.mask,
        clinician_mask=permit.own_mask, language=permit.language, purpose=asked.purpose,
        machine=call.to_state(), stage=call.stage, started_at=now,
    )  # fmt: skip
    numbers = []
    for role, number in (("clinician", permit.own_phone), ("patient", permit.to), ("shown", permit.shown)):
        kept = CallNumber(call=row, role=role, made_at=now)
        seal_in(kept, "sealed", number)
        numbers.append(kept)
    CallNumber.objects.bulk_create(numbers)
    return row


def _told(asked: Start, permit: Permit) -> dict[str, Any]:
    """The first event of a call: what is shown and how, and of the patient the digits that may be seen."""
    body: dict[str, Any] = {
        "clinic": permit.clinic, "clinic_name": permit.clinic_name, "caller_id": permit.caller_id,
        "shown": permit.shown_formatted, "mode": permit.mode, "attestation": permit.attestation, "way": asked.way,
        "patient_mask": permit.mask,
    }  # fmt: skip
    if permit.hide_clinic:
        body["hide_clinic"] = True
    if permit.patient:
        body["patient_ref"] = permit.patient
    if asked.purpose:
        body["purpose"] = asked.purpose
    return body


@contextmanager
def noting_refusal(account: str, wish: Wish, now: datetime) -> Iterator[None]:
    """Keep every refusal of a rule, in a transaction of its own, since that of the call is rolled back."""
    try:
        yield
    except Refusal as refusal:
        if refusal.code.startswith("call."):
            with alone():
                _note_refusal(account, wish, refusal, now)
        raise


def _note_refusal(account: str, wish: Wish, refusal: Refusal, now: datetime) -> None:
    """An outsider's is kept without the clinic and whom it was for: a clinic's list is of its members' calls."""
    place = find_place(account, wish.clinic)
    CallRefusal.objects.create(
        account=account, clinic=place.clinic_id if place else None, patient=(wish.patient or "") if place else "",
        mask=rulebook().mask_of(str(place.clinic_id), wish) if place else "", code=refusal.code, at=now,
    )  # fmt: skip

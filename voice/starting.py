"""Starting a call: every rule is asked, and then in one transaction the call, its first dial and its timer stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from members import vault
from members.clinics import find_place
from realtime import protocol as wire
from realtime import rows
from realtime.commands import Reply, Request
from realtime.gathering import gathering
from realtime.instants import to_ms
from realtime.protocol import Refusal
from realtime.timers import setting
from voice import call as machine
from voice.held import CLOCK_TIMER, instant
from voice.holding import Held, alone, spans
from voice.models import Call, CallNumber, CallRefusal
from voice.owning import check_way
from voice.permits import Permit, rulebook
from voice.refusals import refuse
from voice.sealed import seal_in
from voice.shapes import Start, Wish, from_ms, read


def start(req: Request, now: datetime | None = None) -> Reply:
    """`call.start`: ring the member's own phone and then, once 1 was pressed, the patient with the clinic's number.

    Over this device (`way` is `webrtc`) no phone of theirs is rung: the call waits for the offer of a peer connection.
    Raises Refusal `malformed`, `call.late`, `call.look`, `not_found`, `call.no_media`, `call.no_callback` and every
    `call.…` of the rules.
    """
    now = now or timezone.now()
    asked = read(Start, req.d)
    if asked.until is not None and from_ms(asked.until) < now:
        raise refuse("call.late")
    if (asked.patient is None) == (asked.number is None):
        raise wire.refuse("malformed")
    if asked.patient is not None and not asked.looked:
        raise refuse("call.look")
    with noting_refusal(req.member, asked, now):
        permit = rulebook().permit(req.member, asked, now)
        check_way(asked.way, now)
        return _begin(req, asked, permit, now)


def _begin(req: Request, asked: Start, permit: Permit, now: datetime) -> Reply:
    with alone(), gathering(req.stream) as w:
        r = w.create("call")
        call, actions = machine.Call.start(asked.way, spans(), now.timestamp(), max_s=permit.max_s)
        row = _row(r, asked, permit, call, now)
        w.append(r, "call.started", _told(asked, permit), ts=to_ms(now))
        held = Held(w, row, call, now)
        held.take(actions, now)
        assert call.next_due is not None
        w.parts += [
            *vault.first_seat(req.member, r), rows.insert(row), rows.insert(*_numbers(row, permit)), *held.moved(),
            setting(CLOCK_TIMER, r, instant(call.next_due)),
            *(rulebook().looked(req.member, permit.patient) if permit.patient else ()),
        ]  # fmt: skip
        seq = w.append(req.stream, "call.started", {"r": r}, seat=req.seat, c=req.c, digest=req.digest, ts=to_ms(now))
        # Before the budgets, of which one is one call at a time: a request that a client repeated because we were slow
        # meets its own event here (IntegrityError), and the dispatcher answers from the log.
        w.send()
        # Last, as its locks are everybody's: what follows them is waited for by all who begin a call.
        budgets, parts = rulebook().reserve(r, permit, settings.CURBSIDE_CARRIER, now)
        row.decisions = [*permit.decisions, *budgets]
        rows.send([*parts, rows.update(row, ["decisions"])])
        return Reply(seq, r)


def _row(r: str, asked: Start, permit: Permit, call: machine.Call, now: datetime) -> Call:
    return Call(
        pk=r, account=permit.account, clinic=permit.clinic, caller_id=permit.caller_id, mode=permit.mode,
        attestation=permit.attestation, evidence=permit.evidence, way=asked.way, carrier=settings.CURBSIDE_CARRIER,
        patient=permit.patient, which=asked.to if permit.patient else "", patient_mask=permit.mask,
        clinician_mask=permit.own_mask, language=permit.language, purpose=asked.purpose,
        machine=call.to_state(), stage=call.stage, started_at=now,
    )  # fmt: skip


def _numbers(row: Call, permit: Permit) -> list[CallNumber]:
    numbers = []
    for role, number in (("clinician", permit.own_phone), ("patient", permit.to), ("shown", permit.shown)):
        if number:
            kept = CallNumber(call=row, role=role, made_at=row.started_at)
            seal_in(kept, "sealed", number)
            numbers.append(kept)
    return numbers


def _told(asked: Start, permit: Permit) -> dict[str, Any]:
    """The first event of a call: what is shown and how, and of the patient the digits that may be seen."""
    body: dict[str, Any] = {
        "clinic": permit.clinic, "clinic_name": permit.clinic_name, "caller_id": permit.caller_id,
        "shown": permit.shown_formatted, "mode": permit.mode, "attestation": permit.attestation, "way": asked.way,
        "patient_mask": permit.mask,
    }  # fmt: skip
    if permit.hide_clinic:
        body["hide_clinic"] = True
    if permit.abroad:
        body["abroad"] = permit.abroad
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

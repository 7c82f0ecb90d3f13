"""The rules in force, put together for calls from rights, own phones, patients, destinations and budgets.

Only ``voice.permits`` knows of this module; what it returns are values of that port.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from members.clinics import find_place
from voice import patients, policy
from voice.budgets import limits_of
from voice.do_not_call import is_marked
from voice.models import Reservation
from voice.permits import Permit
from voice.phones import is_own, own_phone
from voice.refusals import refuse
from voice.rights import access_caller_id, still_may_show
from voice.sealed import mask
from voice.shapes import Wish


class Rules:
    """The service's own rules."""

    def permit(self, account: str, wish: Wish, now: datetime) -> Permit:
        """Ask every rule that needs no lock, the destination first: who dials an emergency number is told how to.

        Raises Refusal `call.…`, `not_found`.
        """
        patient = None if wish.patient is None else patients.access_patient(account, wish.clinic, wish.patient)
        raw = (wish.number or "") if patient is None else patients.number_to_dial(patient, wish.to)
        going = policy.check_destination(account, wish.clinic, raw, now, patient=patient, urgent=wish.urgent)
        shown = access_caller_id(account, wish.clinic, wish.caller_id)
        phone = own_phone(account)
        return Permit(
            account=account, clinic=shown.clinic, clinic_name=shown.clinic_name, caller_id=shown.id, shown=shown.e164,
            shown_formatted=shown.formatted, mode=shown.mode, attestation=shown.attestation, evidence=shown.evidence,
            says=shown.says, calls_back=shown.calls_back, own_phone=phone, to=going.e164, own_mask=mask(phone),
            mask=going.mask, patient="" if patient is None else patient.id,
            language="en" if patient is None else patient.language, destination=going,
            max_s=limits_of(shown.clinic).longest_call_s, hide_clinic=patient is not None and patient.hide_clinic,
            decisions=[{"rule": "right", "says": shown.mode}, *going.decisions],
        )  # fmt: skip

    def peek(self, permit: Permit, carrier: str, now: datetime) -> list[dict[str, Any]]:
        """Return the budgets as they stand. Raises Refusal `call.budget_…`."""
        return list(policy.peek(permit.account, permit.clinic, permit.destination, carrier, now).decisions)

    def attempts(self, permit: Permit, now: datetime) -> tuple[int, int]:
        """Return how often this clinic called this number in the last 24 hours, and in the last seven days."""
        made = Reservation.objects.filter(clinic=permit.clinic, destination=permit.destination.index)
        week = made.filter(made_at__gt=now - timedelta(days=7))
        return week.filter(made_at__gt=now - timedelta(days=1)).count(), week.count()

    def reserve(self, call: str, permit: Permit, carrier: str, now: datetime) -> list[dict[str, Any]]:
        """Take the budgets of a call. Raises Refusal `call.budget_…`."""
        taken = policy.reserve(call, permit.account, permit.clinic, permit.destination, carrier, now)
        return list(taken.decisions)

    def release(self, call: str, now: datetime, talked_s: int) -> None:
        """Give back what a call did not use."""
        policy.release(call, now, talked_s)

    def still_may_show(self, caller_id: str, account: str, clinic: str) -> None:
        """Look again before the patient's leg. Raises Refusal `call.no_right`, `call.number_expired`, `call.paused`."""
        still_may_show(caller_id, account)
        place = find_place(account, clinic)
        if policy.is_paused(place.clinic if place else None):
            raise refuse("call.paused")

    def still_wanted(self, account: str, clinic: str, to: str, *, own: bool) -> bool:
        """Look again before a leg."""
        return is_own(account, to) if own else not is_marked(UUID(clinic), to)

    def looked(self, account: str, patient: str) -> None:
        """Remember a look before dialling."""
        patients.remember_look(account, patient, "dialling")

    def mask_of(self, clinic: str, wish: Wish) -> str:
        """Return the mask of whom a wish is for, "" where that cannot be read."""
        if wish.patient is not None:
            return patients.mask_of(clinic, wish.patient, wish.to)
        return policy.mask_of(clinic, wish.number or "")

    def wrong_number(self, patient: str, which: str) -> None:
        """Somebody else answered there."""
        patients.note_wrong_number(patient, which)

    def patients(self, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return how patients are shown in lists."""
        return patients.show_patients(ids)

"""The rules in force, put together for calls from rights, own phones, patients, destinations and budgets.

Only ``voice.permits`` knows of this module; what it returns are values of that port.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from realtime.protocol import refuse as refuse_plainly
from realtime.rows import Part
from voice import budgets, patients, policy
from voice.budgets import Limits, limits_on
from voice.call_events import Way
from voice.do_not_call import is_marked
from voice.ground import Ground, stand_on
from voice.models import Reservation
from voice.permits import Permit
from voice.phones import is_own, own_phone
from voice.rights import caller_id_on, still_may_show
from voice.sealed import mask, open_in
from voice.shapes import Wish


@dataclass(frozen=True, slots=True)
class Going:
    """What a permit hands back when budgets are reserved: where the call goes, and what it is weighed by."""

    to: policy.Destination
    limits: Limits


class Rules:
    """The service's own rules."""

    def permit(self, account: str, wish: Wish, now: datetime) -> Permit:
        """Ask every rule that needs no lock, the destination first: who dials an emergency number is told how to.

        Raises Refusal `call.…`, `not_found`.
        """
        ground = stand_on(account, now, clinic=wish.clinic, caller_id=wish.caller_id, patient=wish.patient or "")
        patient, raw = None, wish.number or ""
        if wish.patient is not None:
            if ground.place is None or ground.place.clinic.state != "verified" or ground.patient is None:
                raise refuse_plainly("not_found")
            patient, raw = ground.patient, patients.number_to_dial(ground.patient, wish.to)
        to = policy.destination_on(ground, raw, now, free=patient is None, urgent=wish.urgent)
        assert ground.place is not None  # or there was no destination
        shown = caller_id_on(ground, str(ground.place.clinic_id), now)
        phone = _phone_rung(account, ground, wish.way)
        limits = limits_on(ground.limits)
        return Permit(
            account=account, clinic=shown.clinic, clinic_name=shown.clinic_name, caller_id=shown.id, shown=shown.e164,
            shown_formatted=shown.formatted, mode=shown.mode, attestation=shown.attestation, evidence=shown.evidence,
            says=shown.says, calls_back=shown.calls_back, own_phone=phone, to=to.e164, own_mask=phone and mask(phone),
            mask=to.mask, patient="" if patient is None else patient.pk,
            language="en" if patient is None else patient.language,
            hide_clinic=patient is not None and patient.hide_clinic, destination=Going(to, limits),
            abroad="" if to.region == ground.place.clinic.country else to.region,
            max_s=limits.longest_call_s, decisions=[{"rule": "right", "says": shown.mode}, *to.decisions],
        )  # fmt: skip

    def peek(self, permit: Permit, carrier: str, now: datetime) -> list[dict[str, Any]]:
        """Return the budgets as they stand. Raises Refusal `call.budget_…`."""
        going: Going = permit.destination
        return list(budgets.weigh(permit.account, permit.clinic, going.to, carrier, going.limits, now).decisions)

    def attempts(self, permit: Permit, now: datetime) -> tuple[int, int]:
        """Return how often this clinic called this number in the last 24 hours, and in the last seven days."""
        made = Reservation.objects.filter(clinic=permit.clinic, destination=permit.destination.to.index)
        week = made.filter(made_at__gt=now - timedelta(days=7))
        return week.filter(made_at__gt=now - timedelta(days=1)).count(), week.count()

    def reserve(self, call: str, permit: Permit, carrier: str, now: datetime
                ) -> tuple[list[dict[str, Any]], list[Part]]:
        """Weigh the budgets of a call under their locks. Raises Refusal `call.budget_…`."""
        going: Going = permit.destination
        taken, part = budgets.reserving(call, permit.account, permit.clinic, going.to, carrier, going.limits, now)
        return list(taken.decisions), [part]

    def release(self, call: str, now: datetime, talked_s: int) -> list[Part]:
        """Give back what a call did not use."""
        return [budgets.releasing(call, now, talked_s)]

    def still_may_show(self, caller_id: str, account: str, clinic: str) -> None:
        """Look again before the patient's leg. Raises Refusal `call.no_right`, `call.number_expired`, `call.paused`."""
        still_may_show(caller_id, account, clinic)

    def still_wanted(self, account: str, clinic: str, to: str, *, own: bool) -> bool:
        """Look again before a leg."""
        return is_own(account, to) if own else not is_marked(UUID(clinic), to)

    def looked(self, account: str, patient: str) -> list[Part]:
        """Remember a look before dialling."""
        return patients.looking(account, patient, "dialling")

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


def _phone_rung(account: str, ground: Ground, way: Way) -> str:
    """Return the number of the member's own phone that this call rings, "" where it rings none. Raises Refusal."""
    if way is Way.WEBRTC:
        return ""
    return own_phone(account) if ground.phone is None else open_in(ground.phone, "number")

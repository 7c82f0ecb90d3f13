"""A carrier that shows only what it has called itself: a number needs its look as well as our proof."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.utils import timezone

from realtime.protocol import Refusal
from tests.members.browser import Browser
from tests.voice.line import Line
from tests.voice.riverside import OWN, join, make_clinic
from voice import carrier_ids, clinic_numbers
from voice.call_events import Cause
from voice.carriers.base import CarrierError
from voice.models import Proof
from voice.proofs import CALLS_A_DAY
from voice.rights import access_caller_id, still_may_show


@dataclass
class Validating:
    """What a carrier like Twilio does with caller IDs; `away` as when it cannot be asked."""

    listed: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    away: bool = False

    def validate(self, number: str, name: str, extension: str = "", delay_s: int = 0) -> str:
        self._check()
        self.asked.append((number, name, extension))
        return "482913"

    def validated(self) -> frozenset[str]:
        self._check()
        return frozenset(self.listed)

    def withdraw(self, number: str) -> None:
        self._check()
        self.listed.discard(number)

    def _check(self) -> None:
        if self.away:
            raise CarrierError("the carrier is away", permanent=False, cause=Cause.FAILED)


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> Validating:
    made = Validating()
    monkeypatch.setattr(carrier_ids, "carrier_of", lambda name: made)
    return made


def refused(line: Line) -> str:
    codes = set()
    for check in (lambda: access_caller_id(line.member, line.id, line.own.pk),
                  lambda: still_may_show(line.own.pk, line.member)):
        with pytest.raises(Refusal) as refusal:
            check()
        codes.add(refusal.value.code)
    (code,) = codes
    return code


def test_a_number_of_ones_own_is_shown_once_the_carrier_has_called_it(line: Line, carrier: Validating) -> None:
    rosa = Browser().sign_in(line.rosa.account)
    assert refused(line) == "number.carrier"
    assert access_caller_id(line.member, line.id, line.held.pk).mode == "held", "what the carrier holds it shows"
    answer = rosa.call("POST", f"/numbers/{line.own.pk}/carrier")
    assert answer.json() == {"code": "482913"}
    assert carrier.asked == [(OWN, line.own.pk, "")]
    assert rosa.call("POST", f"/numbers/{line.own.pk}/carrier/look").json()["carrier"] == "wanted"
    carrier.listed.add(OWN)
    assert refused(line) == "number.carrier"
    assert rosa.call("POST", f"/numbers/{line.own.pk}/carrier/look").json()["carrier"] == "done"
    assert access_caller_id(line.member, line.id, line.own.pk).e164 == OWN
    assert rosa.call("POST", f"/numbers/{line.own.pk}/carrier").json()["code"] == "number.state"
    assert rosa.call("POST", f"/numbers/{line.own.pk}/revoke").status_code == 204
    assert carrier.listed == set()


def test_a_carrier_that_is_away_refuses_for_a_while_and_keeps_nothing_from_being_revoked(
    line: Line, carrier: Validating
) -> None:
    carrier.away = True
    rosa = Browser().sign_in(line.rosa.account)
    for path in ("carrier", "carrier/look"):
        answer = rosa.call("POST", f"/numbers/{line.own.pk}/{path}")
        assert (answer.status_code, answer.json()["code"], answer.json()["retry"]) == (409, "number.carrier", True)
    type(line.own).objects.filter(pk=line.own.pk).update(carrier_at=timezone.now())
    assert rosa.call("POST", f"/numbers/{line.own.pk}/revoke").status_code == 204


def test_a_department_that_borrows_shows_what_its_holder_may_show(line: Line, carrier: Validating) -> None:
    head = join(make_clinic("Radiology"), "administrator")
    lent = clinic_numbers.lend(line.own, str(head.clinic_id), line.rosa, timezone.now())
    assert carrier_ids.needs_carrier(lent)
    with pytest.raises(Refusal, match=r"number\.state"):
        carrier_ids.validate(lent, head.account, timezone.now())
    carrier.listed.add(OWN)
    carrier_ids.look(line.own, timezone.now())
    lent.refresh_from_db()
    assert not carrier_ids.needs_carrier(lent)


def test_calls_that_the_carrier_makes_count_and_are_no_proof_of_ours(line: Line, carrier: Validating) -> None:
    rosa = Browser().sign_in(line.rosa.account)
    for _ in range(CALLS_A_DAY):
        carrier_ids.validate(line.own, line.rosa.account, timezone.now())
    with pytest.raises(Refusal, match=r"proof\.week"):
        carrier_ids.validate(line.own, line.rosa.account, timezone.now())
    assert Proof.objects.filter(cause="carrier").count() == CALLS_A_DAY
    assert next(n for n in rosa.get(f"/clinics/{line.id}/numbers")["items"] if n["id"] == line.own.pk)["proof"] is None
    with pytest.raises(Refusal, match=r"proof\.none"):
        clinic_numbers.prove(line.own, line.rosa, "482913", timezone.now())


def test_over_a_carrier_that_does_not_ask_nothing_is_wanted(line: Line) -> None:
    assert not carrier_ids.needs_carrier(line.own)
    assert carrier_ids.look(line.own, timezone.now())
    with pytest.raises(Refusal, match=r"number\.state"):
        carrier_ids.validate(line.own, line.rosa.account, timezone.now())

"""A number that is lent: a call back goes by the rule of the clinic that called, everything else by the holder's."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from django.conf import LazySettings
from django.utils import timezone

from members.models import Account, Clinic
from tests.voice.line import Line
from tests.voice.riverside import HELD, PHONE, join, make_clinic, make_grant, make_patient
from tests.voice.test_slips import NO_ANSWER
from voice import clinic_numbers, incoming, offers, routing
from voice.carriers.documents import IncomingCall
from voice.models import ClinicNumber, Patient, ReturnCall, Slip

RIVERSIDE, RADIOLOGY, ANSWERS = "+16175550170", "+16175550172", "+16175550188"
came = count(1)


class Lent:
    """Riverside's held number as Radiology uses it, where Amara works too; each of them has a desk that rings."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.clinic = make_clinic("Radiology")
        self.head = join(self.clinic, "administrator")
        amara = join(self.clinic, account=line.amara.account, can_free_dial=True)
        self.number = clinic_numbers.lend(line.held, str(self.clinic.pk), line.rosa, timezone.now())
        clinic_numbers.approve(self.number, self.head, timezone.now())
        make_grant(self.number, amara)
        self.patient = make_patient(self.clinic, number=NO_ANSWER)
        self.here = make_patient(line.clinic, number=NO_ANSWER)
        for account, clinic, desk in ((line.rosa.account, line.clinic, RIVERSIDE),
                                      (self.head.account, self.clinic, RADIOLOGY)):
            self.rule(account, clinic, desk)

    @staticmethod
    def rule(account: Account, clinic: Clinic, desk: str) -> None:
        routing.change_rule(account, str(clinic.pk), route="desk", after_hours="message", openings=[],
                            desk_number=desk, language="en")

    def call(self, number: ClinicNumber, whom: Patient | str) -> str:
        """A call under the shared number by one of the two, to its end: to a patient, or to a number that answers."""
        self.line.pass_s(120)
        who = {"number": whom} if isinstance(whom, str) else {"patient": whom.pk}
        r = self.line.do("call.start", {"clinic": str(number.clinic_id), "caller_id": number.pk, "looked": True,
                                        **who}).made
        assert r is not None
        if isinstance(whom, str):
            self.line.pass_to(r, "connected")
            self.line.do("call.hang_up", {}, r)
        self.line.pass_to(r, "ended")
        return r


@pytest.fixture
def lent(line: Line) -> Lent:
    """The number, lent."""
    return Lent(line)


def rings(caller: str = NO_ANSWER) -> str:
    """What rings first for somebody who calls the number, and then hangs up."""
    call = IncomingCall(f"CA{next(came):032}", caller, HELD)
    to = incoming.receive("twilio", call, timezone.now()).to
    incoming.end("twilio", call.carrier_id, timezone.now())
    return to


def test_a_call_back_goes_to_the_department_that_called_and_is_noted_on_its_slip(lent: Lent) -> None:
    r = lent.call(lent.number, lent.patient)
    assert rings() == RADIOLOGY
    slip = Slip.objects.get()
    assert (slip.call, slip.clinic_id) == (r, lent.clinic.pk) and slip.called_back_at is not None
    assert ReturnCall.objects.get().caller_id == lent.number.pk


def test_everything_else_goes_to_the_holder(lent: Lent) -> None:
    assert rings() == RIVERSIDE, "nobody called them"
    Slip.objects.all().delete()
    lent.call(lent.number, lent.patient)
    assert [rings(ANSWERS), rings("")] == [RIVERSIDE, RIVERSIDE], "somebody else, and who withholds their number"


def test_of_two_departments_that_called_the_one_that_did_last_is_called_back(lent: Lent) -> None:
    got = []
    for number, patient in ((lent.number, lent.patient), (lent.line.held, lent.here), (lent.number, lent.patient)):
        lent.call(number, patient)
        got.append(rings())
    assert got == [RADIOLOGY, RIVERSIDE, RADIOLOGY]


def test_a_call_that_left_no_slip_is_called_back_too_for_as_long_as_a_slip_lives(
    lent: Lent, settings: LazySettings
) -> None:
    lent.call(lent.number, ANSWERS)
    assert not Slip.objects.exists()
    assert rings(ANSWERS) == RADIOLOGY
    Slip.objects.all().delete()
    lent.line.clock.shift(timedelta(hours=settings.CURBSIDE_SLIP_HOURS))
    assert rings(ANSWERS) == RIVERSIDE


def test_who_was_not_rung_after_all_does_not_call_back(lent: Lent) -> None:
    r = lent.line.call(clinic=str(lent.clinic.pk), caller_id=lent.number.pk, patient=lent.patient.pk)
    lent.line.do("call.hang_up", {}, r)
    lent.line.pass_to(r, "ended")
    assert rings() == RIVERSIDE


def test_a_live_slip_keeps_the_call_back_however_long_ago_the_call_was(lent: Lent, settings: LazySettings) -> None:
    lent.call(lent.number, lent.patient)
    lent.line.clock.shift(timedelta(hours=settings.CURBSIDE_SLIP_HOURS + 1))
    assert rings() == RADIOLOGY
    Slip.objects.update(state="closed")
    assert rings() == RIVERSIDE


def test_ones_own_phone_rings_for_the_call_of_the_department_that_was_chosen(lent: Lent) -> None:
    until = timedelta(hours=2)
    r = lent.call(lent.number, lent.patient)
    offers.offer_call_back(lent.line.amara.account, r, timezone.now() + until)
    assert rings() == PHONE
    lent.call(lent.line.held, lent.here)
    assert rings() == RIVERSIDE, "Riverside called later, and nobody offered to take that call back"
    mine = lent.call(lent.line.held, lent.here)
    offers.offer_call_back(lent.line.amara.account, mine, timezone.now() + until)
    lent.call(lent.number, lent.patient)
    offers.withdraw_offer(lent.line.amara.account, r)
    assert rings() == RADIOLOGY, "an offer for Riverside's call is none for Radiology's"


@pytest.mark.parametrize("ended", ["revoked", "unverified"])
def test_a_department_that_shows_the_number_no_longer_is_not_called_back(lent: Lent, ended: str) -> None:
    lent.call(lent.number, lent.patient)
    if ended == "revoked":
        clinic_numbers.revoke(lent.number, timezone.now())
    else:
        Clinic.objects.filter(pk=lent.clinic.pk).update(state="suspended")
    assert rings() == RIVERSIDE

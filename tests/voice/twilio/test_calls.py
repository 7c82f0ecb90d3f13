"""A call through Twilio from the tap to the record, and each way in which two people do not come together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from members.models import Account
from tests.voice.fake_twilio import Phone
from tests.voice.riverside import HELD, OWN, PATIENT, PHONE
from tests.voice.twilio_line import SERVICE, TwilioLine, wait_until
from voice.models import CallRecord, Grant, Slip

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def connected(line: TwilioLine, held: bool = True) -> str:
    """A call in which two people talk."""
    r = line.call(held)
    wait_until(lambda: line.stage(r) == "connected")
    wait_until(lambda: line.fake.talked() == {frozenset({PHONE, PATIENT})})
    return r


def test_a_physician_and_a_patient_talk_and_neither_sees_the_others_number(line: TwilioLine) -> None:
    r = connected(line)
    line.hang_up(r)
    record = line.ended(r)
    assert (record.by, record.cause, record.reason) == ("clinician", "completed", "you_hung_up")
    assert line.doctor.saw == [SERVICE] and line.patient.saw == [HELD]
    # Whether "ringing" is told depends on what comes first, Twilio's word of it or its question on the answer.
    assert set(line.legs(r, "clinician")) >= {"dialing", "answered", "confirmed", "ended"}
    assert set(line.legs(r, "patient")) >= {"dialing", "answered", "ended"}
    assert [call.status for call in line.fake.calls] == ["completed", "completed"]
    assert line.fake.exchange.application_errors == []


def test_a_clinics_own_number_is_shown_where_twilio_has_validated_it(line: TwilioLine) -> None:
    r = connected(line, held=False)
    line.fake.calls_to(PATIENT)[0].hang_up()
    record = line.ended(r)
    assert (record.by, record.cause, record.mode) == ("patient", "completed", "own")
    assert line.patient.saw == [OWN]
    assert not Slip.objects.exists(), "they have talked"


def test_a_clinics_own_number_that_twilio_has_not_validated_ends_with_a_reason(line: TwilioLine) -> None:
    line.fake.exchange.validated.clear()
    r = line.call(held=False)
    record = line.ended(r)
    assert (record.cause, record.reason) == ("refused", "carrier_refused")
    assert [leg["provider_code"] for leg in record.legs if leg["side"] == "patient"] == ["21210"]
    assert line.patient.saw == []
    wait_until(lambda: line.fake.calls_to(PHONE)[0].status == "completed")
    assert "could not be reached" in line.doctor.heard[-1]


def test_a_clinician_is_spoken_to_in_their_own_language_to_the_end(line: TwilioLine) -> None:
    Account.objects.filter(pk=line.riverside.member).update(languages=["sv", "en"])
    line.patient.then = "busy"
    assert line.ended(line.call()).cause == "busy"
    wait_until(lambda: line.fake.calls_to(PHONE)[0].status == "completed")
    asked, waits, told = line.doctor.heard
    assert "Tryck 1" in asked and "Ett ögonblick" in waits and "kunde inte nås" in told


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        (Phone(rings_s=0.1, then="silent"), "you_no_answer"),
        (Phone(rings_s=0.1, then="busy"), "you_busy"),
        (Phone(rings_s=0.1, then="unreachable"), "you_unreachable"),
        (Phone(rings_s=0.1, then="invalid"), "you_unreachable"),
        (Phone(rings_s=0.1, voicemail=True), "you_no_key"),
        (Phone(rings_s=0.1, keys=[]), "you_no_key"),
        (Phone(rings_s=0.1, keys=["5"], presses_after_s=0.4), "you_no_key"),
        (Phone(rings_s=0.1, keys=[], stays_s=0.3), "you_declined"),
    ],
    ids=["no answer", "busy", "unreachable", "invalid", "voicemail", "no key", "wrong keys", "hung up"],
)
def test_a_patient_is_not_called_before_the_physician_has_pressed_1(
    line: TwilioLine, phone: Phone, reason: str
) -> None:
    line.fake.phone(PHONE, phone)
    record = line.ended(line.call())
    assert record.reason == reason
    assert line.fake.calls_to(PATIENT) == []
    assert not Slip.objects.exists()


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        (Phone(rings_s=0.1, then="silent"), "patient_no_answer"),
        (Phone(rings_s=0.1, then="busy"), "patient_busy"),
        (Phone(rings_s=0.1, then="unreachable"), "patient_unreachable"),
    ],
    ids=["no answer", "busy", "unreachable"],
)
def test_a_patient_who_is_not_reached_leaves_a_slip_and_the_physician_is_told(
    line: TwilioLine, phone: Phone, reason: str
) -> None:
    line.fake.phone(PATIENT, phone)
    r = line.call()
    record = line.ended(r)
    assert record.reason == reason
    assert "could not be reached" in line.doctor.heard[-1]
    [slip] = Slip.objects.all()
    assert (slip.call, slip.patient, slip.state, slip.mode) == (r, line.riverside.maria.pk, "open", "held")
    assert slip.expires_at > timezone.now() + timedelta(hours=71)


def test_a_wrong_key_may_be_followed_by_the_right_one(line: TwilioLine) -> None:
    line.fake.phone(PHONE, Phone(rings_s=0.1, keys=["5", "1"], presses_after_s=0.1))
    r = line.call()
    wait_until(lambda: line.stage(r) == "connected")


def test_hanging_up_while_the_patient_rings_stops_the_ringing(line: TwilioLine) -> None:
    line.fake.phone(PATIENT, Phone(rings_s=60.0))
    r = line.call()
    wait_until(lambda: "ringing" in line.legs(r, "patient"))
    line.hang_up(r)
    record = line.ended(r)
    assert (record.cause, record.reason) == ("cancelled", "you_cancelled")
    wait_until(lambda: line.fake.calls_to(PATIENT)[0].status == "canceled")
    assert Slip.objects.filter(call=r).exists(), "their phone has rung"


def test_an_answer_that_crosses_the_hanging_up_is_ended(line: TwilioLine) -> None:
    line.fake.phone(PATIENT, Phone(rings_s=0.5, keys=[]))
    r = line.call()
    wait_until(lambda: "ringing" in line.legs(r, "patient"))
    line.fake.faults.rest, line.fake.faults.rest_left = "busy", 2  # the first hang-ups do not get through
    line.hang_up(r)
    line.ended(r)
    assert line.fake.talked() == set()
    wait_until(lambda: {call.status for call in line.fake.calls} <= {"completed", "canceled"})


def test_a_right_that_is_revoked_while_the_physician_is_rung_keeps_the_patient_from_being_called(
    line: TwilioLine,
) -> None:
    line.fake.phone(PHONE, Phone(rings_s=0.8, presses_after_s=0.1))
    r = line.call()
    Grant.objects.update(ended_at=timezone.now())
    record = line.ended(r)
    assert record.reason == "right_revoked"
    assert line.fake.calls_to(PATIENT) == []


def test_a_double_tap_is_one_call(line: TwilioLine) -> None:
    request = line.request("call.start", line.wish())
    assert line.begin(request) == line.begin(request)
    wait_until(lambda: len(line.fake.calls_to(PHONE)) == 1)
    assert CallRecord.objects.count() == 0

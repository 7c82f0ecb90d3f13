"""A call through Twilio from the tap to the record, and each way in which it does not come to pass."""

from __future__ import annotations

import pytest

from tests.voice.fake_twilio import Phone
from tests.voice.riverside import HELD, OWN, PATIENT, PHONE
from tests.voice.whole import SERVICE, Line, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def test_a_physician_and_a_patient_talk_and_neither_sees_the_others_number(line: Line) -> None:
    r = line.call()
    wait_until(lambda: line.stage(r) == "connected")
    wait_until(lambda: line.fake.talked() == {frozenset({PHONE, PATIENT})})
    line.hang_up(r)
    record = line.ended(r)
    assert (record.by, record.cause) == ("clinician", "completed")
    assert line.doctor.saw == [SERVICE] and line.patient.saw == [HELD]
    assert line.legs(r, "clinician") == ["dialing", "ringing", "answered", "confirmed", "ended"]
    assert line.legs(r, "patient") == ["dialing", "ringing", "answered", "ended"]
    assert [call.status for call in line.fake.calls] == ["completed", "completed"]

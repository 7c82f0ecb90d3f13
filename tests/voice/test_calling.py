"""A callback call over the loopback carrier, from the tap to the record."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError

from tests.voice.line import Line
from voice.models import Call, CallRecord, Patient
from voice.retention import erase_whom
from voice.starting import start


def test_a_call_rings_the_clinician_then_the_patient_and_connects_them(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    assert line.kinds(r) == [
        "call.started",
        "clinician dialing", "clinician ringing", "clinician answered", "clinician confirmed",
        "patient dialing", "patient ringing", "patient answered",
        "call.bridged",
    ]  # fmt: skip
    line.pass_s(65)
    line.do("call.hang_up", {}, r)
    line.pass_to(r, "ended")
    assert line.kinds(r)[9:] == ["call.hang_up", "call.ending", "clinician ended", "patient ended", "call.ended"]
    [ended] = [e["d"] for e in line.events(r) if e["k"] == "call.ended"]
    assert ended == {"by": "clinician", "cause": "completed", "reason": "you_hung_up", "talked_s": 65, "record": r}
    record = line.record(r)
    assert (record.by, record.cause, record.talked_s, record.mode, record.attestation) == (
        "clinician", "completed", 65, "own", "B")  # fmt: skip
    assert CallRecord.objects.count() == 1 and line.legs() == 2


def test_a_request_that_was_repeated_while_it_was_carried_out_is_one_call_and_no_refusal(line: Line) -> None:
    c = str(uuid.uuid4())
    request = line.request("call.start", line.wish(), c=c)
    first = start(request)
    # The second had looked for the first before that was committed, and meets it under the lock.
    with pytest.raises(IntegrityError):
        start(request)
    assert line.do("call.start", line.wish(), c=c) == first
    assert Call.objects.count() == 1


def test_a_call_tells_the_clinics_name_and_the_patients_wish_that_it_is_not_said(line: Line) -> None:
    plain = line.call()
    line.pass_to(plain, "connected")
    line.do("call.hang_up", {}, plain)
    line.pass_to(plain, "ended")
    Patient.objects.filter(pk=line.maria.pk).update(hide_clinic=True)
    hiding = line.call()
    told = [event["d"] for r in (plain, hiding) for event in line.events(r) if event["k"] == "call.started"]
    assert [d["clinic_name"] for d in told] == ["Riverside Clinic"] * 2
    assert [d.get("hide_clinic") for d in told] == [None, True]


def test_a_call_to_another_country_says_which_in_its_first_event_until_that_is_erased_and_one_at_home_says_none(
    line: Line, settings: Any
) -> None:
    settings.CURBSIDE_CALL_REGIONS = ["CA"]
    at_home = line.call()
    line.pass_to(at_home, "connected")
    line.do("call.hang_up", {}, at_home)
    line.pass_to(at_home, "ended")
    away = line.call(number="+1 416 555 0123")
    first = line.events(away)[0]["d"]
    assert "abroad" not in line.events(at_home)[0]["d"]
    assert first["abroad"] == "CA"
    assert "abroad" not in erase_whom(first)

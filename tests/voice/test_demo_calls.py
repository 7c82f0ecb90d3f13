"""The calls of the demo: twelve, one refused, one open slip, the same after a second start."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import call_command
from django.utils import timezone

from members.demo import create_people
from members.models import Clinic
from realtime.models import Stream
from tests.voice.test_views import get
from voice.models import (
    Action,
    Call,
    CallOutcome,
    CallRecord,
    CallRefusal,
    ClinicNumber,
    Grant,
    Patient,
    Slip,
)

pytestmark = pytest.mark.django_db


def test_over_trunks_the_demo_starts_without_a_past_as_nobody_could_have_been_rung(settings: LazySettings) -> None:
    settings.CURBSIDE_CARRIER = "sip"
    call_command("demo", verbosity=0)
    assert Clinic.objects.count() == 1 and not Call.objects.exists()


def test_the_demo_has_twelve_past_calls_one_refused_and_one_open_slip_however_often_it_is_started() -> None:
    for _ in range(2):
        call_command("demo", verbosity=0)
    assert Call.objects.count() == CallRecord.objects.count() == 12
    assert not Call.objects.filter(ended_at=None).exists()
    assert Slip.objects.filter(state="open").count() == 1
    assert not Action.objects.exclude(state="done").exists(), "nothing is asked of a carrier"
    okafor, diaz = (create_people()[who] for who in ("okafor", "diaz"))
    own = get(okafor, "/calls")["items"]
    assert len(own) == 10 and {item["state"] for item in own} == {"ended", "refused"}
    [refused] = [item for item in own if item["state"] == "refused"]
    assert refused["reason"] == "call.region" and refused["says"]
    assert {"you_hung_up", "you_no_answer", "you_no_key", "patient_busy", "patient_no_answer", "patient_hung_up",
            "you_cancelled"} <= {item["reason"] for item in own}  # fmt: skip
    clinic = own[0]["clinic"]["id"]
    assert len(get(diaz, f"/clinics/{clinic}/calls")["items"]) == 13
    chart = get(diaz, f"/clinics/{clinic}/calls/minutes")
    assert sum(day["minutes"] for day in chart["days"]) > 20
    assert all(item["at"] < timezone.now().timestamp() * 1000 for item in own)


def test_a_demo_that_is_started_again_after_days_adds_nothing() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        call_command("demo", verbosity=0)
        made = counts()
        for days in (1, 2, 40):
            clock.shift(timedelta(days=days))
            call_command("demo", verbosity=0)
            assert counts() == made, f"{days} days later"


def counts() -> dict[str, int]:
    """How many rows of each kind the demo has."""
    kinds = (Call, CallRecord, CallRefusal, CallOutcome, Slip, Patient, ClinicNumber, Grant, Clinic, Stream)
    return {kind.__name__: kind._default_manager.count() for kind in kinds}

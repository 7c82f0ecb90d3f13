"""Where a call may go: each rule refuses with its own code, and emergencies come before all of them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone
from pytest_django import Settings

from members.models import ClinicMembership
from realtime.protocol import Refusal
from tests.voice.riverside import HELD, OWN, PATIENT, PHONE, SECOND, Riverside, join, make_clinic, make_patient
from voice.models import ClinicLimits, RegionException
from voice.patients import access_row, view_of
from voice.pauses import set_pause
from voice.policy import Destination, check_destination, is_paused
from voice.sealed import blind_index

pytestmark = pytest.mark.django_db


@pytest.fixture
def riverside() -> Riverside:
    return Riverside()


def go(riverside: Riverside, raw: str, **how: Any) -> Destination:
    return check_destination(riverside.member, riverside.id, raw, how.pop("now", timezone.now()), **how)


def refused(riverside: Riverside, raw: str, **how: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        go(riverside, raw, **how)
    return refusal.value


def test_a_number_that_may_be_called_comes_with_its_decisions(riverside: Riverside) -> None:
    for raw in ("+16175550155", "(617) 555-0155", "1 617 555 0155"):
        found = go(riverside, raw)
        assert (found.e164, found.region, found.type, found.mask) == (PATIENT, "US", "fixed_or_mobile", "•• 55")
        assert found.index == blind_index(riverside.id, PATIENT)
        assert [decision["rule"] for decision in found.decisions] == ["emergency", "region", "type", "hours"]
        assert PATIENT[2:] not in repr(found)


@pytest.mark.parametrize(
    ("raw", "code"),
    [("911", "call.emergency"), ("+1911", "call.emergency"), ("988", "call.emergency"),
     ("+1 900 555 1234", "call.type"), ("+881 612 345 678", "call.type"), ("+1 500 555 0006", "call.type"),
     ("+1 800 555 0199", "call.type"), ("+1 876 555 1234", "call.region"), ("+44 20 7946 0123", "call.region"),
     ("+1 416 555 0123", "call.region"), ("hello", "call.invalid"), ("+1 617 555", "call.invalid"),
     (PHONE, "call.own_number"), (OWN, "call.own_number"), (HELD, "call.own_number")],
)  # fmt: skip
def test_each_rule_refuses_with_its_code_and_a_sentence_without_the_number(
    riverside: Riverside, raw: str, code: str
) -> None:
    refusal = refused(riverside, raw)
    assert refusal.code == code
    assert refusal.msg.endswith(".") and not any(letter.isdigit() for letter in refusal.msg)
    assert str(refusal) == code


def test_an_emergency_comes_before_every_other_rule(riverside: Riverside) -> None:
    set_pause(None, None, timezone.now(), on=True)
    stranger = join(make_clinic("Elsewhere"))
    for member, clinic in ((riverside.member, riverside.id), (str(stranger.account_id), riverside.id),
                           (riverside.member, "nonsense")):
        with pytest.raises(Refusal) as refusal:
            check_destination(member, clinic, "9 911", timezone.now())
        assert (refusal.value.code, refusal.value.d) == ("call.emergency", {"tel": "911"})


def test_who_is_not_of_the_clinic_and_a_clinic_that_is_not_there_are_answered_alike(riverside: Riverside) -> None:
    stranger = str(join(make_clinic("Elsewhere")).account_id)
    for clinic in (riverside.id, "00000000-0000-4000-8000-000000000000", "nonsense", ""):
        with pytest.raises(Refusal) as refusal:
            check_destination(stranger, clinic, PATIENT, timezone.now())
        assert (refusal.value.code, refusal.value.d) == ("call.no_right", None)


def test_an_exception_opens_a_region_until_its_day(riverside: Riverside, settings: Settings) -> None:
    now = timezone.now()
    RegionException.objects.create(clinic=riverside.clinic, region="GB", until=now + timedelta(days=1), reason="x")
    assert go(riverside, "+44 20 7946 0123", now=now).region == "GB"
    assert refused(riverside, "+44 20 7946 0123", now=now + timedelta(days=2)).code == "call.region"
    assert refused(riverside, "+44 1481 256789", now=now).code == "call.region", "Guernsey is not Great Britain"
    settings.CURBSIDE_CALL_REGIONS = ["CA"]
    assert go(riverside, "+1 416 555 0123").region == "CA"


def test_without_a_second_factor_and_without_the_checks_nobody_calls(riverside: Riverside) -> None:
    Authenticator.objects.filter(user=riverside.member).delete()
    assert refused(riverside, PATIENT).code == "call.second_factor"
    type(riverside.amara.account).objects.filter(pk=riverside.member).update(verified_at=None)
    assert refused(riverside, PATIENT).code == "call.not_verified"


def test_dialling_freely_is_a_permission_and_a_patient_of_the_clinic_needs_none(riverside: Riverside) -> None:
    ClinicMembership.objects.filter(pk=riverside.amara.pk).update(can_free_dial=False)
    assert refused(riverside, PATIENT).code == "call.free_dial"
    view = view_of(access_row(riverside.member, riverside.id, riverside.maria.pk))
    assert go(riverside, PATIENT, patient=view).e164 == PATIENT


@pytest.mark.parametrize("column", ["number", "second"])
def test_a_do_not_call_mark_holds_for_the_number_whoever_dials_it(riverside: Riverside, column: str) -> None:
    numbers = {"number": "+16175550170", "second": SECOND} | {column: "+16175550171"}
    make_patient(riverside.clinic, "Tom Reed", do_not_call=True, **numbers)
    assert refused(riverside, "617 555 0171").code == "call.do_not_call"
    other = make_clinic("Elsewhere")
    make_patient(other, "Ann Bell", number=PATIENT, do_not_call=True)
    assert go(riverside, PATIENT).e164 == PATIENT, "another clinic's mark tells nothing here"


def test_a_pause_of_all_and_of_one_clinic_stops_calls_and_ends(riverside: Riverside) -> None:
    other = make_clinic("Elsewhere")
    now = timezone.now()
    set_pause(riverside.clinic, None, now, on=True)
    set_pause(riverside.clinic, None, now, on=True)
    assert refused(riverside, PATIENT).code == "call.paused"
    assert (is_paused(other), is_paused(None)) == (False, False)
    set_pause(riverside.clinic, None, now, on=False)
    assert go(riverside, PATIENT)
    set_pause(None, None, now, on=True)
    assert refused(riverside, PATIENT).code == "call.paused"
    assert is_paused(other)
    set_pause(None, None, now, on=False)
    assert go(riverside, PATIENT)


BOSTON_NIGHT = datetime(2026, 3, 3, 7, 30, tzinfo=UTC)  # 02:30 in Boston
BOSTON_NOON = datetime(2026, 3, 3, 17, tzinfo=UTC)


def test_calling_hours_are_those_of_who_is_called_and_what_is_urgent_goes_through(riverside: Riverside) -> None:
    ClinicLimits.objects.all().delete()
    assert go(riverside, PATIENT, now=BOSTON_NOON).decisions[-1]["says"] == "within"
    refusal = refused(riverside, PATIENT, now=BOSTON_NIGHT)
    assert (refusal.code, refusal.retry, refusal.d) == ("call.hours", True, {"urgent": True})
    assert go(riverside, PATIENT, now=BOSTON_NIGHT, urgent=True).decisions[-1]["says"] == "urgent"
    # 08:30 in Boston is 05:30 in Los Angeles.
    early = datetime(2026, 3, 3, 13, 30, tzinfo=UTC)
    assert go(riverside, PATIENT, now=early)
    assert refused(riverside, "+1 213 555 0155", now=early).code == "call.hours"
    assert refused(riverside, PATIENT, now=datetime(2026, 3, 4, 2, tzinfo=UTC)).code == "call.hours", "21:00 is the end"


def test_a_clinic_may_have_hours_of_its_own(riverside: Riverside) -> None:
    ClinicLimits.objects.filter(clinic=riverside.clinic).update(hours_from=time(2), hours_to=time(3))
    assert go(riverside, PATIENT, now=BOSTON_NIGHT)
    assert refused(riverside, PATIENT, now=BOSTON_NOON).code == "call.hours"

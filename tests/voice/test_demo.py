"""The clinic of the demo: there after one start and after two, and a call can be made at once."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.utils import timezone

from members.clinics import places_of
from members.demo import create_people
from realtime.models import Timer
from voice import address_book, rights
from voice.demo import NAME, PATIENTS
from voice.models import Patient
from voice.patients import number_to_dial
from voice.policy import check_destination

pytestmark = pytest.mark.django_db


def test_the_clinic_is_that_of_the_product_and_is_made_once() -> None:
    for _ in range(2):
        call_command("demo", verbosity=0)
    people = create_people()
    setup = rights.setup_of(str(people["okafor"].pk), timezone.now())
    assert setup["second_factor"] is True
    assert setup["phone"]["mask"] == "•• 42"
    (clinic,) = setup["clinics"]
    assert (clinic["name"], clinic["role"]) == (NAME, "physician")
    numbers = {number["formatted"]: number for number in clinic["numbers"]}
    assert set(numbers) == {"+1 617-555-0100", "+1 617-555-0101", "+1 617-555-0102"}
    assert {number["state"] for number in numbers.values()} == {"live"}
    left = numbers["+1 617-555-0102"]["expires_at"] / 1000 - timezone.now().timestamp()
    assert 2.9 * 86_400 < left <= 3 * 86_400
    assert Patient.objects.count() == len(PATIENTS)
    assert [place.role for place in places_of(str(people["diaz"].pk))] == ["administrator"]
    assert Timer.objects.filter(kind="voice.number").count() == 2


def test_everyone_of_the_demo_can_be_called_at_any_hour() -> None:
    call_command("demo", verbosity=0)
    people = create_people()
    member = str(people["okafor"].pk)
    (clinic,) = rights.setup_of(member, timezone.now())["clinics"]
    place = places_of(member)[0]
    found, more = address_book.find_patients(place.clinic, "")
    assert not more
    assert sorted((view.name, view.born[:4]) for view in found) == [
        ("Ann Bell", "2019"), ("Maria Lopez", "1958"), ("Maria Lopez", "1985"), ("Tom Reed", "1971")]
    for view in found:
        for hour in (3, 15):
            now = timezone.now().replace(hour=hour)
            e164 = number_to_dial(Patient.objects.get(pk=view.id), "preferred")
            assert check_destination(member, clinic["id"], e164, now, patient=view).mask == view.mask
    for number in clinic["numbers"]:
        assert rights.access_caller_id(member, clinic["id"], number["id"]).e164.startswith("+1617555010")

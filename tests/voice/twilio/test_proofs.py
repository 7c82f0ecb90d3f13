"""A number is proved by a call through Twilio that speaks a code, and Twilio's own check beside it."""

from __future__ import annotations

import re

import pytest
from django.db import transaction
from django.utils import timezone

from tests.voice.fake_twilio import Phone
from tests.voice.riverside import make_number
from tests.voice.twilio_line import PACE, SERVICE, TwilioLine, wait_until
from voice import proofs
from voice.models import Proof
from voice.sealed import seal_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
NEW = "+16175550177"


@pytest.fixture(autouse=True)
def quick(line: TwilioLine) -> None:
    """Pauses of a spoken code are long beside a test."""
    line.fake.exchange.pace = PACE / 20


def ask(line: TwilioLine, extension: str = "") -> Proof:
    """Rosa has a new number of the clinic called."""
    number = make_number(line.riverside.clinic, NEW, state="proving")
    if extension:
        seal_in(number, "extension", extension)
        number.save()
    with transaction.atomic():
        return proofs.ask_call(number, line.riverside.rosa.account, timezone.now())


def test_the_code_is_spoken_three_times_on_the_number_and_counts(line: TwilioLine) -> None:
    phone = line.fake.phone(NEW, Phone(rings_s=2.0, keys=[]))
    proof = ask(line)
    wait_until(lambda: Proof.objects.get(pk=proof.pk).state == "called")
    assert len(phone.heard) == 3 and len(set(phone.heard)) == 1
    code = re.sub(r"\D", "", phone.heard[0])
    assert phone.saw == [SERVICE]
    assert proof.clinic_number is not None
    assert proofs.take_code(proof.clinic_number, code[-6:], timezone.now()).pk == proof.pk


def test_an_extension_is_dialled_after_a_pause_for_the_switchboard(line: TwilioLine) -> None:
    line.fake.phone(NEW, Phone(rings_s=2.0, keys=[]))
    ask(line, "17")
    wait_until(lambda: bool(line.fake.calls_to(NEW)))
    assert [asked.form["SendDigits"] for asked in line.fake.asked if "SendDigits" in asked.form] == ["WW17"]


@pytest.mark.parametrize(("then", "cause"), [("busy", "busy"), ("silent", "no_answer"), ("invalid", "unreachable")])
def test_a_number_that_is_not_answered_is_not_proved(line: TwilioLine, then: str, cause: str) -> None:
    line.fake.phone(NEW, Phone(then=then))
    proof = ask(line)
    wait_until(lambda: Proof.objects.get(pk=proof.pk).state == "failed")
    assert Proof.objects.get(pk=proof.pk).cause == cause


def test_a_replayed_webhook_of_a_proving_call_speaks_no_code(line: TwilioLine) -> None:
    line.fake.phone(NEW, Phone(rings_s=2.0, keys=[]))
    proof = ask(line)
    wait_until(lambda: Proof.objects.get(pk=proof.pk).state == "called")
    before = list(Proof.objects.values())
    for posted in list(line.fake.poster.posted):
        again = line.fake.poster.post_once(posted.url, posted.form, posted.signature)
        assert again.status == 200 and "<Say" not in again.body
    assert list(Proof.objects.values()) == before

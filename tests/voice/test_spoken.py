"""Calls with a code speak the clinic's language, or the member's, where the service has it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone

from members.models import Account, Clinic
from tests.voice.carriers.scripted import Scripted
from tests.voice.line import Line
from tests.voice.riverside import make_number
from voice import phones, proofs, spoken
from voice.carriers.twilio import twiml
from voice.models import Attempt, IncomingRule, Proof
from voice.standing import instruction_of

NEW = "+16175550110"


def call_clinic(line: Line, **changes: Any) -> Proof:
    """A new number of the clinic, which is called with a code now."""
    Clinic.objects.filter(pk=line.clinic.pk).update(**changes)
    number = make_number(line.clinic, NEW, state="proving")
    return proofs.ask_call(number, line.rosa.account, timezone.now())


def choose(line: Line, language: str) -> None:
    IncomingRule.objects.create(clinic=line.clinic, language=language, changed_at=timezone.now())


@pytest.mark.parametrize(("country", "chosen", "language"), [
    ("US", None, "en"), ("SE", None, "sv"), ("FI", None, "en"), ("SE", "en", "en"), ("US", "sv", "sv"),
    ("US", "fi", "en"),
])  # fmt: skip
def test_a_clinic_hears_its_own_language_where_the_service_has_it(
    line: Line, country: str, chosen: str | None, language: str
) -> None:
    if chosen:
        choose(line, chosen)
    proof = call_clinic(line, country=country)
    order = proofs.order_of(proof.pk)
    assert order is not None and order.language == language
    assert order.say.startswith({"en": "Hello.", "sv": "Hej."}[language]) and "Riverside Clinic" in order.say


def test_twilio_is_told_to_say_it_in_that_language(line: Line) -> None:
    choose(line, "sv")
    proof = call_clinic(line)
    body = twiml.instruct(instruction_of(proof.reference, "CA1"), "/again", 0).body.decode()
    said = re.findall(r'<Say language="([^"]+)">([^<]+)</Say>', body)
    assert [voice for voice, _ in said] == ["sv-SE"] * 3 and {text[:4] for _, text in said} == {"Hej."}
    assert not Attempt.objects.exists()


@pytest.mark.parametrize(("languages", "language"), [
    ([], "en"), (["sv", "en"], "sv"), (["fi", "sv"], "sv"), (["en", "sv"], "en"), (["de"], "en"),
])  # fmt: skip
def test_a_member_hears_the_first_of_their_languages_that_the_service_has(
    line: Line, languages: list[str], language: str
) -> None:
    Account.objects.filter(pk=line.amara.account_id).update(languages=languages)
    line.phone.delete()
    account = Account.objects.get(pk=line.amara.account_id)
    proof = phones.add_phone(account, "+1 617 555 0120", timezone.now())
    assert isinstance(proof, Proof)
    order = proofs.order_of(proof.pk)
    assert order is not None and order.language == language
    assert order.say.startswith({"en": "Hello.", "sv": "Hej."}[language])


@pytest.mark.databases
def test_each_leg_is_ordered_in_the_language_of_who_hears_it(line: Line, scripted: Scripted) -> None:
    Account.objects.filter(pk=line.amara.account_id).update(languages=["fi", "sv", "en"])
    r = line.call()
    line.work()
    scripted.say(r, "clinician", "answered")
    scripted.say(r, "clinician", "key", digits="1")
    line.work()
    ordered = {"clinician" if order.confirm else "patient": order.language for order in scripted.dialled.values()}
    assert ordered == {"clinician": "sv", "patient": "en"}


def test_every_language_has_every_text_with_its_gaps_and_a_voice() -> None:
    english = spoken.SAYS["en"]
    for language, texts in spoken.SAYS.items():
        assert language in twiml.VOICES and texts.keys() == english.keys()
        for what, text in texts.items():
            assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", english[what]), (language, what)


def test_what_is_spoken_shows_no_code_when_it_is_printed(line: Line) -> None:
    proof = call_clinic(line)
    said = proofs.say_of(proof.reference)
    assert said is not None and said.text not in repr(said)

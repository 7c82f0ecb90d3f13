"""Calls that were not begun: kept with the digits that may be seen, in the list of those who belong to the clinic."""

from __future__ import annotations

import uuid
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.utils import timezone

from members import vault
from members.models import Account
from realtime.commands import Request
from realtime.dispatch import run
from realtime.log import digest_of
from realtime.protocol import Refusal
from tests.members.browser import Browser
from tests.members.people import make_member
from tests.voice.line import Line
from tests.voice.riverside import SECOND, join, make_clinic, make_patient
from voice.address_book import change_patient
from voice.commands import OWN
from voice.models import CallRefusal
from voice.retention import remove_expired


def ask(line: Line, account: Account, number: str) -> str:
    """Somebody asks for a call as Riverside; the code of what they are told."""
    stream, seat = vault.inbox_of(str(account.pk))
    d = line.wish(number=number)
    told = run(OWN["call.start"], Request(str(account.pk), stream, seat, "You", str(uuid.uuid4()), "call.start", d,
                                          digest_of("call.start", d)), nullcontext())
    assert isinstance(told, Refusal)
    return told.code


def test_a_refusal_keeps_the_last_digits_of_whom_it_was_for(line: Line) -> None:
    two = make_patient(line.clinic, "Tom Reed", second=SECOND)
    for patient in (line.maria, two):
        change_patient(patient, line.rosa, {"do_not_call": True}, timezone.now())
    wishes: tuple[dict[str, str], ...] = (
        {"number": "+1 876 555 1234"}, {"number": "(876) 555-1235"}, {}, {"patient": two.pk, "to": "second"},
        {"number": "911"}, {"number": "not a number"},
    )  # fmt: skip
    for wish in wishes:
        with pytest.raises(Refusal):
            line.call(**wish)
    kept = sorted(CallRefusal.objects.values_list("code", "mask"))
    assert kept == [("call.do_not_call", "•• 55"), ("call.do_not_call", "•• 56"), ("call.emergency", ""),
                    ("call.invalid", ""), ("call.region", "•• 34"), ("call.region", "•• 35")]
    shown = Browser().sign_in(line.rosa.account).get(f"/clinics/{line.id}/calls")["items"]
    assert sorted(item["mask"] for item in shown) == sorted(mask for _, mask in kept)


def test_an_outsider_leaves_nothing_in_a_clinics_list_of_calls(line: Line) -> None:
    removed = join(line.clinic, left_at=timezone.now()).account
    for outsider in (join(make_clinic("Elsewhere")).account, make_member(verified_at=None), removed):
        assert ask(line, outsider, "+16175550188") == "call.no_right"
        assert ask(line, outsider, "911") == "call.emergency"
    rosa = Browser().sign_in(line.rosa.account)
    assert rosa.get(f"/clinics/{line.id}/calls")["items"] == []
    assert rosa.get(f"/clinics/{line.id}/calls/minutes")["refusals"] == []
    mine = Browser().sign_in(removed).get("/calls")["items"]
    assert [(item["clinic"], item["mask"]) for item in mine] == [(None, "")] * 2


def test_refusals_are_forgotten_after_their_time(line: Line) -> None:
    with pytest.raises(Refusal):
        line.call(number="911")
    remove_expired(timezone.now() + timedelta(days=89))
    assert CallRefusal.objects.count() == 1
    remove_expired(timezone.now() + timedelta(days=91))
    assert not CallRefusal.objects.exists()

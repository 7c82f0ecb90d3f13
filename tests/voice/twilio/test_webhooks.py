"""Webhooks that nobody asked for: forged, replayed, repeated, late or foreign ones change nothing."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, override_settings

from realtime.models import Event
from settings.logs import AllowListFormatter
from tests.voice.fake_twilio import ACCOUNT, TOKEN, Phone
from tests.voice.fake_twilio.callbacks import Posted, signature
from tests.voice.junk import JUNK
from tests.voice.riverside import HELD, OWN, PATIENT, PHONE
from tests.voice.twilio_line import SERVICE, TwilioLine, wait_until
from voice import carriers, services
from voice.models import Action, Attempt, Call, CallRecord, HeardEvent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
DIGITS = [number[2:] for number in (HELD, OWN, PATIENT, PHONE, SERVICE)]


def everything() -> list[Any]:
    """All that a webhook could change."""
    tables = (Call, Attempt, HeardEvent, Action, CallRecord, Event)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def ringing(line: TwilioLine) -> tuple[str, Posted]:
    """A call whose clinician is rung for long, and a callback of it as it really came."""
    line.fake.phone(PHONE, Phone(rings_s=30.0))
    r = line.call()
    wait_until(lambda: line.legs(r, "clinician") == ["dialing", "ringing"])
    wait_until(lambda: Action.objects.filter(state="done").exists())
    return r, line.fake.poster.posted[-1]


def talked(line: TwilioLine) -> str:
    """A whole call that has ended."""
    r = line.call()
    wait_until(lambda: line.stage(r) == "connected")
    line.hang_up(r)
    line.ended(r)
    line.fake.end_all()
    wait_until(lambda: not Action.objects.filter(state__in=["waiting", "claimed"]).exists())
    return r


@pytest.mark.parametrize(
    "change",
    [{"CallStatus": "completed"}, {"SequenceNumber": "9"}, {"CallSid": "CA" + "0" * 32}, {"Digits": "1"}],
    ids=["another status", "another number", "another leg", "a key"],
)
def test_a_forged_webhook_is_answered_403_and_changes_nothing(line: TwilioLine, change: dict[str, str]) -> None:
    _, posted = ringing(line)
    before = everything()
    forged = line.fake.poster.post_once(posted.url, {**posted.form, **change}, posted.signature)
    unsigned = line.fake.poster.post_once(posted.url, posted.form, "")
    assert (forged.status, unsigned.status) == (403, 403)
    assert everything() == before


def test_a_webhook_signed_for_another_leg_or_with_another_token_is_forged(line: TwilioLine) -> None:
    _, posted = ringing(line)
    before = everything()
    key = posted.url.replace("/status/", "/key/") + "/1"
    pressed = {**posted.form, "Digits": "1"}
    assert line.fake.poster.post_once(key, pressed, signature(TOKEN, posted.url, pressed)).status == 403
    assert line.fake.poster.post_once(key, pressed, signature("guessed", key, pressed)).status == 403
    assert everything() == before


def test_a_webhook_of_another_account_is_foreign(line: TwilioLine) -> None:
    _, posted = ringing(line)
    before = everything()
    assert line.fake.poster.post_once(posted.url, {**posted.form, "AccountSid": "AC" + "6" * 32}).status == 403
    assert everything() == before


def test_a_webhook_of_a_leg_that_nobody_dialled_is_answered_404(line: TwilioLine) -> None:
    _, posted = ringing(line)
    before = everything()
    reference = Attempt.objects.get().reference
    assert line.fake.poster.post_once(posted.url.replace(reference, "a" * 22), posted.form).status == 404
    assert everything() == before


def test_every_webhook_of_a_call_replayed_after_its_end_is_answered_200_and_changes_nothing(line: TwilioLine) -> None:
    talked(line)
    before, recorded = everything(), list(line.fake.poster.posted)
    assert len(recorded) >= 10
    for posted in [*recorded, *reversed(recorded)]:
        answered = line.fake.poster.post_once(posted.url, posted.form, posted.signature)
        assert answered.status == 200
        assert "<Conference" not in answered.body and "<Gather" not in answered.body
    assert everything() == before


def test_a_late_word_of_a_call_that_has_ended_changes_nothing_but_what_was_heard(line: TwilioLine) -> None:
    r = talked(line)
    posted = next(posted for posted in line.fake.poster.posted if posted.form["CallStatus"] == "ringing")
    told = line.told(r)
    record = CallRecord.objects.values().get()
    late = {**posted.form, "CallStatus": "in-progress", "SequenceNumber": "77"}
    assert line.fake.poster.post_once(posted.url, late).status == 200
    assert line.told(r) == told
    assert CallRecord.objects.values().get() == record


def test_a_second_leg_under_one_reference_is_hung_up_and_hears_nothing(line: TwilioLine) -> None:
    r, posted = ringing(line)
    stranger = line.fake.exchange.create({"To": PATIENT, "From": HELD}, rings=False)
    stranger.status = "in-progress"
    url = posted.url.replace("/status/", "/answered/")
    answered = line.fake.poster.post_once(url, {**posted.form, "CallSid": stranger.sid, "CallStatus": "in-progress"})
    assert answered.status == 200
    assert "<Hangup" in answered.body and "<Gather" not in answered.body
    asked = f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{stranger.sid}.json"
    wait_until(lambda: any(one.path == asked and one.form.get("Status") == "completed" for one in line.fake.asked))
    assert line.legs(r, "clinician") == ["dialing", "ringing"]


def test_when_we_fail_twilio_is_asked_to_try_again_and_nothing_is_lost(
    line: TwilioLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter(range(2))
    real = services.take_events

    def broken_at_first(*args: Any) -> None:
        if next(failures, None) is not None:
            raise OperationalError("database is locked")
        real(*args)

    monkeypatch.setattr("voice.webhooks.take_events", broken_at_first)
    r = line.call()
    wait_until(lambda: line.stage(r) == "connected")
    assert [posted.status for posted in line.fake.poster.posted[:3]] == [500, 500, 200]


def test_only_the_configured_carrier_speaks_and_only_by_post(line: TwilioLine, client: Client) -> None:
    assert client.get("/voice/twilio/incoming").status_code == 405
    assert client.post("/voice/loopback/incoming").status_code == 404
    assert client.post("/voice/unheard-of/status/abc").status_code == 404
    assert client.post("/voice/twilio/status/abc").status_code == 403
    nonsense = client.post("/voice/twilio/status/abc", b"\x00\xff", content_type="application/octet-stream")
    assert nonsense.status_code == 403


@pytest.mark.parametrize(("body", "said"), JUNK)
@override_settings(CURBSIDE_CARRIER="twilio", CURBSIDE_TWILIO_ACCOUNT=ACCOUNT, CURBSIDE_TWILIO_TOKENS=[TOKEN])
def test_junk_that_no_carrier_signed_is_refused_as_forged_and_is_no_fault_of_ours(
    body: bytes, said: str, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    carriers.carrier_of.cache_clear()
    assert client.generic("POST", "/voice/twilio/status/abc", body, content_type=said).status_code == 403
    assert [record.msg for record in caplog.records if record.levelno >= logging.ERROR] == []
    carriers.carrier_of.cache_clear()


def test_no_number_stands_in_any_log_line_or_address_of_a_whole_call(
    line: TwilioLine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    line.fake.phone(PATIENT, Phone(then="invalid"))
    line.ended(line.call())
    line.patient = line.fake.phone(PATIENT, Phone(rings_s=0.1, keys=[]))
    r = talked(line)
    line.fake.poster.post_once(line.fake.poster.posted[-1].url, line.fake.poster.posted[-1].form, "forged")
    formatter = AllowListFormatter()
    assert {record.name for record in caplog.records} >= {"urllib3.connectionpool", "voice.dialling", "voice.webhooks"}
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    lines += [formatter.format(record) for record in caplog.records]
    lines += [posted.url for posted in line.fake.poster.posted] + [asked.path for asked in line.fake.asked] + [r]
    assert [said for said in lines if any(digits in said for digits in DIGITS)] == []

"""A call that is to be tried again stands until it was, or until its clinician says that it is done; and it reminds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from members.clinics import suspend_clinic
from members.models import Account, Clinic
from realtime.instants import to_ms
from realtime.protocol import Refusal
from tests.voice.line import Line
from tests.voice.test_clinic_numbers import told
from tests.voice.test_views import get, talk
from tests.voice.test_views import post as posted
from voice import listing
from voice.models import CallRefusal
from voice.retries import LAPSES

TYPED, OTHER = "+1 617 555 0123", "+1 617 555 0223"
REMINDED = "call.retry"


def to_retry(line: Line, after: timedelta = timedelta(hours=5), **d: Any) -> str:
    """A call that has ended and is to be tried again."""
    r = talk(line, **d)
    line.do("call.outcome", {"how": "no_answer", "then": "retry", "retry_at": to_ms(timezone.now() + after)}, r)
    return r


def again(line: Line) -> list[str]:
    return [item["r"] for item in get(line.amara.account, "/calls")["again"]]


def done(account: Account, r: str) -> None:
    client = Client()
    client.force_login(account)
    assert client.post(f"/api/v1/calls/{r}/retry/done", {}, content_type="application/json").status_code == 204


def stands(line: Line, r: str) -> bool:
    return bool(get(line.amara.account, f"/calls/{r}")["outcome"]["retry_stands"])


def test_calls_to_be_tried_again_come_with_the_first_page_however_many_came_after(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    late, soon = to_retry(line, timedelta(days=20), number=TYPED), to_retry(line)
    for _ in range(2):
        line.pass_s(60)
        talk(line, number=OTHER)
    page = get(line.amara.account, "/calls")
    assert not {late, soon} & {item["r"] for item in page["items"]}
    assert [item["r"] for item in page["again"]] == [soon, late], "what is due first stands first"
    assert get(line.amara.account, f"/calls?before={page['next']}")["again"] == []


def test_the_next_call_to_the_same_patient_ends_it_and_a_refused_one_does_not(line: Line) -> None:
    r = to_retry(line)
    line.pass_s(60)
    CallRefusal.objects.create(account=line.amara.account.pk, clinic=line.id, patient=line.maria.pk,
                               code="call.hours", at=timezone.now())
    assert again(line) == [r] and stands(line, r)
    talk(line)
    assert again(line) == [] and not stands(line, r)


def test_a_typed_number_that_is_called_again_ends_it_and_one_that_only_looks_alike_does_not(line: Line) -> None:
    r = to_retry(line, number=TYPED)
    line.pass_s(60)
    talk(line, number=OTHER)
    assert again(line) == [r], "the mask of both is the same"
    line.pass_s(60)
    talk(line, number=TYPED)
    assert again(line) == []


def test_whoever_was_to_try_again_says_that_it_is_done_and_nobody_else_can(line: Line) -> None:
    r = to_retry(line, number=TYPED)
    assert posted(line.rosa.account, f"/calls/{r}/retry/done", {}, 404)["code"] == "not_found"
    assert again(line) == [r]
    for _ in range(2):
        done(line.amara.account, r)
    assert again(line) == [] and not stands(line, r)
    line.pass_s(timedelta(hours=6).total_seconds())
    assert REMINDED not in told(line.amara)
    spoken = talk(line)
    line.do("call.outcome", {"how": "spoke"}, spoken)
    assert posted(line.amara.account, f"/calls/{spoken}/retry/done", {}, 404)["code"] == "not_found"


def test_its_time_reminds_who_made_the_call_once_and_names_nobody(line: Line) -> None:
    to_retry(line)
    line.pass_s(timedelta(hours=4.9).total_seconds())
    assert REMINDED not in told(line.amara)
    line.pass_s(timedelta(days=2).total_seconds())
    assert told(line.amara).count(REMINDED) == 1
    assert [event["d"] for event in line.inbox() if event["k"] == "notice"][-1] == {"about": REMINDED}


def test_what_was_tried_again_already_does_not_remind(line: Line) -> None:
    to_retry(line)
    talk(line)
    line.pass_s(timedelta(hours=6).total_seconds())
    assert REMINDED not in told(line.amara)


def test_nobody_is_reminded_of_a_clinic_that_is_suspended(line: Line) -> None:
    to_retry(line)
    suspend_clinic(Clinic.objects.get(pk=line.id))
    line.pass_s(timedelta(hours=6).total_seconds())
    assert REMINDED not in told(line.amara)


def test_one_that_nobody_took_up_lapses_a_month_after_its_time(line: Line) -> None:
    r = to_retry(line)
    line.pass_s((timedelta(hours=5) + LAPSES).total_seconds() - 60)
    assert again(line) == [r]
    line.pass_s(120)
    assert again(line) == []


def test_a_time_that_is_too_far_away_sets_no_reminder(line: Line) -> None:
    r = talk(line)
    with pytest.raises(Refusal):
        to = to_ms(timezone.now() + timedelta(days=31))
        line.do("call.outcome", {"how": "no_answer", "then": "retry", "retry_at": to}, r)
    assert again(line) == []

"""How a consult ends, and how it is opened again."""

from __future__ import annotations

from typing import Any

import pytest

from consults.models import Consult, Offer
from members.availability import availability_of
from realtime.models import Timer
from realtime.protocol import Refusal
from tests.consults.test_asking import refused
from tests.consults.ward import Ward, last

CLOSE = "consult.close"


def closed(ward: Ward, outcome: str = "answered") -> str:
    """A consult that was talked over and closed by the asker."""
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    ward.do("okafor", CLOSE, {"outcome": outcome}, r)
    return r


@pytest.mark.parametrize(
    ("outcome", "end"),
    [("answered", "answered"), ("partly", "answered"), ("redirected", "answered"), ("unanswered", "no_reply")],
)
@pytest.mark.parametrize("who", ["okafor", "lind"])
def test_either_side_closes_it_with_an_outcome(ward: Ward, who: str, outcome: str, end: str) -> None:
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    ward.do(who, CLOSE, {"outcome": outcome, "note": "Repeat the ECG."}, r)
    ended = last(ward.events(r), "consult.ended")
    assert (ended["d"]["state"], ended["d"]["outcome"], ended["d"]["note"]) == (end, outcome, "Repeat the ECG.")
    assert ended["d"]["reopen_until"] == ended["ts"] + 24 * 3600 * 1000
    consult = Consult.objects.get()
    assert (consult.end, consult.outcome, consult.stream.state) == (end, outcome, "closed")
    assert not Offer.objects.exists()


def test_silence_cannot_be_closed_as_answered(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    assert refused(ward, "okafor", CLOSE, {"outcome": "answered"}, r).code == "consult.no_reply_yet"
    assert refused(ward, "lind", CLOSE, {"outcome": "unanswered"}, r).code == "consult.no_reply_yet"
    ward.do("okafor", CLOSE, {"outcome": "unanswered"}, r)
    assert Consult.objects.get().end == "no_reply"


@pytest.mark.parametrize(
    ("d", "code"),
    [
        ({}, "malformed"),
        ({"outcome": "cured"}, "malformed"),
        ({"outcome": "answered", "note": 1}, "malformed"),
        ({"outcome": "answered", "note": "x" * 1001}, "too_large"),
        ({"outcome": "answered", "note": "mail ann.bell@example.com"}, "gate"),
    ],
)
def test_what_cannot_be_closed_with_is_refused(ward: Ward, d: dict[str, Any], code: str) -> None:
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    assert refused(ward, "okafor", CLOSE, d, r).code == code
    assert Consult.objects.get().state == "open"


def test_what_has_ended_takes_nothing_more(ward: Ward) -> None:
    r = closed(ward)
    for kind, d in ((CLOSE, {"outcome": "answered"}), ("consult.withdraw", {}), ("consult.hand_back", {})):
        assert refused(ward, "lind", kind, d, r).code == "closed"
    with pytest.raises(Refusal, match="closed"):
        ward.say("okafor", r)


@pytest.mark.parametrize("asleep", [False, True])
def test_nobody_in_ten_minutes_ends_it_with_advice_also_over_a_restart(ward: Ward, asleep: bool) -> None:
    r = ward.ask("okafor")
    ward.sleep(minutes=11) if asleep else ward.wait(minutes=10)
    ended = last(ward.events(r), "consult.ended")["d"]
    assert ended["state"] == "nobody"
    assert ended["advice"] == ["emergency_team", "on_call", "ask_today", "ask_related"]
    assert "reopen_until" not in ended
    assert last(ward.inbox("lind"), "offer.gone")["d"]["why"] == "expired"
    assert not Offer.objects.exists()


def test_today_ends_after_twelve_hours(ward: Ward) -> None:
    r = ward.ask("okafor", urgency="today")
    ward.sleep(hours=11, minutes=59)
    assert Consult.objects.get().state == "waiting"
    ward.wait(minutes=2)
    assert last(ward.events(r), "consult.ended")["d"]["state"] == "nobody"


def test_three_missed_offers_end_availability_and_declined_ones_do_not(ward: Ward) -> None:
    for _ in range(3):
        ward.ask("okafor")
        ward.do("berg", "offer.decline", {"offer": ward.offer("berg"), "why": "not_now"})
        ward.sleep(minutes=11)
    assert not availability_of(ward.accounts["lind"]).on
    assert last(ward.inbox("lind"), "availability.changed")["d"]["reason"] == "missed"
    assert availability_of(ward.accounts["berg"]).on


@pytest.mark.parametrize(("urgency", "hours"), [("now", 2), ("today", 24)])
def test_an_open_consult_in_which_nobody_writes_ends_without_reply(ward: Ward, urgency: str, hours: int) -> None:
    r = ward.open("okafor", "lind", urgency=urgency)
    ward.say("lind", r)
    ward.wait(hours=hours - 1)
    ward.say("okafor", r)
    ward.wait(hours=hours, minutes=-1)
    assert Consult.objects.get().state == "open"
    ward.wait(minutes=2)
    assert last(ward.events(r), "consult.ended")["d"]["state"] == "no_reply"


def test_one_side_asks_to_reopen_and_the_other_agrees(ward: Ward) -> None:
    r = closed(ward)
    ward.wait(hours=23)
    ward.do("okafor", "consult.reopen", {}, r)
    assert ward.kinds(r)[-1] == "consult.reopen_asked"
    assert refused(ward, "okafor", "consult.reopen", {}, r).code == "consult.reopen_waiting"
    assert Consult.objects.get().state == "ended"
    ward.do("lind", "consult.reopen", {}, r)
    assert ward.kinds(r)[-1] == "consult.reopened"
    ward.say("okafor", r, "One more thing.")
    ward.wait(hours=1)
    ward.do("lind", CLOSE, {"outcome": "answered"}, r)
    ward.wait(hours=23)
    assert Consult.objects.get().stream.state == "closed"


def test_a_reopened_consult_that_stays_silent_ends_again(ward: Ward) -> None:
    r = closed(ward)
    ward.do("lind", "consult.reopen", {}, r)
    ward.do("okafor", "consult.reopen", {}, r)
    ward.wait(hours=2, minutes=1)
    assert ward.kinds(r)[-1] == "consult.ended"
    assert Consult.objects.get().end == "no_reply"


@pytest.mark.parametrize("asleep", [False, True])
def test_after_twenty_four_hours_it_is_final(ward: Ward, asleep: bool) -> None:
    r = closed(ward)
    ward.do("okafor", "consult.reopen", {}, r)
    ward.sleep(hours=25) if asleep else ward.wait(hours=24)
    assert Consult.objects.get().stream.state == "final"
    assert refused(ward, "lind", "consult.reopen", {}, r).code == "closed"
    assert refused(ward, "lind", "redact", {"target": 4}, r).code == "closed"
    assert not Timer.objects.filter(subject=r).exists()


def test_the_moment_after_the_end_is_too_late_even_if_no_timer_has_run(ward: Ward) -> None:
    r = closed(ward)
    ward.clock.shift(24 * 3600 + 1)
    assert refused(ward, "lind", "consult.reopen", {}, r).code == "closed"


def test_what_nobody_took_cannot_be_reopened(ward: Ward) -> None:
    r = ward.ask("okafor")
    ward.do("okafor", "consult.withdraw", {}, r)
    assert refused(ward, "okafor", "consult.reopen", {}, r).code == "closed"


def test_there_is_nobody_to_reopen_it_with_when_the_other_side_has_left(ward: Ward) -> None:
    r = closed(ward)
    ward.do("lind", "consult.leave", {}, r)
    assert refused(ward, "okafor", "consult.reopen", {}, r).code == "refused"


def test_no_timer_is_left_for_what_is_final(ward: Ward) -> None:
    r = ward.ask("okafor")
    ward.sleep(minutes=11)
    ward.sleep(hours=25)
    assert Consult.objects.get(pk=r).stream.state == "final"
    assert not Timer.objects.filter(kind="consult.clock").exists()

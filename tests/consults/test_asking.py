"""Asking and withdrawing."""

from __future__ import annotations

from typing import Any

import pytest

from consults.models import Consult
from realtime.models import Timer
from realtime.protocol import Refusal
from tests.consults.ward import QUESTION, Ward, last

ASKED: dict[str, Any] = {"specialty": "cardiology", "question": QUESTION, "language": "en", "urgency": "now"}


def refused(ward: Ward, who: str, kind: str, d: dict[str, Any], r: str = "me") -> Refusal:
    with pytest.raises(Refusal) as caught:
        ward.do(who, kind, d, r)
    return caught.value


@pytest.mark.databases
def test_a_consult_is_asked_offered_taken_talked_over_and_closed(ward: Ward) -> None:
    r = ward.ask("okafor")
    assert ward.kinds(r) == ["consult.asked", "consult.ringing"]
    assert last(ward.inbox("lind"), "offer.made")["d"]["question"] == QUESTION

    assert ward.accept("lind").made == r
    ward.say("lind", r, "Rate control.")
    ward.say("okafor", r, "Thank you.")
    ward.do("okafor", "consult.close", {"outcome": "answered"}, r)

    talk = ["consult.joined", "message", "message", "consult.ended"]
    assert ward.kinds(r) == ["consult.asked", "consult.ringing", *talk]


def test_the_question_and_its_clock_stand_in_the_first_event(ward: Ward) -> None:
    asked, ringing = ward.events(ward.ask("okafor"))
    assert asked["d"] == ASKED | {"ends_at": asked["ts"] + 600_000}
    assert ringing["d"] == {"ring": 1, "next_at": asked["ts"] + 120_000, "ends_at": asked["ts"] + 600_000}
    assert "u" in asked
    assert "u" not in ringing


def test_the_one_who_asks_is_told_the_stream_and_a_repeat_gets_the_same(ward: Ward) -> None:
    c = "6f2c52f4-30a0-4d08-8f5b-6a4c1f3a0e11"
    first = ward.do("okafor", "consult.ask", ASKED, c=c)
    again = ward.do("okafor", "consult.ask", ASKED, c=c)
    assert first == again
    assert first.made == Consult.objects.get().pk
    with pytest.raises(Refusal, match="conflict"):
        ward.do("okafor", "consult.ask", ASKED | {"urgency": "today"}, c=c)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"urgency": "yesterday"}, "malformed"),
        ({"specialty": "astrology"}, "malformed"),
        ({"language": "tlh"}, "malformed"),
        ({"question": "  "}, "malformed"),
        ({"question": 7}, "malformed"),
        ({"question": "x" * 2001}, "too_large"),
        ({"question": "Call me on 617 555 0123 about this."}, "gate"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_leaves_nothing(ward: Ward, change: dict[str, Any], code: str) -> None:
    before = ward.inbox("okafor")
    assert refused(ward, "okafor", "consult.ask", ASKED | change).code == code
    assert not Consult.objects.exists()
    assert ward.inbox("okafor") == before


def test_only_verified_clinicians_may_ask(ward: Ward) -> None:
    ward.add("novice", verified=False)
    assert refused(ward, "novice", "consult.ask", ASKED).code == "consult.not_verified"


def test_five_may_wait_and_the_sixth_is_refused_until_one_has_ended(ward: Ward) -> None:
    for _ in range(5):
        r = ward.ask("okafor")
    assert refused(ward, "okafor", "consult.ask", ASKED).code == "consult.too_many"
    ward.do("okafor", "consult.withdraw", {}, r)
    ward.ask("okafor")


def test_what_the_asker_withdraws_ends_and_its_offers_go(ward: Ward) -> None:
    r = ward.ask("okafor")
    ward.do("okafor", "consult.withdraw", {}, r)
    consult = Consult.objects.get()
    assert (consult.state, consult.end, consult.offers.count()) == ("ended", "withdrawn", 0)
    assert last(ward.events(r), "consult.ended")["d"] == {"state": "withdrawn"}
    assert last(ward.inbox("lind"), "offer.gone")["d"]["why"] == "withdrawn"
    assert last(ward.inbox("okafor"), "consult.changed")["d"]["state"] == "ended"


def test_what_someone_took_cannot_be_withdrawn_any_more(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    assert refused(ward, "okafor", "consult.withdraw", {}, r).code == "refused"
    assert refused(ward, "lind", "consult.withdraw", {}, r).code == "refused"


def test_a_stranger_gets_the_answer_of_what_does_not_exist(ward: Ward) -> None:
    r = ward.ask("okafor")
    for stream in (r, "A" * 22):
        assert refused(ward, "lind", "consult.withdraw", {}, stream).code == "not_found"


def test_the_first_ring_is_left_to_the_timer_if_the_process_dies_after_the_question(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consults.asking.widen_soon", lambda r, now: None)
    r = ward.ask("okafor")
    assert ward.kinds(r) == ["consult.asked"]
    assert Timer.objects.filter(subject=r).exists()
    ward.sleep(seconds=1)
    assert ward.kinds(r) == ["consult.asked", "consult.ringing"]
    assert ward.offer("lind")

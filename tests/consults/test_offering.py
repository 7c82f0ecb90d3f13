"""Rings, offers, and who takes one."""

from __future__ import annotations

import threading
from datetime import time
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from consults.models import Consult, Offer, Participant
from members.availability import set_availability
from members.models import Account
from realtime.commands import Reply
from realtime.protocol import Refusal
from tests.consults.test_asking import refused
from tests.consults.ward import START, Ward, last


def offered(ward: Ward, who: str) -> list[int]:
    """The rings in which something was offered to a member."""
    return [e["d"]["ring"] for e in ward.inbox(who) if e["k"] == "offer.made"]


def test_rings_widen_on_their_clock_and_the_asker_sees_each(ward: Ward) -> None:
    ward.add_available("near", "general_medicine")
    ward.add("eager", "dermatology")
    set_availability(ward.accounts["eager"], True, ["cardiology"], START)
    r = ward.ask("okafor")
    ward.wait(minutes=1, seconds=59)
    assert [offered(ward, who) for who in ("lind", "near", "eager")] == [[1], [], []]
    ward.wait(seconds=2)
    assert [offered(ward, who) for who in ("lind", "near", "eager")] == [[1], [2], []]
    ward.wait(minutes=3)
    assert [offered(ward, who) for who in ("lind", "near", "eager")] == [[1], [2], [3]]
    rings = [e["d"] for e in ward.events(r) if e["k"] == "consult.ringing"]
    assert [ring["ring"] for ring in rings] == [1, 2, 3]
    assert rings[-1]["next_at"] is None


def test_nobody_is_offered_the_same_consult_twice(ward: Ward) -> None:
    ward.ask("okafor")
    for _ in range(3):
        ward.sleep(minutes=3)
    assert offered(ward, "lind") == [1]


def test_who_becomes_available_while_it_waits_is_offered_it_at_once(open_ward: Ward) -> None:
    late = open_ward.add("late", "cardiology")
    open_ward.ask("okafor")
    open_ward.wait(minutes=1)
    set_availability(late, True, ["cardiology"], timezone.now())
    open_ward.wait(seconds=1)
    assert offered(open_ward, "late") == [1]


def test_whose_quiet_hours_end_while_it_waits_is_offered_it(ward: Ward) -> None:
    ward.add_available("sleeper", quiet_from=time(8), quiet_to=time(9, 1))
    ward.ask("okafor")
    assert offered(ward, "sleeper") == []
    ward.wait(minutes=1, seconds=31)
    assert offered(ward, "sleeper") == [1]


def test_a_participant_whose_account_is_gone_holds_nothing_up(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.accounts["lind"].delete()
    ward.wait(minutes=4)
    assert Consult.objects.get().state == "waiting"
    ward.do("okafor", "consult.withdraw", {}, r)
    assert Consult.objects.get().state == "ended"


def test_language_quiet_hours_and_budget_are_respected(ward: Ward) -> None:
    ward.add_available("swede", languages=["sv"])
    ward.add_available("asleep", quiet_from=time(8), quiet_to=time(10))
    ward.add_available("spent", daily_budget=0)
    ward.ask("okafor")
    assert [offered(ward, who) for who in ("swede", "asleep", "spent", "lind")] == [[], [], [], [1]]


def test_the_asker_is_never_offered_the_own_question(ward: Ward) -> None:
    ward.ask("lind")
    assert offered(ward, "lind") == []
    assert offered(ward, "berg") == [1]


def test_no_row_of_an_offer_names_a_member_or_an_inbox(ward: Ward) -> None:
    ward.ask("okafor")
    offer = Offer.objects.all()[0]
    words = " ".join(str(getattr(offer, f.attname)) for f in Offer._meta.get_fields() if hasattr(f, "attname"))
    for account in ward.accounts.values():
        assert str(account.pk) not in words


def test_exactly_the_one_who_accepts_is_seated_and_the_others_are_told(ward: Ward) -> None:
    r = ward.ask("okafor")
    reply = ward.accept("lind")
    assert reply.made == r
    joined = last(ward.events(r), "consult.joined")
    assert joined["d"]["badge"].startswith("Cardiologist")
    assert last(ward.inbox("lind"), "offer.accepted")["d"]["r"] == r
    assert last(ward.inbox("berg"), "offer.gone")["d"]["why"] == "taken"
    assert refused(ward, "berg", "offer.accept", {"offer": ward.offer("berg")}).code == "offer.taken"
    assert Consult.objects.get().state == "open"
    assert last(ward.inbox("okafor"), "consult.changed")["d"]["state"] == "open"


def test_a_second_tap_says_that_it_is_ones_own(ward: Ward) -> None:
    r = ward.ask("okafor")
    ward.accept("lind")
    refusal = refused(ward, "lind", "offer.accept", {"offer": ward.offer("lind")})
    assert (refusal.code, refusal.d) == ("offer.yours", {"r": r})


def test_an_offer_of_another_one_that_is_unknown_and_one_that_has_ended_get_one_answer(ward: Ward) -> None:
    r = ward.ask("okafor")
    lind, berg = ward.offer("lind"), ward.offer("berg")
    answers = [refused(ward, "lind", "offer.accept", {"offer": offer}) for offer in (berg, "A" * 22)]
    ward.do("okafor", "consult.withdraw", {}, r)
    answers.append(refused(ward, "lind", "offer.accept", {"offer": lind}))
    assert {(a.code, a.msg) for a in answers} == {("offer.gone", "This offer has ended.")}


@pytest.mark.parametrize("d", [{}, {"offer": 1}, {"offer": ""}, {"offer": "x" * 65}])
def test_a_malformed_acceptance_is_refused(ward: Ward, d: dict[str, Any]) -> None:
    assert refused(ward, "lind", "offer.accept", d).code == "malformed"


def test_who_lost_the_right_to_answer_cannot_accept(ward: Ward) -> None:
    ward.ask("okafor")
    Account.objects.filter(pk=ward.member("lind")).update(verified_at=None)
    assert refused(ward, "lind", "offer.accept", {"offer": ward.offer("lind")}).code == "consult.not_verified"


@pytest.mark.parametrize("why", ["not_now", "not_my_field"])
def test_who_declines_is_not_asked_again(ward: Ward, why: str) -> None:
    ward.ask("okafor")
    offer = ward.offer("lind")
    ward.do("lind", "offer.decline", {"offer": offer, "why": why})
    ward.sleep(minutes=3)
    ward.sleep(minutes=3)
    assert offered(ward, "lind") == [1]
    assert last(ward.inbox("lind"), "offer.declined")["d"] == {"offer": offer}
    assert refused(ward, "lind", "offer.accept", {"offer": offer}).code == "offer.gone"


def test_an_unknown_reason_to_decline_is_malformed(ward: Ward) -> None:
    ward.ask("okafor")
    assert refused(ward, "lind", "offer.decline", {"offer": ward.offer("lind"), "why": "bored"}).code == "malformed"


def test_an_offer_cannot_be_taken_in_the_moment_after_its_end_even_if_no_timer_has_run(ward: Ward) -> None:
    ward.ask("okafor")
    ward.clock.shift(601)
    assert refused(ward, "lind", "offer.accept", {"offer": ward.offer("lind")}).code == "offer.gone"


def test_an_offer_wakes_those_who_are_offered_it_and_an_acceptance_the_asker(
    open_ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[list[str]] = []
    monkeypatch.setattr("members.push.wake", woken.append)
    open_ward.ask("okafor")
    assert woken == [sorted([open_ward.member("lind"), open_ward.member("berg")])]
    woken.clear()
    open_ward.accept("lind")
    assert woken == [[open_ward.member("okafor")]]


@pytest.mark.databases
def test_of_twenty_who_accept_at_once_exactly_one_wins(open_ward: Ward) -> None:
    names = ["lind", "berg", *(f"peer{n}" for n in range(18))]
    for name in names[2:]:
        open_ward.add_available(name)
    r = open_ward.ask("okafor")
    offers = {name: open_ward.offer(name) for name in names}
    start = threading.Barrier(len(names))
    results: dict[str, str] = {}

    def race(name: str) -> None:
        try:
            start.wait()
            reply: Reply = open_ward.do(name, "offer.accept", {"offer": offers[name]})
            results[name] = f"won {reply.made}"
        except Refusal as refusal:
            results[name] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results.values()) == sorted([f"won {r}"] + ["offer.taken"] * 19)
    assert Participant.objects.filter(role="answerer").count() == 1
    assert [e["s"] for e in open_ward.events(r)] == [1, 2, 3]

"""What two do at the same instant: one order, one result, nothing half done. Real commits, real threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from consults.models import Consult, Offer, Participant
from consults.timers import advance
from realtime.protocol import Refusal
from tests.consults.ward import Ward

pytestmark = pytest.mark.databases


def race(*deeds: Callable[[], Any]) -> list[Any]:
    """Let all happen at once; what each returned, or the code of its refusal."""
    start = threading.Barrier(len(deeds))
    results: list[Any] = [None] * len(deeds)

    def run(number: int) -> None:
        try:
            start.wait()
            results[number] = deeds[number]()
        except Refusal as refusal:
            results[number] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def holds_together(ward: Ward, r: str) -> None:
    """The numbers have no hole, and what the rows say is what the last events say."""
    events = ward.events(r)
    assert [e["s"] for e in events] == list(range(1, len(events) + 1))
    consult = Consult.objects.get(pk=r)
    answerers = Participant.objects.filter(consult=r, role="answerer", seat__left_seq=None).count()
    assert (consult.state == "waiting") <= (answerers == 0)
    assert (consult.state == "open") <= (answerers > 0)
    assert (consult.state == "ended") == (consult.stream.state != "open")
    if consult.state == "ended":
        assert not Offer.objects.filter(consult=r).exists()


@pytest.mark.parametrize("attempt", range(3))
def test_taking_and_withdrawing_at_once_leave_one_of_both(open_ward: Ward, attempt: int) -> None:
    r = open_ward.ask("okafor")
    offer = open_ward.offer("lind")
    took, withdrew = race(
        lambda: open_ward.do("lind", "offer.accept", {"offer": offer}).made,
        lambda: open_ward.do("okafor", "consult.withdraw", {}, r).seq,
    )
    assert (took == r) != isinstance(withdrew, int)
    holds_together(open_ward, r)


@pytest.mark.parametrize("attempt", range(3))
def test_taking_it_at_the_instant_of_its_end_leaves_one_of_both(open_ward: Ward, attempt: int) -> None:
    r = open_ward.ask("okafor")
    offer = open_ward.offer("lind")
    open_ward.clock.shift(599.999)
    late = timezone.now() + timedelta(seconds=1)
    race(lambda: open_ward.do("lind", "offer.accept", {"offer": offer}), lambda: advance(r, late))
    assert Consult.objects.get().state in ("open", "ended")
    holds_together(open_ward, r)


def test_both_sides_close_at_once_and_it_ends_once(open_ward: Ward) -> None:
    r = open_ward.open("okafor", "lind")
    open_ward.say("lind", r)
    results = race(
        *[
            lambda who=who: open_ward.do(who, "consult.close", {"outcome": "answered"}, r).seq
            for who in ("okafor", "lind")
        ]
    )
    assert sorted(map(str, results))[1] == "closed"
    assert open_ward.kinds(r).count("consult.ended") == 1
    holds_together(open_ward, r)


def test_handing_back_while_the_timer_offers_it_onward_takes_one_seat_once(open_ward: Ward) -> None:
    r = open_ward.open("okafor", "lind")
    open_ward.clock.shift(181)
    race(lambda: open_ward.do("lind", "consult.hand_back", {}, r), lambda: advance(r, timezone.now()))
    assert (open_ward.kinds(r).count("consult.handed_back") + open_ward.kinds(r).count("consult.offered_on")) == 1
    holds_together(open_ward, r)


def test_the_same_command_on_two_sockets_at_once_is_done_once(open_ward: Ward) -> None:
    d = {"specialty": "cardiology", "question": "Rate or rhythm?", "language": "en", "urgency": "now"}
    c = "0b6c7a53-6f0e-4c6a-9a43-0e4d3f0f4c11"
    results = race(*[lambda: open_ward.do("okafor", "consult.ask", d, c=c) for _ in range(6)])
    assert len(set(results)) == 1
    assert Consult.objects.count() == 1


def test_two_timers_at_once_offer_it_once_to_each(open_ward: Ward) -> None:
    r = open_ward.ask("okafor")
    for n in range(4):
        open_ward.add_available(f"peer{n}")
    race(*[lambda: advance(r, timezone.now()) for _ in range(4)])
    for n in range(4):
        assert [e["k"] for e in open_ward.inbox(f"peer{n}")].count("offer.made") == 1
    holds_together(open_ward, r)


def test_asking_and_taking_crosswise_do_not_lock_each_other_out(open_ward: Ward) -> None:
    names = ["lind", "berg", *[f"peer{n}" for n in range(4)]]
    for name in names[2:]:
        open_ward.add_available(name)
    for name in names:
        open_ward.ask(name)
    deeds = [lambda who=name: open_ward.accept(who).seq for name in names]
    results = race(*deeds, *[lambda who=name: open_ward.ask(who) for name in names])
    assert not [result for result in results if result in ("busy", "internal", None)]
    for consult in Consult.objects.all():
        holds_together(open_ward, consult.pk)


def test_three_answers_to_one_invitation_seat_one(open_ward: Ward) -> None:
    for n in range(3):
        open_ward.add_available(f"renal{n}", "nephrology")
    r = open_ward.open("okafor", "lind")
    open_ward.do("lind", "consult.invite", {"specialty": "nephrology"}, r)
    results = race(*[lambda who=f"renal{n}": open_ward.accept(who).made for n in range(3)])
    assert sorted(results) == sorted([r, "offer.taken", "offer.taken"])
    holds_together(open_ward, r)

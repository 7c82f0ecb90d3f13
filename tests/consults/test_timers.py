"""The one timer of a consult: late, doubled, and of what is no longer there."""

from __future__ import annotations

import pytest
from django.utils import timezone

from consults.models import Consult
from consults.timers import advance
from members.availability import availability_of
from realtime.models import Stream, Timer
from tests.consults.ward import Ward


def test_a_timer_of_what_no_longer_exists_does_nothing(db: None) -> None:
    advance("A" * 22, timezone.now())


@pytest.mark.parametrize("urgency", ["now", "today", "no_hurry"])
def test_a_consult_that_nobody_touches_comes_to_its_final_end(ward: Ward, urgency: str) -> None:
    r = ward.ask("okafor", urgency=urgency)
    ward.sleep(hours=13)
    ward.sleep(hours=25)
    assert Stream.objects.get(pk=r).state == "final"
    assert Consult.objects.get().end == "nobody"


def test_a_timer_that_runs_twice_changes_nothing_the_second_time(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.clock.shift(200)
    advance(r, timezone.now())
    before = ward.kinds(r)
    advance(r, timezone.now())
    assert ward.kinds(r) == before


def test_after_a_restart_the_widest_ring_that_is_due_is_asked_at_once(ward: Ward) -> None:
    r = ward.ask("okafor")
    ward.sleep(minutes=6)
    rings = [e["d"]["ring"] for e in ward.events(r) if e["k"] == "consult.ringing"]
    assert rings == [1, 3]


def test_a_miss_that_ends_availability_does_not_undo_the_end_of_the_consult(ward: Ward) -> None:
    for _ in range(3):
        r = ward.ask("okafor")
        ward.sleep(minutes=11)
        assert Consult.objects.get(pk=r).end == "nobody"
    assert not availability_of(ward.accounts["lind"]).on


@pytest.mark.parametrize("act", ["waiting", "open", "ended"])
def test_every_state_that_is_not_final_has_a_timer(ward: Ward, act: str) -> None:
    r = ward.ask("okafor") if act == "waiting" else ward.open("okafor", "lind")
    if act == "ended":
        ward.do("okafor", "consult.close", {"outcome": "unanswered"}, r)
    assert Timer.objects.filter(kind="consult.clock", subject=r).count() == 1

"""Who is woken for what is unread."""

from __future__ import annotations

import pytest

from consults.services import wake_unread
from members import vault
from realtime.commands import Written
from realtime.models import Seat
from tests.consults.ward import Ward


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Whom a wake was asked for; nothing else is ever handed over."""
    calls: list[list[str]] = []
    monkeypatch.setattr("members.push.wake", calls.append)
    return calls


def seat_of(ward: Ward, who: str, r: str) -> str:
    """The seat of a member."""
    [seat] = vault.find_seats([(ward.member(who), r)])
    assert seat is not None
    return seat.id


def test_who_has_not_read_a_message_is_woken_and_who_wrote_it_is_not(open_ward: Ward, woken: list[list[str]]) -> None:
    r = open_ward.open("okafor", "lind")
    open_ward.say("lind", r)
    woken.clear()
    wake_unread({r: Written(4, {seat_of(open_ward, "lind", r)})})
    assert woken == [[open_ward.member("okafor")]]


@pytest.mark.parametrize("change", [{"read_seq": 4}, {"muted": True}, {"left_seq": 4}])
def test_who_has_read_muted_or_left_is_not_woken(
    open_ward: Ward, woken: list[list[str]], change: dict[str, object]
) -> None:
    r = open_ward.open("okafor", "lind")
    assert open_ward.say("lind", r) == 4
    seat = seat_of(open_ward, "okafor", r)
    Seat.objects.filter(pk=seat).update(**change)
    woken.clear()
    wake_unread({r: Written(4, {seat_of(open_ward, "lind", r)})})
    assert woken == []


def test_an_inbox_wakes_nobody(open_ward: Ward, woken: list[list[str]]) -> None:
    inbox, seat = vault.inbox_of(open_ward.member("lind"))
    wake_unread({inbox: Written(1, {seat}), "A" * 22: Written(1, set())})
    assert woken == []


def test_the_end_wakes_the_other_side(open_ward: Ward, woken: list[list[str]]) -> None:
    r = open_ward.open("okafor", "lind")
    open_ward.say("lind", r)
    woken.clear()
    open_ward.do("lind", "consult.close", {"outcome": "answered"}, r)
    assert woken == [[open_ward.member("okafor")]]

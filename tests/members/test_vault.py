"""Seats and accounts: one pseudonym per thread, and no way from one to another without the key."""

import itertools

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members import pseudonyms, vault
from members.errors import NotFound
from members.models import Account, Vault
from realtime.log import create_stream
from realtime.models import Seat
from realtime.sealing import Unsealable
from tests.members.people import make_member

pytestmark = pytest.mark.django_db


def test_a_seat_is_found_for_its_member_and_for_nobody_else() -> None:
    member, other = make_member(), make_member()
    stream = create_stream("consult")
    seat = vault.take_seat(str(member.pk), stream, joined_seq=0)

    assert vault.find_seats([(str(member.pk), stream), (str(other.pk), stream)]) == [seat, None]
    assert vault.access_stream(member, stream) == seat
    assert vault.owner_of_seat(seat.id) == str(member.pk)


def test_a_missing_stream_and_a_foreign_one_are_refused_alike() -> None:
    member, stream = make_member(), create_stream("consult")
    answers = []
    for asked in (stream, "A" * 22, ""):
        with pytest.raises(NotFound) as refused:
            vault.access_stream(member, asked)
        answers.append((refused.value.code, refused.value.msg, refused.value.d))
    assert len(set(map(str, answers))) == 1


@pytest.mark.parametrize("pairs", [1, 40])
def test_any_number_of_seats_is_found_in_two_queries(pairs: int) -> None:
    member = make_member()
    wanted = [(str(member.pk), create_stream("consult")) for _ in range(pairs)]
    seats = [vault.take_seat(*pair, joined_seq=0) for pair in wanted]
    with CaptureQueriesContext(connection, ) as queries:
        assert vault.find_seats([*wanted, (str(member.pk), "none")]) == [*seats, None]
    assert len(queries) == 2


def test_a_seat_that_was_left_is_not_found_and_is_taken_again_under_the_old_name() -> None:
    member, stream = make_member(), create_stream("consult")
    seat = vault.take_seat(str(member.pk), stream, joined_seq=0)
    Seat.objects.filter(pk=seat.id).update(left_seq=3)
    assert vault.find_seats([(str(member.pk), stream)]) == [None]

    assert vault.take_seat(str(member.pk), stream, joined_seq=5) == seat
    assert Seat.objects.filter(stream=stream).count() == 1


def test_a_name_that_is_taken_in_the_thread_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = create_stream("consult")
    names = itertools.chain(["Quiet harbour"] * 3, ["Bold heron"])
    monkeypatch.setattr(pseudonyms, "draw", lambda: next(names))
    first = vault.take_seat(str(make_member().pk), stream, joined_seq=0)
    second = vault.take_seat(str(make_member().pk), stream, joined_seq=0)
    assert (first.name, second.name) == ("Quiet harbour", "Bold heron")


def test_an_inbox_is_made_once_and_leads_back_to_its_owner() -> None:
    member = str(make_member().pk)
    inbox, seat = vault.inbox_of(member)
    assert vault.inbox_of(member) == (inbox, seat)
    assert vault.owner_of_inbox(inbox) == member
    assert [found.id for found in vault.find_seats([(member, inbox)]) if found] == [seat]


def test_nobody_has_no_inbox_and_no_seat_has_no_owner() -> None:
    with pytest.raises(NotFound):
        vault.inbox_of("00000000-0000-4000-8000-000000000000")
    with pytest.raises(NotFound):
        vault.owner_of_inbox("none")
    with pytest.raises(NotFound):
        vault.owner_of_seat("none")


def test_all_streams_of_a_member_are_listed_for_that_member() -> None:
    member, other = make_member(), make_member()
    streams = {create_stream("consult") for _ in range(3)}
    for stream in streams:
        vault.take_seat(str(member.pk), stream, joined_seq=0)
        vault.take_seat(str(other.pk), stream, joined_seq=0)
    assert set(vault.seats_of(str(member.pk))) == streams


def test_a_sealed_pair_does_not_open_in_another_row() -> None:
    member = make_member()
    one, two = create_stream("consult"), create_stream("consult")
    vault.take_seat(str(member.pk), one, joined_seq=0)
    seat = vault.take_seat(str(member.pk), two, joined_seq=0)
    place = vault.place_of(str(member.pk), one)
    Vault.objects.filter(place_mark=vault.place_of(str(member.pk), two)).update(
        pair=Vault.objects.get(place_mark=place).pair)
    with pytest.raises(Unsealable):
        vault.owner_of_seat(seat.id)


def test_an_account_of_a_seat_is_not_removed_with_the_seat() -> None:
    member, stream = make_member(), create_stream("consult")
    vault.take_seat(str(member.pk), stream, joined_seq=0)
    member.delete()
    assert Seat.objects.filter(stream=stream).count() == 1
    assert Account.objects.filter(pk=member.pk).count() == 0

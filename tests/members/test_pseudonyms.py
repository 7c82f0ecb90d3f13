"""Pseudonyms: many, plain, and unique in a thread also when members come at the same moment."""

import threading

import pytest
from django.db import connection, connections

from members import pseudonyms, vault
from members.words import FIRST, SECOND
from realtime.log import create_stream, writing
from realtime.models import Seat
from tests.members.people import make_member


def test_there_are_enough_pairs_of_plain_words() -> None:
    assert len(FIRST) * len(SECOND) > 100_000
    for words in (FIRST, SECOND):
        assert len(set(words)) == len(words)
        assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 14 for word in words)


def test_no_word_is_a_disease_a_drug_or_a_persons_name() -> None:
    unwelcome = """acute chronic pale numb cancer cyst tumour stone shock stroke seizure thrush croup mole lesion
        amber hazel rose ruby jade olive ivy lily daisy heather iris poppy rowan robin jay holly violet pearl grace hope
        faith joy dale glen sage reed clay grant basil ash summer autumn april june crystal melody misty dusty rusty
        aspirin opium codeine digitalis"""
    assert not set(unwelcome.split()) & {*FIRST, *SECOND}


def test_draws_are_spread_over_the_words() -> None:
    names = {pseudonyms.draw() for _ in range(500)}
    assert len(names) > 490
    assert len({name.split()[0] for name in names}) > 150


@pytest.mark.django_db(transaction=True)
def test_two_members_who_come_at_once_get_different_names(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, members = create_stream("consult"), [str(make_member().pk) for _ in range(4)]
    drawn = iter(["Quiet harbour"] * 4 + ["Bold heron", "Warm lantern", "Brisk otter", "Calm meadow", "Tidy plover",
                                          "Merry atlas", "Solid bridge", "Lunar kite", "Noble fern"])
    guard, start = threading.Lock(), threading.Barrier(4)

    def draw() -> str:
        with guard:
            return next(drawn)

    def come(member: str) -> None:
        start.wait()
        with writing(stream):
            vault.take_seat(member, stream, joined_seq=0)
        connections.close_all()

    monkeypatch.setattr(pseudonyms, "draw", draw)
    threads = [threading.Thread(target=come, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    names = list(Seat.objects.filter(stream=stream).values_list("name", flat=True))
    assert len(names) == len(set(names)) == 4


@pytest.mark.django_db(transaction=True)
def test_one_inbox_is_made_when_two_ask_for_it_at_once() -> None:
    member, start = str(make_member().pk), threading.Barrier(3)
    inboxes: list[tuple[str, str]] = []

    def ask() -> None:
        start.wait()
        inboxes.append(vault.inbox_of(member))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(inboxes) == 3
    assert len(set(inboxes)) == 1

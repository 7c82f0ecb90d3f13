"""Edits and removals."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from consults.models import ChangedAfterRead
from realtime.models import Event, Seat
from tests.consults.test_asking import refused
from tests.consults.ward import Ward, last


@pytest.fixture
def said(ward: Ward) -> tuple[str, int]:
    """A consult, and the number of what Lind said in it."""
    r = ward.open("okafor", "lind")
    return r, ward.say("lind", r, "Give flecainide.")


def test_an_edit_shows_the_new_text_in_its_place_and_says_so(ward: Ward, said: tuple[str, int]) -> None:
    r, target = said
    ward.do("lind", "edit", {"target": target, "text": "Give bisoprolol."}, r)
    edit = last(ward.events(r), "edit")
    assert edit["d"] == {"target": target, "text": "Give bisoprolol."}
    assert last(ward.events(r), "message")["d"]["text"] == "Give bisoprolol."
    assert b"flecainide" not in b"".join(bytes(e.body) for e in Event.objects.filter(stream=r))


def test_what_is_taken_away_is_served_to_no_one_again(ward: Ward, said: tuple[str, int]) -> None:
    r, target = said
    ward.do("lind", "redact", {"target": target}, r)
    assert b"flecainide" not in orjson.dumps(ward.events(r))
    assert last(ward.events(r), "redact")["d"]["target"] == target
    assert refused(ward, "lind", "redact", {"target": target}, r).code == "not_found"
    assert refused(ward, "lind", "edit", {"target": target, "text": "x"}, r).code == "not_found"


@pytest.mark.parametrize(
    ("d", "code"),
    [
        ({"target": 99, "text": "x"}, "not_found"),
        ({"target": 1, "text": "x"}, "not_found"),
        ({"target": "4", "text": "x"}, "malformed"),
        ({"target": 4, "text": " "}, "malformed"),
        ({"target": 4, "text": "x" * 4001}, "too_large"),
        ({"target": 4, "text": "MRN 00482913"}, "gate"),
    ],
)
def test_what_cannot_be_edited_is_refused(ward: Ward, said: tuple[str, int], d: dict[str, Any], code: str) -> None:
    assert refused(ward, "lind", "edit", d, said[0]).code == code


def test_nobody_changes_the_words_of_another(ward: Ward, said: tuple[str, int]) -> None:
    r, target = said
    for kind, d in (("edit", {"target": target, "text": "x"}), ("redact", {"target": target})):
        assert refused(ward, "okafor", kind, d, r).code == "not_found"


@pytest.mark.parametrize(("read_seq_offset", "marked"), [(-1, 0), (0, 1), (1, 1)])
def test_who_had_read_it_before_is_kept(ward: Ward, said: tuple[str, int], read_seq_offset: int, marked: int) -> None:
    r, target = said
    asker = Seat.objects.get(stream=r, events__kind="consult.asked")
    Seat.objects.filter(pk=asker.pk).update(read_seq=target + read_seq_offset)
    reply = ward.do("lind", "edit", {"target": target, "text": "Give bisoprolol."}, r)
    rows = ChangedAfterRead.objects.filter(seat=asker, target=target, seq=reply.seq)
    assert rows.count() == ChangedAfterRead.objects.count() == marked


def test_a_repeated_edit_changes_nothing_more(ward: Ward, said: tuple[str, int]) -> None:
    r, target = said
    c = "9f7fd2ce-5f7a-45b1-a4c8-7c4a56b2f111"
    first = ward.do("lind", "edit", {"target": target, "text": "A"}, r, c)
    ward.do("lind", "edit", {"target": target, "text": "B"}, r)
    assert ward.do("lind", "edit", {"target": target, "text": "A"}, r, c) == first
    assert last(ward.events(r), "message")["d"]["text"] == "B"

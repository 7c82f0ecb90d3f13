"""Sealed numbers: bound to their place, under versions of a key; and indexes that tell nothing to who lacks the key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from realtime.sealing import Unsealable, seal, unseal
from voice.models import Patient
from voice.sealed import (
    EVERYWHERE,
    blind_index,
    blind_indexes,
    is_current,
    open_in,
    open_number,
    seal_in,
    seal_number,
)

KEYS = {1: bytes(range(32)), 2: bytes(range(32, 64))}
DIGITS = st.text("0123456789", min_size=7, max_size=14).map("+".__add__)


@given(st.text(max_size=200), st.text(min_size=1, max_size=60))
def test_what_is_sealed_for_a_place_opens_there_alone(text: str, place: str) -> None:
    sealed = seal_number(text, place)
    assert open_number(sealed, place) == text
    assert open_number(memoryview(sealed), place) == text
    with pytest.raises(Unsealable):
        open_number(sealed, place + ".")
    assert seal_number(text, place) != sealed, "equal numbers do not look equal"


@given(DIGITS, st.integers(min_value=0))
def test_a_changed_byte_is_noticed(e164: str, at: int) -> None:
    sealed = bytearray(seal_number(e164, "here"))
    sealed[at % len(sealed)] ^= 1
    with pytest.raises(Unsealable):
        open_number(bytes(sealed), "here")
    assert e164[1:].encode() not in seal_number(e164, "here")


def test_a_value_of_the_other_vault_opens_in_neither() -> None:
    with pytest.raises(Unsealable):
        open_number(seal(b"+16175550100", aad="here"), "here")
    with pytest.raises(Unsealable):
        unseal(seal_number("+16175550100", "here"), aad="here")
    for short in (b"", b"\x02", b"\x02\x01" + bytes(11)):
        with pytest.raises(Unsealable):
            open_number(short, "here")


def test_the_newest_key_seals_and_the_older_still_opens(settings: Settings) -> None:
    settings.CURBSIDE_NUMBER_KEYS = {1: KEYS[1]}
    old = seal_number("+16175550100", "here")
    assert is_current(old)
    settings.CURBSIDE_NUMBER_KEYS = KEYS
    assert not is_current(old)
    assert open_number(old, "here") == "+16175550100"
    new = seal_number("+16175550100", "here")
    assert is_current(new)
    settings.CURBSIDE_NUMBER_KEYS = {1: KEYS[1]}
    with pytest.raises(Unsealable):
        open_number(new, "here")
    settings.CURBSIDE_NUMBER_KEYS = {1: KEYS[2]}
    with pytest.raises(Unsealable):
        open_number(old, "here")


def test_a_row_keeps_nothing_of_an_empty_text_and_rows_do_not_swap() -> None:
    one, other = Patient(), Patient()
    seal_in(one, "name", "Maria Lopez")
    seal_in(one, "guardian", "")
    assert (open_in(one, "name"), one.guardian, open_in(one, "guardian")) == ("Maria Lopez", None, "")
    other.name, one.born = one.name, one.name
    for row, column in ((other, "name"), (one, "born")):
        with pytest.raises(Unsealable):
            open_in(row, column)


@given(st.lists(DIGITS, min_size=2, max_size=2, unique=True))
def test_an_index_is_the_same_for_one_number_of_one_clinic_alone(two: list[str]) -> None:
    one, other = two
    assert blind_index("a", one) == blind_index("a", one)
    found = {blind_index("a", one), blind_index("b", one), blind_index(EVERYWHERE, one), blind_index("a", other)}
    assert len(found) == 4
    assert len(blind_index("a", one)) == 43
    assert one[1:] not in blind_index("a", one)


def test_an_index_cannot_be_made_without_the_key_and_old_ones_are_looked_for_too(settings: Settings) -> None:
    settings.CURBSIDE_NUMBER_KEYS = {1: KEYS[1]}
    old = blind_index("a", "+16175550100")
    settings.CURBSIDE_NUMBER_KEYS = KEYS
    new = blind_index("a", "+16175550100")
    assert old != new
    assert blind_indexes("a", "+16175550100") == [old, new]

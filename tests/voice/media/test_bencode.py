"""Bencode: what goes out comes back, and nothing that comes in raises anything but Malformed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from voice.media.bencode import Malformed, decode, encode

VALUES = some.recursive(
    some.integers(-(2**63), 2**63) | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40)
@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    assert decode(encode(value)) == value


@given(some.binary(max_size=60))
def test_no_bytes_raise_anything_but_malformed(data: bytes) -> None:
    try:
        decode(data)
    except Malformed:
        return


@given(some.text("dlie0123456789:-", max_size=40))
def test_nor_do_bytes_that_look_like_it(text: str) -> None:
    try:
        decode(text.encode())
    except Malformed:
        return


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (b"i-42e", -42), (b"4:spam", "spam"), (b"2:\xc3\xa5", "å"), (b"le", []),
        (b"d3:bar4:spam3:fooi42ee", {"foo": 42, "bar": "spam"}),
    ],
)  # fmt: skip
def test_values_are_written_as_the_format_says(written: bytes, value: Any) -> None:
    assert encode(value) == written and decode(written) == value


@pytest.mark.parametrize(
    "data",
    [b"", b"i", b"ie", b"i--1e", b"i1", b"5:spam", b"-1:a", b"l", b"d", b"d1:ae", b"di1ei2ee", b"i1ei2e", b"4:spamx",
     b"i" + b"9" * 21 + b"e", b"9" * 21 + b":", b"l" * 5000 + b"e" * 5000],
)  # fmt: skip
def test_what_is_no_whole_value_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        decode(data)
    assert "spam" not in str(refused.value)


def test_text_that_is_no_utf8_is_marked() -> None:
    assert decode(b"2:\xffa") == "\ufffda"

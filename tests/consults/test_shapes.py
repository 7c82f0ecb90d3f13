"""The content of commands: its types, its sizes."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consults.shapes import Ask, Close, Decline, Edit, Message, check_length, check_word, read
from realtime.protocol import Refusal

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(d=st.dictionaries(st.sampled_from(["text", "target", "specialty", "urgency", "why", "offer"]), json))
def test_any_content_is_read_or_refused_as_malformed(d: dict[str, Any]) -> None:
    for shape in (Ask, Close, Decline, Edit, Message):
        with contextlib.suppress(Refusal):
            read(shape, d)


def test_unknown_keys_are_ignored() -> None:
    assert read(Message, {"text": "x", "later": 1}).text == "x"


@pytest.mark.parametrize("d", [{}, {"text": 5}, {"text": None}])
def test_a_message_without_text_is_malformed(d: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="malformed"):
        read(Message, d)


def test_a_text_is_kept_without_the_blank_space_around_it() -> None:
    assert check_length("  a\n", 1) == "a"


def test_a_text_that_is_too_long_says_how_long_it_may_be() -> None:
    with pytest.raises(Refusal) as caught:
        check_length("aa", 1)
    assert (caught.value.code, caught.value.d) == ("too_large", {"most": 1})


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="malformed"):
        check_length(text, 10)


@pytest.mark.parametrize("word", ["", "x" * 65])
def test_a_word_is_neither_empty_nor_long(word: str) -> None:
    with pytest.raises(Refusal, match="malformed"):
        check_word(word)

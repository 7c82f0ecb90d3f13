"""What the media plane refuses, by its word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from voice.media.shapes import MediaError, Word


@contextmanager
def refused(word: Word) -> Iterator[None]:
    """Fail unless a MediaError of this word comes out, without a word of what was asked in its message."""
    with pytest.raises(MediaError) as raised:
        yield
    assert raised.value.word == word
    assert "127.0.0.1" not in str(raised.value)

"""The ends of an engine's inner side, written and read."""

from __future__ import annotations

import pytest

from tests.voice.media.refused import refused
from voice.media import inner
from voice.media.descriptions import Side, clean
from voice.media.g711 import Codec
from voice.media.inner import Inner
from voice.media.shapes import Sound


@pytest.mark.parametrize("end", [
    Inner("10.0.0.6", 4000), Inner("2001:db8::6", 4002, (Codec.PCMA,), None),
    Inner("10.0.0.6", 4004, (Codec.PCMA, Codec.PCMU), 97),
])  # fmt: skip
def test_an_end_is_read_as_it_was_written(end: Inner) -> None:
    sdp = inner.write(end, 5, 1)
    assert inner.read(sdp) == end
    assert inner.read(clean(sdp, Side.INNER)) == end and "a=rtcp-mux" in clean(sdp, Side.INNER)


def test_what_is_spoken_to_an_end_is_its_first_codec() -> None:
    end = Inner("10.0.0.6", 4000)
    assert end.sound() == Sound(Codec.PCMU, 0, 101) and end.speaking(Codec.PCMA).sound() == Sound(Codec.PCMA, 8, 101)
    other = Inner("10.0.0.7", 1, (Codec.PCMA, Codec.PCMU), None)
    assert end.like(other) == Inner("10.0.0.6", 4000, (Codec.PCMA,), None)
    assert end.at("10.0.0.9").address == "10.0.0.9"


@pytest.mark.parametrize("wrong", ["", "v=0\r\n", "c=IN IP4 10.0.0.6\r\nm=audio 4000 RTP/AVP 9\r\n",
                                   "m=audio 4000 RTP/AVP 0\r\n"])  # fmt: skip
def test_what_is_no_end_is_refused(wrong: str) -> None:
    with refused("bad_description"):
        inner.read(wrong)

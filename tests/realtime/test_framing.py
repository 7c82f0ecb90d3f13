"""WebSocket's frames: whatever is cut up comes out whole, and whatever breaks RFC 6455 is closed with its code."""

from __future__ import annotations

import itertools
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from realtime.framing import (
    BINARY,
    CLOSE,
    NO_STATUS,
    PING,
    TEXT,
    Broken,
    Event,
    Receiver,
    accept_of,
    close_code,
    frame,
    frame_close,
)

LIMIT = 2_000


def sent(opcode: int, data: bytes, *, fin: bool = True) -> bytes:
    """A client's frame, as the library of the other side writes it."""
    return Frame(Opcode(opcode), data, fin).serialize(mask=True)


def received(*pieces: bytes, limit: int = LIMIT) -> list[Event]:
    receiver = Receiver(limit)
    return [event for piece in pieces for event in receiver.feed(piece)]


@given(st.lists(st.text(max_size=300), max_size=8), st.lists(st.integers(0, 3_000), max_size=12))
def test_messages_come_out_whole_however_the_bytes_are_cut(texts: list[str], cuts: list[int]) -> None:
    data = b"".join(sent(1, text.encode()) for text in texts)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    assert received(*pieces) == [(TEXT, text) for text in texts]


@given(st.text(min_size=1, max_size=200), st.integers(0, 200), st.booleans())
def test_a_message_in_pieces_is_one_even_with_a_ping_in_between(text: str, cut: int, ping: bool) -> None:
    data = text.encode()
    between = sent(9, b"there?") if ping else b""
    events = received(sent(1, data[:cut], fin=False) + between + sent(0, data[cut:]))
    assert events == [*([(PING, b"there?")] if ping else []), (TEXT, text)]


@given(st.binary(max_size=200))
def test_nothing_but_a_close_code_comes_of_noise(data: bytes) -> None:
    try:
        received(data)
    except Broken as broken:
        assert broken.code in (1002, 1007, 1009)  # noqa: PT017  (most noise is not broken at all)


def test_a_byte_at_a_time_is_enough() -> None:
    data = sent(1, b"x" * 130) + sent(2, b"\x00") + sent(8, b"\x03\xe8bye")
    pieces = [data[n : n + 1] for n in range(len(data))]
    assert received(*pieces) == [(TEXT, "x" * 130), (BINARY, None), (CLOSE, b"\x03\xe8bye")]


BREACHES: dict[str, tuple[bytes, int]] = {
    "not masked": (frame(TEXT, b"not masked"), 1002),
    "an extension nobody agreed on": (bytes([0xC1, 0x80]) + b"\0\0\0\0", 1002),
    "a message within a message": (sent(1, b"a", fin=False) + sent(1, b"b"), 1002),
    "nothing to continue": (sent(0, b"nothing"), 1002),
    "no such kind": (bytes([0x83, 0x80]) + b"\0\0\0\0", 1002),
    "a ping in pieces": (bytes([0x09, 0x80]) + b"\0\0\0\0", 1002),
    "a long ping": (bytes([0x89, 0xFE]), 1002),
    "no text": (sent(1, b"\xff\xfe"), 1007),
    "no text across pieces": (sent(1, b"\xe2\x82", fin=False) + sent(0, b"\xff"), 1007),
    "too long": (sent(1, b"x" * (LIMIT + 1)), 1009),
    "longer than there are bytes": (bytes([0x81, 0xFF]) + (2**63).to_bytes(8, "big"), 1009),
    "too long in pieces": (sent(1, b"x" * 1_500, fin=False) + sent(0, b"x" * 600), 1009),
    "too many pieces": (sent(1, b"", fin=False) + sent(0, b"", fin=False) * 300, 1009),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_what_breaks_the_protocol_is_told_by_its_code(breach: str) -> None:
    data, code = BREACHES[breach]
    with pytest.raises(Broken) as caught:
        received(data)
    assert caught.value.code == code


def test_a_control_frame_that_is_too_long_is_refused_before_it_is_there() -> None:
    receiver = Receiver(LIMIT)
    with pytest.raises(Broken):
        receiver.feed(bytes([0x88, 0xFE, 0x01]))


@pytest.mark.parametrize(("payload", "code"), [
    (b"", NO_STATUS), (b"\x03\xe8", 1000), (b"\x0f\xa1later", 4001), (b"\x03\xf0", 1008),
])
def test_a_close_says_its_code(payload: bytes, code: int) -> None:
    assert close_code(payload) == code


@pytest.mark.parametrize("payload", [b"\x03", b"\x03\xed", b"\x03\xec", b"\x00\x00", b"\xff\xff", b"\x03\xe8\xff"])
def test_a_close_that_may_not_be_sent_is_broken(payload: bytes) -> None:
    with pytest.raises(Broken):
        close_code(payload)


@given(st.integers(0, 70_000))
def test_what_we_frame_the_other_side_reads(size: int) -> None:
    reader = StreamReader()
    reader.feed_data(frame(TEXT, b"x" * size))
    parsing = Frame.parse(reader.read_exact, mask=False, max_size=100_000)
    with pytest.raises(StopIteration) as ended:
        next(parsing)
    read = ended.value.value
    assert (read.opcode, read.fin, len(read.data)) == (Opcode.TEXT, True, size)


def test_a_close_of_ours_is_short_enough_and_without_a_status_is_empty() -> None:
    assert frame_close(4008, "slow") == b"\x88\x06" + (4008).to_bytes(2, "big") + b"slow"
    assert frame_close(NO_STATUS) == b"\x88\x00"
    assert len(frame_close(4000, "x" * 500)) == 127


def test_the_handshake_is_answered_as_in_the_rfc() -> None:
    key = b"dGhlIHNhbXBsZSBub25jZQ=="
    said = [(b"host", b"example"), (b"sec-websocket-key", key), (b"sec-websocket-version", b"13")]
    assert accept_of(said) == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize("headers", [
    [],
    [(b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ==")],
    [(b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="), (b"sec-websocket-version", b"8")],
    [(b"sec-websocket-key", b64encode(b"short")), (b"sec-websocket-version", b"13")],
    [(b"sec-websocket-key", b"no base64!"), (b"sec-websocket-version", b"13")],
])
def test_a_handshake_that_is_none_is_not_answered(headers: list[tuple[bytes, bytes]]) -> None:
    assert accept_of(headers) is None

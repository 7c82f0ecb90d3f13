"""SIP messages and their framing: what was cut up comes out whole, and what is no SIP is named, never raised."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice.sip.framing import BODY_MOST, HEAD_MOST, Framer, Piece, Ping
from voice.sip.message import Headers, Malformed, Request, Response, parse_head
from voice.sip.values import (
    parse_address,
    parse_challenge,
    parse_cseq,
    parse_parameters,
    parse_span,
    parse_via,
    split,
    tokens,
    values,
)

REQUEST = (
    b"INVITE sip:+46850000001@trunk.example SIP/2.0\r\nv: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bKa\r\n"
    b"From: \"Clinic; \\\"Nord\\\", <x>\" <sip:+46850000002@a.example>;tag=1\r\nt: <sip:+46850000001@trunk.example>\r\n"
    b"i: abc\r\nCSeq: 7 INVITE\r\nl: 4\r\n\r\nbody"
)
RESPONSE = b"SIP/2.0 180 Ringing\r\nCall-ID: abc\r\nContent-Length: 0\r\n\r\n"


def fed(*pieces: bytes) -> list[Piece]:
    framer = Framer()
    return [piece for data in pieces for piece in framer.feed(data)]


def test_a_request_is_read_with_its_headers_in_their_long_names() -> None:
    request = fed(REQUEST)[0]
    assert isinstance(request, Request)
    assert (request.method, request.uri, request.body) == ("INVITE", "sip:+46850000001@trunk.example", b"body")
    assert request.headers.get("call-id") == "abc"
    address = parse_address(request.headers.one("from"))
    assert (address.uri, address.tag) == ("sip:+46850000002@a.example", "1")
    assert parse_cseq(request.headers) == (7, "INVITE")


def test_no_repr_shows_a_number_or_a_body() -> None:
    request = fed(REQUEST)[0]
    assert repr(request) == "Request(method='INVITE')"
    assert "4685" not in repr(parse_address("<sip:+46850000002@a.example>"))


def test_what_is_written_is_read_again() -> None:
    request = fed(REQUEST)[0]
    assert isinstance(request, Request)
    again = fed(bytes(Request("BYE", "sip:a@b", Headers([("call-id", "é"), ("to", "<sip:a@b>")]), b"xyz")))[0]
    assert isinstance(again, Request)
    assert (again.method, again.headers.get("call-id"), again.body) == ("BYE", "é", b"xyz")


@settings(max_examples=40)
@given(st.lists(st.integers(1, 60), max_size=20))
def test_messages_come_out_whole_however_the_stream_is_cut(cuts: list[int]) -> None:
    stream, pieces = REQUEST + RESPONSE + b"\r\n\r\n" + REQUEST, []
    for cut in cuts:
        pieces.append(stream[:cut])
        stream = stream[cut:]
    out = fed(*pieces, stream)
    assert [type(piece) for piece in out] == [Request, Response, Ping, Request]
    assert all(piece.body == b"body" for piece in out if isinstance(piece, Request))


@given(st.binary(max_size=300))
def test_no_bytes_raise_out_of_the_framer(data: bytes) -> None:
    framer = Framer()
    assert all(isinstance(p, Malformed | Request | Response | Ping) for p in framer.feed(data + b"\r\n\r\n" + data))


@given(st.text(max_size=200))
def test_no_value_raises_anything_but_malformed(text: str) -> None:
    for parse in (parse_address, parse_via, parse_challenge, parse_parameters, split, parse_span):
        try:
            parse(text)
        except Malformed:
            continue


@pytest.mark.parametrize("length", ["", "-1", "1e3", "0, 0", "9999999999", "٣"])
def test_a_length_that_is_not_a_plain_number_breaks_the_stream(length: str) -> None:
    framer = Framer()
    out = framer.feed(f"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: {length}\r\n\r\n".encode())
    assert framer.broken
    assert isinstance(out[0], Malformed)
    assert framer.feed(RESPONSE) == []


def test_a_stream_without_a_length_or_with_two_is_broken() -> None:
    for lines in (b"", b"Content-Length: 0\r\nl: 5\r\n"):
        framer = Framer()
        framer.feed(b"OPTIONS sip:a@b SIP/2.0\r\n" + lines + b"\r\n")
        assert framer.broken


@pytest.mark.parametrize(
    "data",
    [b"x" * (HEAD_MOST + 1), b"OPTIONS sip:a@b SIP/2.0\r\nA: " + b"x" * HEAD_MOST + b"\r\n\r\n",
     b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: %d\r\n\r\n" % (BODY_MOST + 1)],
)  # fmt: skip
def test_what_is_too_long_is_not_kept(data: bytes) -> None:
    framer = Framer()
    framer.feed(data)
    assert framer.broken


def test_a_wrong_first_line_does_not_lose_the_message_behind_it() -> None:
    out = fed(b"WHAT is  this\r\nVia: x\r\nContent-Length: 3\r\n\r\nabc" + RESPONSE)
    assert isinstance(out[0], Malformed) and out[0].headers is not None
    assert out[0].headers.get("via") == "x"
    assert isinstance(out[1], Response)


@pytest.mark.parametrize("head", [b"OPTIONS sip:a@b SIP/2.0\r\nA: b\nC: d", b"OPTIONS sip:a@b SIP/2.0\r\nA: b\rC: d"])
def test_half_an_end_of_a_line_is_no_header(head: bytes) -> None:
    with pytest.raises(Malformed):
        parse_head(head)


def test_only_known_headers_are_written_and_none_with_the_end_of_a_line() -> None:
    with pytest.raises(KeyError):
        bytes(Headers([("diversion", "<sip:+46700000000@a>")]))
    with pytest.raises(ValueError, match="end of a line"):
        bytes(Headers([("to", "<sip:a@b>\r\nDiversion: x")]))
    with pytest.raises(ValueError, match="end of a line"):
        bytes(Request("BYE", "sip:a@b SIP/2.0\r\nX: y", Headers()))


def test_a_list_is_split_outside_of_quotes_and_brackets() -> None:
    headers = Headers([("record-route", '<sip:a,b;lr>, "x, \\", y" <sip:c;lr>;p="1,2"'), ("record-route", "<sip:d>")])
    assert values(headers, "record-route") == ["<sip:a,b;lr>", '"x, \\", y" <sip:c;lr>;p="1,2"', "<sip:d>"]
    assert tokens(Headers([("require", "Timer, 100rel"), ("require", "x")]), "require") == {"timer", "100rel", "x"}


def test_a_via_is_read_with_all_its_spaces() -> None:
    via = parse_via("SIP  / 2.0  / TCP     [2001:db8::1] : 5061  ;  branch  =   z9hG4bK9ikj8  ;rport")
    assert (via.transport, via.host, via.port, via.branch) == ("TCP", "[2001:db8::1]", 5061, "z9hG4bK9ikj8")


def test_a_display_name_that_lacks_its_quotes_is_understood() -> None:
    assert parse_address("Bell, A <sip:a@b>").uri == "sip:a@b"  # RFC 4475, section 3.1.2.15


@pytest.mark.parametrize("text", ["<sip:a@b", '"x <sip:a@b>', "< sip:a@b >", "a b <sip:c@d>x", "", "<>", "a,b"])
def test_an_address_that_is_not_one_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_address(text)

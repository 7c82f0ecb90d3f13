"""What of a description passes: nothing but what the whitelist names, whatever stands around it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.voice.media.refused import refused
from voice.media.descriptions import Side, clean, with_keys
from voice.media.shapes import MediaError

CHROMIUM = """v=0
o=drlind 4611731400430051336 2 IN IP4 10.1.2.3
s=Jonas Lind
i=planted
u=https://planted.example
e=planted@planted.example
p=+46 8 5550 0000
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS planted
a=tool:planted
m=audio 54321 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 10.1.2.3
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 10.1.2.3 54321 typ host generation 0 network-id 1 network-cost 999
a=candidate:2 1 udp 2113937151 4f6c0d5e.local 54322 typ host generation 0
a=candidate:3 1 tcp 1518280447 10.1.2.3 9 typ host tcptype active generation 0
a=candidate:4 1 udp 1677729535 198.51.100.7 54323 typ srflx raddr 10.1.2.3 rport 54321 generation 0
a=ice-ufrag:abcd
a=ice-pwd:abcdabcdabcdabcdabcdabcd
a=ice-options:trickle
a=fingerprint:sha-256 """ + ":".join(["D1"] * 32) + """
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:planted planted
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:1234 cname:planted
a=ssrc:1234 msid:planted planted
"""
PLAIN = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 4000 RTP/AVP 8 0 101\n"


def lines(text: str) -> list[str]:
    assert text.endswith("\r\n")
    return text[:-2].split("\r\n")


def test_a_browsers_offer_is_what_an_engine_needs_and_no_more() -> None:
    assert lines(clean(CHROMIUM, Side.BROWSER)) == [
        "v=0",
        "o=- 4611731400430051336 2 IN IP4 10.1.2.3",
        "s=-",
        "c=IN IP4 10.1.2.3",
        "t=0 0",
        "m=audio 54321 UDP/TLS/RTP/SAVPF 111 110 126",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:126 telephone-event/8000",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=candidate:1 1 udp 2113937151 10.1.2.3 54321 typ host",
        "a=candidate:4 1 udp 1677729535 198.51.100.7 54323 typ srflx raddr 10.1.2.3 rport 54321",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdabcdabcdabcdabcdabcd",
        "a=fingerprint:sha-256 " + ":".join(["D1"] * 32),
        "a=setup:actpass",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=fmtp:111 minptime=10;useinbandfec=1",
    ]


def test_without_opus_the_codecs_of_telephones_are_left() -> None:
    for text in (clean(CHROMIUM.replace("opus", "speex"), Side.BROWSER), clean(CHROMIUM, Side.TRUNK)):
        assert "m=audio 54321 UDP/TLS/RTP/SAVPF 0 8" in text and "opus" not in text


def test_a_trunk_learns_nothing_of_ice_and_dtls() -> None:
    text = clean(CHROMIUM, Side.TRUNK)
    assert not re.search("ice|candidate|fingerprint|setup|mid|mux", text)


def test_the_payload_types_that_everybody_knows_need_no_map() -> None:
    assert "m=audio 4000 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n" in clean(PLAIN, Side.TRUNK)


@pytest.mark.parametrize(
    "text",
    [
        "", "v=0", PLAIN.replace("m=audio", "m=video"), PLAIN + "m=audio 4002 RTP/AVP 0\n", PLAIN.replace("c=", "x="),
        PLAIN.replace(" 8 0 101", " 101"), PLAIN.replace("o=", "x="), PLAIN + "a=x\n" * 8000,
        PLAIN.replace("RTP/AVP", "TCP"),
    ],
)  # fmt: skip
def test_what_is_no_description_of_one_line_of_sound_is_refused(text: str) -> None:
    with refused("bad_description"):
        clean(text, Side.TRUNK)


@given(some.text("abcdefinorstv=:/ 0123456789.\r\n", max_size=80), some.sampled_from(Side))
def test_whatever_is_added_what_passes_is_on_the_list(more: str, side: Side) -> None:
    try:
        cleaned = lines(clean(CHROMIUM + more, side))
    except MediaError:
        return
    names = {line.partition(":")[0] for line in cleaned}
    assert names <= {line.partition(":")[0] for line in lines(clean(CHROMIUM, Side.BROWSER))} | {
        f"a={name}" for name in ("sendonly", "recvonly", "inactive", "ptime", "end-of-candidates", "rtpmap")
    } | {line for line in cleaned if line[:2] in ("m=", "o=", "c=")}
    assert not any("planted" in line for line in cleaned)


OPUS = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 8 110 126\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n"
    "a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\na=fmtp:126 0-16\r\n"
)


def test_keys_for_telephones_have_one_type_whatever_a_browser_calls_them() -> None:
    """As Chromium offers them."""
    given = clean(with_keys(OPUS, 101), Side.BROWSER)
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111 110 101\r\n" in given and "126" not in given
    assert "a=rtpmap:101 telephone-event/8000\r\n" in given and "a=rtpmap:110 telephone-event/48000\r\n" in given
    assert with_keys(with_keys(OPUS, 101), 101) == with_keys(OPUS, 101)


@pytest.mark.parametrize("other", [
    OPUS.replace("111", "101"),  # the type is taken
    OPUS.replace("opus/48000/2", "ilbc/8000"),
    OPUS.replace("telephone-event/48000", "CN/48000"),
])  # fmt: skip
def test_an_offer_stays_as_it_is_where_keys_cannot_have_that_type(other: str) -> None:
    assert with_keys(other, 101) == other

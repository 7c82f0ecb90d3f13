"""Offers as browsers write them, offers as nobody should, and answers."""

from __future__ import annotations

from contextlib import suppress

import pytest
from aiortc.sdp import SessionDescription

from voice.media.g711 import Codec
from voice.media.sdp import Candidate, Local, read_offer, write_answer
from voice.media.shapes import MediaError, Sound

PRINT = ":".join(f"{n:02X}" for n in range(32))
CHROMIUM = f"""v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS 9f2a
m=audio 50123 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 192.0.2.7
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2122260223 7f3c1f2e-0b5a-4f6e-9d2f-1a2b3c4d5e6f.local 50123 typ host generation 0 network-id 1
a=candidate:2 1 udp 2122194687 192.0.2.7 50123 typ host generation 0 network-id 1
a=candidate:3 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active generation 0
a=candidate:4 1 udp 1686052607 198.51.100.4 40000 typ srflx raddr 192.0.2.7 rport 50123 generation 0
a=candidate:5 2 udp 1686052606 198.51.100.4 40001 typ srflx raddr 192.0.2.7 rport 50124
a=candidate:6 1 udp 41885439 2001:db8::9 3478 typ relay raddr 198.51.100.4 rport 40000
a=candidate:7 1 udp 41885439 224.0.0.1 3478 typ host
a=candidate:8 1 udp 41885439 0.0.0.0 3478 typ host
a=candidate:9 1 udp 41885439 192.0.2.999 3478 typ host
a=ice-ufrag:EsAw
a=ice-pwd:bP+XJMM09aR8AiX1jdukzR6Y
a=ice-options:trickle
a=fingerprint:sha-256 {PRINT.lower()}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:9f2a 77aa
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:3735928559 cname:secret-name-of-the-browser
""".replace("\n", "\r\n")
LOCAL = Local("ouru", "p" * 22, ("sha-256", PRINT), [Candidate("1", 9, "203.0.113.5", 40404, "host"),
    Candidate("2", 8, "2001:db8::5", 40405, "srflx")], 4242, "cafe", 77)  # fmt: skip


def test_of_a_browsers_offer_what_counts_is_kept_and_nothing_else() -> None:
    offer = read_offer(CHROMIUM)
    assert (offer.mid, offer.ufrag, offer.password) == ("0", "EsAw", "bP+XJMM09aR8AiX1jdukzR6Y")
    assert offer.fingerprints == (("sha-256", PRINT),)
    assert offer.sound == Sound(Codec.PCMU, 0, 126)
    assert [(each.ip, each.port, each.kind) for each in offer.candidates] == [
        ("192.0.2.7", 50123, "host"), ("198.51.100.4", 40000, "srflx"), ("2001:db8::9", 3478, "relay"),
    ]  # fmt: skip


def test_the_answer_is_complete_and_holds_nothing_of_the_offer_but_its_mid_and_payload_types() -> None:
    answer = write_answer(read_offer(CHROMIUM), LOCAL)
    for theirs in ("3735928559", "secret-name", "EsAw", "192.0.2.7", "opus", "9f2a", "trickle", "extmap"):
        assert theirs not in answer
    media = SessionDescription.parse(answer).media[0]
    assert [(codec.payloadType, codec.name, codec.clockRate) for codec in media.rtp.codecs] == [
        (0, "PCMU", 8000), (126, "telephone-event", 8000),
    ]  # fmt: skip
    assert (media.direction, media.rtcp_mux, media.ice_candidates_complete) == ("sendrecv", True, True)
    assert media.dtls and media.ice and media.dtls.role == "client" and media.dtls.fingerprints[0].value == PRINT
    assert (media.ice.usernameFragment, media.port, media.host) == ("ouru", 40404, "203.0.113.5")
    assert [(each.ip, each.port, each.type) for each in media.ice_candidates] == [
        ("203.0.113.5", 40404, "host"), ("2001:db8::5", 40405, "srflx"),
    ]  # fmt: skip
    assert [each.ssrc for each in media.ssrc] == [4242]


def test_without_pcmu_it_is_pcma_and_without_keys_there_are_none() -> None:
    sdp = CHROMIUM.replace(" 0 8 13 110 126\r\n", " 8\r\n")
    offer = read_offer(sdp)
    assert offer.sound == Sound(Codec.PCMA, 8, None)
    assert "telephone-event" not in write_answer(offer, LOCAL)
    assert "a=rtpmap:8 PCMA/8000\r\n" in write_answer(offer, LOCAL)


def test_the_laws_may_have_payload_types_of_their_own() -> None:
    sdp = CHROMIUM.replace(" 0 8 13 110 126\r\n", " 99\r\n").replace("rtpmap:0 PCMU", "rtpmap:99 pcmu")
    assert read_offer(sdp).sound == Sound(Codec.PCMU, 99, None)


def test_an_offer_without_g711_says_so() -> None:
    with pytest.raises(MediaError) as raised:
        read_offer(CHROMIUM.replace(" 0 8 13 110 126\r\n", "\r\n"))
    assert raised.value.word == "no_codec"


@pytest.mark.parametrize(("was", "now"), [
    ("a=rtcp-mux\r\n", ""), ("a=setup:actpass\r\n", "a=setup:active\r\n"), ("a=setup:actpass\r\n", ""),
    ("a=sendrecv\r\n", "a=recvonly\r\n"), ("a=mid:0\r\n", ""), ("a=mid:0\r\n", "a=mid:0\r\na=mid:1\r\n"),
    ("a=ice-ufrag:EsAw\r\n", "a=ice-ufrag:E\r\n"), ("a=ice-pwd:b", "a=ice-pwd:b!"), ("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
    ("fingerprint:sha-256", "fingerprint:md5"), ("fingerprint:sha-256 00", "fingerprint:sha-256 zz"),
    ("m=audio", "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nm=audio"), ("m=audio", "m=video"), ("a=mid:0", "a=mid:0\x00"),
    ("v=0", "v=0\r\na=x:" + "y" * 16400),
])  # fmt: skip
def test_an_offer_that_is_no_call_of_one_voice_is_refused(was: str, now: str) -> None:
    assert was in CHROMIUM
    with pytest.raises(MediaError) as raised:
        read_offer(CHROMIUM.replace(was, now, 1))
    assert raised.value.word == "bad_offer"


def test_an_offer_cut_anywhere_is_refused_or_read_and_never_an_error() -> None:
    for cut in range(0, len(CHROMIUM), 3):
        for sdp in (CHROMIUM[:cut], CHROMIUM[cut:], CHROMIUM[:cut] + CHROMIUM[cut + 40 :]):
            with suppress(MediaError):
                assert read_offer(sdp).mid == "0"


def test_no_more_candidates_are_tried_than_a_page_has() -> None:
    many = "".join(f"a=candidate:{n} 1 udp 5 192.0.2.8 {n + 1} typ host\r\n" for n in range(200))
    assert len(read_offer(CHROMIUM.replace("a=mid:0\r\n", "a=mid:0\r\n" + many)).candidates) == 16


@pytest.mark.parametrize("kind", [300, 200, 128, 72, 3])
def test_a_number_that_no_packet_can_have_gives_a_codec_no_payload_type(kind: int) -> None:
    sdp = CHROMIUM.replace(" 0 8 13 110 126\r\n", f" {kind} 126\r\n").replace("rtpmap:0 PCMU", f"rtpmap:{kind} PCMU")
    with pytest.raises(MediaError) as raised:
        read_offer(sdp)
    assert raised.value.word == "no_codec"
    keys = CHROMIUM.replace(" 126\r\n", f" {kind}\r\n").replace("rtpmap:126", f"rtpmap:{kind}")
    assert read_offer(keys).sound == Sound(Codec.PCMU, 0, None)


@pytest.mark.parametrize("law", ["0", "99"])
def test_voice_and_keys_never_share_a_payload_type(law: str) -> None:
    sdp = CHROMIUM.replace("rtpmap:126", f"rtpmap:{law}").replace("rtpmap:0 PCMU", f"rtpmap:{law} PCMU")
    sdp = sdp.replace(" 0 8 13 110 126\r\n", f" {law} 13\r\n")
    assert read_offer(sdp).sound == Sound(Codec.PCMU, int(law), None)

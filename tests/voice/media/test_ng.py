"""What is asked of an engine and what its answers mean, without an engine."""

from __future__ import annotations

import pytest

from voice.media import ng
from voice.media.bencode import Found, Malformed, decode, encode
from voice.media.descriptions import Side
from voice.media.ng import LegStats
from voice.media.shapes import MediaError

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
)


def test_an_offer_goes_to_a_trunk_as_plain_rtp_with_codecs_of_telephones() -> None:
    asked = ng.offer("call", "browser", SDP, came=Side.BROWSER)
    assert (asked["transport-protocol"], asked["ICE"], asked["DTLS"]) == ("RTP/AVP", "remove", "off")
    assert asked["rtcp-mux"] == ["demux"]
    assert asked["codec"] == {"mask": ["all"], "transcode": ["PCMU", "PCMA", "telephone-event"]}


def test_an_answer_towards_a_browser_is_what_webrtc_asks_for() -> None:
    asked = ng.answer("call", "browser", "trunk", SDP, toward=Side.BROWSER)
    assert (asked["ICE"], asked["transport-protocol"]) == ("force", "UDP/TLS/RTP/SAVPF")
    assert asked["rtcp-mux"] == ["require"] and asked["SDES"] == ["off"] and "DTLS" not in asked
    assert asked["flags"] == ["generate-mid", "generate-RTCP", "port-latching", "strict-source"]


def test_on_the_inside_who_is_described_is_heard_and_nobody_else() -> None:
    offered = ng.offer("call", "outer", SDP, came=Side.BROWSER, toward=Side.INNER)
    assert (offered["transport-protocol"], offered["ICE"], offered["rtcp-mux"]) == ("RTP/AVP", "remove", ["accept"])
    asked = ng.answer("call", "outer", "inner", SDP, toward=Side.BROWSER, came=Side.INNER)
    assert asked["ICE"] == "force"
    assert asked["flags"] == ["generate-mid", "generate-RTCP", "port-latching", "strict-source", "asymmetric"]


@pytest.mark.parametrize("side", Side)
def test_where_a_description_comes_from_is_replaced_towards_everybody(side: Side) -> None:
    for asked in (ng.offer("c", "a", SDP, came=side), ng.answer("c", "a", "b", SDP, toward=side)):
        assert asked["replace"] == ("origin", "session-connection", "SDP-version")


def test_a_request_is_a_cookie_and_a_dictionary() -> None:
    cookie, _, rest = ng.write_request("c00k1e", ng.delete("call", "tag")).partition(b" ")
    assert cookie == b"c00k1e"
    assert decode(rest) == {"command": "delete", "call-id": "call", "from-tag": "tag", "delete-delay": 0}
    assert ng.read_reply(b"c00k1e " + encode({"result": "pong"})) == ("c00k1e", {"result": "pong"})


@pytest.mark.parametrize("data", [b"", b"cookie", b"cookie i1e", b"cookie le", b"\xff d1:a1:be"])
def test_what_is_no_answer_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        ng.read_reply(data)


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ({"result": "error", "error-reason": "Unknown call-id"}, "unknown_call"),
        ({"result": "load limit"}, "engine_full"),
        ({"result": "error", "error-reason": "Failed to parse SDP of 10.1.2.3"}, "engine_refused"),
        ({}, "engine_refused"),
    ],
)
def test_a_refusal_becomes_a_word_and_its_reason_is_dropped(reply: dict[str, object], word: str) -> None:
    with pytest.raises(MediaError) as refused:
        ng.check_reply(reply)  # type: ignore[arg-type]  # as an engine might answer
    assert refused.value.word == word and "10.1.2.3" not in str(refused.value)


def test_an_answer_without_a_description_is_a_refusal() -> None:
    with pytest.raises(MediaError):
        ng.sdp_of({"result": "ok"}, Side.TRUNK)


def leg(ssrc: int, packets: int) -> dict[str, Found]:
    rtp: Found = {"flags": ["RTP"], "SSRC": ssrc, "stats": {"packets": packets}}
    rtcp: Found = {"flags": ["RTCP"], "stats": {"packets": 4}}
    return {"medias": [{"codec": "PCMU/8000", "streams": [rtp, rtcp]}]}


def test_stats_are_read_by_tag_and_what_nobody_reported_is_unknown() -> None:
    average: Found = {"samples": 2, "jitter": 12, "MOS": 41}
    reports: Found = {"7": {"cumulative loss": 3, "average MOS": average}, "9": {"cumulative loss": 1}}
    stats = ng.read_stats({"tags": {"a": leg(7, 50), "b": leg(8, 60), "c": leg(9, 70)}, "SSRC": reports})
    assert stats == {
        "a": LegStats("PCMU", 50, 3, 12.0, 4.1),
        "b": LegStats("PCMU", 60, None, None, None),
        "c": LegStats("PCMU", 70, 1, None, None),
    }


@pytest.mark.parametrize("reply", [{}, {"tags": 5}, {"tags": {"a": []}}, {"tags": {"a": {"medias": [7]}}}])
def test_stats_of_another_shape_are_none(reply: dict[str, Found]) -> None:
    assert ng.read_stats(reply) == {}

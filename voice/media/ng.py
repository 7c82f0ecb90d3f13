"""rtpengine's ng protocol: what is asked and what an answer says. Sans-IO; knows no Django, no socket and no clock.

A datagram is a cookie, a space and a dictionary in bencode. What each side is to be offered stands in tables.
Source: rtpengine, docs/ng_control_protocol.md and README of 10.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from voice.media.bencode import Found, Malformed, Value, decode, encode
from voice.media.descriptions import Side, clean
from voice.media.shapes import MediaError, Word

TOWARD: Final[Mapping[Side, Mapping[str, Value]]] = {
    Side.BROWSER: {
        "transport-protocol": "UDP/TLS/RTP/SAVPF",
        "ICE": "force",
        "rtcp-mux": ["require"],
        "SDES": ["off"],
        "flags": ["generate-mid", "generate-RTCP"],
    },
    Side.TRUNK: {
        "transport-protocol": "RTP/AVP",
        "ICE": "remove",
        "DTLS": "off",
        "rtcp-mux": ["demux"],
        "SDES": ["off"],
        "flags": ["generate-RTCP"],
    },
    Side.INNER: {
        "transport-protocol": "RTP/AVP",
        "ICE": "remove",
        "DTLS": "off",
        "rtcp-mux": ["accept"],
        "SDES": ["off"],
        "flags": ["generate-RTCP"],
    },
}
"""What each side speaks. RTCP is made by the engine for each side: that of a browser names it."""

CAME: Final[Mapping[Side, Sequence[str]]] = {
    Side.BROWSER: (),
    Side.TRUNK: ("port-latching", "strict-source"),
    Side.INNER: ("port-latching", "strict-source", "asymmetric"),
}
"""When one side moves the other keeps its port. Nobody else is heard at it: a trunk is who sends in its first seconds,
as it may stand behind NAT, and who is on the inside is where it says."""

REPLACED: Final = ("origin", "session-connection", "SDP-version")
"""The addresses of who wrote a description; the engine puts its own in these places."""

OFFERED: Final[Mapping[Side, Mapping[str, Value]]] = {
    Side.BROWSER: {"mask": ["all"], "transcode": ["PCMU", "PCMA", "telephone-event"]},
    Side.TRUNK: {},
    Side.INNER: {"transcode": ["PCMU", "PCMA"]},
}
"""Codecs, by who offers; who is offered is never a browser. `mask` hides one, and the engine still speaks it."""

REFUSALS: Final[Mapping[str, Word]] = {"Unknown call-id": "unknown_call", "Unknown call-ID": "unknown_call"}
ELSEWHERE: Final = frozenset({"engine_silent", "engine_full"})
"""The words after which another engine may be asked."""


@dataclass(frozen=True, slots=True)
class LegStats:
    """The sound of one side: the codec it speaks, and how many packets came from it.

    `lost`, `jitter_ms` and `mos` (mean opinion, 1 to 5) are of what it was sent, by its own reports over RTCP; None
    where it made none.
    """

    codec: str
    packets: int
    lost: int | None
    jitter_ms: float | None
    mos: float | None


def ping() -> dict[str, Value]:
    """Ask whether an engine lives."""
    return {"command": "ping"}


def offer(call: str, tag: str, sdp: str, *, came: Side, toward: Side = Side.TRUNK) -> dict[str, Value]:
    """An offer of `tag`, who is a `came`, on its way to a trunk, or to the inside. Raises MediaError."""
    about: dict[str, Value] = {"command": "offer", "call-id": call, "from-tag": tag, "sdp": clean(sdp, came)}
    return {**about, "replace": REPLACED, "codec": OFFERED[came], **_speech(came, toward)}


def answer(
    call: str, tag: str, peer: str, sdp: str, *, toward: Side, came: Side = Side.TRUNK
) -> dict[str, Value]:
    """The answer of `peer`, who is a `came`, to the offer of `tag`, who is a `toward`. Raises MediaError."""
    about: dict[str, Value] = {"command": "answer", "call-id": call, "from-tag": tag, "to-tag": peer}
    return {**about, "sdp": clean(sdp, came), "replace": REPLACED, **_speech(came, toward)}


def _speech(came: Side, toward: Side) -> dict[str, Value]:
    about = TOWARD[toward]
    flags = about["flags"]
    assert isinstance(flags, list)
    return {**about, "flags": [*flags, *CAME[came]]}


def query(call: str) -> dict[str, Value]:
    """Ask how a call's sound is."""
    return {"command": "query", "call-id": call}


def delete(call: str, tag: str) -> dict[str, Value]:
    """End a call's sound at once; one that is unknown is no error. Without the tag nothing would be told of it."""
    return {"command": "delete", "call-id": call, "from-tag": tag, "delete-delay": 0}


def write_request(cookie: str, request: Mapping[str, Value]) -> bytes:
    """Return the datagram of a request."""
    return cookie.encode() + b" " + encode(request)


def read_reply(data: bytes) -> tuple[str, dict[str, Found]]:
    """Return the cookie and the dictionary of an answer. Raises Malformed."""
    cookie, _, rest = data.partition(b" ")
    reply = decode(rest)
    if not isinstance(reply, dict) or not cookie.isascii():
        raise Malformed("an answer is a dictionary")
    return cookie.decode(), reply


def check_reply(reply: dict[str, Found]) -> dict[str, Found]:
    """Return an answer that says yes. Raises MediaError: the engine's own words may hold what we sent."""
    result = reply.get("result")
    if result in ("ok", "pong"):
        return reply
    if result == "load limit":
        raise MediaError("engine_full")
    raise MediaError(REFUSALS.get(str(reply.get("error-reason")), "engine_refused"))


def sdp_of(reply: Mapping[str, Found], side: Side) -> str:
    """Return the description for a side that an answer holds. Raises MediaError."""
    sdp = reply.get("sdp")
    if not isinstance(sdp, str):
        raise MediaError("engine_refused")
    return clean(sdp, side)


def read_stats(reply: Mapping[str, Found]) -> dict[str, LegStats]:
    """Return how the sound of each tag was, of an answer to `query` or `delete`."""
    reports = _dict(reply, "SSRC")
    found: dict[str, LegStats] = {}
    for tag, leg in _dict(reply, "tags").items():
        for media in _list(leg, "medias"):
            codec = str(_of(media, "codec") or "").partition("/")[0]
            for stream in _list(media, "streams"):
                if "RTP" in _list(stream, "flags"):
                    packets = _whole(_dict(stream, "stats"), "packets")
                    found[tag] = _heard(codec, packets, _dict(reports, str(_of(stream, "SSRC"))))
    return found


def _heard(codec: str, packets: int, report: Mapping[str, Found]) -> LegStats:
    average = _dict(report, "average MOS")
    if not report:
        return LegStats(codec, packets, None, None, None)
    known = _whole(average, "samples") > 0
    return LegStats(
        codec,
        packets,
        _whole(report, "cumulative loss"),
        float(_whole(average, "jitter")) if known else None,
        _whole(average, "MOS") / 10 if known else None,
    )


def _of(value: Found, key: str) -> Found | None:
    return value.get(key) if isinstance(value, dict) else None


def _dict(value: Found | Mapping[str, Found], key: str) -> dict[str, Found]:
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, dict) else {}


def _list(value: Found, key: str) -> list[Found]:
    inner = _of(value, key)
    return inner if isinstance(inner, list) else []


def _whole(value: Mapping[str, Found], key: str) -> int:
    inner = value.get(key)
    return inner if isinstance(inner, int) else 0

"""What of a description reaches an engine, and what leaves it: a whitelist both ways. Sans-IO.

An engine hands on what it does not know, so a browser's names of its streams (``a=ssrc … cname:``, ``a=msid``) would
reach the trunk, and a foreign ``a=ssrc`` gives packets and silence. So nothing passes that does not stand here.
Source: RFC 8866 (SDP), RFC 8839 (ICE), RFC 8842 (DTLS), RFC 5761 (rtcp-mux).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from voice.media import g711
from voice.media.shapes import MediaError

LONGEST: Final = 16 * 1024


class Side(StrEnum):
    """Who wrote a description, or is to read it: one of the two outer sides, or a worker or engine on the inside."""

    BROWSER = "browser"
    TRUNK = "trunk"
    INNER = "inner"


_NAME = r"[A-Za-z0-9.+_-]{1,32}"
_PRINT = r"sha-(?:256|384|512) (?:[0-9A-Fa-f]{2}:){31,63}[0-9A-Fa-f]{2}"
_ANY: Final[Mapping[str, str]] = {
    "ptime": r"[0-9]{1,3}",
    "sendrecv": "", "sendonly": "", "recvonly": "", "inactive": "",
    "rtcp": r"[0-9]{1,5}(?: IN IP[46] [0-9A-Fa-f:.]{2,45})?",
}  # fmt: skip
ATTRIBUTES: Final[Mapping[Side, Mapping[str, str]]] = {
    Side.TRUNK: _ANY,
    Side.INNER: {**_ANY, "rtcp-mux": ""},
    Side.BROWSER: {
        **_ANY,
        "mid": _NAME,
        "rtcp-mux": "",
        "setup": "actpass|active|passive",
        "fingerprint": _PRINT,
        "ice-ufrag": r"[A-Za-z0-9+/]{4,256}",
        "ice-pwd": r"[A-Za-z0-9+/]{22,256}",
        # A name of mDNS is no address: it would have to be looked up, and the browser is heard without it.
        "candidate": r"[A-Za-z0-9+/]{1,32} [12] (?:udp|UDP) [0-9]{1,10} [0-9A-Fa-f:.]{2,45} [0-9]{1,5} typ "
                     r"(?:host|srflx|prflx|relay)(?: raddr [0-9A-Fa-f:.]{2,45} rport [0-9]{1,5})?",
        "end-of-candidates": "",
    },
}  # fmt: skip
"""What may stand behind ``a=`` in a description of, or for, each side, and of which shape its value is."""

_TELEPHONES: Final = frozenset({"pcmu/8000", "pcma/8000", "telephone-event/8000"})
CODECS: Final[Mapping[Side, frozenset[str]]] = {
    Side.TRUNK: _TELEPHONES,
    Side.INNER: _TELEPHONES,
    Side.BROWSER: frozenset({
        "opus/48000/2", "pcmu/8000", "pcma/8000", "telephone-event/8000", "telephone-event/48000",
    }),
}  # fmt: skip
STATIC: Final[Mapping[str, str]] = {str(kind): f"{codec.lower()}/8000" for codec, kind in g711.STATIC.items()}
"""Payload types that need no ``a=rtpmap`` (RFC 3551, table 4)."""
OPUS: Final = "opus/48000/2"
EVENT: Final = "telephone-event"

_MEDIA: Final = re.compile(r"audio ([0-9]{1,5}) ((?:UDP/TLS/)?RTP/S?AVPF?)((?: [0-9]{1,3}){1,64})")
_ADDRESS: Final = re.compile(r"IN IP[46] [0-9A-Fa-f:.]{2,45}")
_RTPMAP: Final = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9-]{1,32}/[0-9]{4,6}(?:/[12])?)")
_FMTP: Final = re.compile(r"([0-9]{1,3}) [A-Za-z0-9=;,/ -]{1,128}")
_CANDIDATE_EXTRAS: Final = re.compile(r" (?:generation|network-id|network-cost|ufrag|tcptype) \S{1,256}")


def clean(text: str, side: Side) -> str:
    """Return what counts of a description by, or for, a side: one line of audio, and no word of who wrote it.

    A browser that speaks Opus is heard in Opus alone: offered both, an engine would take what needs no work, and G.711
    knows no way to live with a Wi-Fi that loses packets.

    Raises MediaError: ``bad_description``.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")] if len(text) <= LONGEST else []
    media = [line[2:] for line in lines if line.startswith("m=")]
    audio = _MEDIA.fullmatch(media[0]) if len(media) == 1 else None
    address = [line[2:] for line in lines if line.startswith("c=") and _ADDRESS.fullmatch(line[2:])]
    if audio is None or not address:
        raise MediaError("bad_description")
    codecs = _codecs(audio[3].split(), lines, side)
    kept = ["v=0", f"o=- {_session(lines)} {address[-1]}", "s=-", f"c={address[-1]}", "t=0 0"]
    kept.append(f"m=audio {audio[1]} {audio[2]} {' '.join(codecs)}")
    kept += [f"a=rtpmap:{kind} {_spelled(codec)}" for kind, codec in codecs.items()]
    kept += [line for line in lines if _keeps(line, side, codecs)]
    return "".join(f"{_CANDIDATE_EXTRAS.sub('', line)}\r\n" for line in kept)


def _codecs(offered: list[str], lines: list[str], side: Side) -> dict[str, str]:
    """Return payload types and their codecs, in the order in which they were offered."""
    named = dict(STATIC)
    for line in lines:
        if line.startswith("a=rtpmap:") and (found := _RTPMAP.fullmatch(line[9:])):
            named[found[1]] = found[2].lower()
    known = {kind: named[kind] for kind in offered if named.get(kind) in CODECS[side]}
    with_opus = OPUS in known.values()
    chosen = {
        kind: codec for kind, codec in known.items() if codec.startswith(EVENT) or (codec == OPUS) is with_opus
    }
    if all(codec.startswith(EVENT) for codec in chosen.values()):
        raise MediaError("bad_description")
    return chosen


def _spelled(codec: str) -> str:
    """As telephones spell it: some compare the names of codecs letter by letter."""
    return codec.upper() if codec.startswith("pcm") else codec


def _session(lines: list[str]) -> str:
    """Return the two numbers of the description: they are random, and the second one rises when it changes."""
    for line in lines:
        if found := re.fullmatch(r"o=\S{1,64} ([0-9]{1,20}) ([0-9]{1,20}) .{1,80}", line):
            return f"{found[1]} {found[2]}"
    raise MediaError("bad_description")


def _keeps(line: str, side: Side, codecs: Mapping[str, str]) -> bool:
    if not line.startswith("a="):
        return False
    name, _, value = _CANDIDATE_EXTRAS.sub("", line[2:]).partition(":")
    if name == "fmtp":
        found = _FMTP.fullmatch(value)
        return found is not None and found[1] in codecs
    shape = ATTRIBUTES[side].get(name)
    return shape is not None and re.fullmatch(shape, value) is not None


def with_keys(text: str, kind: int) -> str:
    """Return a browser's offer with keys at the clock of telephones under this payload type, if that can be.

    A browser with Opus sends keys at the clock of Opus, and an engine has them made anew for telephones: under the type
    that the offer names for these. One without Opus sends them as they go to the telephone.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    maps = (_RTPMAP.fullmatch(line.removeprefix("a=rtpmap:")) for line in lines)
    known = {found[1]: found[2].lower() for found in maps if found}
    taken = known.get(str(kind), f"{EVENT}/8000") != f"{EVENT}/8000"
    if taken or OPUS not in known.values() or f"{EVENT}/48000" not in known.values():
        return text
    gone = {number for number, codec in known.items() if codec == f"{EVENT}/8000"} | {str(kind)}
    about = tuple(f"a={name}:{number} " for number in gone for name in ("rtpmap", "fmtp"))
    kept = [" ".join(part for at, part in enumerate(line.split(" ")) if at < 3 or part not in gone) + f" {kind}"
            if line.startswith("m=") else line for line in lines if not line.startswith(about)]  # fmt: skip
    return "\r\n".join([*filter(None, kept), f"a=rtpmap:{kind} {EVENT}/8000", f"a=fmtp:{kind} 0-16", ""])

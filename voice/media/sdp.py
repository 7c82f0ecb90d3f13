"""Offers and answers of a WebRTC leg. An offer is read by a whitelist, and an answer is written, never copied. Sans-IO.

What an offer names beside what stands here goes nowhere: no foreign ``a=ssrc``, codec, extension or name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from voice.media.g711 import STATIC, Codec
from voice.media.shapes import MediaError, Sound

LONGEST: Final = 16 * 1024
CANDIDATES_MOST: Final = 16
PROFILES: Final = {"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"}
KINDS: Final = {"host", "srflx", "relay"}
MEDIA: Final = re.compile(r"audio [0-9]{1,5} (\S{1,32})((?: [0-9]{1,3}){1,64})")
MID: Final = re.compile(r"[A-Za-z0-9.+_-]{1,32}")
UFRAG: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")
PASSWORD: Final = re.compile(r"[A-Za-z0-9+/]{22,256}")
FINGERPRINT: Final = re.compile(r"(sha-256|sha-384|sha-512) ((?:[0-9a-f]{2}:){31,63}[0-9a-f]{2})", re.IGNORECASE)
CANDIDATE: Final = re.compile(
    r"(?P<foundation>[A-Za-z0-9+/]{1,32}) 1 udp (?P<priority>[0-9]{1,10}) (?P<ip>[0-9A-Fa-f:.]{2,45}) "
    r"(?P<port>[0-9]{1,5}) typ (?P<kind>[a-z]{4,5})(?: .*)?", re.IGNORECASE)  # fmt: skip
RTPMAP: Final = re.compile(r"([0-9]{1,3}) ([A-Za-z-]{1,32})/8000(?:/1)?", re.IGNORECASE)
EVENT: Final = "telephone-event"
DYNAMIC: Final = frozenset({*range(35, 64), *range(96, 128)})
"""Payload types that a description may give a meaning, one each; what is more than seven bits is none.

64 to 95 would be taken for RTCP. Source: RFC 3551, section 6; RFC 5761, section 4.
"""


class Candidate(msgspec.Struct, frozen=True):
    """One address where a side can be reached (RFC 8839, section 5.1), always of UDP and component 1."""

    foundation: str
    priority: int
    ip: str
    port: int
    kind: str


class Offer(msgspec.Struct, frozen=True):
    """What counts of an offer. `fingerprints`: pairs of algorithm and value."""

    mid: str
    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    sound: Sound
    candidates: tuple[Candidate, ...]


class Local(msgspec.Struct, frozen=True):
    """What the answer says of us. `session`: digits; `cname`: random letters."""

    ufrag: str
    password: str
    fingerprint: tuple[str, str]
    candidates: Sequence[Candidate]
    ssrc: int
    cname: str
    session: int


def read_offer(text: str) -> Offer:
    """Read an offer. Raises MediaError: ``bad_offer`` or ``no_codec``.

    Names of mDNS among the candidates are left out: resolving one takes a second, and a peer that is reached from
    outside makes itself known by its checks anyway. Source: RFC 8829, RFC 8839, RFC 8842.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")] if len(text) <= LONGEST else []
    said: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            said.setdefault(name, []).append(value)
    media = [line[2:] for line in lines if line.startswith("m=")]
    audio = MEDIA.fullmatch(media[0]) if len(media) == 1 else None
    mid, ufrag, password = (_only(said, name, rule) for name, rule in
                            (("mid", MID), ("ice-ufrag", UFRAG), ("ice-pwd", PASSWORD)))  # fmt: skip
    prints = [FINGERPRINT.fullmatch(value) for value in said.get("fingerprint", [])]
    if (
        audio is None or audio[1] not in PROFILES or not (mid and ufrag and password) or "rtcp-mux" not in said
        or said.get("setup") not in (["actpass"], ["passive"]) or {"sendonly", "recvonly", "inactive"} & said.keys()
        or not prints or None in prints
    ):  # fmt: skip
        raise MediaError("bad_offer")
    fingerprints = tuple((found[1].lower(), found[2].upper()) for found in prints if found)
    sound = _sound({int(kind) for kind in audio[2].split()}, said.get("rtpmap", []))
    return Offer(mid, ufrag, password, fingerprints, sound, _candidates(said.get("candidate", [])))


def _only(said: dict[str, list[str]], name: str, rule: re.Pattern[str]) -> str:
    """Return the value of an attribute that must be there once, "" where it is not or is no such thing."""
    values = set(said.get(name, []))
    value = values.pop() if len(values) == 1 else ""
    return value if rule.fullmatch(value) else ""


def _sound(offered: set[int], maps: list[str]) -> Sound:
    """Choose one voice codec, PCMU before PCMA, and take keys where they are offered."""
    named = {codec.lower(): kind for codec, kind in STATIC.items() if kind in offered}
    free = offered & DYNAMIC
    for found in filter(None, map(RTPMAP.fullmatch, maps)):
        if (kind := int(found[1])) in free:
            free.remove(kind)
            named.setdefault(found[2].lower(), kind)
    for codec in Codec:
        if codec.lower() in named:
            return Sound(codec, named[codec.lower()], named.get(EVENT))
    raise MediaError("no_codec")


def _candidates(values: list[str]) -> tuple[Candidate, ...]:
    """Keep the candidates with an address that can be a peer's."""
    kept: list[Candidate] = []
    for found in filter(None, map(CANDIDATE.fullmatch, values)):
        try:
            address = ipaddress.ip_address(found["ip"])
        except ValueError:
            continue
        port, kind = int(found["port"]), found["kind"].lower()
        if kind in KINDS and 0 < port < 65536 and not (address.is_multicast or address.is_unspecified):
            kept.append(Candidate(found["foundation"], int(found["priority"]), str(address), port, kind))
    return tuple(kept[:CANDIDATES_MOST])


def write_answer(offer: Offer, local: Local) -> str:
    """Write the answer to an offer: complete, one codec, no trickle, we begin the DTLS handshake."""
    sound, default = offer.sound, local.candidates[0]
    kinds = [sound.voice] if sound.event is None else [sound.voice, sound.event]
    lines = [
        "v=0", f"o=- {local.session} 1 IN IP4 0.0.0.0", "s=-", "t=0 0", f"a=group:BUNDLE {offer.mid}",
        f"m=audio {default.port} UDP/TLS/RTP/SAVPF {' '.join(map(str, kinds))}", f"c=IN {_family(default.ip)}",
        f"a=mid:{offer.mid}", "a=sendrecv", "a=rtcp-mux", "a=ptime:20",
        f"a=ice-ufrag:{local.ufrag}", f"a=ice-pwd:{local.password}",
        f"a=fingerprint:{local.fingerprint[0]} {local.fingerprint[1]}", "a=setup:active",
        f"a=rtpmap:{sound.voice} {sound.codec}/8000",
    ]  # fmt: skip
    if sound.event is not None:
        lines += [f"a=rtpmap:{sound.event} {EVENT}/8000", f"a=fmtp:{sound.event} 0-16"]
    lines += [f"a=msid:{local.cname} {local.cname}", f"a=ssrc:{local.ssrc} cname:{local.cname}"]
    for candidate in local.candidates:
        # A related address would be one of ours that the peer cannot use: RFC 8839 wants some, and takes none for it.
        related = "" if candidate.kind == "host" else " raddr 0.0.0.0 rport 0"
        lines.append(f"a=candidate:{candidate.foundation} 1 udp {candidate.priority} {candidate.ip} {candidate.port} "
                     f"typ {candidate.kind}{related}")  # fmt: skip
    lines.append("a=end-of-candidates")
    return "".join(f"{line}\r\n" for line in lines)


def _family(ip: str) -> str:
    return f"IP{ipaddress.ip_address(ip).version} {ip}"

"""Session descriptions, rebuilt from a whitelist: what is sent is written from values, never copied. Sans-IO.

One sound, G.711 and telephone-event over RTP/AVP. Whatever else a description holds (names, addresses of people,
attributes of a browser) is not read, so it cannot get to the other side. Source: RFC 4566, RFC 3264, RFC 4733.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Final, Literal

from voice.sip.message import Malformed

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
Codec = Literal["PCMU", "PCMA"]
PAYLOADS: Final[dict[Codec, int]] = {"PCMU": 0, "PCMA": 8}
_FIXED: Final = {str(number): f"{codec}/8000" for codec, number in PAYLOADS.items()}
DTMF: Final = 101
MIRROR: Final[dict[Direction, Direction]] = {
    "sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive",
}  # fmt: skip
KINDS: Final = frozenset({"audio", "video", "text", "application", "message", "image"})
LINES_MOST: Final = 500
_MEDIA: Final = re.compile(r"([a-z]+) (\d{1,5})(?:/\d+)? ([A-Za-z0-9/.\-]+)((?: [A-Za-z0-9.\-+*]+)+) *")
_CONNECTION: Final = re.compile(r"IN (IP[46]) ([0-9A-Fa-f:.]+)(?:/\d+)* *")
_RTPMAP: Final = re.compile(r"rtpmap:(\d{1,3}) ([A-Za-z0-9\-]+)/(\d+)(?:/1)? *")
_NOWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - an address to send to, which says hold


@dataclass(frozen=True, slots=True)
class Sound:
    """One side's sound: where it wants RTP, which codecs in its order, its number for keys, and who sends."""

    address: str = field(repr=False)
    port: int
    codecs: tuple[Codec, ...] = ("PCMA", "PCMU")
    dtmf: int | None = DTMF
    direction: Direction = "sendrecv"


@dataclass(frozen=True, slots=True)
class Offer:
    """A description that was read: its sound, which of its media that is, and kind and transport of each."""

    sound: Sound
    at: int
    media: tuple[tuple[str, str, str], ...]


@dataclass(slots=True)
class _Media:
    kind: str
    port: int
    transport: str
    payloads: list[str]
    connection: str | None
    direction: Direction | None = None
    names: dict[str, str] = field(default_factory=dict)


def read(body: bytes) -> Offer:
    """Return what a description offers or answers. Raises Malformed where there is no sound for us in it."""
    media, connection, direction = _read_lines(body)
    for at, one in enumerate(media):
        if one.kind != "audio" or one.port == 0 or one.transport != "RTP/AVP":
            continue
        address = one.connection or connection
        if address is None:
            raise Malformed("a description says not where to", 488)
        codecs, dtmf = _codecs(one)
        if not codecs:
            continue
        towards: Direction = one.direction or direction or "sendrecv"
        if address in _NOWHERE:  # hold as it was before RFC 3264
            towards = "sendonly" if towards == "sendrecv" else towards
        kinds = tuple((m.kind, m.transport, m.payloads[0]) for m in media)
        return Offer(Sound(address, one.port, codecs, dtmf, towards), at, kinds)
    raise Malformed("a description holds no sound that we know", 488)


def _read_lines(body: bytes) -> tuple[list[_Media], str | None, Direction | None]:
    media: list[_Media] = []
    connection: str | None = None
    direction: Direction | None = None
    lines = body.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > LINES_MOST or lines[0] != "v=0":
        raise Malformed("a description is not one", 488)
    for line in lines[1:]:
        what, _, value = line.partition("=")
        if what == "m":
            media.append(_read_media(value))
        elif what == "c" and media:
            media[-1].connection = _address(value)
        elif what == "c":
            connection = _address(value)
        elif what == "a" and value in MIRROR:
            if media:
                media[-1].direction = value
            else:
                direction = value
        elif what == "a" and media and (found := _RTPMAP.fullmatch(value)):
            media[-1].names[found[1]] = f"{found[2].upper()}/{found[3]}"
    return media, connection, direction


def _read_media(value: str) -> _Media:
    found = _MEDIA.fullmatch(value)
    if found is None or int(found[2]) > 65_535 or found[1] not in KINDS:
        raise Malformed("a description is not one", 488)
    return _Media(found[1], int(found[2]), found[3], found[4].split(), None)


def _address(value: str) -> str:
    """Return the address of a connection line; a name is not looked up. Raises Malformed."""
    found = _CONNECTION.fullmatch(value)
    try:
        address = ip_address(found[2] if found else "")
    except ValueError:
        raise Malformed("a description says not where to", 488) from None
    if address.is_multicast:
        raise Malformed("a description names a group", 488)
    return str(address)


def _codecs(media: _Media) -> tuple[tuple[Codec, ...], int | None]:
    """Return the codecs that we know, in the order of the description, and the payload type of keys."""
    names = [(payload, media.names.get(payload, _FIXED.get(payload))) for payload in media.payloads]
    codecs = tuple(
        codec for payload, name in names for codec, number in PAYLOADS.items()
        if payload == str(number) and name == f"{codec}/8000"
    )  # fmt: skip
    dtmf = next((int(payload) for payload, name in names if name == "TELEPHONE-EVENT/8000"), None)
    return codecs, dtmf if dtmf is not None and 96 <= dtmf <= 127 else None


class Session:
    """Our side of one leg's description: what we offer, what we answer, and what the far end has said last.

    `far` is None until it has said something. The number of the version goes up whenever what we say changes.
    """

    def __init__(self, here: Sound) -> None:
        ip_address(here.address)
        self.here = here
        self.far: Sound | None = None
        self._id, self._version = secrets.randbelow(2**31), 0
        self._said: Sound | None = None

    def offer(self, direction: Direction | None = None) -> bytes:
        """Return our offer; without `direction` the one that stands."""
        self.here = replace(self.here, direction=direction or self.here.direction)
        return self._write(self.here, None)

    def read(self, body: bytes) -> Offer:
        """Return what the far end describes, where our port can reach it. Raises Malformed."""
        found = read(body)
        if ip_address(found.sound.address).version != ip_address(self.here.address).version:
            raise Malformed("a description names an address of another family than ours", 488)
        return found

    def take_answer(self, body: bytes) -> Sound:
        """Take what the far end answers to our offer. Raises Malformed."""
        far = self.read(body).sound
        codecs = tuple(codec for codec in far.codecs if codec in self.here.codecs)
        if not codecs:
            raise Malformed("an answer takes a codec that was not offered", 488)
        self.far = replace(far, codecs=codecs)
        return self.far

    def answer(self, body: bytes) -> bytes:
        """Take an offer of the far end and return our answer. Raises Malformed."""
        offered = self.read(body)
        common = tuple(codec for codec in offered.sound.codecs if codec in self.here.codecs)
        if not common:
            raise Malformed("no codec in common", 488)
        self.far = replace(offered.sound, codecs=common)
        ours = replace(
            self.here, codecs=common[:1], dtmf=offered.sound.dtmf,
            direction=_narrower(self.here.direction, MIRROR[offered.sound.direction]),
        )  # fmt: skip
        return self._write(ours, offered)

    def _write(self, ours: Sound, offered: Offer | None) -> bytes:
        if ours != self._said:
            self._version, self._said = self._version + 1, ours
        family = f"IP{ip_address(ours.address).version}"
        lines = [
            "v=0", f"o=- {self._id} {self._version} IN {family} {ours.address}", "s=-", f"c=IN {family} {ours.address}",
            "t=0 0",
        ]  # fmt: skip
        if offered is None:
            lines += _media_lines(ours)
        else:
            for at, (kind, transport, payload) in enumerate(offered.media):
                lines += _media_lines(ours) if at == offered.at else [f"m={kind} 0 {transport} {payload}"]
        return "".join(f"{line}\r\n" for line in lines).encode()


def _narrower(ours: Direction, theirs: Direction) -> Direction:
    """Return what both allow: we send only where both want it, and so for receiving."""
    sends = ours in ("sendrecv", "sendonly") and theirs in ("sendrecv", "sendonly")
    receives = ours in ("sendrecv", "recvonly") and theirs in ("sendrecv", "recvonly")
    table: dict[tuple[bool, bool], Direction] = {
        (True, True): "sendrecv", (True, False): "sendonly", (False, True): "recvonly", (False, False): "inactive",
    }  # fmt: skip
    return table[sends, receives]


def _media_lines(sound: Sound) -> list[str]:
    payloads = [PAYLOADS[codec] for codec in sound.codecs]
    names = [f"a=rtpmap:{PAYLOADS[codec]} {codec}/8000" for codec in sound.codecs]
    if sound.dtmf is not None:
        payloads.append(sound.dtmf)
        names += [f"a=rtpmap:{sound.dtmf} telephone-event/8000", f"a=fmtp:{sound.dtmf} 0-15"]
    numbers = " ".join(map(str, payloads))
    return [f"m=audio {sound.port} RTP/AVP {numbers}", *names, "a=ptime:20", f"a={sound.direction}"]

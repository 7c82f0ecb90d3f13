"""The inner side of an engine: plain RTP between it and a worker, or another engine, on the inside. Sans-IO.

Each leg is a call of its own at an engine, with an outer side (a browser, a trunk) and an inner one. What an inner side
is connected to can be changed at any time, and the outer side notices nothing of it.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from voice.media.g711 import STATIC, Codec
from voice.media.shapes import MediaError, Sound

_ADDRESS: Final = re.compile(r"^c=IN IP[46] ([0-9A-Fa-f:.]{2,45})\r?$", re.MULTILINE)
_MEDIA: Final = re.compile(r"^m=audio ([0-9]{1,5}) RTP/AVP((?: [0-9]{1,3}){1,64})\r?$", re.MULTILINE)
_EVENT: Final = re.compile(r"^a=rtpmap:([0-9]{1,3}) telephone-event/8000\r?$", re.MULTILINE)
EVENT: Final = 101
"""The payload type of keys on inner sides."""


class Inner(msgspec.Struct, frozen=True):
    """One end of an inner side: where it listens, and which codecs of telephones it takes there, the first preferred.

    `event` is the payload type of keys, None where it takes none.
    """

    address: str
    port: int
    codecs: tuple[Codec, ...] = tuple(Codec)
    event: int | None = EVENT

    def sound(self) -> Sound:
        """What is spoken to it."""
        return Sound(self.codecs[0], STATIC[self.codecs[0]], self.event)

    def at(self, address: str) -> Inner:
        """The same at this address."""
        return msgspec.structs.replace(self, address=address)

    def like(self, other: Inner) -> Inner:
        """The same, taking what the other end takes first."""
        return msgspec.structs.replace(self, codecs=other.codecs[:1], event=other.event)

    def speaking(self, codec: Codec) -> Inner:
        """The same with this codec alone."""
        return msgspec.structs.replace(self, codecs=(codec,))


def read(sdp: str) -> Inner:
    """Read what an engine, or a telephone, says of where it listens. Raises MediaError: ``bad_description``."""
    address, media = _ADDRESS.search(sdp), _MEDIA.search(sdp)
    if address is None or media is None:
        raise MediaError("bad_description")
    kinds = [int(kind) for kind in media[2].split()]
    by_kind = {kind: codec for codec, kind in STATIC.items()}
    codecs = tuple(by_kind[kind] for kind in kinds if kind in by_kind)
    event = _EVENT.search(sdp)
    if not codecs:
        raise MediaError("bad_description")
    return Inner(address[1], int(media[1]), codecs, int(event[1]) if event and int(event[1]) in kinds else None)


def write(end: Inner, session: int, version: int) -> str:
    """Describe an end; `session` is random and stays, `version` rises with every change (RFC 8866, section 5.2)."""
    address = f"IN IP{6 if ':' in end.address else 4} {end.address}"
    kinds = [STATIC[codec] for codec in end.codecs] + ([] if end.event is None else [end.event])
    lines = [
        "v=0", f"o=- {session} {version} {address}", "s=-", f"c={address}", "t=0 0",
        f"m=audio {end.port} RTP/AVP {' '.join(map(str, kinds))}",
        *(f"a=rtpmap:{STATIC[codec]} {codec}/8000" for codec in end.codecs),
    ]  # fmt: skip
    if end.event is not None:
        lines += [f"a=rtpmap:{end.event} telephone-event/8000", f"a=fmtp:{end.event} 0-16"]
    return "".join(f"{line}\r\n" for line in [*lines, "a=ptime:20", "a=sendrecv", "a=rtcp-mux"])

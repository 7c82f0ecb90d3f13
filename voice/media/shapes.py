"""What the media plane is told, and what it tells: settings, events, far ends, figures. Sans-IO."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from voice.media.g711 import Codec

FRAME_S: Final = 0.02
"""The length of one packet of sound, both ways."""
RATE: Final = 8000
"""Samples a second of G.711, and the clock of its timestamps (RFC 3551, section 4.5.14)."""
FRAME: Final = 160
"""Samples, and octets, of one packet."""

Word = Literal[
    "bad_offer", "no_codec", "stale_peer", "unknown_leg", "unknown_prompt", "no_address", "closed",
    "unknown_far", "no_port", "no_stream",
    "bad_description", "no_engine", "engine_silent", "engine_full", "engine_refused", "unknown_call",
]  # fmt: skip
SAYS: Final[dict[Word, str]] = {
    "bad_offer": "The offer is no WebRTC offer of one audio line with ICE, DTLS and rtcp-mux.",
    "no_codec": "The offer has neither PCMU nor PCMA.",
    "stale_peer": "A later peer connection of this leg is there already.",
    "unknown_leg": "There is no such leg here.",
    "unknown_prompt": "This is not said on a leg that comes over WebRTC.",
    "no_address": "This machine has no address that a peer could reach.",
    "unknown_far": "No port was opened for this far end.",
    "no_port": "No port of those that are set is free.",
    "no_stream": "The carrier's stream did not come.",
    "closed": "The plane is closing.",
    "bad_description": "The description is not one of a single audio line with a codec that is known here.",
    "no_engine": "No rtpengine answers.",
    "engine_silent": "The rtpengine of this call does not answer.",
    "engine_full": "The rtpengine takes no more calls.",
    "engine_refused": "The rtpengine refused.",
    "unknown_call": "No rtpengine has this call.",
}


class MediaError(Exception):
    """The plane did not do what was asked. `word` says why; the message is a constant sentence and holds no SDP."""

    def __init__(self, word: Word) -> None:
        super().__init__(SAYS[word])
        self.word = word


class IceSettings(msgspec.Struct, frozen=True):
    """How peers find this worker.

    `stun`: ``stun:host[:port]`` or nothing; asked for at most `stun_wait_s`, so that one that is down delays an answer
    by no more. `addresses`: those to listen on; none: all of the machine but loopback, and loopback where there is no
    other. `public`: what to offer in the place of each IPv4 address, for a machine behind one-to-one NAT.
    """

    stun: str = ""
    stun_wait_s: float = 0.15
    addresses: tuple[str, ...] = ()
    public: str = ""


class Sound(msgspec.Struct, frozen=True):
    """What a side has agreed on: one voice codec, its payload type, and that of telephone-event where it has one."""

    codec: Codec
    voice: int
    event: int | None = None


class Loopback(msgspec.Struct, frozen=True):
    """A far end that is nobody: it says what it is, sounds a tone, and echoes after a second."""

    language: str = "en"


class Rtp(msgspec.Struct, frozen=True):
    """A far end over plain RTP, as behind a trunk. `name` is that of `Plane.listen`; `language` is spoken to it.

    `address` and `port` are the far end's, an IP address and the port of its description.
    """

    name: str
    address: str
    port: int
    sound: Sound
    language: str = "en"


class Stream(msgspec.Struct, frozen=True):
    """A far end that comes to the worker by itself, over a carrier's socket, and is let in under `name`."""

    name: str
    language: str = "en"


Far = Loopback | Rtp | Stream
"""What a leg can be bridged to."""


class Heard(msgspec.Struct, frozen=True):
    """One direction of a leg. `lost` never falls below 0; `jitter_ms` is that of RFC 3550, A.8, at the end."""

    packets: int = 0
    lost: int = 0
    jitter_ms: float = 0.0


class Stats(msgspec.Struct, frozen=True):
    """How a leg sounded. `received`: what came from the peer; `sent`: what went to it, lost as its reports say.

    `codec` is empty where no sound ever came; `rtt_ms` and `mos` are None where nothing is known of them. `mos` is of
    the worse direction. `unreported`: nobody says what of that went to the peer has arrived.
    """

    codec: str = ""
    received: Heard = Heard()
    sent: Heard = Heard()
    rtt_ms: float | None = None
    mos: float | None = None
    dropped: int = 0
    unreported: bool = False


class Up(msgspec.Struct, frozen=True):
    """Sound arrives from a peer connection: the first time, or again."""

    leg: str
    peer: int


class Lost(msgspec.Struct, frozen=True):
    """A second has passed without sound from the peer connection that a leg listens to."""

    leg: str
    peer: int


class Quality(msgspec.Struct, frozen=True):
    """How a leg sounds so far; every few seconds while sound arrives."""

    leg: str
    stats: Stats


class Key(msgspec.Struct, frozen=True):
    """A key was pressed on a telephone that was asked for one, told once. `digits`: one of ``0123456789*#ABCD``."""

    leg: str
    digits: str


class Gone(msgspec.Struct, frozen=True):
    """What carried the sound of a leg is no more, and nothing brings it back."""

    leg: str


Told = Up | Lost | Quality | Key | Gone

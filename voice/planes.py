"""Who carries an action out, and under which key it lies in the outbox. Knows no database.

On the plane `carrier` any call loop claims it and asks a carrier; on the plane `media` only the worker claims it that
owns the call, or the first one where nobody does, as what lives in one process can be told by nobody else: the sound of
a call, and the legs of a carrier whose trunks the worker holds.
"""

from __future__ import annotations

from typing import Final

from voice.call_events import Side, Way

CARRIER: Final = "carrier"
MEDIA: Final = "media"
BROWSER: Final = "webrtc"
"""What stands as the carrier of an attempt that goes over a peer connection."""
SIP: Final = "sip"
"""The carrier whose legs live in the media worker."""
OF_WORKERS: Final = frozenset({BROWSER, SIP})
HEARD: Final = frozenset({"loopback", "twilio", SIP})
"""The carriers whose legs a media worker can be bridged to."""
STREAMED: Final = frozenset({"twilio"})
"""Those of them that bring the sound over a socket of theirs, to a worker that has an address for it."""


def carrier_for(way: Way, carrier: str) -> str:
    """Return who carries an attempt, in a call of this carrier."""
    return BROWSER if way is Way.WEBRTC else carrier


def plane_of(carrier: str | None) -> str:
    """Return the plane of what is asked about an attempt of this carrier; of no attempt, the carriers'."""
    return MEDIA if carrier in OF_WORKERS else CARRIER


def dial_key(r: str, side: str, n: int) -> str:
    """Return the key of the one dial of an attempt."""
    return f"{r}:dial:{side}:{n}"


def accept_keys(r: str, n: int) -> str:
    """Return how the keys begin under which the peer connections of a clinician's attempt are accepted."""
    return f"{r}:accept:{Side.CLINICIAN}:{n}:"

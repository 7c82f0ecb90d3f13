"""A far end that comes by itself over a carrier's socket: µ-law in messages, without decoding. Sans-IO.

Twilio plays what it gets one after another and keeps what it cannot play yet. So how far it is behind is reckoned here,
and bounded: else what a Wi-Fi held up for a second would be heard a second late to the end of the call.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from voice.media.bridge import Frame
from voice.media.g711 import Codec, translated
from voice.media.quality import Arrivals, one_way
from voice.media.shapes import FRAME, RATE, Heard, Stats
from voice.media.streams import Speaking
from voice.media.tones import QUIET, key

AHEAD_S: Final = 0.2
"""What is not played yet is never longer; what comes beyond it is left out."""
SPARE_S: Final = 0.06
LOOK_S: Final = 0.5
"""Where more than that was never needed for so long, a frame is left out, and the two hear each other sooner."""
MISSING_MOST: Final = 500
HALF: Final = 0x80000000
PAUSE: Final = QUIET * 3
"""After a key, so that the same one twice is two."""
EVENT: Final = struct.Struct("!BBH")
PRESS: Final = ((0, 160), (0, 800), (1, 800), (1, 800), (1, 800))
"""A key of a tenth of a second: whether it is the end, and how long it lasted by then (RFC 4733, section 2.5.1)."""


class StreamEnd:
    """One stream. It hears nothing and says nothing until it is connected to a leg."""

    beats = False

    def __init__(self, stream: str, send: Callable[[bytes], bool]) -> None:
        """`stream`: the carrier's name of it; `send`: sends a message, and says whether it was taken."""
        self._speaking, self._send = Speaking(stream), send
        self._said: Callable[[Frame, float], None] | None = None
        self.connected = False
        self._arrivals = Arrivals()
        self._sequence, self._timestamp, self._chunk = -1, 0, 0
        self._source: object = None
        self._newest: int | None = None
        self._pressed: int | None = None
        self._played_at = self._look_at = 0.0
        self._least = AHEAD_S
        self.sent = self.left_out = 0

    def connect(self, said: Callable[[Frame, float], None]) -> None:
        """Exchange sound with a leg; `said` takes what the stream says."""
        self._said, self.connected = said, True

    # --- as a far end of a leg ---

    def hear(self, frame: Frame, now: float) -> None:
        """Send what the leg says. Where somebody else speaks now, what is not played yet is forgotten."""
        if frame.source is not self._source:
            if self._source is not None and self._played_at > now and self._send(self._speaking.clear):
                self._played_at = now
            self._source, self._newest, self._pressed = frame.source, None, None
        if frame.event:
            self._press(frame, now)
        elif self._newest is None or 0 < (frame.timestamp - self._newest) & 0xFFFFFFFF < HALF:
            self._newest = frame.timestamp
            if self._has_room(now):
                self._say(translated(frame.payload, frame.codec, Codec.PCMU), now)
            else:
                self.left_out += 1

    def beat(self) -> None:
        """It says nothing by itself."""

    def close(self) -> None:
        """Be of no leg any more. The socket stays: the carrier's leg may go on elsewhere, and ends with it."""
        self._said = None

    def end(self) -> Stats:
        """Be of no leg any more, and return how it sounded; nothing is known of what the far end heard."""
        self.close()
        return one_way(Codec.PCMU if self._arrivals.received else "", self._arrivals, Heard(self.sent))

    # --- what the socket brings ---

    def sounded(self, chunk: int, payload: bytes, now: float) -> None:
        """Take sound. What the carrier left out stays a gap."""
        missing = chunk - self._chunk - 1 if self._chunk else 0
        if missing < 0:
            return
        self._chunk = chunk
        for at in range(0, len(payload), FRAME):
            self._count(min(missing, MISSING_MOST) if at == 0 else 0)
            piece = payload[at : at + FRAME]
            self._arrivals.arrived(self._sequence & 0xFFFF, self._timestamp & 0xFFFFFFFF, now)
            self._tell(piece, now)
            self._timestamp += len(piece)

    def pressed(self, event: int, now: float) -> None:
        """A key was pressed at the far end."""
        for n, (last, length) in enumerate(PRESS):
            self._count(0)
            self._arrivals.arrived(self._sequence & 0xFFFF, None, now)
            self._tell(EVENT.pack(event, last << 7 | 10, length), now, marker=n == 0, event=True)

    # --- within ---

    def _count(self, missing: int) -> None:
        if self._sequence < 0:
            self._arrivals.begin(0)
        self._sequence += 1 + missing
        self._timestamp += missing * FRAME

    def _tell(self, payload: bytes, now: float, *, marker: bool = False, event: bool = False) -> None:
        if self._said is not None:
            sequence, timestamp = self._sequence & 0xFFFF, self._timestamp & 0xFFFFFFFF
            self._said(Frame(self, sequence, timestamp, payload, Codec.PCMU, marker, event), now)

    def _press(self, frame: Frame, now: float) -> None:
        """Sound a key once, however long it is held: the carrier takes no keys in any other form."""
        if frame.timestamp != self._pressed:
            self._pressed = frame.timestamp
            sound = key(frame.payload[0])
            if sound:
                self._say(sound + PAUSE, now)

    def _has_room(self, now: float) -> bool:
        """Return whether one more frame is to be played: not beyond what may wait, nor where all wait for nothing."""
        ahead = max(0.0, self._played_at - now)
        self._least = min(self._least, ahead)
        if now >= self._look_at:
            spare, self._least, self._look_at = self._least, AHEAD_S, now + LOOK_S
            if spare > SPARE_S:
                return False
        return ahead <= AHEAD_S

    def _say(self, payload: bytes, now: float) -> None:
        if self._send(self._speaking.media(payload)):
            self._played_at = max(self._played_at, now) + len(payload) / RATE
            self.sent += 1
        else:
            self.left_out += 1

"""Which keys are pressed, from the packets that tell of each again and again. Sans-IO.

A key that is held comes in many packets with one timestamp, its end three times; any of them may be lost or late. So
the first packet of a key that arrives tells it, whichever it is, and no other does. Source: RFC 4733, sections 2.3
and 2.5.
"""

from __future__ import annotations

from typing import Final

from voice.media.bridge import Frame
from voice.media.farend import EVENT
from voice.media.shapes import FRAME
from voice.media.tones import EVENTS

HALF: Final = 0x80000000
SLACK: Final = FRAME
"""Samples. Between two keys there are 40 ms at least (ITU-T Q.24); what begins sooner is the same one, told further."""


class Keys:
    """The keys of one side."""

    def __init__(self) -> None:
        self._source: object = None
        self._event = -1
        self._at = self._length = 0

    def take(self, frame: Frame) -> str:
        """Return the key of which this is the first packet, one of ``0123456789*#ABCD``; otherwise nothing."""
        if len(frame.payload) < EVENT.size:
            return ""
        event, _, length = EVENT.unpack_from(frame.payload)
        if event >= len(EVENTS):
            return ""
        if frame.source is self._source:
            since = (frame.timestamp - self._at) & 0xFFFFFFFF
            if since >= HALF:
                return ""  # a late one of a key before
            if since == 0:
                self._length = max(self._length, length)
                return ""
            if event == self._event and not frame.marker and since <= self._length + SLACK:
                self._at, self._length = frame.timestamp, length  # held for longer than a packet can say (2.5.1.3)
                return ""
        self._source, self._event, self._at, self._length = frame.source, event, frame.timestamp, length
        return EVENTS[event]

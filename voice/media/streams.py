"""Twilio's Media Streams as they are on the wire: what a socket brings, and what goes back. Sans-IO; time is passed in.

A socket brings ``connected``, then ``start``, which holds our own parameters, and then 20 ms of µ-law at a time. What
is not understood is left out, as messages may be added; what is wrong, out of order or too much ends the socket.
Source: Twilio, "Media Streams: WebSocket messages".
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from typing import Final

import msgspec

from voice.media.shapes import RATE
from voice.media.tones import EVENTS

MESSAGE_MOST: Final = 4096
"""Octets of one message: a ``start`` has some 700, a frame of sound 350."""
MESSAGES_A_SECOND: Final = 100.0
"""Twilio sends 50, and what it could not send for a while all at once."""
MESSAGES_AT_ONCE: Final = 500.0
TOKEN_MOST: Final = 128
TOKEN: Final = "token"  # noqa: S105  (a name)
"""The name of our parameter."""

_STREAM: Final = re.compile(r"MZ[0-9a-fA-F]{32}")


class Misspoken(ValueError):
    """Not what Twilio says, not in this order, or too much of it."""


class Started(msgspec.Struct, frozen=True):
    """The stream of a call begins. `token` is the one that our document gave to it."""

    stream: str
    call: str
    token: str


class Sounded(msgspec.Struct, frozen=True, gc=False):
    """What was said, µ-law. `chunk` counts from 1."""

    chunk: int
    payload: bytes


class Pressed(msgspec.Struct, frozen=True):
    """A key was pressed; `event` is its number in a telephone-event."""

    event: int


class Stopped(msgspec.Struct, frozen=True):
    """The stream is over: its call has ended, or goes on with another document."""


Said = Started | Sounded | Pressed | Stopped


class _Shape(msgspec.Struct, rename="camel"):
    pass


class _Format(_Shape):
    encoding: str
    sample_rate: int
    channels: int


class _Start(_Shape):
    call_sid: str
    media_format: _Format
    custom_parameters: dict[str, str] = {}


class _Media(_Shape):
    payload: bytes
    chunk: int
    track: str = "inbound"


class _Key(_Shape):
    digit: str


class _Message(_Shape):
    event: str
    stream_sid: str = ""
    start: _Start | None = None
    media: _Media | None = None
    dtmf: _Key | None = None


# Twilio writes numbers as text, so that "strict" would refuse them.
_DECODER: Final = msgspec.json.Decoder(_Message, strict=False)


class Listening:
    """What comes over one socket, message by message."""

    def __init__(self) -> None:
        self._connected = False
        self._stream = ""
        self._credit, self._at = MESSAGES_AT_ONCE, 0.0

    def take(self, text: bytes, now: float) -> Said | None:
        """Return what a message says, None for one that says nothing to us. Raises Misspoken.

        `now`: seconds of any clock that only rises.
        """
        self._credit = min(MESSAGES_AT_ONCE, self._credit + (now - self._at) * MESSAGES_A_SECOND) - 1
        self._at = now
        if self._credit < 0 or len(text) > MESSAGE_MOST:
            raise Misspoken
        try:
            message = _DECODER.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the last of what is nested deeply
            raise Misspoken from None
        if not self._connected:
            if message.event != "connected":
                raise Misspoken
            self._connected = True
            return None
        if message.event == "start":
            return self._begin(message)
        if message.stream_sid != self._stream:
            raise Misspoken  # of another stream, or before its start
        return _said(message)

    def _begin(self, message: _Message) -> Started:
        start, stream = message.start, message.stream_sid
        if self._stream or start is None or not _STREAM.fullmatch(stream):
            raise Misspoken
        form, token = start.media_format, start.custom_parameters.get(TOKEN, "")
        if (form.encoding, form.sample_rate, form.channels) != ("audio/x-mulaw", RATE, 1) or len(token) > TOKEN_MOST:
            raise Misspoken
        self._stream = stream
        return Started(stream, start.call_sid, token)


def _said(message: _Message) -> Said | None:
    media = message.media
    if message.event == "media" and media is not None:
        return Sounded(media.chunk, media.payload) if media.track == "inbound" and media.payload else None
    if message.event == "dtmf" and message.dtmf is not None:
        digit = message.dtmf.digit
        return Pressed(EVENTS.index(digit)) if len(digit) == 1 and digit in EVENTS else None
    return Stopped() if message.event == "stop" else None


class Speaking:
    """What goes back over the socket of one stream."""

    def __init__(self, stream: str) -> None:
        self._begin = b'{"event":"media","streamSid":"%b","media":{"payload":"' % stream.encode()
        self.clear: Final = b'{"event":"clear","streamSid":"%b"}' % stream.encode()
        """Forget what was sent and not played yet."""

    def media(self, payload: bytes) -> bytes:
        """Return the message that has µ-law played, after what was sent before."""
        return self._begin + b2a_base64(payload, newline=False) + b'"}}'

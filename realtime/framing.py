"""WebSocket's frames, sans-IO: bytes in, messages out, and the other way. No event loop, no network.

A server's side of RFC 6455 without extensions. `Receiver` is fed what a transport reads; what it finds wrong is a
close code. A frame of ours is never masked, so that the same bytes go to every socket.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha1
from typing import Final

from websockets.speedups import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY_BYTES: Final = 16
CONTROL_BYTES: Final = 125
MOST_PIECES: Final = 256

PROTOCOL_ERROR, NOT_UTF8, TOO_BIG, NO_STATUS = 1002, 1007, 1009, 1005

Event = tuple[int, str | bytes | None]


@dataclass(frozen=True, slots=True)
class Broken(Exception):
    """The peer does not speak WebSocket: close with this code. Source: RFC 6455, section 7.4.1."""

    code: int


def frame(opcode: int, data: bytes) -> bytes:
    """Return `data` as one whole unmasked frame. Source: RFC 6455, section 5.2."""
    size = len(data)
    if size < 126:
        return bytes((0x80 | opcode, size)) + data
    if size < 65_536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + data
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + data


def frame_text(data: bytes) -> bytes:
    """Return UTF-8 text as one frame."""
    return frame(TEXT, data)


def frame_close(code: int, reason: str = "") -> bytes:
    """Return a close frame; a code that may not be sent (no status) is left out. Source: RFC 6455, section 5.5.1."""
    body = b"" if code == NO_STATUS else code.to_bytes(2, "big") + reason.encode()
    return frame(CLOSE, body[:CONTROL_BYTES])


def accept_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return what ``Sec-WebSocket-Accept`` must say to an opening handshake; None where it is not a valid one.

    `headers` have lower-case names; that there is ``Upgrade: websocket`` was seen before. Source: RFC 6455, 4.2.1.
    """
    key = version = b""
    for name, value in headers:
        if name == b"sec-websocket-key":
            key = value.strip()
        elif name == b"sec-websocket-version":
            version = value.strip()
    try:
        valid = len(b64decode(key, validate=True)) == KEY_BYTES
    except NotBase64:
        return None
    if not valid or version != b"13":
        return None
    return b64encode(sha1(key + GUID, usedforsecurity=False).digest())


class Receiver:
    """What comes in on one socket. `limit` is the longest message in bytes."""

    __slots__ = ("_limit", "_message", "_opcode", "_rest")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._message: list[bytes] = []
        self._opcode = CONTINUATION

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes and return what they complete: (TEXT, str), (BINARY, None), (PING, bytes) or (CLOSE, bytes).

        Raises Broken; what was complete before it is lost, as the connection is.
        """
        if self._rest:
            data = self._rest + data
        events: list[Event] = []
        start, size = 0, len(data)
        while size - start >= 2:
            head, second = data[start], data[start + 1]
            length, at = second & 0x7F, start + 2
            if not second & 0x80 or head & 0x70:
                raise Broken(PROTOCOL_ERROR)  # not masked, or an extension that was not agreed on
            if length == 126:
                length, at = int.from_bytes(data[at : at + 2], "big") if size >= at + 2 else 0, at + 2
            elif length == 127:
                length, at = int.from_bytes(data[at : at + 8], "big") if size >= at + 8 else 0, at + 8
            if length > self._limit:
                raise Broken(TOO_BIG)
            end = at + 4 + length
            if size < end:
                self._refuse_early(head, second)
                break
            self._take(head, apply_mask(data[at + 4 : end], data[at : at + 4]), events)
            start = end
        self._rest = data[start:] if start else data
        return events

    def _refuse_early(self, head: int, second: int) -> None:
        """A frame that is not whole yet is refused where its first two bytes are wrong already."""
        if head & 0x08 and (not head & 0x80 or second & 0x7F > CONTROL_BYTES):
            raise Broken(PROTOCOL_ERROR)

    def _take(self, head: int, payload: bytes, events: list[Event]) -> None:
        opcode, last = head & 0x0F, head & 0x80
        if opcode in (TEXT, BINARY):
            if self._message:
                raise Broken(PROTOCOL_ERROR)
            if last:
                events.append(_message(opcode, payload))
            else:
                self._opcode, self._message = opcode, [payload]
        elif opcode == CONTINUATION:
            if not self._message:
                raise Broken(PROTOCOL_ERROR)
            self._continue(payload, last, events)
        elif opcode in (CLOSE, PING, PONG) and last and len(payload) <= CONTROL_BYTES:
            events.append((opcode, payload))
        else:
            raise Broken(PROTOCOL_ERROR)

    def _continue(self, payload: bytes, last: int, events: list[Event]) -> None:
        """A message in pieces: all of them as long as a whole one at most."""
        self._message.append(payload)
        if len(self._message) > MOST_PIECES or sum(map(len, self._message)) > self._limit:
            raise Broken(TOO_BIG)
        if last:
            whole, self._message = b"".join(self._message), []
            events.append(_message(self._opcode, whole))


def close_code(payload: bytes) -> int:
    """Return the code of a received close frame. Raises Broken. Source: RFC 6455, section 7.4."""
    if not payload:
        return NO_STATUS
    code = int.from_bytes(payload[:2], "big")
    known = 1000 <= code <= 1014 and code not in (1004, 1005, 1006)
    if len(payload) == 1 or not (known or 3000 <= code <= 4999):
        raise Broken(PROTOCOL_ERROR)
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise Broken(NOT_UTF8) from None
    return code


def _message(opcode: int, payload: bytes) -> Event:
    if opcode == BINARY:
        return BINARY, None
    try:
        return TEXT, payload.decode()
    except UnicodeDecodeError:
        raise Broken(NOT_UTF8) from None

"""Where messages begin and end in a stream of bytes. Sans-IO: bytes in, messages out.

Source: RFC 3261, sections 7.5 and 18.3; RFC 5626, section 4.4.1 (two empty lines are asked, one answers).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from voice.sip.message import Malformed, Request, Response, content_length, parse_head

HEAD_MOST: Final = 16 * 1024
BODY_MOST: Final = 64 * 1024
PONG: Final = b"\r\n"


class Ping:
    """The other side asks whether the connection stands; it is answered with `PONG`."""


PING: Final = Ping()
Piece = Request | Response | Malformed | Ping


class Framer:
    """What comes in on one connection. Once `broken`, nobody knows where a message begins: close the connection."""

    def __init__(self) -> None:
        self.broken = False
        self._buffer = bytearray()
        self._seen = 0
        self._empty_lines = 0
        self._head: Request | Response | Malformed | None = None
        self._length = 0

    def feed(self, data: bytes) -> list[Piece]:
        """Take what was read and return what is whole. What is malformed is returned, never raised."""
        out: list[Piece] = []
        if self.broken:
            return out
        self._buffer += data
        while not self.broken:
            piece = self._body() if self._head is not None else self._start()
            if piece is None:
                break
            out.append(piece)
        return out

    def _start(self) -> Piece | None:
        """Read up to an empty line."""
        while self._buffer.startswith(b"\r\n"):
            del self._buffer[:2]
            self._seen = 0
            self._empty_lines += 1
            if self._empty_lines == 2:
                self._empty_lines = 0
                return PING
        end = self._buffer.find(b"\r\n\r\n", max(0, self._seen - 3))
        if end < 0:
            self._seen = len(self._buffer)
            return self._break("the headers do not end") if self._seen > HEAD_MOST else None
        if end > HEAD_MOST:
            return self._break("the headers are too long")
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        self._seen = self._empty_lines = 0
        try:
            self._head = parse_head(head)
        except Malformed as wrong:
            self._head = wrong
        return self._measure(self._head)

    def _measure(self, head: Request | Response | Malformed) -> Piece | None:
        """Learn how long the body is; where that cannot be known the connection is of no use any more."""
        try:
            if head.headers is None:
                raise Malformed("the headers cannot be read")
            self._length = content_length(head.headers)
            if self._length > BODY_MOST:
                raise Malformed("the body is too long", headers=head.headers)
        except Malformed as wrong:
            self.broken = True
            return head if isinstance(head, Malformed) else wrong
        return self._body()

    def _body(self) -> Piece | None:
        if len(self._buffer) < self._length:
            return None
        head, self._head = self._head, None
        body = bytes(self._buffer[: self._length])
        del self._buffer[: self._length]
        assert head is not None
        return head if isinstance(head, Malformed) else replace(head, body=body)

    def _break(self, why: str) -> Piece:
        self.broken = True
        return Malformed(why)

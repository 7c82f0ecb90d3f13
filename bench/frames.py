"""The client's side of RFC 6455, as little of it as a load generator needs. Sans-IO.

A client must mask what it sends (section 5.3); the mask here is zero, which leaves the bytes as they are and costs the
generator nothing, while the server unmasks as it always does. Nothing here is for use outside of a benchmark.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

TEXT: Final = 1
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
ZERO_MASK: Final = b"\0\0\0\0"


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Return one final frame of a client."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size)) + ZERO_MASK + payload
    if size < 65_536:
        return bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big") + ZERO_MASK + payload
    return bytes((0x80 | opcode, 0xFF)) + size.to_bytes(8, "big") + ZERO_MASK + payload


def handshake(host: str, path: str, subprotocol: str | None) -> bytes:
    """Return the request that opens a WebSocket. The key may be any: nobody checks the answer to it here.

    What servers keep of a request is part of their memory, so it says what a browser says, cookies and compression
    aside.
    """
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        "Pragma: no-cache",
        "Cache-Control: no-cache",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
        "Safari/537.36",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
    ]
    if subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return "\r\n".join([*lines, "", ""]).encode()


class Splitter:
    """Cuts what a server sends into frames. Servers do not mask; fragments are not put together."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes, take: Callable[[int, bytes], None]) -> None:
        """Hand each whole frame in `data` to `take` as (opcode, payload); keep the rest for the next time."""
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        while end - at >= 2:
            size, head = data[at + 1], at + 2
            if size == 126:
                if end - at < 4:
                    break
                size, head = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                if end - at < 10:
                    break
                size, head = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if head + size > end:
                break
            take(data[at] & 15, data[head : head + size])
            at = head + size
        self._rest = data[at:]

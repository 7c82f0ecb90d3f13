"""The quick way in: uvicorn's HTTP, and behind the opening handshake a protocol of our own.

A socket here has no ASGI scope, no task and no queue: what a transport reads goes through `framing.Receiver` to the
`Socket`, and the hub writes framed bytes, framed once for all sockets of a stream, into the transport. It costs a
third of what uvicorn's WebSocket protocol under ASGI does, in memory and in CPU to join (docs/decisions.md). The
consumer of `consumers.py` serves the same `Socket` under any other ASGI server.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl

from realtime.connection import Encoded
from realtime.framing import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    Broken,
    Receiver,
    accept_of,
    close_code,
    frame,
    frame_close,
)
from realtime.process import running_hub
from realtime.protocol import SUBPROTOCOL
from realtime.serving import PATH, Socket, origin_allowed

GOING_AWAY: Final = 1012
CLOSED_IN_S: Final = 5.0  # a peer that does not answer a close frame is given up then

REFUSALS: Final = {
    400: b"HTTP/1.1 400 Bad Request\r\n",
    403: b"HTTP/1.1 403 Forbidden\r\n",
    404: b"HTTP/1.1 404 Not Found\r\n",
    426: b"HTTP/1.1 426 Upgrade Required\r\nsec-websocket-version: 13\r\n",
    503: b"HTTP/1.1 503 Service Unavailable\r\n",
}
SWITCHING: Final = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"


class CurbsideHttp(HttpToolsProtocol):
    """uvicorn's HTTP, which hands what asks for a WebSocket to `SocketProtocol`.

    uvicorn asks the kernel for both addresses of every connection, which costs a socket as much as a query does; here
    only a request has them.
    """

    def connection_made(self, transport: Any) -> None:
        """A peer is there; what it wants is not known yet."""
        self.connections.add(self)
        self.transport, self.flow = transport, FlowControl(transport)
        self.scheme = "https" if is_ssl(transport) else "http"

    def on_headers_complete(self) -> None:
        """The parser has read the head of a request."""
        if not (self.parser.should_upgrade() and self._should_upgrade()):
            if self.client is None:
                self.server, self.client = get_local_addr(self.transport), get_remote_addr(self.transport)
            self.scope["server"], self.scope["client"] = self.server, self.client
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """Answer the opening handshake. Source: RFC 6455, section 4.2."""
        self.connections.discard(self)
        headers = self.scope["headers"]
        accept = accept_of(headers)
        hub = running_hub()
        refused = (
            404 if self.url.partition(b"?")[0] != PATH.encode()
            else 403 if not origin_allowed(headers)
            else 503 if hub is None
            else 426 if (b"sec-websocket-version", b"13") not in headers
            else 400 if accept is None or self.scope["method"] != "GET"
            else 0
        )
        if refused or hub is None or accept is None:
            self.transport.write(REFUSALS[refused] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
            return
        offered = [word.strip() for name, value in headers if name == b"sec-websocket-protocol"
                   for word in value.decode("latin-1").split(",")]
        answer = SWITCHING + b"sec-websocket-accept: " + accept
        if SUBPROTOCOL in offered:
            answer += b"\r\nsec-websocket-protocol: " + SUBPROTOCOL.encode()
        self.transport.write(answer + b"\r\n\r\n")
        protocol = SocketProtocol(self.transport, self.server_state.connections, hub.limits.frame_bytes * 4)
        self.transport.set_protocol(protocol)
        protocol.socket = Socket(hub, protocol, speaks=SUBPROTOCOL in offered or not offered)


class SocketProtocol(asyncio.Protocol):
    """One WebSocket on a transport, and the way out that its `Connection` writes to."""

    __slots__ = ("_closed_by_us", "_connections", "_receiver", "_timer", "_transport", "socket", "waiting", "write")

    framed = True

    def __init__(self, transport: Any, connections: set[Any], limit: int) -> None:
        """`connections` is uvicorn's set of those that it closes at the end; `limit` is in bytes."""
        self._transport, self._connections = transport, connections
        self._receiver = Receiver(limit)
        self._closed_by_us = False
        self._timer: asyncio.TimerHandle | None = None
        self.socket: Socket | None = None
        self.write = transport.write
        self.waiting = transport.get_write_buffer_size
        connections.add(self)

    # --- the transport's side ----------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take what was read."""
        try:
            for kind, payload in self._receiver.feed(data):
                if kind == CLOSE:
                    assert isinstance(payload, bytes)
                    self._answer_close(close_code(payload))
                elif kind == PING:
                    assert isinstance(payload, bytes)
                    self._answer_ping(payload)
                elif kind != PONG and self.socket is not None and not self._closed_by_us:
                    self.socket.take(payload if kind == TEXT else None)  # type: ignore[arg-type]  # TEXT brings a str
        except Broken as broken:
            self._break(broken.code)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self.socket is not None:
            socket, self.socket = self.socket, None
            socket.lost()

    def shutdown(self) -> None:
        """Uvicorn ends, and this one has outlived the drain."""
        self.close(GOING_AWAY, "")

    def _answer_close(self, code: int) -> None:
        if not self._closed_by_us:
            self.write(frame_close(code))
        self._transport.close()

    def _answer_ping(self, payload: bytes) -> None:
        """A peer that does not read gets no more pongs."""
        if not self._closed_by_us and not self.waiting():
            self.write(frame(PONG, payload))

    def _break(self, code: int) -> None:
        """Close on one who does not speak the protocol; nothing of his is read any more."""
        if not self._closed_by_us:
            self.write(frame_close(code))
        self._closed_by_us = True
        self._transport.close()

    # --- the connection's side ---------------------------------------------------------------------------------------

    def send(self, encoded: Encoded) -> None:
        """Write one frame."""
        self.write(encoded.wire)

    def close(self, code: int, reason: str) -> None:
        """Say goodbye and wait for the peer's answer, not for long."""
        if self._closed_by_us or self._transport.is_closing():
            return
        self._closed_by_us = True
        self.write(frame_close(code, reason))
        self._timer = asyncio.get_running_loop().call_later(CLOSED_IN_S, self.abort)

    def abort(self) -> None:
        """Give the socket up without waiting for what it has not taken."""
        self._transport.abort()

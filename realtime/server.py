"""uvicorn's WebSocket protocol with one thing more: a frame that is framed once may be written to every socket.

The hub sends the same event to all sockets of a stream. Through ASGI each of them would frame it again; here the
scope offers ``curbside.raw``, an object that writes framed bytes, tells how much waits in the socket's buffer, and
can give a socket up whose peer does not read. Elsewhere (Daphne) the hub uses ASGI's own ``send``.
"""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "curbside.raw"


def frame_text(data: bytes) -> bytes:
    """Return `data` as one unmasked text frame. Source: RFC 6455, section 5.2."""
    size = len(data)
    if size < 126:
        return bytes((0x81, size)) + data
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + data
    return b"\x81\x7f" + size.to_bytes(8, "big") + data


class RawSocket:
    """What the hub may do to one socket besides ASGI. `take`, once set, is called with each text message at once."""

    __slots__ = ("_protocol", "take", "waiting", "write")

    def __init__(self, protocol: "CurbsideProtocol") -> None:
        self._protocol = protocol
        self.take: Callable[[str], None] | None = None
        self.write = protocol.transport.write
        self.waiting = protocol.transport.get_write_buffer_size

    def abort(self) -> None:
        """Give the socket up without waiting for what it has not taken."""
        self._protocol.transport.abort()


class CurbsideProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own protocol, offering `RawSocket` in the scope."""

    raw: RawSocket | None = None

    def handle_connect(self, event: Request) -> None:
        """Take the handshake as uvicorn does and add the extension."""
        super().handle_connect(event)
        scope: Any = getattr(self, "scope", None)
        if scope is not None:
            self.raw = scope["extensions"][EXTENSION] = RawSocket(self)

    def send_receive_event_to_app(self) -> None:
        """A text message goes straight to whoever takes it: no queue, no task, no pause in reading.

        What is not UTF-8 ends the connection here, since uvicorn would log all of it. Source: RFC 6455, section 8.1.
        """
        if self.curr_msg_data_type != "text":
            super().send_receive_event_to_app()
            return
        try:
            text = b"".join(self.frames).decode()
        except UnicodeDecodeError:
            self.conn.send_close(1007)
            self.handle_parser_exception()
            return
        if self.raw is None or self.raw.take is None or self.close_sent:
            super().send_receive_event_to_app()
        else:
            self.frames = []
            self.raw.take(text)

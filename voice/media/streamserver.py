"""The port to which a carrier brings the sound of its legs: WebSockets, few, bounded, and let in by a token.

No task and no queue stands between a socket and its leg: what a transport reads is a message, and a message a packet.
Who is refused learns nothing of why. Knows no Django; the protocol is that of `websockets`, without its network.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from voice.media.streamed import Streamed
from voice.media.streamend import StreamEnd
from voice.media.streams import MESSAGE_MOST, Listening, Misspoken, Pressed, Sounded, Started, Stopped

log = logging.getLogger(__name__)
LET_IN_S: Final = 5.0
"""From the connection to the token."""
IDLE_S: Final = 20.0
"""A stream says something every 20 ms, silence too; one that is silent for so long is gone."""
CLOSED_IN_S: Final = 2.0
WRITE_MOST: Final = 16 * 1024
"""Octets that the peer has not taken: more than a second of sound, and what comes beyond that is left out."""
UNREAD_MOST: Final = 64 * 1024
REFUSED, GOING_AWAY = 1008, 1001
_SILENT: Final = logging.getLogger(f"{__name__}.wire")
_SILENT.disabled = True  # of `websockets`, which would write what comes in, tokens too, where it is asked to debug


class Door(msgspec.Struct, frozen=True):
    """Who is let in. `path`: the one address; `most`: sockets at once.

    `genuine`: whether the carrier asks, by the headers of the handshake; `admit`: the name of the stream that begins,
    None where its token is not good.
    """

    path: str
    most: int
    genuine: Callable[[Mapping[str, str]], bool]
    admit: Callable[[Started], Awaitable[str | None]]


class StreamServer:
    """One port. `open` it; `close` ends all that came."""

    def __init__(self, door: Door, streams: Streamed) -> None:
        self.door, self.streams = door, streams
        self.sockets: set[Socket] = set()
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen, and return the port. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Socket(self), host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Take nobody in any more, and say goodbye to who is here."""
        if self._server is not None:
            self._server.close()
        for socket in tuple(self.sockets):
            socket.leave(GOING_AWAY)
        for _ in range(round(CLOSED_IN_S / 0.02) + 5):
            if not self.sockets:
                return
            await asyncio.sleep(0.02)


    def make_room(self) -> bool:
        """Let go of who came first of those without a handshake, so that strangers who wait keep no carrier out."""
        strangers = (socket for socket in self.sockets if socket.is_strange)
        first = min(strangers, key=lambda socket: socket.since, default=None)
        if first is not None:
            self.sockets.discard(first)
            first.abort()
        return first is not None


class Socket(asyncio.Protocol):
    """One connection: the handshake, the token, and then sound."""

    def __init__(self, server: StreamServer) -> None:
        self._server, self._loop = server, asyncio.get_running_loop()
        self._wire = ServerProtocol(max_size=MESSAGE_MOST, logger=_SILENT)
        self._listening = Listening()
        self._transport: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[None] | None = None
        self._name = ""
        self._end: StreamEnd | None = None
        self.since = self._heard_at = 0.0

    @property
    def is_strange(self) -> bool:
        """Whether it has not even shown by its handshake that it may be the carrier's."""
        return self._wire.state is State.CONNECTING

    # --- as a protocol of asyncio ---

    def connection_made(self, transport: Any) -> None:
        """Somebody is there, and has a few seconds to be let in."""
        self._transport = transport
        self.since = self._loop.time()
        if len(self._server.sockets) >= self._server.door.most and not self._server.make_room():
            log.warning("a stream was refused", extra={"reason_code": "full"})
            transport.abort()
            return
        self._server.sockets.add(self)
        self._timer = self._loop.call_later(LET_IN_S, self.abort)

    def data_received(self, data: bytes) -> None:
        """Take what was read."""
        self._wire.receive_data(data)
        for event in self._wire.events_received():
            if self._transport.is_closing() or (isinstance(event, Frame) and self._wire.state is not State.OPEN):
                break
            if isinstance(event, Request):
                self._shake_hands(event)
            elif isinstance(event, Frame):
                self._take(event)
        self._flush()

    def eof_received(self) -> None:
        """The peer sends nothing more: the transport is closed."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._server.sockets.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._end is not None:
            self._server.streams.departed(self._name, self._end)

    # --- letting in ---

    def _shake_hands(self, request: Request) -> None:
        door = self._server.door
        if request.path.partition("?")[0] != door.path:
            response = self._wire.reject(HTTPStatus.NOT_FOUND, "")
        elif not door.genuine(request.headers):
            response = self._wire.reject(HTTPStatus.FORBIDDEN, "")
        else:
            response = self._wire.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            response = self._wire.reject(HTTPStatus(response.status_code), "")  # in place of a text that explains
            log.warning("a stream was refused", extra={"status": response.status_code})
        self._wire.send_response(response)

    async def _let_in(self, started: Started) -> None:
        try:
            name = await self._server.door.admit(started)
        except Exception:
            log.exception("a stream could not be let in")
            name = None
        if self._transport.is_closing() or self._wire.state is not State.OPEN:
            return
        if name is None:
            log.warning("a stream was refused", extra={"reason_code": "token"})
            self.leave(REFUSED)
            return
        self._name, self._end = name, StreamEnd(started.stream, self.send)
        if self._timer is not None:
            self._timer.cancel()
        self._heard_at = self._loop.time()
        self._timer = self._loop.call_later(IDLE_S, self._watch)
        self._server.streams.arrived(name, self._end)

    def _watch(self) -> None:
        """Look whether it has said something of late."""
        left = self._heard_at + IDLE_S - self._loop.time()
        if left <= 0:
            self.abort()
        else:
            self._timer = self._loop.call_later(left, self._watch)

    # --- what comes ---

    def _take(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.PING, Opcode.PONG, Opcode.CLOSE):
            return  # answered by the protocol
        now = self._heard_at = self._loop.time()
        try:
            if frame.opcode is not Opcode.TEXT or not frame.fin:
                raise Misspoken
            said = self._listening.take(bytes(frame.data), now)
        except Misspoken:
            log.warning("a stream was refused", extra={"reason_code": "message"})
            self.leave(REFUSED)
            return
        if isinstance(said, Started):
            self._opening = self._loop.create_task(self._let_in(said))
        elif isinstance(said, Stopped):
            self.leave(1000)
        elif self._end is not None:
            if isinstance(said, Sounded):
                self._end.sounded(said.chunk, said.payload, now)
            elif isinstance(said, Pressed):
                self._end.pressed(said.event, now)

    # --- what goes ---

    def send(self, message: bytes) -> bool:
        """Send a message, and say whether it was taken: not by who is gone, nor by who does not read."""
        if self._wire.state is not State.OPEN or self._transport.get_write_buffer_size() > WRITE_MOST:
            return False
        self._wire.send_text(message)
        self._flush()
        return True

    def leave(self, code: int) -> None:
        """Say goodbye, and close when the peer has too, or soon."""
        if self._wire.state is State.OPEN:
            self._wire.send_close(code)
            self._flush()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(CLOSED_IN_S, self.abort)

    def _flush(self) -> None:
        for data in self._wire.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()  # after what was written
        if self._transport.get_write_buffer_size() > UNREAD_MOST:
            self.abort()  # it asks by PING, and never reads what it is answered

    def abort(self) -> None:
        """Close it now."""
        self._transport.abort()

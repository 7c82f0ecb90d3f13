"""One socket as the hub sees it: its session, its rooms, its way out. Runs in the event loop; no database.

The way out is a server's: framed bytes into a transport (``server.py``), or a queue emptied through ASGI's ``send``
(``consumers.py``). Either way no one waits for a slow reader.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from realtime.commands import SeatRef
from realtime.framing import frame_text
from realtime.protocol import Code, bye
from realtime.session import Action, End, Send, Session

if TYPE_CHECKING:
    from realtime.hub import Hub

SLOW_GIVEN_UP_S: Final = 1.0  # what a reader that was too slow has to take its ``bye``


class Encoded:
    """A frame as bytes, and framed for the wire once for all sockets."""

    __slots__ = ("_wire", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._wire: bytes | None = None

    @property
    def wire(self) -> bytes:
        """As a WebSocket text frame."""
        if self._wire is None:
            self._wire = frame_text(self.data)
        return self._wire


class Outlet(Protocol):
    """How one server writes to one socket."""

    framed: bool  # whether `write` takes bytes that are framed already

    def send(self, encoded: Encoded) -> None:
        """Write one frame, or keep it for the peer. Never waits."""

    def write(self, wire: bytes) -> None:
        """Write framed bytes. Called only where `framed` is true."""

    def waiting(self) -> int:
        """How many bytes wait for the peer."""

    def close(self, code: int, reason: str) -> None:
        """Send a close frame behind what waits."""

    def abort(self) -> None:
        """Give the peer up."""


class Connection:
    """One accepted socket."""

    __slots__ = (
        "_closing", "_ended", "_limit", "_out", "_outlet", "asked", "held", "hub", "in_flight", "issued_at",
        "member", "rooms", "serving", "session", "slot", "ticket_session",
    )

    def __init__(self, hub: "Hub", session: Session, outlet: Outlet) -> None:
        self.hub, self.session, self._outlet = hub, session, outlet
        self._limit = hub.limits.waiting_bytes
        self.member = ""
        self.ticket_session = ""
        self.issued_at = 0.0
        self.rooms: dict[str, SeatRef] = {}
        self.asked: set[str] = set()
        self.slot = 0.0
        # Publishing keeps one sender's order: messages overtake no service and no service overtakes a message.
        self.in_flight = 0
        self.serving = False
        self.held: deque[Callable[[], None]] | None = None
        self._out: list[bytes] | None = None
        self._ended: asyncio.Future[None] | None = None
        self._closing = False

    @property
    def gone(self) -> bool:
        """Whether the peer is gone or was told to go."""
        return self._closing

    # --- what the hub sends ------------------------------------------------------------------------------------------

    def push(self, encoded: Encoded) -> None:
        """Send a frame that must not be dropped; a reader too slow for it is closed."""
        if self._closing:
            return
        if self._outlet.waiting() > self._limit:
            self.dismiss(Code.SLOW)
            return
        corked = self.hub.corked
        if corked is None or not self._outlet.framed:
            self._outlet.send(encoded)
        elif self._out is None:
            self._out = [encoded.wire]
            corked.append(self)
        else:
            self._out.append(encoded.wire)
        if self.session.sent(len(encoded.data)):
            self.hub.loop.call_soon(self.tick)

    def flush(self) -> None:
        """Write what was kept back while the hub was corked: one system call, however many frames."""
        out, self._out = self._out, None
        if out is not None:
            self._outlet.write(out[0] if len(out) == 1 else b"".join(out))

    def whisper(self, encoded: Encoded) -> None:
        """Send a frame that may be dropped: past half of what may wait, it is."""
        if self._outlet.waiting() * 2 <= self._limit:
            self.push(encoded)
        else:
            self.hub.dropped += 1

    def write(self, data: bytes) -> None:
        """Send one frame of this connection's own."""
        self.push(Encoded(data))

    def tick(self) -> None:
        """Let the session do what is due."""
        self.carry_out(self.session.tick(self.hub.loop.time(), self._heads))

    def carry_out(self, actions: list[Action]) -> None:
        """Do what needs nothing but the socket."""
        for action in actions:
            if isinstance(action, Send):
                self.write(action.data)
            elif isinstance(action, End):
                self._end(action)

    def dismiss(self, code: Code, after: float = 0.0) -> None:
        """End the connection from this side."""
        self.carry_out(self.session.end(code, after))

    def lost(self) -> None:
        """The peer is gone. May be told twice."""
        self._closing = self.session.over = True
        self.hub.connections.discard(self)
        self.hub.leave(self)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def ended(self) -> "asyncio.Future[None]":
        """Return what is done once the peer is gone."""
        if self._ended is None:
            self._ended = self.hub.loop.create_future()
            if self not in self.hub.connections:
                self._ended.set_result(None)
        return self._ended

    def _heads(self) -> dict[str, int]:
        return self.hub.streams.heads(self.rooms)

    def _end(self, end: End) -> None:
        """Say goodbye and close; from now on it reads no stream."""
        if self._closing:
            return
        self._closing = True
        self.hub.count_end(end.code)
        self.flush()
        self._outlet.send(Encoded(bye(end.code, after=end.after)))
        self._outlet.close(end.code.number, end.code.value[1])
        if end.code is Code.SLOW:
            self.hub.loop.call_later(SLOW_GIVEN_UP_S, self._outlet.abort)
        self.hub.leave(self)

"""One socket as the hub sees it: its session, its rooms, its way out. Runs in the event loop; no database.

Two ways out: framed bytes straight into the transport where the server offers it (``server.py``), else a queue that
one task empties through ASGI's ``send``. Either way no one waits for a slow reader.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from realtime.commands import SeatRef
from realtime.protocol import Code, Limits, bye
from realtime.server import RawSocket, frame_text
from realtime.session import Action, End, Send, Session

if TYPE_CHECKING:
    from realtime.hub import Hub

AsgiSend = Callable[[dict[str, Any]], Awaitable[None]]
CLOSE_WAIT_S: Final = 5.0


class Encoded:
    """A frame as bytes, and as each way out wants it, made once for all sockets."""

    __slots__ = ("_text", "_wire", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._wire: bytes | None = None
        self._text: str | None = None

    @property
    def wire(self) -> bytes:
        """Framed for a raw socket."""
        if self._wire is None:
            self._wire = frame_text(self.data)
        return self._wire

    @property
    def text(self) -> str:
        """As ASGI wants it."""
        if self._text is None:
            self._text = self.data.decode()
        return self._text


class Connection:
    """One accepted socket."""

    __slots__ = (
        "_closing", "_idle", "_limits", "_pump", "_queue", "_queued_bytes", "_raw", "_send", "asked", "ended", "held",
        "hub", "in_flight", "issued_at", "member", "rooms", "serving", "session", "slot", "ticket_session",
    )

    def __init__(self, hub: "Hub", session: Session, limits: Limits, send: AsgiSend, raw: RawSocket | None) -> None:
        self.hub, self.session, self._limits, self._send, self._raw = hub, session, limits, send, raw
        self.member = ""
        self.ticket_session = ""
        self.issued_at = 0.0
        self.rooms: dict[str, SeatRef] = {}
        self.asked: set[str] = set()
        self.slot = 0.0
        self.ended = asyncio.get_running_loop().create_future()
        # Publishing keeps one sender's order: messages overtake no service and no service overtakes a message.
        self.in_flight = 0
        self.serving = False
        self.held: deque[Callable[[], None]] = deque()
        self._queue: deque[Encoded] = deque()
        self._queued_bytes = 0
        self._pump: asyncio.Task[None] | None = None
        self._idle = True
        self._closing = False

    # --- what the hub sends ------------------------------------------------------------------------------------

    def push(self, frame: Encoded) -> None:
        """Send a frame that must not be dropped; a reader too slow for it is closed."""
        if self._closing:
            return
        size = len(frame.data)
        if self._raw is not None:
            if self._raw.waiting() > self._limits.waiting_bytes:
                self.dismiss(Code.SLOW)
                return
            self._raw.write(frame.wire)
        else:
            if len(self._queue) >= self._limits.waiting_frames or self._queued_bytes > self._limits.waiting_bytes:
                self.dismiss(Code.SLOW)
                return
            self._enqueue(frame, size)
        if self.session.sent(size):
            self.hub.loop.call_soon(self.tick)

    def whisper(self, frame: Encoded) -> None:
        """Send a frame that may be dropped: past half of what may wait, it is."""
        waiting = self._raw.waiting() if self._raw is not None else self._queued_bytes
        if waiting * 2 <= self._limits.waiting_bytes and len(self._queue) * 2 <= self._limits.waiting_frames:
            self.push(frame)
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
        """The peer is gone."""
        self._closing = self.session.over = True
        self.hub.leave(self)
        if self._pump is not None:
            self._pump.cancel()
        if not self.ended.done():
            self.ended.set_result(None)

    def _heads(self) -> dict[str, int]:
        return self.hub.heads_of(self.rooms)

    def _end(self, end: End) -> None:
        if self._closing:
            return
        self._closing = True
        self.hub.count_end(end.code)
        self.hub.spawn(self._close(end))

    async def _close(self, end: End) -> None:
        """Say goodbye and close; a peer that takes nothing any more is given up after a while."""
        try:
            async with asyncio.timeout(CLOSE_WAIT_S if end.code is not Code.SLOW else 1.0):
                frame = Encoded(bye(end.code, after=end.after))
                if self._raw is not None:
                    self._raw.write(frame.wire)
                elif self._pump is not None and not self._idle:
                    self._queue.append(frame)
                    await self._pump
                else:
                    await self._send({"type": "websocket.send", "text": frame.text})
                await self._send({"type": "websocket.close", "code": end.code.number, "reason": end.code.value[1]})
                if self._raw is not None:  # uvicorn waits for the peer's answer for ever
                    self.hub.loop.call_later(CLOSE_WAIT_S, self._raw.abort)
        except (TimeoutError, OSError, RuntimeError, asyncio.CancelledError):
            if self._raw is not None:
                self._raw.abort()
        finally:
            self.lost()

    # --- the slower way out --------------------------------------------------------------------------------------

    def _enqueue(self, frame: Encoded, size: int) -> None:
        self._queue.append(frame)
        self._queued_bytes += size
        if self._idle:
            self._idle = False
            self._pump = asyncio.ensure_future(self._empty())

    async def _empty(self) -> None:
        try:
            while self._queue:
                frame = self._queue.popleft()
                self._queued_bytes -= len(frame.data)
                await self._send({"type": "websocket.send", "text": frame.text})
        except (OSError, RuntimeError):
            self.lost()
        finally:
            self._idle = True

"""The Channels consumer: one socket under any ASGI server (Daphne among them), one table of commands.

It is a consumer like any other to the router, but runs its own loop: `AsyncConsumer.dispatch` hops to another
thread for each message to close old database connections, and there are none here (docs/decisions.md). Under uvicorn
`server.py` serves the same `Socket` without ASGI.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from channels.consumer import AsyncConsumer

from realtime.connection import Encoded
from realtime.process import current_hub
from realtime.protocol import SUBPROTOCOL, Limits
from realtime.serving import Socket, origin_allowed

CLOSED_IN_S = 5.0


class AsgiOutlet:
    """What waits for one peer behind ASGI's ``send``, which one task empties."""

    framed = False

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]], limits: Limits) -> None:
        self._send = send
        self._queue: deque[tuple[dict[str, Any], int]] = deque()
        self._bytes = 0
        self._frame_bytes = limits.waiting_bytes // limits.waiting_frames
        self._pump: asyncio.Task[None] | None = None
        self._consumer = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None
        self.given_up = False

    def send(self, encoded: Encoded) -> None:
        """Put one frame behind the others."""
        self._put({"type": "websocket.send", "text": encoded.data.decode()}, len(encoded.data))

    def write(self, wire: bytes) -> None:
        """ASGI takes no framed bytes."""
        raise AssertionError("this outlet takes frames only")

    def waiting(self) -> int:
        """How many bytes wait; a frame counts as the share of them that it may take at least."""
        return max(self._bytes, len(self._queue) * self._frame_bytes)

    def close(self, code: int, reason: str) -> None:
        """Close behind what waits; a peer that takes nothing any more is given up after a while."""
        self._put({"type": "websocket.close", "code": code, "reason": reason}, 0)
        self._timer = asyncio.get_running_loop().call_later(CLOSED_IN_S, self.abort)

    def abort(self) -> None:
        """Give the peer up: the consumer ends, and the server drops what it still holds."""
        self.given_up = True
        if self._pump is not None:
            self._pump.cancel()
        if self._consumer is not None and not self._consumer.done():
            self._consumer.cancel()

    def end(self) -> None:
        """The peer is gone."""
        self._consumer = None
        if self._timer is not None:
            self._timer.cancel()
        if self._pump is not None:
            self._pump.cancel()

    def _put(self, message: dict[str, Any], size: int) -> None:
        self._queue.append((message, size))
        self._bytes += size
        if self._pump is None or self._pump.done():
            self._pump = asyncio.ensure_future(self._empty())

    async def _empty(self) -> None:
        try:
            while self._queue:
                message, size = self._queue.popleft()
                self._bytes -= size
                await self._send(message)
        except (OSError, RuntimeError):
            self.abort()


class SocketConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """One client's socket from accept to close."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the socket until either side ends it."""
        await receive()  # websocket.connect
        if not origin_allowed(scope["headers"]):
            await send({"type": "websocket.close", "code": 4403})  # before accept: the server answers 403
            return
        offered = scope.get("subprotocols", [])
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in offered else None
        hub = await current_hub()
        outlet = AsgiOutlet(send, hub.limits)
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        socket = Socket(hub, outlet, speaks=subprotocol is not None or not offered)
        try:
            # After our own close the server says so once the peer has heard it.
            while (message := await receive())["type"] != "websocket.disconnect":
                socket.take(message.get("text"))
        except asyncio.CancelledError:
            if not outlet.given_up:
                raise
        finally:
            outlet.end()
            socket.lost()

"""A bare socket for what no honest client sends, and what it has to be told.

Everything is bounded in time, so that a server which says nothing fails a test and does not hang it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from collections import deque
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from curbside import Api
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.peers.curbside import Person

Frame = dict[str, Any]
WITHIN_S = 8.0


async def fetch_ticket(url: str, person: Person) -> str:
    """A ticket as a program gets it."""
    return (await Api(url, person.token).ticket()).value


class Wire:
    """One WebSocket. `async with Wire(url) as wire:`."""

    def __init__(
        self,
        url: str,
        *,
        origin: str | None = None,
        headers: dict[str, str] | None = None,
        answers_heartbeats: bool = True,
    ) -> None:
        """`url` is the server's HTTP address."""
        self._answers_heartbeats = answers_heartbeats
        self.url = url
        self._origin = origin
        self._headers = headers
        self._numbers = itertools.count(1)
        self._lines: deque[Frame] = deque()
        self._passed: list[Frame] = []
        self._socket: ClientConnection | None = None
        self.seen: list[Frame] = []

    async def __aenter__(self) -> Self:
        """Open it. Raises: websockets.exceptions.InvalidStatus."""
        self._socket = await connect(
            f"ws://{urlsplit(self.url).netloc}/ws",
            origin=self._origin,  # type: ignore[arg-type]  # a NewType of str
            additional_headers=self._headers,
            subprotocols=["curbside.v1"],  # type: ignore[list-item]  # a NewType of str
            compression=None,
            ping_interval=None,
            max_size=None,
            max_queue=None,
            close_timeout=1,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.socket.transport.abort()

    @property
    def socket(self) -> ClientConnection:
        """The open socket."""
        assert self._socket is not None
        return self._socket

    async def send(self, *frames: Frame) -> None:
        """Send frames in one message."""
        await self.socket.send("\n".join(json.dumps(frame) for frame in frames))

    async def send_raw(self, data: str | bytes) -> None:
        """Send anything."""
        await self.socket.send(data)

    def number(self) -> int:
        """A fresh request number."""
        return next(self._numbers)

    async def receive(self, within_s: float = WITHIN_S) -> Frame:
        """The next frame; heartbeats are answered on the way. Raises: ConnectionClosed, TimeoutError."""
        while True:
            while not self._lines:
                async with asyncio.timeout(within_s):
                    message = await self.socket.recv()
                self._lines.extend(json.loads(line) for line in str(message).split("\n"))
            frame = self._lines.popleft()
            self.seen.append(frame)
            if frame["t"] != "hb":
                return frame
            if self._answers_heartbeats:
                await self.send({"t": "hb", "n": frame["n"]})

    async def expect(self, within_s: float = WITHIN_S, **fields: Any) -> Frame:
        """The next frame that has these fields; those passed over are found by a later call."""
        for frame in self._passed:
            if all(frame.get(name) == value for name, value in fields.items()):
                self._passed.remove(frame)
                return frame
        async with asyncio.timeout(within_s):
            while True:
                frame = await self.receive(within_s)
                if all(frame.get(name) == value for name, value in fields.items()):
                    return frame
                self._passed.append(frame)

    async def nothing(self, for_s: float, **fields: Any) -> None:
        """Fails when such a frame comes within the span; what came before it does not count."""
        before, self._passed = self._passed, []
        try:
            frame = await self.expect(for_s, **fields)
        except TimeoutError:
            self._passed = before + self._passed
            return
        raise AssertionError(f"unexpected {frame['t']} {frame.get('k', '')}")

    async def ask(self, within_s: float = WITHIN_S, **frame: Any) -> Frame:
        """Send a request and return its `re`."""
        i = self.number()
        await self.send({**frame, "i": i})
        return await self.expect(within_s, t="re", i=i)

    async def hello(self, ticket: str, *subs: Frame) -> Frame:
        """Greet and return the answer."""
        return await self.ask(t="hello", v=1, tok=ticket, dev="wire", subs=list(subs))

    async def greet(self, person: Person, *streams: str) -> Frame:
        """Greet as somebody, subscribing to streams from now on."""
        return await self.hello(await fetch_ticket(self.url, person), *({"r": stream} for stream in streams))

    async def publish(self, stream: str, text: str, *, c: str | None = None, kind: str = "message") -> Frame:
        """Publish a message and return the answer."""
        return await self.ask(t="pub", r=stream, c=c or str(uuid.uuid4()), k=kind, d={"text": text})

    async def closed(self, within_s: float = WITHIN_S) -> tuple[int | None, int]:
        """Read to the end; the code that `bye` said (None without one), and the code of the close frame."""
        said: int | None = None
        async with asyncio.timeout(within_s):
            while True:
                try:
                    frame = await self.receive(within_s)
                except ConnectionClosed:
                    return said, self.socket.close_code or 1006
                if frame["t"] == "bye" and "r" not in frame:
                    said = frame["code"]

"""Members who call: sockets that start calls, hear of them, and hang up. In one event loop of the benchmark's process.

Times are of this machine's clock (Unix seconds), which the service's processes share.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import uuid
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

Frame = dict[str, Any]


class Refused(Exception):
    """The service refused a request, and says after how many seconds it may take it."""

    def __init__(self, code: str, after: float) -> None:
        super().__init__(code)
        self.code, self.after = code, after


class Caller:
    """One member's socket. `heard` holds when each kind of event of a call arrived."""

    def __init__(self, port: int, person: dict[str, Any]) -> None:
        self.person = person
        self._port = port
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Frame]] = {}
        self.heard: dict[tuple[str, str], asyncio.Future[float]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._socket: ClientConnection | None = None

    async def open(self) -> Self:
        """Sign in."""
        self._socket = await connect(
            f"ws://127.0.0.1:{self._port}/ws",
            subprotocols=["curbside.v1"],  # type: ignore[list-item]  # a NewType of str
            compression=None,
            ping_interval=None,
            max_queue=None,
        )
        self._reading = asyncio.create_task(self._read())
        await self.ask({"t": "hello", "v": 1, "tok": self.person["ticket"], "dev": "bench"})
        return self

    async def close(self) -> None:
        """Hang up the socket, not the call."""
        if self._reading is not None:
            self._reading.cancel()
        if self._socket is not None:
            self._socket.transport.abort()

    async def ask(self, frame: Frame) -> Frame:
        """Send a request and return its answer. Raises Refused."""
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._socket is not None
        await self._socket.send(json.dumps({"i": number, **frame}))
        answer: Frame = await asyncio.wait_for(future, 60)
        if "err" in answer:
            raise Refused(answer["err"]["code"], answer["err"].get("after", 0.5))
        return answer

    async def start(self) -> tuple[str, float]:
        """Start a call; returns its stream and the instant of the tap."""
        tapped = time.time()
        answer = await self._pub("me", "call.start", self.person["d"])
        return str(answer["d"]["r"]), tapped

    async def watch(self, r: str) -> None:
        """Read the call's stream from its beginning."""
        await self.ask({"t": "sub", "subs": [{"r": r, "p": 0}]})

    async def hang_up(self, r: str) -> None:
        """End the call."""
        await self._pub(r, "call.hang_up", {})

    async def _pub(self, r: str, kind: str, d: Frame) -> Frame:
        """Publish, and again under the same id while the service is busy, as every client does."""
        frame = {"t": "pub", "r": r, "c": str(uuid.uuid4()), "k": kind, "d": d}
        while True:
            try:
                return await self.ask(frame)
            except Refused as refused:
                if refused.code != "busy":
                    raise
                await asyncio.sleep(refused.after)

    def expect(self, r: str, what: str) -> asyncio.Future[float]:
        """Return the instant at which an event arrives, once it does; what is written as `kind` or `side leg`."""
        key = (r, what)
        if key not in self.heard:
            self.heard[key] = asyncio.get_running_loop().create_future()
        return self.heard[key]

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            at = time.time()
            for line in str(message).split("\n"):
                self._hear(json.loads(line), at)

    def _hear(self, frame: Frame, at: float) -> None:
        if frame["t"] == "re" and frame["i"] in self._waiting:
            self._waiting.pop(frame["i"]).set_result(frame)
        elif frame["t"] == "hb":
            assert self._socket is not None
            self._answer = asyncio.ensure_future(self._socket.send(json.dumps({"t": "hb", "n": frame["n"]})))
        elif frame["t"] == "ev":
            d = frame["d"]
            what = f"{d['side']} {d['leg']}" if frame["k"] == "call.leg" else frame["k"]
            future = self.expect(frame["r"], what)
            if not future.done():
                future.set_result(at)


async def open_callers(port: int, people: list[dict[str, Any]]) -> list[Caller]:
    """Sign all of them in, some at a time."""
    callers = []
    for first in range(0, len(people), 20):
        callers += await asyncio.gather(*(Caller(port, person).open() for person in people[first : first + 20]))
    return callers

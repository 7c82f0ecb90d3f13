"""A small server that speaks the protocol from memory, with switches for the faults a client must survive.

It keeps the rules of the log (numbers without a hole, one `c` one row) and nothing of Curbside: the client's tests need
neither Django nor a database.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Json = dict[str, Any]
LIMITS = {"pub_rate": 1000.0, "pub_burst": 1000, "pub_in_flight": 32}


class ScriptedServer:
    """Streams in memory. A test flips the switches below between connections or in the middle of one."""

    def __init__(self) -> None:
        """No stream, no fault."""
        self.events: dict[str, list[Json]] = {}
        self.epoch = "e1"
        self.most_resumed = 500
        self.hellos: list[Json] = []
        self.frames: list[Json] = []
        self.connections: set[ServerConnection] = set()
        self.swallow_answers = 0  # so many pubs are committed but not answered: the connection is cut instead
        self.errors: list[Json] = []  # answers to the next pubs
        self.skip_live: set[int] = set()  # numbers that are not sent live: a lost ring
        self.refuse_hello: int | None = None
        self.busy: list[Json] = []  # errors that answer the next greetings; the socket stays open
        self.silent = False
        self._subscribed: dict[ServerConnection, set[str]] = {}
        self._server: Server | None = None

    async def __aenter__(self) -> ScriptedServer:
        """Listen on a free port."""
        self._server = await serve(self._serve, "127.0.0.1", 0, subprotocols=["curbside.v1"])  # type: ignore[list-item]  # NewType of str
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """The address."""
        assert self._server is not None
        return f"http://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"

    def log(self, stream: str) -> list[Json]:
        """The events of a stream."""
        return self.events.setdefault(stream, [])

    async def append(self, stream: str, kind: str, d: Json, c: str | None = None, by: str = "Heron") -> Json:
        """Commit one event and send it to those who are subscribed."""
        log = self.log(stream)
        event = {"t": "ev", "r": stream, "s": len(log) + 1, "k": kind, "u": by, "ts": 0, "d": d}
        if c:
            event["c"] = c
        log.append(event)
        if event["s"] not in self.skip_live:
            for connection, streams in list(self._subscribed.items()):
                if stream in streams:
                    await self._say(connection, event)
        return event

    async def cut(self) -> None:
        """Break all connections without a closing handshake."""
        for connection in list(self.connections):
            connection.transport.abort()

    async def say_all(self, frame: Json) -> None:
        """Send one frame to everybody."""
        for connection in list(self.connections):
            await connection.send(json.dumps(frame))

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections.add(connection)
        self._subscribed[connection] = set()
        try:
            async for message in connection:
                for line in str(message).split("\n"):
                    await self._take(connection, json.loads(line))
        except ConnectionClosed:
            pass
        finally:
            self.connections.discard(connection)
            self._subscribed.pop(connection, None)

    async def _take(self, connection: ServerConnection, frame: Json) -> None:
        self.frames.append(frame)
        if self.silent:
            return
        if frame["t"] == "hello":
            self.hellos.append(frame)
            if self.refuse_hello is not None:
                await connection.send(json.dumps({"t": "bye", "code": self.refuse_hello, "msg": "No.", "retry": False}))
                await connection.close(self.refuse_hello)
                return
            if self.busy:
                await self._say(connection, {"t": "re", "i": frame["i"], "err": self.busy.pop(0)})
                return
            rooms, missing = self._rooms(connection, frame.get("subs", []))
            d = {"hb_s": 25, "limits": LIMITS}
            await self._say(connection, {"t": "re", "i": frame["i"], "ok": 1, "d": d, "rooms": rooms}, *missing)
        elif frame["t"] == "sub":
            self._subscribed[connection] -= set(frame.get("un", []))
            rooms, missing = self._rooms(connection, frame["subs"])
            await self._say(connection, {"t": "re", "i": frame["i"], "ok": 1, "rooms": rooms}, *missing)
        elif frame["t"] == "pub":
            await self._publish(connection, frame)

    def _rooms(self, connection: ServerConnection, subs: list[Json]) -> tuple[list[Json], list[Json]]:
        rooms, missing = [], []
        for sub in subs:
            stream, position, log = sub["r"], sub.get("p"), self.log(sub["r"])
            if stream == "forbidden":
                missing.append({"t": "bye", "r": stream, "code": 4503, "msg": "Not here.", "retry": False})
                continue
            since = log[position:] if position is not None and position <= len(log) else []
            recovered = position is None or (
                position <= len(log) and sub.get("e", self.epoch) == self.epoch and len(since) <= self.most_resumed
            )
            missing += since if recovered else []
            rooms.append({"r": stream, "e": self.epoch, "s": len(log), "rec": int(recovered), "me": "Heron"})
            self._subscribed[connection].add(stream)
        return rooms, missing

    async def _publish(self, connection: ServerConnection, frame: Json) -> None:
        if self.errors:
            await self._say(connection, {"t": "re", "i": frame["i"], "err": self.errors.pop(0)})
            return
        known = [event for event in self.log(frame["r"]) if event.get("c") == frame["c"]]
        event = known[0] if known else await self.append(frame["r"], frame["k"], frame["d"], frame["c"])
        if self.swallow_answers:
            self.swallow_answers -= 1
            connection.transport.abort()
            return
        await self._say(connection, {"t": "re", "i": frame["i"], "ok": 1, "s": event["s"]})

    @staticmethod
    async def _say(connection: ServerConnection, *frames: Json) -> None:
        with suppress(ConnectionClosed):
            await connection.send("\n".join(json.dumps(frame) for frame in frames))

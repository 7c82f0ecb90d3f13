"""Subscriptions: many sockets' wishes become one question to the database. In the event loop only."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from django.db import Error

from realtime.connection import Connection
from realtime.protocol import Code, Position, bye, refuse
from realtime.reader import Room, read_rooms

if TYPE_CHECKING:
    from realtime.hub import Hub

log = logging.getLogger(__name__)
AT_ONCE: Final = 200


class Subscribing:
    """Opens rooms for sockets and closes them."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._wanted: list[tuple[str, Position, asyncio.Future[Room | None]]] = []
        self._wake = asyncio.Event()
        self.recoveries = 0

    async def open_rooms(self, conn: Connection, wanted: Sequence[Position]) -> list[Room | None]:
        """Register for the streams, then read where they stand. `enter` follows for each, after the answer.

        Raises Refusal("busy") where the database does not answer in time.
        """
        futures: list[asyncio.Future[Room | None]] = []
        for position in wanted:
            self._hub.streams.register(conn, position.r)
            conn.asked.add(position.r)
            future: asyncio.Future[Room | None] = self._hub.loop.create_future()
            self._wanted.append((conn.member, position, future))
            futures.append(future)
        self._wake.set()
        done, _ = await asyncio.wait(futures, timeout=self._hub.limits.busy_s)
        if len(done) < len(futures) or any(future.exception() for future in done):
            for future in futures:
                future.cancel()
            for position in wanted:
                self.close_room(conn, position.r)
            raise refuse("busy", after=1.0)
        return [future.result() for future in futures]

    def enter(self, conn: Connection, room: Room) -> None:
        """The answer was written: send what was missed and go live."""
        conn.asked.discard(room.stream)
        conn.rooms[room.stream] = room.seat
        if room.state == "final":
            self.withdraw(conn, room.stream, Code.STREAM_CLOSED)
        elif self._hub.streams.step_in(conn, room.stream, room.epoch, room.head, [data for _, data in room.missed]):
            self.recoveries += bool(room.missed)
            self._hub.presence.came(conn, room)
        else:
            conn.rooms.pop(room.stream, None)

    def withdraw(self, conn: Connection, stream: str, code: Code) -> None:
        """End a subscription from this side and say so; the socket lives."""
        self.close_room(conn, stream)
        conn.write(bye(code, r=stream))

    def close_room(self, conn: Connection, stream: str) -> None:
        """The socket no longer reads this stream."""
        conn.asked.discard(stream)
        seat = conn.rooms.pop(stream, None)
        self._hub.streams.forget(conn, stream)
        if seat is not None:
            self._hub.presence.went(conn, seat)

    async def run(self) -> None:
        """Answer what is wanted, all that waits with one question."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._wanted:
                batch = [item for item in self._wanted[:AT_ONCE] if not item[2].done()]
                del self._wanted[:AT_ONCE]
                await self._answer(batch)

    async def _answer(self, batch: list[tuple[str, Position, "asyncio.Future[Room | None]"]]) -> None:
        hub = self._hub
        pairs = [(member, position) for member, position, _ in batch]
        try:
            rooms = await hub.read(partial(read_rooms, pairs, hub.wire.find_seats, hub.limits))
        except Exception as error:
            if not isinstance(error, Error):
                log.exception("subscriptions could not be read")
            for _, _, future in batch:
                if not future.done():
                    future.set_exception(Error())
                    future.exception()
            return
        for (_, _, future), room in zip(batch, rooms, strict=True):
            if not future.done():
                future.set_result(room)

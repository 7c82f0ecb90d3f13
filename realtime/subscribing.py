"""Subscriptions: many sockets' wishes become one question to the database. In the event loop only."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from django.db import Error

from realtime.connection import Connection
from realtime.protocol import Code, Position, bye, refuse
from realtime.reader import Room, read_rooms

if TYPE_CHECKING:
    from realtime.hub import Hub

log = logging.getLogger(__name__)
AT_ONCE: Final = 200
PACE_S: Final = 0.01

Answered = asyncio.Future[list[Room | None]]
Wanted = tuple[str, Sequence[Position]]


class Subscribing:
    """Opens rooms for sockets and closes them."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._wanted: dict[Answered, Wanted] = {}  # in the order of asking
        self._wake = asyncio.Event()
        self.recoveries = 0

    async def open_rooms(self, conn: Connection, wanted: Sequence[Position]) -> list[Room | None]:
        """Register for the streams, then read where they stand. `enter` follows for each, after the answer.

        Raises Refusal("busy") where the database does not answer in time.
        """
        for position in wanted:
            self._hub.streams.register(conn, position.r)
            conn.asked.add(position.r)
        answered: Answered = self._hub.loop.create_future()
        self._wanted[answered] = (conn.member, wanted)
        self._wake.set()
        try:
            async with asyncio.timeout(self._hub.limits.busy_s):
                return await answered
        except (TimeoutError, Error):
            for position in wanted:
                self.close_room(conn, position.r)
            raise refuse("busy", after=1.0) from None
        finally:
            self._wanted.pop(answered, None)

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
        """Answer what is wanted, all that waits with one question; in a storm the next question waits for company."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._wanted:
                began = self._hub.loop.time()
                batch = {answered: self._wanted.pop(answered) for answered in [*islice(self._wanted, AT_ONCE)]}
                await self._answer(batch)
                await asyncio.sleep(max(0.0, began + PACE_S - self._hub.loop.time()))

    async def _answer(self, batch: Mapping[Answered, Wanted]) -> None:
        hub = self._hub
        pairs = [(member, position) for member, wanted in batch.values() for position in wanted]
        try:
            rooms = iter(await hub.read(partial(read_rooms, pairs, hub.wire.find_seats, hub.limits)))
        except Exception as error:
            if not isinstance(error, Error):
                log.exception("subscriptions could not be read")
            for answered in batch:
                if not answered.done():
                    answered.set_exception(Error())
            return
        for answered, (_, wanted) in batch.items():
            answer = list(islice(rooms, len(wanted)))
            if not answered.done():
                answered.set_result(answer)

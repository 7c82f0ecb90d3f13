"""Subscriptions: many sockets' wishes become one question to the database. In the event loop only."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from django.db import Error

from realtime.connection import Connection
from realtime.protocol import Code, Position, bye
from realtime.reader import Room, read_rooms

if TYPE_CHECKING:
    from realtime.hub import Hub

log = logging.getLogger(__name__)
AT_ONCE: Final = 200
PACE_S: Final = 0.01

Rooms = list[Room | None]


@dataclass(eq=False, slots=True)
class Wish:
    """What one socket asked for, until when it waits (seconds of the loop), and who is to be told."""

    conn: Connection
    wanted: Sequence[Position]
    until: float
    answered: Callable[[Rooms | None], None]


class Subscribing:
    """Opens rooms for sockets and closes them.

    No task, future or timer of its own for a socket that asks: five thousand of them come at once.
    """

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._wishes: dict[Wish, None] = {}  # those without an answer, in the order of asking
        self._waiting: deque[Wish] = deque()  # those that the database was not asked for yet
        self._clock: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self.recoveries = 0

    def open_rooms(self, conn: Connection, wanted: Sequence[Position],
                   answered: Callable[[Rooms | None], None]) -> None:
        """Register for the streams, then read where they stand. `enter` follows for each, after the answer.

        `answered` is called once, later: with a room for each that is wanted (None: no such stream, or no seat in it),
        or with None where the database did not answer in time; then nothing is registered any more.
        """
        for position in wanted:
            self._hub.streams.register(conn, position.r)
            conn.asked.add(position.r)
        loop, busy_s = self._hub.loop, self._hub.limits.busy_s
        wish = Wish(conn, wanted, loop.time() + busy_s, answered)
        self._wishes[wish] = None
        self._waiting.append(wish)
        self._wake.set()
        if self._clock is None:
            self._clock = loop.call_later(busy_s, self._give_up)

    def _give_up(self) -> None:
        """Answer those that have waited too long; all wait equally long, so that they are the first."""
        now, self._clock = self._hub.loop.time(), None
        while self._wishes:
            wish = next(iter(self._wishes))
            if wish.until > now:
                self._clock = self._hub.loop.call_at(wish.until, self._give_up)
                return
            self._answer(wish, None)

    def _answer(self, wish: Wish, rooms: Rooms | None) -> None:
        """Tell whom it concerns, once; what comes of it is no matter of the others who asked together."""
        if wish not in self._wishes:
            return
        del self._wishes[wish]
        if rooms is None:
            for position in wish.wanted:
                self.close_room(wish.conn, position.r)
        self._hub.loop.call_soon(wish.answered, rooms)

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
            while self._waiting:
                began = self._hub.loop.time()
                await self._ask(self._taken())  # no name here keeps the sockets while all is quiet
                await asyncio.sleep(max(0.0, began + PACE_S - self._hub.loop.time()))

    def _taken(self) -> list[Wish]:
        """Take those who have waited longest. For whom was given up, or is gone, the database is not asked."""
        batch: list[Wish] = []
        while self._waiting and len(batch) < AT_ONCE:
            wish = self._waiting.popleft()
            if wish.conn.gone:
                self._answer(wish, None)
            elif wish in self._wishes:
                batch.append(wish)
        return batch

    async def _ask(self, batch: Sequence[Wish]) -> None:
        if not batch:
            return
        hub = self._hub
        pairs = [(wish.conn.member, position) for wish in batch for position in wish.wanted]
        try:
            rooms = iter(await hub.read(partial(read_rooms, pairs, hub.wire.find_seats, hub.limits)))
        except Exception as error:
            if not isinstance(error, Error):
                log.exception("subscriptions could not be read")
            for wish in batch:
                self._answer(wish, None)
            return
        for wish in batch:
            self._answer(wish, list(islice(rooms, len(wish.wanted))))

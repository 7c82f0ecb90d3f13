"""Who types, who has read, who is here: told to the others of a stream, never stored as events, dropped first.

"Is here" goes out after a random delay, so that one dropped socket does not leave two threads at the same moment
(privacy.md). Between processes only a seat's id, a fixed code and a number travel.
"""

import asyncio
import logging
import random
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.db import Error

from realtime.commands import SeatRef
from realtime.connection import Connection
from realtime.models import Seat
from realtime.protocol import ephemeral
from realtime.reader import Room

if TYPE_CHECKING:
    from realtime.hub import Hub

log = logging.getLogger(__name__)
TYPING_S: Final = 5
HERE_DELAY_S: Final = (5.0, 30.0)
HERE_HOLDS_S: Final = 90
HERE_AGAIN_S: Final = 60.0
NAMES_KEPT: Final = 10_000
HERE_AT_MOST: Final = 12  # readers of a stream here, past which nobody is said to be there: it would cost n times n


def _typing(number: int) -> dict[str, Any]:
    return {"for_ms": number * 1000}


def _read(number: int) -> dict[str, Any]:
    return {"s": number}


def _here(number: int) -> dict[str, Any]:
    return {"here": number > 0}


# code on the bus and on the wire -> what its number means to the others
SIGNALS: Final = {"typing": _typing, "read": _read, "here": _here}


class Presence:
    """The ephemerals of one process's sockets, and those heard from others."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._names: dict[str, str] = {}
        self._here: dict[str, dict[str, tuple[float, bool]]] = {}  # stream -> seat -> (until, announced by us)
        self._showing: dict[tuple[Connection, str], asyncio.TimerHandle] = {}

    # --- of our own sockets ----------------------------------------------------------------------------------------

    def say(self, conn: Connection, stream: str, kind: str, d: dict[str, Any]) -> None:
        """A member types, or has read up to a number."""
        seat = conn.rooms.get(stream)
        if seat is None:
            return
        number = TYPING_S
        if kind == "read":
            number = d.get("s", 0)
            head = self._hub.streams.heads([stream]).get(stream, 0)
            if not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= head:
                return
            self._hub.cursors.keep(seat.id, number)
        if seat.name:
            self._tell(seat, kind, number)

    def came(self, conn: Connection, room: Room) -> None:
        """A socket reads a stream: say so after a while, if it still does, and tell it who is here.

        In an inbox there is nobody to be told.
        """
        if room.seat.name and room.kind != "inbox" and not self._crowded(room.stream):
            self._later(self._announce, room.seat)
            self._forget(conn, room.seat)
            self._showing[conn, room.seat.id] = self._later(self._show, conn, room.seat)

    def went(self, conn: Connection, seat: SeatRef) -> None:
        """A socket no longer reads a stream: say so after a while, if no other of that seat does."""
        self._forget(conn, seat)
        if seat.id in self._here.get(seat.stream, ()):
            self._later(self._retract, seat)

    def _forget(self, conn: Connection, seat: SeatRef) -> None:
        """A timer must not keep a socket that is gone: many that come and go would add up."""
        showing = self._showing.pop((conn, seat.id), None)
        if showing is not None:
            showing.cancel()

    def _crowded(self, stream: str) -> bool:
        local = self._hub.streams.known.get(stream)
        return local is not None and len(local.live) > HERE_AT_MOST

    def _later(self, what: Any, *about: Any) -> asyncio.TimerHandle:
        return self._hub.loop.call_later(random.uniform(*HERE_DELAY_S), what, *about)

    def _present(self, seat: SeatRef) -> bool:
        local = self._hub.streams.known.get(seat.stream)
        return local is not None and any(conn.rooms[seat.stream].id == seat.id for conn in local.live)

    def _announce(self, seat: SeatRef) -> None:
        if self._present(seat) and not self._crowded(seat.stream):
            self._hold(seat.stream, seat.id, HERE_HOLDS_S, ours=True)
            self._tell(seat, "here", HERE_HOLDS_S)

    def _retract(self, seat: SeatRef) -> None:
        if not self._present(seat) and self._unhold(seat):
            self._tell(seat, "here", 0)

    def _show(self, conn: Connection, seat: SeatRef) -> None:
        del self._showing[conn, seat.id]
        now = self._hub.loop.time()
        for other, (until, _) in self._here.get(seat.stream, {}).items():
            name = self._names.get(other)
            if other != seat.id and until > now and name and seat.stream in conn.rooms:
                conn.write(ephemeral(seat.stream, "here", name, {"here": True}))

    def _tell(self, seat: SeatRef, code: str, number: int) -> None:
        self._name(seat.id, seat.name)
        frame = ephemeral(seat.stream, code, seat.name, SIGNALS[code](number))
        self._hub.streams.whisper(seat.stream, seat.id, frame)
        self._hub.doorbell.signal(seat.stream, seat.id, code, number)

    # --- of other processes ------------------------------------------------------------------------------------------

    def signalled(self, stream: str, seat: str, code: str, number: int) -> None:
        """Another process tells something of a seat."""
        if code not in SIGNALS or stream not in self._hub.streams.known:
            return
        if code == "here" and number:
            self._hold(stream, seat, number, ours=False)
        elif code == "here":
            self._here.get(stream, {}).pop(seat, None)
        self._hub.spawn(self._pass_on(stream, seat, code, number))

    async def _pass_on(self, stream: str, seat: str, code: str, number: int) -> None:
        if seat not in self._names:
            try:
                self._name(seat, await self._hub.read(partial(name_of, seat)))
            except Error:
                return
        frame = ephemeral(stream, code, self._names[seat], SIGNALS[code](number))
        self._hub.streams.whisper(stream, seat, frame)

    def _name(self, seat: str, name: str) -> None:
        if len(self._names) >= NAMES_KEPT:
            self._names.clear()
        self._names[seat] = name

    def _unhold(self, seat: SeatRef) -> bool:
        return seat.id in (held := self._here.get(seat.stream, {})) and bool(held.pop(seat.id))

    def _hold(self, stream: str, seat: str, holds_s: int, *, ours: bool) -> None:
        self._here.setdefault(stream, {})[seat] = (self._hub.loop.time() + holds_s, ours)

    async def run(self) -> None:
        """Renew what holds, and forget what no longer does."""
        while True:
            await asyncio.sleep(HERE_AGAIN_S)
            now = self._hub.loop.time()
            for stream, seats in list(self._here.items()):
                for seat, (until, ours) in list(seats.items()):
                    ref = SeatRef(seat, stream, self._names.get(seat, ""), "")
                    if ours and self._present(ref):
                        self._hold(stream, seat, HERE_HOLDS_S, ours=True)
                        self._hub.doorbell.signal(stream, seat, "here", HERE_HOLDS_S)
                    elif until <= now:
                        del seats[seat]
                        if ref.name:
                            self._tell(ref, "here", 0)
                if not seats:
                    del self._here[stream]


def name_of(seat: str) -> str:
    """Return a seat's pseudonym, empty where there is no such seat."""
    return Seat.objects.filter(pk=seat).values_list("name", flat=True).first() or ""

"""What is stored a moment later and many at once: how far seats have read. And who is told that something was said."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from django.db import Error

from realtime import sql
from realtime.commands import note_written

if TYPE_CHECKING:
    from realtime.hub import Hub

CURSORS_EVERY_S: Final = 0.5
TELL_AFTER_S: Final = 4.0


class Cursors:
    """Read cursors on their way to the database; the latest of a seat wins."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._waiting: dict[str, int] = {}

    def keep(self, seat: str, seq: int) -> None:
        """A seat has read up to `seq`."""
        self._waiting[seat] = max(seq, self._waiting.get(seat, 0))

    async def run(self) -> None:
        """Store what is waiting, twice a second."""
        while True:
            await asyncio.sleep(CURSORS_EVERY_S)
            await self.store()

    async def store(self) -> None:
        """Store what is waiting; what cannot be stored waits on."""
        if not self._waiting:
            return
        cursors, self._waiting = self._waiting, {}
        try:
            await self._hub.write(partial(sql.raise_cursors, cursors))
        except Error:
            for seat, seq in cursors.items():
                self.keep(seat, seq)


async def tell_appended(hub: "Hub") -> None:
    """Tell the app, some seconds later, where something was said, so that it can wake those who have not read it."""
    while True:
        await asyncio.sleep(TELL_AFTER_S)
        await tell(hub)


async def tell(hub: "Hub") -> None:
    """Tell it now; what cannot be told waits on."""
    appended, hub.publishing.appended = hub.publishing.appended, {}
    if not appended:
        return
    try:
        await hub.write(partial(hub.wire.appended, appended))
    except Error:
        for stream, written in hub.publishing.appended.items():
            note_written(appended, stream, written.seq, written.seats)
        hub.publishing.appended = appended

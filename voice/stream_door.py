"""The streams of a media worker: the port to which a carrier brings sound, which leg hears which, who waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol, runtime_checkable
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from voice import media_steps as steps
from voice import streaming
from voice.carriers import carrier_of
from voice.carriers.documents import BringsSound
from voice.media.shapes import MediaError, Stream
from voice.media.streamed import Streamed
from voice.media.streams import Started
from voice.media.streamserver import Door, StreamServer
from voice.planes import STREAMED

WAITING: Final = 16
"""Sockets beside those of calls: of legs that move, and of who is to be refused."""
InThread = Callable[[Callable[[], Any]], Awaitable[Any]]


@runtime_checkable
class TakesStreams(Protocol):
    """A plane to which streams may come."""

    streams: Streamed


class StreamDoor:
    """The streams of one worker. `url`: where a carrier brings them, empty where none can."""

    def __init__(self, plane: object, in_thread: InThread, worker: Callable[[], str]) -> None:
        """`in_thread`: does work of the database in a thread; `worker`: the id under which this one lives now."""
        self._streams = plane.streams if isinstance(plane, TakesStreams) else None
        self._in_thread, self._worker = in_thread, worker
        self._server: StreamServer | None = None
        self._heard: dict[str, str] = {}
        self._waiting: set[asyncio.Task[None]] = set()
        self.url = ""

    async def open(self) -> None:
        """Listen where this worker has an address for streams. Raises OSError."""
        url, carrier = settings.CURBSIDE_MEDIA_STREAM_URL, settings.CURBSIDE_CARRIER
        if self._streams is None or not url or carrier not in STREAMED:
            return
        brings = carrier_of(carrier)
        assert isinstance(brings, BringsSound)

        def genuine(headers: Mapping[str, str]) -> bool:
            return brings.genuine(url, headers)

        most = settings.CURBSIDE_MEDIA_CALLS + WAITING
        self._server = StreamServer(Door(urlsplit(url).path, most, genuine, self._admit), self._streams)
        await self._server.open(*settings.CURBSIDE_MEDIA_STREAM_LISTEN)
        self.url = url

    async def close(self) -> None:
        """Take no more of them in, and end those that are here."""
        if self._server is not None:
            await self._server.close()

    def when_come(self, far: Stream, then: Callable[[], None]) -> None:
        """Do something when a stream has come, or will not: meanwhile nothing else waits."""
        task = asyncio.get_running_loop().create_task(self._expect(far, then))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def hears(self, leg: str, far: Stream) -> None:
        """A leg was bridged to a stream."""
        self._heard[leg] = far.name

    async def keep(self, leg: str) -> None:
        """A leg was hung up: store how the stream sounded that it heard. Raises django.db.Error."""
        far = self._heard.pop(leg, "")
        sound = self._streams.forget(far) if far and self._streams is not None else None
        if sound is not None:
            await self._in_thread(lambda: steps.keep_sound(far, sound))

    async def _expect(self, far: Stream, then: Callable[[], None]) -> None:
        if self._streams is not None:
            with suppress(MediaError):  # that it did not come is told by the bridge
                await self._streams.expect(far.name)
        then()

    async def _admit(self, started: Started) -> str | None:
        worker = self._worker()
        found: str | None = await self._in_thread(
            lambda: streaming.admit(started.token, started.call, worker, timezone.now()))
        return found

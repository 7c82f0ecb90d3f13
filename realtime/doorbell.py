"""How a hub hears other processes and is heard by them: nothing, the SQLite file, or Redis.

All carry ids, numbers and fixed codes only. None of them is trusted to deliver: rings may be lost, doubled,
reordered or stale, and the audit of heads heals what is missing.
"""

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
from django.db import Error, connection
from redis import asyncio as redis_asyncio
from redis.exceptions import RedisError

from realtime import sql
from realtime.bus import CHANNEL, Bell, Note, Ring
from realtime.tally import SECONDS, Tally

if TYPE_CHECKING:
    from realtime.hub import Hub

log = logging.getLogger(__name__)
POLL_S: Final = 0.03
SIGNALS_WAITING: Final = 1_000
LAST_WORDS_S: Final = 1.0


class Doorbell(Protocol):
    """What a hub needs of the way between processes. `lag` counts the seconds that rings of others were under way."""

    lag: Tally
    connected: bool

    async def start(self, hub: "Hub") -> None:
        """Begin to listen for this hub."""

    async def stop(self) -> None:
        """Stop listening."""

    def ring(self, rings: Sequence[Ring]) -> None:
        """Tell the other processes that streams have reached these numbers. Never waits."""

    def signal(self, stream: str, seat: str, code: str, number: int) -> None:
        """Tell the other processes a fixed code of a seat, with a number (seconds it holds, or a seq)."""

    def tell(self, note: Note) -> None:
        """Tell the other processes something for a member's sockets."""


class Silent:
    """One process alone."""

    def __init__(self) -> None:
        self.lag = Tally(SECONDS)
        self.connected = True

    async def start(self, hub: "Hub") -> None:
        """Nothing to listen to."""

    async def stop(self) -> None:
        """Nothing to stop."""

    def ring(self, rings: Sequence[Ring]) -> None:
        """Nobody to tell."""

    def signal(self, stream: str, seat: str, code: str, number: int) -> None:
        """Nobody to tell."""

    def tell(self, note: Note) -> None:
        """Nobody to tell."""


class SqliteWatch(Silent):
    """Other processes on the same SQLite file: all sockets live in this one, but a command may write.

    ``PRAGMA data_version`` changes when another connection commits, and stands still inside a read transaction, so
    it is polled on a connection of its own that is never in one. Source: sqlite.org/pragma.html#pragma_data_version.
    """

    def __init__(self) -> None:
        super().__init__()
        self._going = threading.Event()
        self._thread: threading.Thread | None = None

    async def start(self, hub: "Hub") -> None:
        """Begin to poll."""
        self._going.set()
        self._thread = threading.Thread(target=self._watch, args=(hub,), name="curbside-watch", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Stop polling."""
        self._going.clear()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 1.0)

    def _watch(self, hub: "Hub") -> None:
        gid = -1
        version = None
        pause = threading.Event()
        while self._going.is_set():
            try:
                seen = self._version()
                if gid < 0:
                    gid, _ = sql.since(sql.newest_gid())
                elif seen != version:
                    gid, rings = sql.since(gid)
                    if rings:
                        hub.loop.call_soon_threadsafe(hub.streams.rung, rings)
                version = seen
            except Error:
                connection.close()
            except RuntimeError:
                break  # the loop has ended
            pause.wait(POLL_S)
        connection.close()

    def _version(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA data_version")
            return int(cursor.fetchone()[0])


class RedisDoorbell:
    """One channel for all processes. What waits for Redis is merged, so that nothing grows while it is away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._me = secrets.token_urlsafe(6)
        self._rings: dict[str, int] = {}
        self._signals: list[tuple[str, str, str, int]] = []
        self._notes: list[Note] = []
        self._wake = asyncio.Event()
        self._sent_all = asyncio.Event()
        self._sent_all.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._rung_at = 0.0
        self.connected = False
        self.lag = Tally(SECONDS)

    async def start(self, hub: "Hub") -> None:
        """Begin to listen and to send."""
        self._tasks = [asyncio.create_task(self._listen(hub)), asyncio.create_task(self._send())]

    async def stop(self) -> None:
        """Send what waits, within a second, and stop both."""
        if self.connected:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._sent_all.wait(), LAST_WORDS_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def ring(self, rings: Sequence[Ring]) -> None:
        """Merge with what is waiting; the newest number of a stream is enough."""
        if not self._rings:
            self._rung_at = time.time()
        for stream, seq in rings:
            self._rings[stream] = max(seq, self._rings.get(stream, 0))
        self._sent_all.clear()
        self._wake.set()

    def signal(self, stream: str, seat: str, code: str, number: int) -> None:
        """Ephemerals are dropped first: past a thousand waiting they are not taken."""
        if len(self._signals) < SIGNALS_WAITING:
            self._signals.append((stream, seat, code, number))
            self._wake.set()

    def tell(self, note: Note) -> None:
        """Notes may be lost too."""
        if len(self._notes) < SIGNALS_WAITING:
            self._notes.append(note)
            self._wake.set()

    def _client(self) -> Any:
        return redis_asyncio.Redis.from_url(self._url, socket_connect_timeout=1.0, socket_timeout=5.0,
                                            health_check_interval=10)

    async def _send(self) -> None:
        client = self._client()
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                rings, self._rings = self._rings, {}
                rung_at = self._rung_at
                signals, self._signals = self._signals, []
                notes, self._notes = self._notes, []
                try:
                    bell = Bell(self._me, list(rings.items()), signals, notes, rung_at)
                    await client.publish(CHANNEL, msgspec.json.encode(bell))
                    if not self._rings:
                        self._sent_all.set()
                except (RedisError, OSError):
                    self.ring(list(rings.items()))
                    self._rung_at = rung_at
                    await asyncio.sleep(0.5)
        finally:
            await client.aclose()

    async def _listen(self, hub: "Hub") -> None:
        decoder = msgspec.json.Decoder(Bell)
        while True:
            client = self._client()
            try:
                async with client.pubsub() as heard:
                    await heard.subscribe(CHANNEL)
                    self.connected = True
                    await hub.audit()
                    while True:
                        message = await heard.get_message(ignore_subscribe_messages=True, timeout=2.0)
                        if message is None:
                            await heard.ping()
                            continue
                        if message["type"] == "message":
                            self._take(hub, decoder.decode(message["data"]))
            except (RedisError, OSError, Error, msgspec.DecodeError):
                if self.connected:
                    log.warning("Redis is away; other processes are heard by the audit")
                self.connected = False
                await asyncio.sleep(0.5)
            finally:
                await client.aclose()

    def _take(self, hub: "Hub", bell: Bell) -> None:
        if bell.sender == self._me:
            return
        hub.streams.rung(bell.rings)
        if bell.rings and bell.at:
            self.lag.observe(max(0.0, time.time() - bell.at))
        for stream, seat, code, number in bell.signals:
            hub.presence.signalled(stream, seat, code, number)
        for note in bell.notes:
            hub.pass_on(note)

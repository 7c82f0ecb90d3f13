"""The heart of a process: its sockets, its streams, its loops.

One read and one encoding an event, whatever the number of sockets. Everything here runs in the event loop; what
touches the database is done by the writer's thread, the reader's thread and the services' pool.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from threading import Lock
from typing import Any, Final

from django.db import Error, connection

from realtime import bus, dispatch, sql, timers
from realtime.buckets import Bucket
from realtime.commands import Wire
from realtime.connection import Connection, Encoded
from realtime.doorbell import Doorbell
from realtime.keeping import Cursors, tell, tell_appended
from realtime.layer import member_group
from realtime.presence import Presence
from realtime.protocol import Code, Limits, ephemeral
from realtime.publishing import Publishing
from realtime.pulse import Pulse
from realtime.reader import TAILS_MOST, Tail, read_tails
from realtime.revocations import Revocations
from realtime.streams import Streams
from realtime.subscribing import Subscribing

log = logging.getLogger(__name__)
SERVICE_THREADS: Final = 8
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0
# The limits that a client is told, since it keeps to them by itself.
TOLD: Final = ("frame_bytes", "pub_bytes", "pub_rate", "pub_burst", "pub_in_flight", "frame_rate", "frame_burst",
               "subscriptions")


class Hub:
    """All of one process's sockets. `start` before the first, `drain` and `stop` after the last."""

    def __init__(self, wire: Wire, limits: Limits, doorbell: Doorbell) -> None:
        self.wire, self.limits, self.doorbell = wire, limits, doorbell
        self.limits_told = {"hb_s": limits.silence_s, "limits": {name: getattr(limits, name) for name in TOLD}}
        self.connections: set[Connection] = set()
        self.corked: list[Connection] | None = None
        self.members: dict[str, set[Connection]] = {}
        self.buckets: dict[str, Bucket] = {}
        self.draining = False
        self.ready = False
        self.dropped = 0
        self.ends: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._dirty_event = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._spawned: set[asyncio.Task[None]] = set()
        one_writer = connection.vendor == "sqlite"
        self.guard: Any = Lock() if one_writer else nullcontext()
        self.reader = ThreadPoolExecutor(1, "curbside-reader")
        self.pool = ThreadPoolExecutor(1 if one_writer else SERVICE_THREADS, "curbside-service")
        self.streams = Streams(self._mark_behind, self._seat_removed, crowd=limits.crowd,
                               clock=lambda: self.loop.time(),  # noqa: PLW0108  (there is no loop yet)
                               later=lambda pause, work: self.loop.call_later(pause, work))  # noqa: PLW0108
        self.subscribing = Subscribing(self)
        self.publishing = Publishing(self, self.guard)
        self.presence = Presence(self)
        self.revocations = Revocations(self)
        self.cursors = Cursors(self)
        self.pulse = Pulse(self)
        self.groups: dict[str, str] = {}

    # --- life ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to listen, to write and to keep time."""
        self.loop = asyncio.get_running_loop()
        self.publishing.writer.start()
        bus.attach(self)
        await self.doorbell.start(self)
        loops = (self.subscribing.run, self.publishing.run, self._serve_tails, self._audit, self._wheel, self._timers,
                 self.cursors.run, partial(tell_appended, self), self.revocations.run, self.presence.run,
                 self.pulse.run)
        self._tasks = [asyncio.create_task(self._guarded(loop)) for loop in loops]
        self.ready = True

    async def stop(self) -> None:
        """Store what is waiting and end. The sockets were sent away by `drain` before."""
        self.ready = False
        bus.detach(self)
        for task in self._tasks:
            task.cancel()
        await asyncio.to_thread(self.publishing.writer.stop)
        await asyncio.sleep(0)  # what its last batches brought is rung for by the loop
        await self.doorbell.stop()
        await self.cursors.store()
        await tell(self)
        await self.pulse.end()
        self.reader.shutdown(wait=False)
        self.pool.shutdown(wait=False)

    async def drain(self, spread_s: float = 5.0, batch: int = 100) -> None:
        """Send everybody away in batches, each with a time of its own to come back, spread evenly over `spread_s`."""
        self.draining = True
        everyone = list(self.connections)
        slots = random.sample(range(len(everyone)), len(everyone))  # who joined together does not come back together
        for start in range(0, len(everyone), batch):
            for conn, slot in zip(everyone[start : start + batch], slots[start:], strict=False):
                conn.dismiss(Code.DRAIN, after=spread_s * (slot + random.random()) / len(everyone))
            await asyncio.sleep(0)  # whoever is served comes in between
        if everyone:  # peers without a network never answer: they are waited for once, not once a batch
            await asyncio.wait([conn.ended() for conn in everyone], timeout=2.0)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background; the loop alone would forget it."""
        task = self.loop.create_task(work)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    async def read(self, work: Callable[[], Any]) -> Any:
        """Run a read in the reader's thread. Raises django.db.Error."""
        return await self.loop.run_in_executor(self.reader, dispatch.in_thread, work)

    async def write(self, work: Callable[[], Any]) -> Any:
        """Run a short write in the pool, alone where the database has one writer. Raises django.db.Error."""

        def guarded() -> Any:
            with self.guard:
                return work()

        return await self.loop.run_in_executor(self.pool, dispatch.in_thread, guarded)

    async def _guarded(self, loop: Callable[[], Any]) -> None:
        """Run one of the hub's loops; one that fails is started again, since all sockets hang on each.

        While the database is away, ten loops that ask for a connection five times a second would cost a third of a
        core, so that each waits longer, to two seconds at most.
        """
        pause = FIRST_PAUSE_S
        while True:
            began = self.loop.time()
            try:
                await loop()
            except Error:
                pass
            except Exception:
                log.exception("a loop of the hub failed and is started again")
            pause = FIRST_PAUSE_S if self.loop.time() - began > LONGEST_PAUSE_S * 2 else min(pause * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))

    # --- who is connected ------------------------------------------------------------------------------------

    def enter(self, conn: Connection) -> None:
        """A socket was accepted."""
        self.connections.add(conn)
        conn.slot = conn.session.due()

    def leave(self, conn: Connection) -> None:
        """A socket reads nothing any more. May be told twice."""
        for stream in [*conn.rooms, *conn.asked]:
            self.subscribing.close_room(conn, stream)
        others = self.members.get(conn.member)
        if others is not None:
            others.discard(conn)
            if not others:
                del self.members[conn.member]
                self.buckets.pop(conn.member, None)
                self.groups.pop(member_group(conn.member), None)

    def admit(self, conn: Connection, member: str) -> bool:
        """A socket has said who it is. Returns False where the member has too many."""
        others = self.members.setdefault(member, set())
        if conn not in others and len(others) >= self.limits.connections:
            return False
        if not others:
            self.groups[member_group(member)] = member
        others.add(conn)
        conn.member = member
        return True

    def bucket_of(self, member: str) -> Bucket:
        """The bucket of pubs that all sockets of a member share."""
        if member not in self.buckets:
            self.buckets[member] = Bucket(self.limits.pub_rate, self.limits.pub_burst, self.loop.time())
        return self.buckets[member]

    @contextmanager
    def cork(self) -> Iterator[None]:
        """Keep back what is written meanwhile, so that each socket is written to once. Nothing in it may wait."""
        if self.corked is not None:
            yield
            return
        corked = self.corked = []
        try:
            yield
        finally:
            self.corked = None
            for conn in corked:
                conn.flush()

    def count_end(self, code: Code) -> None:
        """Count how connections end."""
        self.ends[code.name] = self.ends.get(code.name, 0) + 1

    # --- rings and tails -------------------------------------------------------------------------------------

    def heard(self, rings: Sequence[bus.Ring]) -> None:
        """A ring of this process, in any thread: for our own sockets, and for the other processes."""
        self.loop.call_soon_threadsafe(self.streams.rung, list(rings))
        self.loop.call_soon_threadsafe(self.doorbell.ring, list(rings))

    def told(self, note: bus.Note) -> None:
        """A note of this process, in any thread: for our own sockets, and for the other processes."""
        self.loop.call_soon_threadsafe(self.pass_on, note)
        self.loop.call_soon_threadsafe(self.doorbell.tell, note)

    def pass_on(self, note: bus.Note) -> None:
        """Send a note to the sockets that the member has here."""
        group, r, k, d = note
        frame = Encoded(ephemeral(r, k, None, d))
        for conn in list(self.members.get(self.groups.get(group, ""), ())):
            conn.whisper(frame)

    def _mark_behind(self, stream: str) -> None:
        self._dirty.add(stream)
        self._dirty_event.set()

    def _seat_removed(self, conn: Connection, stream: str) -> None:
        self.subscribing.withdraw(conn, stream, Code.WITHDRAWN)

    async def _serve_tails(self) -> None:
        """Read the tails of all streams that have been rung, with one question, and send them on."""
        while True:
            await self._dirty_event.wait()
            self._dirty_event.clear()
            dirty, self._dirty = self._dirty, set()
            after = self.streams.behind(dirty)
            if not after:
                continue
            try:
                tails: list[Tail] = await self.read(partial(read_tails, after))
            except Error:
                self._dirty |= dirty
                self.loop.call_later(0.2, self._dirty_event.set)
                continue
            with self.cork():
                for tail in tails:
                    self.streams.fan_out(tail.stream, tail.seq, tail.frame, tail.left)
            # More than one read holds, or rung again meanwhile: read again. Other rings are left to the audit.
            more = dirty if len(tails) >= TAILS_MOST else {tail.stream for tail in tails}
            for stream, _ in self.streams.behind(more):
                self._mark_behind(stream)

    async def _audit(self) -> None:
        """Compare all heads with the database every few seconds: whatever ring was lost is found here."""
        while True:
            await asyncio.sleep(self.limits.audit_s * random.uniform(0.8, 1.2))
            await self.audit()

    async def audit(self) -> None:
        """One audit. Sockets whose stream's numbers began anew, or went back, start again from their positions."""
        before = self.streams.heads(list(self.streams.known))
        heads: dict[str, sql.Head] = await self.read(partial(sql.heads, list(before)))
        for id_, head in heads.items():
            local = self.streams.known.get(id_)
            if local is None or local.head is None:
                continue
            if head.epoch != local.epoch or head.seq < before[id_]:
                for conn in [*local.live, *local.joining]:
                    conn.dismiss(Code.RESYNC)
                continue
            self.streams.rung([(id_, head.seq)])
            if head.state == "final" and not local.behind():
                for conn in list(local.live):
                    self.subscribing.withdraw(conn, id_, Code.STREAM_CLOSED)

    # --- time ------------------------------------------------------------------------------------------------

    async def _wheel(self) -> None:
        """One clock for all sockets: those are looked at whose instant has come."""
        while True:
            await asyncio.sleep(0.5)
            now = self.loop.time()
            for conn in [conn for conn in self.connections if conn.slot <= now]:
                if conn.session.due() <= now:
                    conn.tick()
                conn.slot = max(conn.session.due(), now + 0.4)

    async def _timers(self) -> None:
        """Work off the stored timers that are due."""
        while True:
            await asyncio.sleep(0.5)
            if self.wire.timers and not self.draining:
                await self.loop.run_in_executor(
                    self.pool, dispatch.in_thread, partial(timers.work_off, self.wire.timers, self.guard))

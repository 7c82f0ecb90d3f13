"""What this process does, a few numbers every five seconds, kept where the platform team's page finds them.

Each process keeps its own last five minutes in one row, so that the page shows all processes whichever of them it
asks, needs no Redis, and has its curves at once. Numbers and a process's name only; no id, no member, no stream.
"""

import asyncio
import os
import socket
from collections import deque
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import Error
from django.utils import timezone

from realtime import machine
from realtime.instants import to_ms
from realtime.models import Pulse as PulseRow
from realtime.models import new_id
from realtime.protocol import Code
from realtime.tally import REFUSED_LOGINS, SECONDS, Tally

if TYPE_CHECKING:
    from realtime.hub import Hub

EVERY_S: Final = 5.0
LOOK_S: Final = 0.5
KEPT: Final = 60
FORGOTTEN: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. `at` in Unix milliseconds; `_rate` a second's, `_ms` milliseconds, `memory` bytes, `cpu` in cores."""

    at: int
    sockets: int
    members: int
    streams: int
    behind: int
    queue: int
    deliveries_rate: float
    stored_rate: float
    recoveries_rate: float
    ended_rate: float
    slow: int
    dropped: int
    refused: int
    loop_ms: float
    ring_ms: float
    memory: int
    cpu: float
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class _Counted:
    """The counters at the last look."""

    deliveries: int
    stored: int
    recoveries: int
    ended: int
    cpu_s: float


class Pulse:
    """Looks, remembers, and stores what it remembers."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self.lag = Tally(SECONDS)
        self.samples: deque[Sample] = deque(maxlen=KEPT)
        self._id = new_id()
        self._began_at = timezone.now()
        self._before = _Counted(0, 0, 0, 0, 0.0)
        self._beats = 0

    async def run(self) -> None:
        """Measure how late the loop is, and every five seconds take and store a sample."""
        loop = self._hub.loop
        self._before = self._counted(machine.used().cpu_s)
        began = loop.time()
        while True:
            before = loop.time()
            await asyncio.sleep(LOOK_S)
            self.lag.observe(max(0.0, loop.time() - before - LOOK_S))
            if loop.time() - began >= EVERY_S:
                span, began = loop.time() - began, loop.time()
                await self.beat(span)

    async def beat(self, span_s: float) -> None:
        """Take one sample over the last `span_s` seconds and store the row."""
        used = await asyncio.to_thread(machine.used)
        self.samples.append(self._look(span_s, used))
        try:
            await self._hub.write(partial(self._store, [asdict(sample) for sample in self.samples]))
        except Error:
            return  # the page shows since when it has heard nothing

    async def end(self) -> None:
        """The process goes away by itself: the page need not wonder where it is."""
        try:
            await self._hub.write(PulseRow.objects.filter(pk=self._id).delete)
        except Error:
            return

    def _counted(self, cpu_s: float) -> _Counted:
        hub = self._hub
        return _Counted(hub.streams.delivered, hub.publishing.writer.stored, hub.subscribing.recoveries,
                        sum(hub.ends.values()), cpu_s)

    def _look(self, span_s: float, used: machine.Used) -> Sample:
        hub, now, before = self._hub, self._counted(used.cpu_s), self._before
        self._before = now
        return Sample(
            at=to_ms(timezone.now()), sockets=len(hub.connections), members=len(hub.members),
            streams=len(hub.streams.known), behind=sum(s.behind() for s in list(hub.streams.known.values())),
            queue=hub.publishing.writer.waiting(),
            deliveries_rate=round((now.deliveries - before.deliveries) / span_s, 2),
            stored_rate=round((now.stored - before.stored) / span_s, 2),
            recoveries_rate=round((now.recoveries - before.recoveries) / span_s, 2),
            ended_rate=round((now.ended - before.ended) / span_s, 2),
            slow=hub.ends.get(Code.SLOW.name, 0), dropped=hub.dropped, refused=sum(REFUSED_LOGINS.values()),
            loop_ms=round(self.lag.take_most() * 1000, 1), ring_ms=round(hub.doorbell.lag.take_most() * 1000, 1),
            memory=used.memory, cpu=round((now.cpu_s - before.cpu_s) / span_s, 3), descriptors=used.descriptors,
            threads=used.threads)

    def _store(self, samples: list[dict[str, object]]) -> None:
        now = timezone.now()
        row = PulseRow(
            id=self._id, name=settings.CURBSIDE_PROCESS or socket.gethostname()[:60], pid=os.getpid(),
            build=settings.CURBSIDE_BUILD, began_at=self._began_at, seen_at=now,
            state="draining" if self._hub.draining else "ready", samples=samples)
        PulseRow.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"],
                                     update_fields=["seen_at", "state", "samples"])
        self._beats += 1
        if self._beats % KEPT == 0:
            PulseRow.objects.filter(seen_at__lt=now - FORGOTTEN).delete()

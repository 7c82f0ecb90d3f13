"""One fault on one stack, from the first word to the last check: what a fault's function is given, and `play`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from curbside import Timing

from tests.conftest import planted_words
from tests.faults.report import Limit, Row
from tests.faults.stacks import Stack, Stage
from tests.faults.talking import PAUSE_S, Talk, Talker, percentile
from tests.peers.curbside import Circle, Deployment, Person
from tests.peers.proxy import Proxy
from tests.sockets.checking import CheckingClient, Ledger

IMPATIENT = Timing(backoff_base_s=0.1, backoff_cap_s=1.0, retry_s=0.2, answer_s=1.5)
LIBRARY = Timing()
"""The client library as it comes: half a second of backoff that doubles up to 30 s, 10 s for an answer."""
MOST_S = 100.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How much and how long. `circles` of two talk; `crowd` more listen where a fault is about many."""

    circles: int
    crowd: int
    broken_s: float


FULL = Pace(circles=6, crowd=80, broken_s=1.2)
SHORT = Pace(circles=2, crowd=16, broken_s=0.4)


class Scene:
    """What a fault's function may break, and how it says what it saw."""

    def __init__(self, stage: Stage, pace: Pace, timing: Timing) -> None:
        self.stage, self.pace, self.timing = stage, pace, timing
        self.ledger = Ledger(stage.deployment)
        self.talk = Talk([])
        self.circles: list[Circle] = []
        self.violations: list[str] = []
        self.limits: list[Limit] = []
        self.recovery_s: float | None = None
        self._recovering: asyncio.Task[None] | None = None
        self._now = asyncio.get_running_loop().time

    @property
    def deployment(self) -> Deployment:
        """The database and the servers."""
        return self.stage.deployment

    @property
    def door(self) -> Proxy:
        """The way to the first process, by which every asker comes: what faults of the network break."""
        return self.stage.doors[0]

    def now(self) -> float:
        """Seconds of a clock that only rises."""
        return self._now()

    async def last(self) -> None:
        """Let a fault last."""
        await asyncio.sleep(self.pace.broken_s)

    # --- people --------------------------------------------------------------------------------------------------

    async def open(self, pause_s: float = PAUSE_S) -> None:
        """People come, askers by the first door and answerers by the last, and begin to talk."""
        self.circles = self.stage.take_circles(self.pace.circles)
        talkers = []
        for number, circle in enumerate(self.circles):
            for role, person, door in (("a", circle.asker, 0), ("b", circle.answerer, -1)):
                client = await self.join(person, circle, self.stage.doors[door])
                talkers.append(Talker(client, circle, f"{role}{number}"))
        self.talk = Talk(talkers, pause_s)
        self.talk.begin()
        await self.talk.more()

    async def join(self, person: Person, circle: Circle, door: Proxy) -> CheckingClient:
        """One more client that follows a circle's stream."""
        return await self.ledger.join(person, circle.stream, url=door.url, timing=self.timing)

    async def gather_crowd(self, door: Proxy) -> list[CheckingClient]:
        """Many who only listen, all by one door; at most six of one member."""
        crowd: list[CheckingClient] = []
        for circle in self.stage.take_circles(-(-self.pace.crowd // 12)):
            joining = [self.join(person, circle, door) for person in (circle.asker, circle.answerer) * 6]
            crowd += await asyncio.gather(*joining)
        return crowd[: self.pace.crowd]

    # --- what was seen -------------------------------------------------------------------------------------------

    def expect(self, holds: bool, words: str) -> None:
        """Something that must be so; a violation if it is not."""
        if not holds:
            self.violations.append(words)

    def hold(self, what: str, reached: float, bound: float, unit: str, *, at_least: bool = False,
             note: str = "") -> None:
        """Measure a limit of the specification."""
        self.limits.append(Limit(what, self.stage.stack.name, reached, bound, unit, at_least, note))

    def mark(self) -> float:
        """From now on all must come right again: the time until it has is the recovery. Returns this instant."""
        marked = self.now()
        self._recovering = asyncio.create_task(self._recover(marked))
        return marked

    async def recover(self) -> None:
        """Wait until all is well, if it is not yet. Raises TimeoutError."""
        if self._recovering is None:
            self.mark()
        assert self._recovering is not None
        async with asyncio.timeout(45):
            await self._recovering

    async def _recover(self, marked: float) -> None:
        """Well: everybody has been acknowledged something since, and stands where all of that is."""
        while any(not talker.acks or talker.acks[-1][0] < marked for talker in self.talk.talkers):
            await asyncio.sleep(0.01)
        heads: dict[str, int] = {}
        for stream, seq in self.ledger.promised.values():
            heads[stream] = max(seq, heads.get(stream, 0))
        for talker in self.talk.talkers:
            await talker.client.until_seq(talker.circle.stream, heads[talker.circle.stream], within_s=45)
        self.recovery_s = self.now() - marked

    async def finish(self) -> None:
        """The last words, and every invariant."""
        await self.talk.end()
        await self.ledger.settle()
        self.violations += self.ledger.faults
        self.violations += await self.talk.check_heard()
        self.violations += [f"I12: a log line holds {word!r}" for word in planted_words(self.deployment)]

    async def close(self) -> None:
        """Everybody goes."""
        self.talk.abandon()
        if self._recovering is not None:
            self._recovering.cancel()
        await self.ledger.close()

    def row(self, fault: str) -> Row:
        """What came of it."""
        sent = self.ledger.published
        stored = {c for (c,) in self.deployment.query("SELECT c FROM realtime_event WHERE c IS NOT NULL")} & set(sent)
        events = [event for client in self.ledger.clients for log in client.log.values() for event in log]
        return Row(
            fault=fault,
            stack=self.stage.stack.name,
            sent=len(sent),
            acknowledged=len(self.ledger.promised),
            stored=len(stored),
            delivered=sum(event.c in sent for event in events),
            reconnects=sum(len(client.watched.losses) for client in self.ledger.clients),
            ack_p99_ms=percentile(self.talk.latencies(), 0.99) * 1000,
            recovery_s=self.recovery_s,
            violations=self.violations,
            limits=self.limits,
        )


Play = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the table. `timing` is the patience of its clients; `needs_disk` asks for a disk to be filled."""

    name: str
    play: Play
    stacks: tuple[Stack, ...]
    timing: Timing = IMPATIENT
    needs_disk: bool = False


async def play(stage: Stage, fault: Fault, pace: Pace) -> Row:
    """Break it under load, mend it, and look at everything. Whatever goes wrong is a violation in the row."""
    if fault.needs_disk and not stage.disk.own:
        return Row(fault.name, stage.stack.name, skipped="a disk to fill can only be mounted by root")
    await stage.mend()
    scene = Scene(stage, pace, fault.timing)
    began = scene.now()
    try:
        async with asyncio.timeout(MOST_S):
            await scene.open()
            await fault.play(scene)
            await scene.recover()
            await scene.finish()
    except Exception as error:  # one fault that fails must not keep the others from being played
        scene.violations.append(f"{type(error).__name__}: {error}")
        scene.violations += scene.ledger.faults
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                await scene.close()
    await stage.mend()
    row = scene.row(fault.name)
    row.seconds = scene.now() - began
    return row

"""The section `sound`: calls between a browser and a trunk through one media worker, packets of G.711 passed on.

The latency is from before one end sends to when the other end has it, both ways: the two kernels' hops, SRTP at both
ends and what the generator itself needs are within it, so that what the worker adds is less.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import uvloop
from aiortc import RTCCertificate

from bench.measure import Meter
from bench.places import ROOT
from bench.stage import Stage
from bench.telephones import Talk

FRAME_S: Final = 0.02
DRAIN_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Size:
    """How many calls at once, and for how long they are watched in each run."""

    calls: int
    window_s: float


FULL: Final = Size(50, 6.0)
SHORT: Final = Size(3, 0.6)


def sound(stage: Stage) -> None:
    """All of it."""
    uvloop.run(calls_through(stage, "sound", Talk, SHORT if stage.plan.name == "short" else FULL))


def share(values: Iterable[float], part: float) -> float:
    """Return the value below which this part of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


class Worker:
    """The worker's process, asked one thing at a time."""

    def __init__(self, process: Process, door: int) -> None:
        """`door`: the port at which its streams come."""
        self.process, self.door, self._lock = process, door, asyncio.Lock()

    async def ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Ask, and return the answer; who is tired of waiting leaves it unread to nobody else."""
        return await asyncio.shield(self._answer(asked))

    async def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        async with self._lock:
            self.process.stdin.write(json.dumps(asked).encode() + b"\n")
            answer: dict[str, Any] = json.loads(await self.process.stdout.readline())
            return answer


@asynccontextmanager
async def working() -> AsyncIterator[Worker]:
    """A worker that is ready, and ended in good order."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.soundworker", cwd=ROOT, stdin=PIPE, stdout=PIPE, limit=1 << 20)  # fmt: skip
    try:
        assert process.stdout is not None
        door = json.loads(await process.stdout.readline())["port"]  # it is ready
        yield Worker(process, door)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.wait_for(process.wait(), 20)


async def calls_through(stage: Stage, row: str, kind: type[Talk], size: Size) -> None:
    """Measure calls between browsers and telephones of a kind, as figures of a row."""
    stage.say(f"{row}: {size.calls} calls through one media worker")
    async with working() as worker:
        certificate = RTCCertificate.generateCertificate()
        talks = [kind(str(n), worker.ask, certificate, worker.door) for n in range(size.calls)]
        for talk in talks:
            await talk.begin()
        for _ in range(stage.plan.runs):
            await _run(stage, row, talks, worker.process.pid, size.window_s)
        counted = [await talk.end() for talk in talks]
    add = stage.report.add
    add(row, "Curbside", "offer to sound p95", "ms", [share((talk.setup_ms for talk in talks), 0.95)],
        f"{len(talks)} calls, one after the other")  # fmt: skip
    add(row, "Curbside", "lost in the worker's count", "packets", [float(sum(each["lost"] for each in counted))],
        f"of {sum(each['packets'] for each in counted)}")  # fmt: skip


async def _run(stage: Stage, row: str, talks: list[Talk], pid: int, seconds: float) -> None:
    """One window: every call speaks both ways each 20 ms, spread evenly over them."""
    ears = [ear for talk in talks for ear in (talk.browser_ear, talk.telephone_ear)]
    for ear in ears:
        ear.took_ms, ear.since = [], time.perf_counter()
    loop = asyncio.get_running_loop()
    meter, began, rounds = Meter(pid), loop.time(), round(seconds / FRAME_S)
    for turn in range(rounds):
        for n, talk in enumerate(talks):
            await asyncio.sleep(max(0.0, began + (turn + n / len(talks)) * FRAME_S - loop.time()))
            talk.browser.speak()
            talk.telephone.speak()
    took_s, used = loop.time() - began, meter.read()[0]
    await asyncio.sleep(DRAIN_S)
    took_ms = [each for ear in ears for each in ear.took_ms]
    lost = 2 * rounds * len(talks) - len(took_ms)
    for what, unit, value in (
        ("CPU a call", "% of a core", used / took_s / len(talks) * 100),
        ("p50", "ms", share(took_ms, 0.5)),
        ("p99", "ms", share(took_ms, 0.99)),
        ("lost", "packets", float(lost)),
    ):
        _append(stage, row, what, unit, value, f"{len(talks)} calls, {len(took_ms):,} packets a run")


def _append(stage: Stage, row: str, what: str, unit: str, value: float, note: str) -> None:
    """Add a run to a figure."""
    report = stage.report
    found = report.find(row, "Curbside", what)
    if found is not None:
        report.figures.remove(found)
    report.add(row, "Curbside", what, unit, [*(found.runs if found else ()), value], note)

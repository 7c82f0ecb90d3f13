"""The load generator's process: takes orders as JSON lines, answers each with one JSON line.

`open` connects a crowd, `run` sends through it for a while, `close` ends it. `bench/load.py` is the other end.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from array import array
from pathlib import Path
from typing import Any

import uvloop

from bench.crowd import Crowd, Window
from bench.dialects import DIALECTS, Member


def percentile(ordered: list[float], part: float) -> float:
    """Return the value below which `part` (0 to 1) of the ordered values lie; 0.0 where there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def summary(window: Window, seconds: float, cpu_s: float) -> dict[str, Any]:
    """Return what the other end wants to know of a window; latencies in milliseconds."""
    ordered = sorted(window.latencies)
    window.latencies = array("d")
    return {
        "sent": len(window.sent_at),
        "acked": window.acked,
        "refused": window.refused,
        "expected": window.expected,
        "delivered": window.delivered,
        "p50_ms": percentile(ordered, 0.50) * 1000,
        "p99_ms": percentile(ordered, 0.99) * 1000,
        "seconds": seconds,
        "late_ms": window.latest_s * 1000,
        "generator_cpu": cpu_s / seconds,
    }


class Generator:
    """One crowd at a time."""

    def __init__(self) -> None:
        self._crowd: Crowd | None = None

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out one order."""
        if order["do"] == "open":
            return await self._open(order)
        assert self._crowd is not None
        if order["do"] == "run":
            return await self._run(self._crowd, order)
        lost = self._crowd.lost
        await self._crowd.close()
        self._crowd = None
        return {"lost": lost}

    async def _open(self, order: dict[str, Any]) -> dict[str, Any]:
        read = json.loads(Path(order["people"]).read_text("utf-8"))
        members = [Member(one["ticket"], tuple(one["streams"])) for one in read]
        self._crowd = Crowd(DIALECTS[order["dialect"]](), order["address"], order["port"])
        began = time.perf_counter()
        await self._crowd.open(members, order["at_once"])
        return {"opened": len(members), "seconds": time.perf_counter() - began}

    async def _run(self, crowd: Crowd, order: dict[str, Any]) -> dict[str, Any]:
        began, cpu = time.perf_counter(), time.process_time()
        window = await crowd.run(order["rate"], order["seconds"], order["streams"], order["patience_s"])
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        return summary(window, seconds, cpu_s) | {"lost": crowd.lost}


async def main() -> None:
    """Obey until standard input ends."""
    generator = Generator()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        try:
            answer = await generator.obey(json.loads(line))
        except (OSError, TimeoutError) as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.freeze()
    gc.disable()
    uvloop.run(main())

"""A long run with churn on `several`: people talk, others come and go, and the servers must not grow."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import asdict

import psutil

from tests.faults import pages
from tests.faults.growth import draw, growth
from tests.faults.report import Sample, Soak
from tests.faults.scene import LIBRARY, Pace, Scene
from tests.faults.stacks import SEVERAL, Ground, Stage
from tests.peers.curbside import ROOT, Circle, CurbsideServer
from tests.peers.proxy import Proxy

TALKING = 20
PAUSE_S = 1.4
GUESTS = 20
STAYS_S = (4.0, 20.0)
EVERY_S = 10.0
BREAKS_EVERY_S = 240.0
PICTURE = pages.DOCUMENT.parent / "reliability-soak.svg"
STORED = ROOT / "var" / "faults" / "soak.json"

Say = Callable[[str], None]


def sample(server: CurbsideServer, number: int, at_s: float) -> Sample:
    """Look at one process."""
    process = psutil.Process(server.process.pid)
    counts = server.ask(count=True)
    return Sample(at_s, number, process.memory_full_info().uss, counts["tasks"], process.num_fds(),
                  counts["threads"], counts["connections"])


async def soak(seconds: float, ground: Ground, say: Say) -> Soak:
    """Run so long, and hold what was sampled against what may grow."""
    stage = await asyncio.to_thread(Stage, SEVERAL, ground)
    scene = Scene(stage, Pace(TALKING, GUESTS, 0.0), LIBRARY)
    result = Soak(seconds, TALKING * 2 + GUESTS)
    tasks: list[asyncio.Task[None]] = []
    began = scene.now()
    try:
        await scene.open(PAUSE_S)
        circles = scene.circles[:GUESTS]
        tasks = [asyncio.create_task(_be_guest(scene, circles[number], stage.doors[number % 2], number))
                 for number in range(GUESTS)]
        tasks.append(asyncio.create_task(_break_now_and_then(scene)))
        while scene.now() - began < seconds:
            at = scene.now() - began
            for number, server in enumerate(stage.servers):
                result.samples.append(await asyncio.to_thread(sample, server, number, at))
            last = ", ".join(f"{s.memory / 2**20:.1f} MiB {s.tasks} tasks" for s in result.samples[-2:])
            say(f"{at:6.0f} s  {len(scene.ledger.promised)} acknowledged  {last}")
            await asyncio.sleep(EVERY_S)
            for task in tasks:
                if task.done():
                    task.result()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await scene.finish()
    except Exception as error:  # what was sampled until then is still worth a look
        scene.violations.append(f"{type(error).__name__}: {error}")
    finally:
        for task in tasks:
            task.cancel()
        await scene.close()
        result.rows = [scene.row("soak")]
        await asyncio.to_thread(stage.close)
    result.limits = growth(result.samples, seconds, SEVERAL.name)
    return result


async def _be_guest(scene: Scene, circle: Circle, door: Proxy, number: int) -> None:
    """Come, listen, type, read, go; again and again, each time as a new client that is checked when it goes."""
    chance = random.Random(number)
    while True:
        client = await scene.join(circle.answerer, circle, door)
        client.typing(circle.stream)
        await asyncio.sleep(chance.uniform(*STAYS_S))
        if client.log[circle.stream]:
            client.read(circle.stream, client.log[circle.stream][-1].seq)
        scene.ledger.faults += client.check()
        await client.close()
        scene.ledger.clients.remove(client)


async def _break_now_and_then(scene: Scene) -> None:
    while True:
        await asyncio.sleep(BREAKS_EVERY_S)
        for door in scene.stage.doors:
            door.drop_connections()


def run(seconds: float, ground: Ground, say: Say) -> Soak:
    """Run, and store what was found."""
    found = asyncio.run(soak(seconds, ground, say))
    STORED.parent.mkdir(parents=True, exist_ok=True)
    STORED.write_text(json.dumps(asdict(found), indent=1), "utf-8")
    return found


def show(found: Soak, doc: bool) -> int:
    """Print it, and write it into the document with its picture. Returns 1 where something grew or was violated."""
    print(pages.columns([pages.FAULTS_HEAD, *map(pages.row_line, found.rows)]))
    print(pages.columns([pages.LIMITS_HEAD, *map(pages.limit_line, found.limits)]))
    for words in found.rows[0].violations:
        print(words)
    if doc:
        pages.write(pages.DOCUMENT, "soak", pages.soak_document(found))
        PICTURE.write_text(draw(found.samples, f"{found.seconds / 60:.0f} minutes with churn"), "utf-8")
    return 0 if not found.rows[0].violations and all(limit.met for limit in found.limits) else 1

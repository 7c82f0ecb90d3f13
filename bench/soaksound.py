"""`soak-sound`: for half an hour calls come and go through one media worker, which must not grow.

Each call is set up, talks, may be reloaded in the browser and held, and is hung up; at once the next one comes. Flat
means what it means in the soak of docs/reliability.md (``tests/faults/growth.py``). It runs by itself, at less than
half of the load that `sound` measures; whatever else the machine does moves its times and not its memory.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import psutil
import uvloop
from aiortc import RTCCertificate

from bench.places import CACHE, DOCUMENT
from bench.sound import FRAME_S, Worker, working
from bench.telephones import Ear, Talk
from tests.faults import pages
from tests.faults.growth import draw, growth
from tests.faults.report import Limit, Sample

NAME: Final = "soak-sound"
PICTURE: Final = DOCUMENT.parent / "performance-soak-sound.svg"
STORED: Final = CACHE / "soak-sound.json"
SETS_UP_S: Final = 20.0
LATE_S: Final = 0.2
"""Who is later than this to speak leaves out what was missed, so that a busy machine is not made busier."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How many calls at once, for how long in all, how long each talks, and how often the worker is looked at."""

    calls: int
    seconds: float
    stays_s: tuple[float, float]
    every_s: float


def full(seconds: float) -> Size:
    """The whole, for so long."""
    return Size(20, seconds, (10.0, 50.0), 5.0)



@dataclass(slots=True)
class Soaked:
    """What came of it.

    `silent`: calls in which an end heard less than half of what the other said; `given_up`: calls that could not be set
    up in time, as on a machine that starved them, and were hung up.
    """

    seconds: float
    at_once: int
    calls: int = 0
    reloads: int = 0
    holds: int = 0
    packets: int = 0
    silent: int = 0
    given_up: int = 0
    samples: list[Sample] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether it is flat and every call was heard, but for one in fifty that could not be set up."""
        heard = self.calls >= 50 * self.given_up and not self.silent
        return bool(self.calls) and heard and all(limit.met for limit in self.limits)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Soaked:
        """Read what was stored."""
        parts = {"samples": [Sample(**one) for one in stored["samples"]],
                 "limits": [Limit(**one) for one in stored["limits"]]}
        return cls(**{**stored, **parts})


async def soak(size: Size, say: Say) -> Soaked:
    """Have calls come and go for so long, and hold what was sampled against what may grow."""
    found = Soaked(size.seconds, size.calls)
    async with working() as worker:
        certificate = RTCCertificate.generateCertificate()
        began = time.monotonic()
        ends = began + size.seconds
        async with asyncio.TaskGroup() as group:
            for place in range(size.calls):
                group.create_task(_come_and_go(place, worker, certificate, size, ends, found))
            while (at := time.monotonic() - began) < size.seconds:
                found.samples.append(await sample(worker, at))
                last = found.samples[-1]
                say(f"{found.calls} calls  {last.memory / 2**20:.1f} MiB  {last.tasks} tasks  "
                    f"{last.descriptors} descriptors  {last.threads} threads")
                await asyncio.sleep(size.every_s)
    found.limits = growth(found.samples, size.seconds, "media worker")
    return found


async def sample(worker: Worker, at_s: float) -> Sample:
    """Look at the worker; `connections` are the legs that it has."""
    process = psutil.Process(worker.process.pid)
    counts = await worker.ask({"count": True})
    memory = (await asyncio.to_thread(process.memory_full_info)).uss
    return Sample(at_s, 0, memory, counts["tasks"], process.num_fds(), process.num_threads(), counts["legs"])


async def _come_and_go(
    place: int, worker: Worker, certificate: RTCCertificate, size: Size, ends: float, found: Soaked
) -> None:
    chance = random.Random(place)
    for n in count():
        if time.monotonic() >= ends:
            return
        talk = Talk(f"{place}:{n}", worker.ask, certificate, worker.door)
        try:
            await asyncio.wait_for(talk.begin(), SETS_UP_S)
            await _talk(talk, n, chance.uniform(*size.stays_s), found)
        except (TimeoutError, ConnectionError):
            found.given_up += 1
        else:
            found.calls += 1
        found.packets += (await talk.end()).get("packets", 0)


async def _talk(talk: Talk, n: int, seconds: float, found: Soaked) -> None:
    said = await _speak(talk, seconds / 2)
    if n % 3 == 1:
        await asyncio.wait_for(talk.reload(), SETS_UP_S)
        found.reloads += 1
    said += await _speak(talk, seconds / 2)
    await asyncio.sleep(FRAME_S * 5)  # what is on its way arrives
    found.silent += any(heard(ear) < said / 2 for ear in (talk.browser_ear, talk.telephone_ear))
    if n % 3 == 2:
        await talk.hold("en" if n % 2 else "sv")
        await _speak(talk, seconds / 10)
        await talk.hold(None)
        found.holds += 1


def heard(ear: Ear) -> int:
    """How many packets of the other end's arrived at one end."""
    return len(ear.took_ms)


async def _speak(talk: Talk, seconds: float) -> int:
    """Have both ends speak each 20 ms; return how often."""
    loop = asyncio.get_running_loop()
    said, due, ends = 0, loop.time(), loop.time() + seconds
    while due < ends:
        talk.browser.speak()
        talk.telephone.speak()
        said += 1
        due = max(due + FRAME_S, loop.time() - LATE_S)
        await asyncio.sleep(max(0.0, due - loop.time()))
    return said


def run(size: Size, say: Say, path: Path = STORED) -> Soaked:
    """Run, and store what was found."""
    found = uvloop.run(soak(size, say))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(found), indent=1), "utf-8")
    return found


def words(found: Soaked) -> str:
    """What it was, in a sentence or two."""
    return (f"Measured by `python -m bench --only {NAME} --minutes {found.seconds / 60:g}`: {found.calls:,} calls, "
            f"{found.at_once} at a time, {found.reloads:,} of them reloaded, {found.holds:,} held; {found.packets:,} "
            f"packets came from the browsers, {found.silent} calls missed sound, {found.given_up} could not be set up; "
            f"{len(found.samples)} samples.")


def show(found: Soaked, doc: bool) -> int:
    """Print it, and write it into the document with its picture. Returns 1 where something grew or fell silent."""
    lines = [pages.LIMITS_HEAD, *map(pages.limit_line, found.limits)]
    print(words(found), pages.columns(lines), sep="\n\n")
    if doc:
        picture = f"![Memory, tasks, descriptors and threads of the media worker]({PICTURE.name})"
        pages.write(DOCUMENT, NAME, "\n\n".join([words(found), pages.markdown(lines), picture]))
        PICTURE.write_text(draw(found.samples, f"{found.seconds / 60:.0f} minutes of calls that come and go"), "utf-8")
    return 0 if found.good else 1

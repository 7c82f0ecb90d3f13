"""A rolling upgrade: two versions side by side on one database and one Redis, clients moved from one to the other.

A consult goes on meanwhile, and a masked call that one version began is ended by the other.

The other version is the newest tag, or without one the newest commit before the last change of the tables that still
starts: what an installation would come from. The tables are always those of this version, since `migrate` runs first
(docs/operations.md): so this also tests that they serve the version before. Where there is no history (an archive), the
same code under another name stands in for it.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from curbside import Lost

from tests.conftest import QUICK, Deploy
from tests.peers.curbside import ROOT, CurbsideServer, Deployment, environment
from tests.peers.process import Process
from tests.peers.proxy import Proxy
from tests.sockets import calling
from tests.sockets.checking import CheckingClient, Ledger
from tests.sockets.wire import Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]

DRAIN = 4001
TRIES = 20


class Version(CurbsideServer):
    """A server of the code in a directory."""

    def __init__(self, root: Path, env: Mapping[str, str], log: Path) -> None:
        self.root = root
        super().__init__(env, log)

    def _spawn(self) -> Process:
        argv = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--server", self.kind]
        return Process(argv, self.log, env=self.env | {"PYTHONPATH": str(self.root)}, cwd=self.root)


def git(*words: str) -> bytes:
    """What git says; nothing where there is no history."""
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False, timeout=60)
    return done.stdout if done.returncode == 0 else b""


def candidates() -> Iterator[str]:
    """Versions to come from, the likeliest first."""
    yield from git("tag", "--sort=-creatordate", "--merged", "HEAD").decode().split()[:1]
    changes = git("log", "--format=%H", f"-{TRIES}", "--", ":(glob)*/migrations/0*.py").decode().split()
    yield from (f"{change}^" for change in changes)


def starts(root: Path, scratch: Path) -> bool:
    """Whether that code can be run at all."""
    env = environment(f"sqlite:///{scratch}/none.sqlite3", scratch) | {"PYTHONPATH": str(root)}
    argv = [sys.executable, "manage.py", "check"]
    return subprocess.run(argv, cwd=root, env=env, capture_output=True, check=False, timeout=60).returncode == 0


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the version before."""
    for number, commit in enumerate(candidates()):
        root = tmp_path_factory.mktemp(f"before-{number}")
        with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as archive:
            archive.extractall(root, filter="data")
        if (root / "manage.py").exists() and starts(root, tmp_path_factory.mktemp("check")):
            return root
    return ROOT


@pytest.mark.parametrize("way", ["forwards", "back"])
async def test_two_versions_serve_side_by_side_and_clients_move_by_drain(
    deploy: Deploy, before: Path, way: str, proxies: Callable[..., Proxy]
) -> None:
    made = deploy("postgres", **QUICK, LOOPBACK_PACE=20)
    old, new = (before, ROOT) if way == "forwards" else (ROOT, before)
    circle = made.take_circle()

    def start(root: Path, name: str) -> Version:
        server = Version(root, made.env | {"CURBSIDE_BUILD": name}, made.directory / f"{name}.log")
        made.servers.append(server)
        return server

    first, second = [await asyncio.to_thread(start, old, f"old-{n}") for n in range(2)]
    doors = [proxies(server.port) for server in (first, second)]
    async with in_a_call(made, old, new), Ledger(made) as ledger:
        members = [
            await ledger.join(person, circle.stream, url=door.url)
            for person, door in zip((circle.asker, circle.answerer), doors, strict=True)
        ]
        ends = [asyncio.create_task(collect_ends(member)) for member in members]
        talking = [asyncio.create_task(talk(member, circle.stream)) for member in members]
        heard = [len(member.log[circle.stream]) for member in members]
        for door, server, number in zip(doors, (first, second), range(2), strict=True):
            successor = await asyncio.to_thread(start, new, f"new-{number}")
            door.behind = (successor.port,)
            await roll(server)
            # Now one member speaks over the old version and the other over the new: each hears both.
            await hear_more(members, circle.stream)
        assert all(len(m.log[circle.stream]) > count + 20 for m, count in zip(members, heard, strict=True))
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
        ledger.published.clear()  # a sentence may have been broken off by the cancel above
    codes = [await stop(task) for task in ends]
    assert codes == [[DRAIN], [DRAIN]], "each was sent away once, kindly, and lost its line at no other time"


@asynccontextmanager
async def in_a_call(made: Deployment, old: Path, new: Path) -> AsyncIterator[None]:
    """Meanwhile two talk in a masked call: it begins on the first server, and is hung up on the last, as it was."""
    env = made.servers[0].env
    loops = [calling.call_loop(env, made.directory / "loop-old.log", old)]
    try:
        clinic = calling.Clinic(made, loops[0], await asyncio.to_thread(calling.filled, made), made.url)
        async with Wire(made.url) as wire:
            await wire.hello(clinic.made["ticket"])
            r = await calling.start(wire, clinic)
            await calling.until(wire, r, "call.bridged")
        yield
        loops.append(calling.call_loop(env, made.directory / "loop-new.log", new))
        await asyncio.to_thread(loops[0].stop)
        async with Wire(made.servers[-1].url) as wire:
            await wire.hello(clinic.made["ticket"], {"r": r, "p": 0})
            await calling.publish(wire, r, "call.hang_up")
            ended = await calling.until(wire, r, "call.ended")
        assert (ended["d"]["cause"], ended["d"]["reason"]) == ("completed", "you_hung_up")
        [counts] = made.query("SELECT (SELECT count(*) FROM voice_callrecord), count(*) FROM voice_loopbackleg")
        assert tuple(counts) == (1, 2), "one record, and nobody was rung twice"
    finally:
        for loop in loops:
            loop.stop()


async def roll(server: Version) -> None:
    """SIGTERM, and wait until the process has sent everybody away and ended."""
    server.terminate()
    assert await asyncio.to_thread(server.process.wait, 30) in (0, -15)


async def talk(member: CheckingClient, stream: str) -> None:
    """Say something again and again."""
    for number in range(1_000_000):
        await member.say(stream, f"{member.person.name.split()[0].lower()} sentence {number}")
        await asyncio.sleep(0.02)


async def hear_more(members: list[CheckingClient], stream: str, count: int = 15) -> None:
    """Wait until each has heard so much more of the other."""

    def heard(member: CheckingClient) -> int:
        return sum(event.by != member.names[stream] for event in member.log[stream])

    goals = [heard(member) + count for member in members]
    async with asyncio.timeout(30):
        while any(heard(member) < goal for member, goal in zip(members, goals, strict=True)):
            await asyncio.sleep(0.02)


async def collect_ends(member: CheckingClient) -> list[int]:
    """The codes with which the line ended, until told to stop."""
    codes: list[int] = []
    try:
        async for happening in member.happenings(room=100_000):
            if isinstance(happening, Lost):
                codes.append(happening.code)
    except asyncio.CancelledError:
        pass
    return codes


async def stop(task: asyncio.Task[list[int]]) -> list[int]:
    """End the collection and return what it found."""
    if not task.done():
        task.cancel()
    return await task

"""Readers that read too slowly or not at all, and one command on two sockets at once."""

from __future__ import annotations

import asyncio
import uuid

import psutil

from tests.faults.scene import Scene
from tests.faults.talking import percentile
from tests.peers.curbside import Circle, CurbsideServer
from tests.peers.proxy import Proxy
from tests.sockets.checking import CheckingClient
from tests.sockets.wire import Wire

CLOSED_S = 15.0
MOST_MB = 2.0
LONG = "word " * 700
CLOSES = (4008, 4003, 1006)
"""Slow, or no heartbeat; where the peer takes nothing any more, not even that can be said."""


async def stops(scene: Scene) -> None:
    """A reader takes nothing more out of its socket, while much is said in its stream."""
    circle = scene.stage.take_circles(1)[0]
    server = scene.stage.servers[0]
    flood = await scene.ledger.join(circle.asker, circle.stream, url=server.url, timing=scene.timing)
    await _flood(flood, circle, 60)  # so that what the process needs for this at all is there before
    calm: list[float] = []
    polling = asyncio.create_task(_gone(server, scene, scene.now()))  # looked at as often as below
    for _ in range(5):
        calm += await _watched(scene, _flood(flood, circle, 20))
        await asyncio.to_thread(_memory, server)
    polling.cancel()
    async with Wire(server.url) as slow:
        await slow.greet(circle.answerer, circle.stream)
        before = await asyncio.to_thread(_memory, server)
        slow.socket.transport.pause_reading()
        began = scene.now()
        closing = asyncio.create_task(_gone(server, scene, began))
        loud, most = [], before
        while not closing.done() and scene.now() - began < CLOSED_S * 2:
            loud += await _watched(scene, _flood(flood, circle, 20))
            most = max(most, await asyncio.to_thread(_memory, server))
        closed_s = await closing
        slow.socket.transport.resume_reading()
        said, code = await slow.closed()
        scene.expect((said or code) in CLOSES, f"a reader that stopped was closed with {said} and {code}")
    scene.hold("a reader that stops is closed", closed_s, CLOSED_S, "s")
    scene.hold("memory while a reader stands", (most - before) / 2**20, MOST_MB, "MiB")
    p99, usual = (percentile(sorted(each), 0.99) * 1000 for each in (loud, calm))
    scene.hold("p99 of the others' acknowledgements while a reader stands", p99, usual * 2 + 50, "ms",
               note=f"without it {usual:.0f} ms, as much being said")
    late = await scene.ledger.join(circle.answerer, url=server.url, timing=scene.timing)
    await late.follow(circle.stream, position=0)
    scene.mark()


async def _flood(client: CheckingClient, circle: Circle, count: int) -> None:
    for _ in range(count):
        await client.say(circle.stream, LONG)


async def _watched(scene: Scene, work: object) -> list[float]:
    """Do something, and return how long the talkers' acknowledgements took meanwhile."""
    began = scene.now()
    await work  # type: ignore[misc]  # a coroutine
    return scene.talk.latencies(since=began)


async def _gone(server: CurbsideServer, scene: Scene, began: float) -> float:
    """Wait until the process has one connection less than it had, and return when that was."""
    full = (await asyncio.to_thread(lambda: server.ask(count=True)))["connections"]
    while (await asyncio.to_thread(lambda: server.ask(count=True)))["connections"] >= full:
        await asyncio.sleep(0.1)
        if scene.now() - began > CLOSED_S * 2:
            break
    return scene.now() - began


def _memory(server: CurbsideServer) -> int:
    """Bytes that the process holds for itself alone."""
    return int(psutil.Process(server.process.pid).memory_full_info().uss)


async def slow(scene: Scene) -> None:
    """A reader of 1 kB/s in a stream where much is said: it is closed, comes back, and has all of it in the end."""
    circle = scene.stage.take_circles(1)[0]
    server = scene.stage.servers[0]
    with Proxy(server.port) as narrow:
        flood = await scene.ledger.join(circle.asker, circle.stream, url=server.url, timing=scene.timing)
        reader = await scene.ledger.join(circle.answerer, circle.stream, url=narrow.url, timing=scene.timing)
        narrow.slow(bytes_per_s=1000)
        closing = asyncio.create_task(_gone(server, scene, scene.now()))
        while not closing.done():
            await _flood(flood, circle, 10)
        scene.hold("a reader of 1 kB/s is closed", await closing, CLOSED_S, "s")
        narrow.heal()
        narrow.drop_connections()
        scene.mark()
        head = max(seq for stream, seq in scene.ledger.promised.values() if stream == circle.stream)
        await reader.until_seq(circle.stream, head, within_s=30)
        await reader.close()


async def same_command_twice(scene: Scene) -> None:
    """One member sends the same `c` on two sockets, at two processes where there are two, in the same instant."""
    circle = scene.circles[0]
    here = await scene.join(circle.asker, circle, scene.stage.doors[0])
    there = await scene.join(circle.asker, circle, scene.stage.doors[-1])
    for number in range(30):
        c = str(uuid.uuid4())
        saying = [client.say(circle.stream, f"twice {number}", c=c) for client in (here, there)]
        one, other = await asyncio.gather(*saying)
        scene.expect(one.seq == other.seq, f"one c has the numbers {one.seq} and {other.seq}")
    scene.mark()

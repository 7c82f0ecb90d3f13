"""Processes that die, all or one of them, and processes that are told to end."""

from __future__ import annotations

import asyncio

from tests.faults.scene import Scene
from tests.faults.stacks import SETTINGS
from tests.peers.curbside import CurbsideServer
from tests.sockets.checking import CheckingClient

BACK_S = 10.0
AWAY, BY_ITSELF = 4001, 4000  # what the service closes with in a drain; a client that was not greeted
BACKGROUND = ("realtime_timer", "realtime_revocation", "FOR UPDATE", "FROM realtime_stream WHERE id", "SELECT 1")
"""What a process asks by itself, whoever is connected: the timers, the revocations, the audit of heads."""


async def kill_one(scene: Scene) -> None:
    """kill -9 of one of two: its clients go on with the other."""
    scene.mark()
    scene.stage.servers[0].kill()
    await scene.talk.more()
    await scene.recover()
    assert scene.recovery_s is not None
    scene.hold("recovery after kill -9 of one of two", scene.recovery_s, 3.0, "s")


async def kill_crowded(scene: Scene) -> None:
    """kill -9 of a process with many clients, who are all back soon and ask the database next to nothing."""
    crowd = await scene.gather_crowd(scene.door)
    everyone = [*crowd, *(talker.client for talker in scene.talk.talkers if talker.who.startswith("a"))]
    scene.talk.pause()
    await asyncio.sleep(0.5)
    with scene.stage.postgres.overhear() as statements:
        killed_at = scene.now()
        scene.stage.servers[0].kill()
        back_s = await all_back(everyone, killed_at)
        await asyncio.sleep(0.5)
    reads = [text for text in statements() if "SELECT" in text and not any(word in text for word in BACKGROUND)]
    scene.mark()
    scene.talk.go_on()
    scene.hold("all clients of a killed process back", back_s, BACK_S, "s", note=f"{len(everyone)} clients")
    scene.hold("reads of the database for each that came back", len(reads) / len(everyone), 1.0, "")


async def kill_all(scene: Scene) -> None:
    """kill -9 of every process, and all started again."""
    for server in scene.stage.servers:
        server.kill()
    await scene.last()
    await asyncio.gather(*(asyncio.to_thread(server.start_again) for server in scene.stage.servers))
    scene.mark()


async def drain(scene: Scene) -> None:
    """SIGTERM under load: everybody is told to go and when to come back, and nobody meets a broken connection."""
    crowd = await scene.gather_crowd(scene.door)
    everyone = [*crowd, *(talker.client for talker in scene.talk.talkers if talker.who.startswith("a"))]
    server = scene.stage.servers[0]
    behind, others = scene.door.behind, [one.port for one in scene.stage.servers[1:]]
    if others:
        scene.door.behind = tuple(others)  # a balancer sees /readyz and sends nobody there any more
    at = scene.now()
    server.terminate()
    await _end(scene, server)
    if not others:
        await asyncio.to_thread(server.start_again)
    scene.mark()
    await all_back(everyone, at)
    scene.door.behind = behind
    codes = [code for client in everyone for code, when in client.watched.losses if when >= at]
    first = sorted(next(when for when in client.watched.openings if when > at) - at for client in everyone)
    window = float(SETTINGS["DRAIN_S"])
    # A client leaves a process that started again and could not greet it in time, and comes once more.
    by_itself = set() if others else {BY_ITSELF}
    scene.expect(set(codes) - by_itself == {AWAY}, f"a drain closed with {sorted(set(codes))}")
    scene.hold("a drain: connections that ended without a word (1006)", codes.count(1006), 0, "")
    if others:  # else they come back when the process has been started again, later than the window
        scene.hold("a drain: its clients come back over, of the window", (first[-1] - first[0]) / window, 0.5, "",
                   at_least=True, note=f"{len(first)} clients, window {window:.0f} s")
        most = max(sum(start <= when < start + window / 4 for when in first) for start in first) / len(first)
        scene.hold("a drain: the busiest quarter of the window takes, of its clients", most, 0.6, "")


async def _end(scene: Scene, server: CurbsideServer) -> None:
    status = await asyncio.to_thread(server.process.wait, 20)
    scene.expect(status in (0, -15), f"a drained process ended with status {status}")


async def all_back(clients: list[CheckingClient], since: float) -> float:
    """Wait until each has been greeted on a connection opened since. Returns the seconds that took all of them."""
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(30):
        while not all(client.session.is_ready and client.watched.openings[-1] > since for client in clients):
            await asyncio.sleep(0.01)
    return now() - since

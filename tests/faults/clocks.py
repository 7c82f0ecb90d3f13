"""Wall clocks that jump an hour under a running process (`tests/peers/controlled.py`)."""

from __future__ import annotations

import asyncio

from tests.faults.scene import Scene

HOUR_S = 3600


async def ahead(scene: Scene) -> None:
    """One process believes that it is an hour later, and then no longer."""
    await _jump(scene, HOUR_S)


async def behind(scene: Scene) -> None:
    """One process believes that it is an hour earlier, and then no longer."""
    await _jump(scene, -HOUR_S)


async def _jump(scene: Scene, seconds: int) -> None:
    server = scene.stage.servers[0]
    for clock in (seconds, 0):
        await asyncio.to_thread(lambda off=clock: server.ask(clock=off))
        await scene.last()
        scene.door.drop_connections()  # and whoever comes back then brings a ticket of before
        await scene.talk.more()
    scene.mark()

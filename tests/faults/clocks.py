"""Wall clocks that jump an hour under a running process (`tests/peers/controlled.py`)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from curbside import Api

from tests.faults.scene import Scene
from tests.sockets.wire import Wire

HOUR_S = 3600
SHOWN_OUT_S = 3.0


async def ahead(scene: Scene) -> None:
    """One process believes that it is an hour later, and then no longer."""
    await _jump(scene, HOUR_S)


async def behind(scene: Scene) -> None:
    """One process believes that it is an hour earlier, and then no longer."""
    await _jump(scene, -HOUR_S)


async def _jump(scene: Scene, seconds: int) -> None:
    server = scene.stage.servers[0]
    for clock in (seconds, 0):
        await asyncio.to_thread(partial(server.ask, clock=clock))
        await scene.last()
        scene.door.drop_connections()  # and whoever comes back then brings a ticket of before
        await scene.talk.more()
        await _show_out(scene, counts=clock == 0)
    scene.mark()


async def _show_out(scene: Scene, *, counts: bool) -> None:
    """Remove a token: its socket ends within two seconds, if `counts`, whatever was removed while a clock was wrong."""
    person = scene.stage.take_circles(1)[0].outsider
    url = scene.stage.servers[0].url
    owner = Api(url, person.token)
    made = await owner.call("POST", "/tokens", {"name": "for a moment"})
    async with Wire(scene.stage.servers[-1].url) as wire:
        await wire.greet(replace(person, token=made["token"]))
        await owner.call("DELETE", f"/tokens/{made['id']}")
        if counts:
            try:
                ended = await wire.closed(SHOWN_OUT_S)
            except TimeoutError:
                ended = (None, 0)
            scene.expect(ended == (4501, 4501), f"a removed token's socket ended with {ended}")

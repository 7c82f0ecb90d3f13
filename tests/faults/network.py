"""What networks do: cut, cut one way, half-open, lossy, far away; and who comes back all at once."""

from __future__ import annotations

import asyncio

from tests.faults.database import stored
from tests.faults.scene import Scene
from tests.faults.servers import all_back

FAR_S = 0.15
"""One way; a round trip takes 300 ms."""


async def cut(scene: Scene) -> None:
    """Every connection is reset and none can be made; the other side does not notice."""
    others = [talker for talker in scene.talk.talkers if talker.who.startswith("b")]
    for _ in range(2):
        scene.door.cut()
        if len(scene.stage.doors) > 1:
            await scene.talk.more(2, within_s=5, talkers=others)
        await scene.last()
        scene.door.heal()
        scene.mark()
        await scene.recover()


async def cut_up(scene: Scene) -> None:
    """What clients say is lost; what is said to them arrives."""
    scene.door.cut_up()
    await _silent(scene)


async def cut_down(scene: Scene) -> None:
    """What clients say is carried out, and neither its answer nor anything else reaches them."""
    scene.door.cut_down()
    await asyncio.sleep(0.3)
    scene.expect(bool(stored(scene) - set(scene.ledger.promised)), "no commit lost its answer")
    await _silent(scene)


async def half_open(scene: Scene) -> None:
    """Nothing passes either way, and nobody is told."""
    scene.door.half_open()
    await _silent(scene)


async def _silent(scene: Scene) -> None:
    await scene.last()
    await asyncio.sleep(scene.timing.answer_s)
    scene.door.heal()
    scene.mark()


async def lossy(scene: Scene) -> None:
    """One packet in twenty is lost and sent again: TCP stalls."""
    scene.door.slow(stall_chance=0.05)
    await _far(scene)


async def far_away(scene: Scene) -> None:
    """A round trip takes 300 ms, and connections break now and then."""
    scene.door.slow(delay_s=FAR_S)
    await _far(scene)


async def _far(scene: Scene) -> None:
    await scene.talk.more(4)
    scene.door.drop_connections()
    await scene.talk.more(4)
    scene.door.heal()
    scene.mark()


async def everybody_at_once(scene: Scene) -> None:
    """All connections of all processes break in one instant."""
    crowd = await scene.gather_crowd(scene.door)
    at = scene.now()
    for door in scene.stage.doors:
        door.drop_connections()
    scene.mark()
    back_s = await all_back([*crowd, *(talker.client for talker in scene.talk.talkers)], at)
    scene.hold("everybody back after all connections broke", back_s, 10.0, "s", note=f"{len(crowd)} more than talk")

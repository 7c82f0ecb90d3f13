"""What can happen to Redis, and rings that lie. An acknowledgement never waits for either."""

from __future__ import annotations

import asyncio
import random

import msgspec
from redis import asyncio as redis_asyncio

from realtime.bus import CHANNEL, Bell
from tests.faults.scene import Scene
from tests.faults.talking import percentile

NOISE = b"no ring at all"
SLOWEST_MS = 1_000.0
"""The default of CURBSIDE_LIMIT_BUSY_S, past which a message would have been refused for now."""
SPREAD_MS = 50.0
"""How much the p99 of a few seconds differs by itself from that of a few others."""


async def _while_away(scene: Scene, began: float, what: str) -> None:
    """Hold the acknowledgements of the fault against those before it."""
    before, during = scene.talk.latencies(until=began), scene.talk.latencies(since=began)
    scene.expect(bool(during), "nothing was acknowledged meanwhile")
    p99, usual = (percentile(each, 0.99) * 1000 for each in (during, before))
    scene.hold(f"p99 of acknowledgements, Redis {what}", p99, usual * 2 + SPREAD_MS, "ms",
               note=f"before {usual:.0f} ms")
    scene.hold(f"slowest acknowledgement, Redis {what}", during[-1] * 1000, SLOWEST_MS, "ms")


async def killed_and_restarted(scene: Scene) -> None:
    """kill -9, and again there, empty."""
    began = scene.now()
    scene.stage.redis.kill()
    await scene.last()
    await asyncio.to_thread(scene.stage.redis.start_again)
    scene.mark()
    await _heard_at_once(scene)
    await _while_away(scene, began, "killed and restarted")


async def down_for_five_seconds(scene: Scene) -> None:
    """Nobody answers for five seconds."""
    began = scene.now()
    scene.stage.redis.kill()
    await asyncio.sleep(5)
    await asyncio.to_thread(scene.stage.redis.start_again)
    scene.mark()
    await _while_away(scene, began, "down for 5 s")


async def down_for_good(scene: Scene) -> None:
    """It does not come back: the audit of heads carries what the rings did not."""
    began = scene.mark()
    scene.stage.redis.kill()
    await scene.last()
    await scene.talk.more(10)
    await scene.recover()
    await _while_away(scene, began, "down for good")


async def paused(scene: Scene) -> None:
    """It holds all connections and answers none."""
    began = scene.now()
    scene.stage.redis.process.pause()
    await scene.last()
    await scene.talk.more(10)
    scene.stage.redis.process.resume()
    scene.mark()
    await _while_away(scene, began, "paused")


async def connections_cut(scene: Scene) -> None:
    """It breaks every connection, those that publish and those that listen."""
    began = scene.mark()
    for _ in range(3):
        with scene.stage.redis.connect() as connection:
            for kind in ("normal", "pubsub"):
                connection.client_kill_filter(_type=kind, skipme=True)
        await scene.last()
    await _while_away(scene, began, "with its connections cut")


async def _heard_at_once(scene: Scene) -> None:
    """The doorbell itself is heard again, not only the audit, which takes seconds."""
    here, there = scene.talk.talkers[:2]
    async with asyncio.timeout(20):
        while True:
            began = scene.now()
            receipt = await here.client.say(here.circle.stream, "is it back?")
            await there.client.until_seq(here.circle.stream, receipt.seq)
            if scene.now() - began < 0.5:
                return


async def lying_rings(scene: Scene) -> None:
    """Rings come twice, in another order, late, for numbers that are not there, and as no rings at all."""
    rings = random.Random(5)
    client = redis_asyncio.Redis.from_url(scene.stage.redis.url)
    heard: list[Bell] = []
    until = scene.now() + scene.pace.broken_s + 1.0
    try:
        async with client.pubsub() as bells:
            await bells.subscribe(CHANNEL)
            while scene.now() < until:
                message = await bells.get_message(ignore_subscribe_messages=True, timeout=0.1)
                if message is None or message["data"] == NOISE:
                    continue
                bell = msgspec.json.decode(message["data"], type=Bell)
                if bell.sender == "liar":
                    continue
                heard.append(bell)
                for lie in _lies(rings, heard):
                    await client.publish(CHANNEL, lie)
    finally:
        await client.aclose()
    scene.expect(bool(heard), "no ring was heard at all")
    scene.mark()


def _lies(rings: random.Random, heard: list[Bell]) -> list[bytes]:
    """What a faulty bus makes of the rings so far: the last one again, an old one, a wrong one, noise."""
    old, last = rings.choice(heard), heard[-1]
    ahead = [(stream, seq + rings.randint(1, 50)) for stream, seq in last.rings]
    lies = [Bell("liar", last.rings[::-1]), Bell("liar", old.rings), Bell("liar", [("A" * 22, 7)])]
    if rings.random() < 0.2:
        lies.append(Bell("liar", ahead))
    encoded = [msgspec.json.encode(lie) for lie in lies]
    if rings.random() < 0.02:
        encoded.append(NOISE)
    rings.shuffle(encoded)
    return encoded

"""Redis is a doorbell: killed, paused, gone for good, it costs time between two processes and never a message."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
import redis

from tests.conftest import QUICK, Deploy
from tests.faults.talking import talking
from tests.peers.curbside import PLANTED, Deployment
from tests.peers.redis import Redis
from tests.sockets.checking import Ledger

pytestmark = [pytest.mark.asyncio, pytest.mark.faults, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def redis_of_two() -> Iterator[Redis]:
    """A Redis that may be broken."""
    peer = Redis()
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def two(deploy_for_module: Deploy, redis_of_two: Redis) -> Deployment:
    """Two servers, one of each kind, with that Redis between them."""
    made = deploy_for_module("postgres", **QUICK, REDIS_URL=redis_of_two.url)
    made.start("uvicorn")
    made.start("daphne")
    return made


@pytest.fixture
def own_redis(redis_of_two: Redis) -> Iterator[Redis]:
    """That Redis; whatever the test did to it, it runs again afterwards."""
    yield redis_of_two
    redis_of_two.process.resume()
    if redis_of_two.process.returncode is not None:
        redis_of_two.start_again()


async def test_killed_and_restarted_it_loses_nothing_and_rings_again(two: Deployment, own_redis: Redis) -> None:
    circle = two.take_circle()
    async with Ledger(two) as ledger:
        async with talking(ledger, circle, two.url, two.other_url) as talk:
            own_redis.kill()
            await talk.more(10)
            await asyncio.to_thread(own_redis.start_again)
            await talk.more()
        here, there = talk.talkers
        async with asyncio.timeout(20):
            while True:  # the doorbell is heard again, not the audit alone, which takes seconds
                began = asyncio.get_running_loop().time()
                receipt = await here.say(circle.stream, "is it back?")
                await there.until_seq(circle.stream, receipt.seq)
                if asyncio.get_running_loop().time() - began < 0.5:
                    break


@pytest.mark.parametrize("fault", ["gone for good", "paused", "connections cut"])
async def test_without_it_everyone_reaches_the_head_within_five_seconds(
    two: Deployment, own_redis: Redis, fault: str
) -> None:
    async with Ledger(two) as ledger, talking(ledger, two.take_circle(), two.url, two.other_url) as talk:
        if fault == "gone for good":
            own_redis.kill()
        elif fault == "paused":
            own_redis.process.pause()
        else:
            with own_redis.connect() as connection:
                for kind in ("normal", "pubsub"):
                    connection.client_kill_filter(_type=kind, skipme=True)
        await talk.more(10)


async def test_nothing_of_content_is_ever_in_it(two: Deployment, own_redis: Redis) -> None:
    heard: list[str] = []
    listening = threading.Event()

    def listen() -> None:
        with redis.Redis(port=own_redis.port) as connection, connection.monitor() as monitor:
            listening.set()
            try:
                for command in monitor.listen():
                    heard.append(str(command))
            except (redis.RedisError, ValueError, OSError):
                return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    listening.wait(5)
    circle = two.take_circle()
    async with Ledger(two) as ledger, talking(ledger, circle, two.url, two.other_url) as talk:
        talk.talkers[0].typing(circle.stream)
        talk.talkers[1].read(circle.stream, 3)
        await talk.more()
    own_redis.kill()
    thread.join(5)
    everything = "\n".join(heard)
    assert circle.stream in everything, "the doorbell was not heard at all"
    names = [name for talker in talk.talkers for name in talker.names.values()]
    people = [word for one in (circle.asker, circle.answerer) for word in (one.id, one.name, one.email, one.token)]
    assert [word for word in [PLANTED, *names, *people] if word in everything] == []

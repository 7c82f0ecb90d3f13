"""Nothing of content is ever in Redis: it is a doorbell (I12)."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import redis

from tests.conftest import Deploy
from tests.faults.stacks import SETTINGS
from tests.faults.talking import Talk, Talker
from tests.peers.curbside import PLANTED, Deployment
from tests.peers.redis import Redis
from tests.sockets.checking import Ledger

pytestmark = [pytest.mark.asyncio, pytest.mark.faults, pytest.mark.timeout(60)]


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A Redis that nobody else rings."""
    peer = Redis()
    yield peer
    peer.close()


@pytest.fixture
def two(deploy: Deploy, own_redis: Redis) -> Deployment:
    """Two servers, one of each kind, with that Redis between them."""
    made = deploy("postgres", **SETTINGS, REDIS_URL=own_redis.url)
    made.start("uvicorn")
    made.start("daphne")
    return made


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
    async with Ledger(two) as ledger:
        here = await ledger.join(circle.asker, circle.stream, url=two.url)
        there = await ledger.join(circle.answerer, circle.stream, url=two.other_url)
        talk = Talk([Talker(here, circle, "a"), Talker(there, circle, "b")])
        talk.begin()
        here.typing(circle.stream)
        there.read(circle.stream, 3)
        await talk.more(5)
        await talk.end()
    own_redis.kill()
    thread.join(5)
    everything = "\n".join(heard)
    assert circle.stream in everything, "the doorbell was not heard at all"
    people = [word for one in (circle.asker, circle.answerer) for word in (one.id, one.name, one.email, one.token)]
    names = [*here.names.values(), *there.names.values()]
    assert [word for word in [PLANTED, *names, *people] if word in everything] == []

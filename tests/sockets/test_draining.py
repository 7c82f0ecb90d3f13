"""A server that is told to end: out of readiness, its clients sent away with a time to come back, nothing lost."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from curbside import Lost

from tests.conftest import QUICK, Deploy
from tests.peers.curbside import manage
from tests.sockets.checking import Ledger
from tests.sockets.wire import Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(90)]


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_a_drain_under_load_loses_nothing_and_ends_in_time(deploy: Deploy, kind: str) -> None:
    made = deploy("sqlite", **QUICK)
    server = made.start(kind)
    circle = made.take_circle()
    async with Ledger(made) as ledger, Wire(server.url) as bare:
        talkers = [await ledger.join(person, circle.stream) for person in (circle.asker, circle.answerer)]
        losses = talkers[0].happenings()
        await bare.greet(circle.asker, circle.stream)
        talking = asyncio.gather(
            *(
                talker.say(circle.stream, f"{talkers.index(talker)} {number}")
                for number in range(40)
                for talker in talkers
            )
        )
        await asyncio.sleep(0.1)
        server.terminate()
        said, code = await bare.closed()
        assert (said, code) == (4001, 4001)
        assert 0 <= next(frame for frame in bare.seen if frame["t"] == "bye")["after"] <= 0.5
        assert await asyncio.to_thread(server.process.wait, 15) is not None
        await asyncio.to_thread(server.start_again)
        async with asyncio.timeout(30):
            await talking
            for talker in talkers:
                await talker.until_seq(circle.stream, 82)
        for who in range(2):
            said_by_who = [text for text in talkers[0].texts(circle.stream) if text.startswith(f"{who} ")]
            assert said_by_who == [f"{who} {number}" for number in range(40)]
        losses.close()
        assert 4001 in [lost.code async for lost in losses if isinstance(lost, Lost)]


async def test_a_drain_by_command_answers_what_it_took_and_is_not_ready_meanwhile(deploy: Deploy) -> None:
    made = deploy("sqlite", **QUICK)
    server = made.start("uvicorn")
    circle = made.take_circle()
    async with Wire(server.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        answer = asyncio.create_task(
            wire.ask(t="pub", r=circle.stream, c=str(uuid.uuid4()), k="message", d={"text": "x"})
        )
        said = await asyncio.to_thread(manage, server.env, "drain", "--port", str(server.port))
        assert said.strip() == "draining"
        assert (await answer)["ok"] == 1
        assert await wire.closed() == (4001, 4001)
    statuses = set()
    while server.process.returncode is None:
        statuses.add(await asyncio.to_thread(server.get, "/readyz"))
    assert 200 not in statuses
    stored = made.query("SELECT seq FROM realtime_stream WHERE id = %s", circle.stream)
    assert stored == [(3,)]

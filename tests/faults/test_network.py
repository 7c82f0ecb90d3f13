"""A client whose network goes and comes back, in each way in which a network does that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from curbside import Timing

from tests.faults.talking import talking
from tests.peers.curbside import Deployment
from tests.peers.proxy import Proxy
from tests.sockets.checking import Ledger

pytestmark = [pytest.mark.asyncio, pytest.mark.faults, pytest.mark.timeout(90)]
IMPATIENT = Timing(backoff_base_s=0.05, backoff_cap_s=0.4, retry_s=0.2, answer_s=1.0)
Proxies = Callable[[int], Proxy]

both_servers = pytest.mark.parametrize("deployment", ["sqlite-uvicorn", "postgres-redis-daphne"], indirect=True)


@both_servers
async def test_cut_and_back(deployment: Deployment, proxies: Proxies) -> None:
    proxy = proxies(deployment.servers[0].port)
    async with (
        Ledger(deployment) as ledger,
        talking(ledger, deployment.take_circle(), proxy.url, deployment.other_url) as talk,
    ):
        for _ in range(3):
            proxy.cut()
            before = talk.said[1]
            await asyncio.sleep(0.4)
            assert talk.said[1] > before, "the other side must not notice"
            proxy.heal()
            await talk.more()


@both_servers
@pytest.mark.parametrize("fault", ["half_open", "cut_up", "cut_down"])
async def test_a_connection_that_is_dead_without_a_word(deployment: Deployment, proxies: Proxies, fault: str) -> None:
    """The client is owed an answer, gives the connection up, and is back when the network is."""
    proxy = proxies(deployment.servers[0].port)
    async with Ledger(deployment) as ledger:
        circle = deployment.take_circle()
        client = await ledger.join(circle.asker, circle.stream, url=proxy.url, timing=IMPATIENT)
        other = await ledger.join(circle.answerer, circle.stream, url=deployment.other_url)
        await client.say(circle.stream, "before")
        getattr(proxy, fault)()
        lost = asyncio.create_task(client.say(circle.stream, "into the dark"))
        await other.say(circle.stream, "meanwhile")
        await asyncio.sleep(1.5)
        assert not lost.done()
        proxy.heal()
        receipt = await asyncio.wait_for(lost, 15)
        await client.until_seq(circle.stream, max(receipt.seq, 5))
        await other.until_seq(circle.stream, max(receipt.seq, 5))
        assert sorted(client.texts(circle.stream)) == ["before", "into the dark", "meanwhile"]
        assert client.texts(circle.stream) == other.texts(circle.stream)


@both_servers
async def test_committed_but_the_answer_lost_is_one_row(deployment: Deployment, proxies: Proxies) -> None:
    proxy = proxies(deployment.servers[0].port)
    async with Ledger(deployment) as ledger:
        circle = deployment.take_circle()
        client = await ledger.join(circle.asker, circle.stream, url=proxy.url, timing=IMPATIENT)
        other = await ledger.join(circle.answerer, circle.stream, url=deployment.other_url)
        proxy.cut_down()
        unanswered = asyncio.create_task(client.say(circle.stream, "heard and not answered"))
        committed = await other.until(circle.stream, "message")
        assert not unanswered.done()
        proxy.heal()
        assert (await asyncio.wait_for(unanswered, 15)).seq == committed.seq


@both_servers
async def test_far_away_and_losing_packets(deployment: Deployment, proxies: Proxies) -> None:
    proxy = proxies(deployment.servers[0].port)
    proxy.slow(delay_s=0.15, stall_chance=0.05)
    async with (
        Ledger(deployment) as ledger,
        talking(ledger, deployment.take_circle(), proxy.url, deployment.other_url) as talk,
    ):
        await talk.more(5)
        proxy.drop_connections()
        await talk.more(3)
        proxy.heal()


@pytest.mark.parametrize("deployment", ["sqlite-uvicorn"], indirect=True)
async def test_everyone_comes_back_at_once(deployment: Deployment, proxies: Proxies) -> None:
    proxy = proxies(deployment.servers[0].port)
    async with Ledger(deployment) as ledger:
        circles = deployment.take_circles(4)
        clients = [
            await ledger.join(person, circle.stream, url=proxy.url)
            for circle in circles
            for person in (circle.asker, circle.answerer) * 4
        ]
        proxy.cut()
        saying = [
            asyncio.create_task(client.say(circle.stream, f"{number}"))
            for number, (client, circle) in enumerate(zip(clients, [c for c in circles for _ in range(8)], strict=True))
        ]
        await asyncio.sleep(0.3)
        proxy.heal()
        await asyncio.wait_for(asyncio.gather(*saying), 20)

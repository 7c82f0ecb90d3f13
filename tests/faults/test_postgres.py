"""PostgreSQL restarted and paused: `err busy` within a second, nothing acknowledged is missing, all is delivered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.conftest import QUICK, Deploy
from tests.faults.talking import talking
from tests.peers.curbside import Deployment
from tests.peers.postgres import Postgres
from tests.sockets.checking import Ledger
from tests.sockets.wire import Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.faults, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Postgres]:
    """A PostgreSQL that may be broken, and that keeps what it acknowledged, as an installation's does."""
    cluster = Postgres(durable=True)
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def two(deploy_for_module: Deploy, own_cluster: Postgres) -> Iterator[Deployment]:
    """Two servers, one of each kind, on that PostgreSQL."""
    made = deploy_for_module("postgres", **QUICK, cluster=own_cluster)
    made.start("uvicorn")
    made.start("daphne")
    yield made
    made.stop()  # before the cluster


async def test_restarted_at_once_under_load(two: Deployment, own_cluster: Postgres) -> None:
    async with Ledger(two) as ledger, talking(ledger, two.take_circle(), two.url, two.other_url) as talk:
        for _ in range(2):
            await asyncio.to_thread(own_cluster.restart_at_once)
            await talk.more()


async def test_away_for_seconds_it_is_busy_within_one_and_not_ready(two: Deployment, own_cluster: Postgres) -> None:
    server = two.servers[0]
    circle = two.take_circle()
    async with (
        Ledger(two) as ledger,
        talking(ledger, two.take_circle(), two.url, two.other_url) as talk,
        Wire(two.url) as wire,
    ):
        await wire.greet(circle.asker, circle.stream)
        await asyncio.to_thread(own_cluster.stop_at_once)
        for _ in range(3):
            began = asyncio.get_running_loop().time()
            answer = await wire.publish(circle.stream, "x")
            assert answer["err"]["code"] == "busy"
            assert answer["err"]["retry"] is True
            assert asyncio.get_running_loop().time() - began <= 1.2
        assert await asyncio.to_thread(server.get, "/readyz") == 503
        assert await asyncio.to_thread(server.get, "/healthz") == 200
        await asyncio.to_thread(own_cluster.start_again)
        await talk.more()
        assert (await wire.publish(circle.stream, "and on")).get("s")
        assert await asyncio.to_thread(server.get, "/readyz") == 200


async def test_paused_it_is_busy_within_a_second_and_the_outbox_delivers(
    two: Deployment, own_cluster: Postgres
) -> None:
    circle = two.take_circle()
    async with (
        Ledger(two) as ledger,
        talking(ledger, two.take_circle(), two.url, two.other_url) as talk,
        Wire(two.url) as wire,
    ):
        await wire.greet(circle.asker, circle.stream)
        own_cluster.pause()
        try:
            for kind, d in (("message", {"text": "x"}), ("consult.close", {"outcome": "partly"})):
                began = asyncio.get_running_loop().time()
                c = f"0000000{len(kind) % 10}-0000-4000-8000-{wire.number():012d}"
                answer = await wire.ask(t="pub", r=circle.stream, c=c, k=kind, d=d)
                assert (answer["err"]["code"], answer["err"]["retry"]) == ("busy", True)
                assert asyncio.get_running_loop().time() - began <= 1.2
            await asyncio.sleep(1.0)
        finally:
            own_cluster.resume()
        await talk.more()

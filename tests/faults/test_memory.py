"""I10: what a process holds is bounded by its sockets, and comes back when they go."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

import psutil
import pytest

from tests.conftest import Deploy
from tests.faults.stacks import SETTINGS
from tests.peers.curbside import CurbsideServer, Deployment, Person
from tests.sockets.wire import Wire, fetch_ticket

pytestmark = [pytest.mark.asyncio, pytest.mark.faults, pytest.mark.timeout(90)]
SOCKETS = 160
ROUNDS = 6
A_SOCKET_KB = 64
GROWS_KB = 1_024


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def alone(request: pytest.FixtureRequest, deploy_for_module: Deploy) -> Iterator[Deployment]:
    """A server that nobody else uses."""
    made = deploy_for_module("sqlite", **SETTINGS)
    made.start(request.param, controlled=True)
    yield made
    made.stop()


def held(server: CurbsideServer) -> int:
    """Bytes that the process holds for itself alone, without what its collector has only not come to yet."""
    server.ask(collect=True)
    return int(psutil.Process(server.process.pid).memory_full_info().uss)


async def come(server: CurbsideServer, people: list[tuple[Person, str]]) -> list[Wire]:
    """Open a socket for each, greeted and reading the own inbox, before its time to say so is over."""
    wires = []
    for person, ticket in people:
        wires.append(await Wire(server.url).__aenter__())
        await wires[-1].hello(ticket, {"r": person.inbox})
    return wires


async def counts(server: CurbsideServer) -> dict[str, int]:
    """What the process holds, by number."""
    return await asyncio.to_thread(lambda: server.ask(count=True))


async def test_memory_is_bounded_by_the_sockets_and_comes_back_after_churn(alone: Deployment) -> None:
    server = alone.servers[0]
    members = [person for circle in alone.take_circles(SOCKETS // 16) for person in (circle.asker, circle.answerer)]
    tickets = [(person, await fetch_ticket(server.url, person)) for person in members]
    people = tickets * (SOCKETS // len(tickets))
    before, after = await counts(server), list[int]()
    for _ in range(ROUNDS):
        empty = held(server)
        wires = await come(server, people)
        there = await counts(server)
        assert there["connections"] == SOCKETS
        assert there["streams"] == len(members)
        assert held(server) - empty <= SOCKETS * A_SOCKET_KB * 1024
        for wire in wires:
            wire.socket.transport.abort()
        async with asyncio.timeout(10):
            while (left := await counts(server))["connections"]:
                await asyncio.sleep(0.05)
        assert left["streams"] == 0
        after.append(held(server))
    assert left["tasks"] <= before["tasks"] + 2
    # What leaks grows in every round. By its own clock, not by the rounds, a process that has just started takes a few
    # MiB more and keeps them: with its eighth thread, and again after half a minute (24 rounds were flat but for that).
    rounds = sorted(later - earlier for earlier, later in itertools.pairwise(after[1:]))
    assert sum(rounds[:-1]) / 1024 <= GROWS_KB, [size // 1024 for size in after]

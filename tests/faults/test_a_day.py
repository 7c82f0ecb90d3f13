"""More than 24 hours on the same sockets, in simulated time: nothing that has an end may end a conversation."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
import time_machine
from curbside import Ephemeral
from django.db import connection

from realtime.layer import InMemoryLayer, member_group
from realtime.process import _Process, current_hub
from tests.faults.near import Application, NearClient, SteppedLoop, step
from tests.peers.circles import make_circles
from tests.peers.curbside import Circle, Deployment
from tests.sockets.checking import Ledger

pytestmark = [pytest.mark.timeout(180), pytest.mark.django_db(transaction=True)]
DAY_S, STEP_S, SAYS_EVERY_S = 25 * 3600, 40, 1800
QUESTION = {"urgency": "now", "language": "en", "question": "Is anybody there?", "specialty": "cardiology"}


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Application:
    """The whole ASGI application with a hub of its own, which is gone afterwards."""
    monkeypatch.setattr(_Process, "wire", _Process.wire)
    monkeypatch.setattr(_Process, "hub", None)
    monkeypatch.setattr(_Process, "starting", None)
    import asgi

    monkeypatch.setattr(_Process, "wire", asgi.wire)
    return cast("Application", asgi.application)


def test_a_day_on_one_socket(application: Application, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("one process and its file: the hub's own loops are what is stepped")
    circle = Circle.read(make_circles(1)[0])
    path = connection.settings_dict["NAME"]
    connection.close()
    with time_machine.travel(datetime.now(UTC), tick=True) as wall, asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(a_day(application, circle, Deployment(f"sqlite:///{path}", [circle], tmp_path), wall))


async def a_day(
    application: Application, circle: Circle, deployment: Deployment, wall: time_machine.Traveller
) -> None:
    """Two talk now and then, a question finds nobody, and a third comes at the end."""
    hub = await current_hub()
    ledger = Ledger(deployment)
    people = (circle.asker, circle.answerer)
    clients = [NearClient(ledger, person, application) for person in people]
    ledger.clients += clients
    now = asyncio.get_running_loop().time
    began = now()
    heard: list[Ephemeral] = []
    try:
        for client in clients:
            await client.__aenter__()
            await client.follow(circle.stream)
            await client.follow(client.person.inbox)
        listening = [asyncio.create_task(listen(client, heard)) for client in clients]
        asked = await clients[0].tell("me", "consult.ask", dict(QUESTION))
        said = 0
        while now() - began < DAY_S:
            for _ in range(SAYS_EVERY_S // STEP_S):
                await step(hub, wall, STEP_S)
            said += 1
            for number, client in enumerate(clients):
                await client.say(circle.stream, f"{number} after {said} times half an hour")
        third = NearClient(ledger, circle.answerer, application)
        ledger.clients.append(third)
        heard_by_third: list[Ephemeral] = []
        listening.append(asyncio.create_task(listen(third, heard_by_third)))
        await third.__aenter__()
        await third.follow(circle.stream)
        await InMemoryLayer().group_send(member_group(circle.asker.id), {"type": "member.signal", "k": "late.news"})
        for _ in range(3):
            await step(hub, wall, STEP_S)
        await ledger._wait_for_heads()
        ledger._check_log()
        check(ledger, clients, circle, heard, heard_by_third, said)
        ended = [event for event in clients[0].log[circle.asker.inbox] if event.kind == "consult.changed"]
        assert [event.d["state"] for event in ended if event.d["r"] == asked.made][-1] == "ended", "timers stood still"
        for task in listening:
            task.cancel()
    finally:
        await ledger.close()
        await hub.stop()


async def listen(client: NearClient, heard: list[Ephemeral]) -> None:
    """Keep what has no number."""
    with suppress(asyncio.CancelledError):
        async for happening in client.happenings(room=100_000):
            if isinstance(happening, Ephemeral):
                heard.append(happening)


def check(
    ledger: Ledger, clients: list[NearClient], circle: Circle, heard: list[Ephemeral], by_third: list[Ephemeral],
    said: int,
) -> None:
    """Everything that has an end was renewed in time, on the sockets of the first minute."""
    assert ledger.faults == []
    for client in clients:
        assert client.check() == []
        assert client.watched.losses == [], "a socket of the first minute did not live for a day"
        assert len(client.watched.openings) == 1
        assert client.tickets >= DAY_S // 900, "a ticket lives for a quarter of an hour"
        frames = Counter(frame["t"] for frame in client.watched.raw)
        assert frames["hb"] >= DAY_S // (STEP_S * 3), "heartbeats stopped"
        assert client.texts(circle.stream) == [
            f"{number} after {time} times half an hour" for time in range(1, said + 1) for number in range(2)
        ]
    kinds = {(one.stream, one.kind) for one in heard}
    assert (circle.stream, "here") in kinds, "who was there was never said"
    assert ("me", "late.news") in kinds, "a member's group ended with the day"
    names = {client.names[circle.stream] for client in clients}
    here = {one.by for one in by_third if one.kind == "here" and one.d == {"here": True}}
    assert here == names - {clients[1].names[circle.stream]}, "after a day nobody is said to be here"

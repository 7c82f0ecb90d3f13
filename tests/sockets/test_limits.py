"""The limits of protocol.md with their defaults: what is too much is said with `after`, the third time it ends."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator

import pytest

from tests.conftest import Deploy
from tests.peers.curbside import Circle, Deployment, Person
from tests.sockets.checking import Ledger
from tests.sockets.wire import Frame, Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(90)]


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def default_limits(request: pytest.FixtureRequest, deploy_for_module: Deploy) -> Iterator[Deployment]:
    """A server with the limits as they come."""
    made = deploy_for_module("sqlite")
    made.start(request.param)
    yield made
    made.stop()


def a_pub(circle: Circle, number: int, stream: str = "") -> Frame:
    """One message."""
    c = str(uuid.uuid4())
    return {"t": "pub", "i": number, "r": stream or circle.stream, "c": c, "k": "message", "d": {"text": f"n{number}"}}


async def answers(wire: Wire, count: int) -> list[Frame]:
    """The next so many replies."""
    return [await wire.expect(t="re") for _ in range(count)]


async def test_the_sixteenth_message_at_once_is_told_when_to_come_back(default_limits: Deployment) -> None:
    circle = default_limits.take_circle()
    async with Wire(default_limits.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        await wire.send(*(a_pub(circle, number) for number in range(1000, 1016)))
        got = await answers(wire, 16)
        refused = [answer for answer in got if "err" in answer]
        assert len(refused) in (1, 2)
        assert refused[0]["err"]["code"] == "rate"
        assert refused[0]["err"]["retry"] is True
        assert 0 < refused[0]["err"]["after"] <= 1
        await asyncio.sleep(refused[0]["err"]["after"] + 0.2)
        assert (await wire.publish(circle.stream, "now"))["ok"] == 1


async def test_the_rate_is_the_members_over_all_sockets(default_limits: Deployment) -> None:
    circle = default_limits.take_circle()
    async with Wire(default_limits.url) as one, Wire(default_limits.url) as two:
        await one.greet(circle.asker, circle.stream)
        await two.greet(circle.asker, circle.stream)
        await one.send(*(a_pub(circle, number) for number in range(1000, 1010)))
        await two.send(*(a_pub(circle, number) for number in range(1000, 1007)))
        refused = [answer for answer in await answers(one, 10) + await answers(two, 7) if "err" in answer]
        assert refused
        assert all(answer["err"]["code"] == "rate" for answer in refused)


async def test_the_third_time_too_much_ends_the_socket_with_a_time_to_come_back(default_limits: Deployment) -> None:
    circle = default_limits.take_circle()
    async with Wire(default_limits.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        await wire.send(*(a_pub(circle, number) for number in range(1000, 1030)))
        assert await wire.closed() == (4013, 4013)
        said = [frame for frame in wire.seen if frame["t"] == "bye"][-1]
        assert said["retry"] is True
        assert said["after"] >= 1
    stored = default_limits.query("SELECT count(*) FROM realtime_event WHERE stream_id = %s", circle.stream)
    acknowledged = [frame for frame in wire.seen if frame.get("ok") and "s" in frame]
    assert stored[0][0] - 2 >= len(acknowledged)


async def test_a_flood_of_frames_of_any_kind_ends_the_socket(default_limits: Deployment) -> None:
    circle = default_limits.take_circle()
    async with Wire(default_limits.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        typing: Frame = {"t": "eph", "r": circle.stream, "k": "typing", "d": {}}
        await wire.send(*([typing] * 60))
        assert await wire.closed() == (4013, 4013)


async def test_the_client_library_keeps_to_the_rates_by_itself(default_limits: Deployment) -> None:
    circle = default_limits.take_circle()
    async with Ledger(default_limits) as ledger:
        client = await ledger.join(circle.asker, circle.stream)
        await asyncio.gather(*(client.say(circle.stream, f"n{number}") for number in range(25)))
        assert not [frame for frame in client.watched.raw if "err" in frame]
        await client.until_seq(circle.stream, 27)
        assert client.texts(circle.stream) == [f"n{number}" for number in range(25)]


async def test_the_eleventh_connection_of_a_member_is_refused_and_the_ten_live(default_limits: Deployment) -> None:
    circle = default_limits.take_circle()
    open_ones: list[Wire] = []
    try:
        for _ in range(10):
            open_ones.append(await Wire(default_limits.url).__aenter__())
            await open_ones[-1].greet(circle.asker)
        async with Wire(default_limits.url) as wire:
            await send_hello(wire, circle.asker)
            assert await wire.closed() == (4504, 4504)
        assert (await open_ones[0].ask(t="sub", subs=[]))["ok"] == 1
        await open_ones.pop().__aexit__(None, None, None)
        await asyncio.sleep(0.3)
        async with Wire(default_limits.url) as wire:
            assert (await wire.greet(circle.asker))["ok"] == 1
    finally:
        for wire in open_ones:
            await wire.__aexit__(None, None, None)


async def send_hello(wire: Wire, person: Person) -> None:
    """Greet without waiting for an answer."""
    from tests.sockets.wire import fetch_ticket

    ticket = await fetch_ticket(wire.url, person)
    await wire.send({"t": "hello", "i": 1, "v": 1, "tok": ticket, "dev": "x"})


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def hasty(request: pytest.FixtureRequest, deploy_for_module: Deploy) -> Iterator[Deployment]:
    """A server with short times."""
    made = deploy_for_module("sqlite", LIMIT_TICKET_S=5, LIMIT_SILENCE_S=1, LIMIT_ANSWER_S=1)
    made.start(request.param)
    yield made
    made.stop()


async def test_a_ticket_that_ends_is_renewed_by_the_client_and_ends_the_socket_of_who_does_not(
    hasty: Deployment,
) -> None:
    circle = hasty.take_circle()
    async with Ledger(hasty) as ledger, Wire(hasty.url) as wire:
        client = await ledger.join(circle.asker, circle.stream)
        await wire.greet(circle.answerer, circle.stream)
        assert await wire.closed(8) == (4014, 4014)
        hellos = [frame for frame in client.watched.raw if "expires_at" in (frame.get("d") or {})]
        assert len(hellos) >= 2
        assert (await client.say(circle.stream, "still in")).seq == 3


async def test_who_does_not_answer_a_heartbeat_is_closed_and_who_does_lives(hasty: Deployment) -> None:
    circle = hasty.take_circle()
    async with Wire(hasty.url, answers_heartbeats=False) as mute, Wire(hasty.url) as lively:
        await mute.greet(circle.asker, circle.stream)
        await lively.greet(circle.answerer, circle.stream)
        await lively.nothing(3, t="bye")
        assert (await lively.ask(t="sub", subs=[]))["ok"] == 1
        beats = [frame for frame in lively.seen if frame["t"] == "hb"]
        assert beats[0]["h"] == {circle.stream: 2}
        assert await mute.closed() == (4003, 4003)


async def test_a_reader_that_stops_is_closed_as_slow_and_holds_up_nobody(deploy: Deploy) -> None:
    made = deploy(
        "sqlite",
        LIMIT_PUB_RATE=500,
        LIMIT_PUB_BURST=500,
        LIMIT_FRAME_RATE=1000,
        LIMIT_FRAME_BURST=1000,
        LIMIT_UNACKED_BYTES=150_000,
        LIMIT_WAITING_BYTES=65_536,
    )
    for kind in ("uvicorn", "daphne"):
        server = made.start(kind)
        circle = made.take_circle()
        async with Ledger(made) as ledger, Wire(server.url) as slow:
            talker = await ledger.join(circle.asker, circle.stream, url=server.url)
            await slow.greet(circle.answerer, circle.stream)
            slow.socket.transport.pause_reading()
            for _ in range(100):
                async with asyncio.timeout(3):
                    await talker.say(circle.stream, "word " * 700)
            await talker.until_seq(circle.stream, 102)
            slow.socket.transport.resume_reading()
            assert await slow.closed() in ((4008, 4008), (None, 4008), (4008, 1006), (None, 1006))
            late = await ledger.join(circle.answerer, url=server.url)
            await late.follow(circle.stream, position=2)
            await late.until_seq(circle.stream, 102)
        server.process.stop()

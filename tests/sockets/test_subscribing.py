"""Subscriptions: from now on, from a position, after a gap, by those who may and by those who may not."""

from __future__ import annotations

import uuid

import pytest
from curbside import Reset

from tests.peers.curbside import Circle, Deployment
from tests.sockets.checking import Ledger
from tests.sockets.wire import Frame, Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


async def fill(deployment: Deployment, circle: Circle, count: int) -> None:
    """Say so many things in a circle's consult."""
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        for number in range(count):
            i, c = wire.number(), str(uuid.uuid4())
            await wire.send(
                {"t": "pub", "i": i, "r": circle.stream, "c": c, "k": "message", "d": {"text": f"n{number}"}}
            )
            if number % 20 == 19 or number == count - 1:
                await wire.expect(t="re", i=i)


async def missed(wire: Wire, stream: str, upto: int) -> list[int]:
    """The numbers of the events up to one."""
    numbers: list[int] = []
    while not numbers or numbers[-1] < upto:
        numbers.append((await wire.expect(t="ev", r=stream))["s"])
    return numbers


async def test_from_now_on_tells_the_head_and_sends_nothing_old(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Ledger(deployment) as ledger:
        client = await ledger.join(circle.asker, circle.stream)
        receipt = await client.say(circle.stream, "first")
        await client.until_seq(circle.stream, receipt.seq)
        assert client.first[circle.stream] == 2
        assert receipt.seq == 3
        assert client.names[circle.stream]


async def test_a_position_brings_what_is_missing_in_order_and_then_what_is_new(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    await fill(deployment, circle, 30)
    async with Wire(deployment.url) as wire:
        answer = await wire.greet(circle.answerer)
        answer = await wire.ask(t="sub", subs=[{"r": circle.stream, "p": 5}])
        (room,) = answer["rooms"]
        assert (room["s"], room["rec"]) == (32, 1)
        assert await missed(wire, circle.stream, 32) == list(range(6, 33))
        assert (await wire.publish(circle.stream, "new"))["s"] == 33
    events = [frame for frame in wire.seen if frame["t"] == "ev"]
    assert [event["s"] for event in events] == list(range(6, 6 + len(events)))


async def test_the_greeting_itself_can_resume(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as first:
        answer = await first.greet(circle.asker, circle.stream)
        epoch = answer["rooms"][0]["e"]
    await fill(deployment, circle, 3)
    async with Wire(deployment.other_url) as wire:
        from tests.sockets.wire import fetch_ticket

        ticket = await fetch_ticket(wire.url, circle.asker)
        answer = await wire.hello(ticket, {"r": circle.stream, "p": 2, "e": epoch})
        assert answer["rooms"][0]["rec"] == 1
        assert await missed(wire, circle.stream, 5) == [3, 4, 5]


@pytest.mark.parametrize(
    "position", [{"p": 2, "e": "another"}, {"p": 9_999}, {"p": 0}], ids=["another epoch", "past the head", "too much"]
)
async def test_what_cannot_be_recovered_is_said_and_nothing_old_is_sent(
    deployment: Deployment, position: Frame
) -> None:
    circle = deployment.take_circle()
    await fill(deployment, circle, 55)
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker)
        answer = await wire.ask(t="sub", subs=[{"r": circle.stream, **position}])
        (room,) = answer["rooms"]
        assert (room["s"], room["rec"]) == (57, 0)
        assert (await wire.publish(circle.stream, "after"))["s"] == 58
        await wire.nothing(0.2, t="ev", s=57)
    assert [frame["s"] for frame in wire.seen if frame["t"] == "ev"] in ([58], [])


async def test_the_client_fetches_by_http_what_the_socket_does_not_send_again(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    await fill(deployment, circle, 60)
    async with Ledger(deployment) as ledger:
        client = await ledger.join(circle.asker)
        await client.follow(circle.stream, position=2)
        await client.until_seq(circle.stream, 62)
        receipt = await client.say(circle.stream, "and on")
        await client.until_seq(circle.stream, receipt.seq)
        assert [event.seq for event in client.log[circle.stream]] == list(range(3, 64))


async def test_numbers_of_another_life_are_a_reset(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Ledger(deployment) as ledger:
        client = await ledger.join(circle.asker)
        happenings = client.happenings()
        await client.subscribe(circle.stream, position=2, epoch="another")
        async for happening in happenings:
            if isinstance(happening, Reset):
                assert happening.head == 2
                break


@pytest.mark.parametrize("stream", ["theirs", "A" * 22, "x"])
async def test_not_there_and_not_open_to_you_are_the_same_answer(deployment: Deployment, stream: str) -> None:
    circle = deployment.take_circle()
    wanted = circle.stream if stream == "theirs" else stream
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.outsider)
        answer = await wire.ask(t="sub", subs=[{"r": wanted}])
        assert answer["rooms"] == []
        bye = await wire.expect(t="bye", r=wanted)
        assert bye["code"] == 4503
        assert (await wire.ask(t="sub", subs=[{"r": circle.outsider.inbox}]))["rooms"][0]["rec"] in (0, 1)


async def test_an_outsider_hears_nothing_however_often_it_asks(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Ledger(deployment) as ledger, Wire(deployment.other_url) as wire:
        client = await ledger.join(circle.asker, circle.stream)
        await wire.greet(circle.outsider)
        await wire.send(
            {"t": "sub", "i": 50, "subs": [{"r": circle.stream, "p": 0}, {"r": circle.asker.inbox, "p": 0}]}
        )
        await client.say(circle.stream, "between two")
        await wire.nothing(1.0, t="ev")
    assert not [frame for frame in wire.seen if frame["t"] in ("ev", "eph")]


async def test_after_un_nothing_more_comes(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire, Wire(deployment.other_url) as other:
        await wire.greet(circle.asker, circle.stream)
        await other.greet(circle.answerer, circle.stream)
        await other.publish(circle.stream, "heard")
        await wire.expect(t="ev", d={"text": "heard"})
        await wire.ask(t="sub", subs=[], un=[circle.stream])
        await other.publish(circle.stream, "unheard")
        await wire.nothing(0.5, t="ev")


async def test_to_subscribe_again_on_the_same_socket_is_no_second_subscription(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        for _ in range(3):
            await wire.ask(t="sub", subs=[{"r": circle.stream, "p": 2}])
        await wire.publish(circle.stream, "once")
        await wire.nothing(0.5, t="nothing")
    assert [frame["s"] for frame in wire.seen if frame["t"] == "ev"] == [3]


async def test_more_subscriptions_than_allowed_are_refused_and_the_rest_stays(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        answer = await wire.ask(t="sub", subs=[{"r": f"stream{number}"} for number in range(128)])
        assert answer["err"]["code"] == "too_many"
        await wire.publish(circle.stream, "still here")
        await wire.expect(t="ev", d={"text": "still here"})

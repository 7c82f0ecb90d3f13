"""What has no number: typing, read cursors, the other side's presence, and what other code sends to a member."""

from __future__ import annotations

import asyncio

import pytest

from tests.peers.curbside import Deployment, manage
from tests.sockets.wire import Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(90)]


async def test_typing_reaches_the_others_and_not_oneself(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as asker, Wire(deployment.other_url) as answerer:
        me = (await asker.greet(circle.asker, circle.stream))["rooms"][0]["me"]
        await answerer.greet(circle.answerer, circle.stream)
        await asker.send({"t": "eph", "r": circle.stream, "k": "typing", "d": {"text": "what I type"}})
        heard = await answerer.expect(t="eph", k="typing")
        assert heard == {"t": "eph", "r": circle.stream, "k": "typing", "u": me, "d": {"for_ms": 5000}}
        await asker.nothing(0.3, t="eph", k="typing")


async def test_how_far_one_has_read_is_told_and_kept_on_the_seat(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as asker, Wire(deployment.other_url) as answerer:
        await asker.greet(circle.asker, circle.stream)
        me = (await answerer.greet(circle.answerer, circle.stream))["rooms"][0]["me"]
        await asker.publish(circle.stream, "read me")
        await answerer.expect(t="ev", s=3)
        await answerer.send({"t": "eph", "r": circle.stream, "k": "read", "d": {"s": 3}})
        assert (await asker.expect(t="eph", k="read"))["d"] == {"s": 3}
        async with asyncio.timeout(10):
            while (3,) not in deployment.query("SELECT read_seq FROM realtime_seat WHERE name = %s", me):
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("s", [0, -1, 99, "2", None, 1.5, True])
async def test_a_cursor_that_cannot_be_is_ignored(deployment: Deployment, s: object) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as asker, Wire(deployment.url) as answerer:
        await asker.greet(circle.asker, circle.stream)
        await answerer.greet(circle.answerer, circle.stream)
        await answerer.send({"t": "eph", "r": circle.stream, "k": "read", "d": {"s": s}})
        await answerer.send({"t": "eph", "r": circle.stream, "k": "shouting", "d": {}})
        await answerer.send({"t": "eph", "r": circle.stream, "k": "here", "d": {"here": True}})
        await asker.nothing(0.3, t="eph")
        await answerer.publish(circle.stream, "and on")


async def test_an_outsider_signals_nothing(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as asker, Wire(deployment.url) as outsider:
        await asker.greet(circle.asker, circle.stream)
        await outsider.greet(circle.outsider)
        await outsider.send({"t": "eph", "r": circle.stream, "k": "typing", "d": {}})
        await asker.nothing(0.3, t="eph")


@pytest.mark.parametrize("deployment", ["postgres-redis-uvicorn"], indirect=True)  # it takes up to 30 s
async def test_the_other_side_is_here_is_told_after_a_while_and_no_sooner(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as asker, Wire(deployment.other_url) as answerer:
        await asker.greet(circle.asker, circle.stream)
        me = (await answerer.greet(circle.answerer, circle.stream))["rooms"][0]["me"]
        began = asyncio.get_running_loop().time()
        heard = await asker.expect(32, t="eph", k="here")
        assert heard["d"] == {"here": True}
        assert heard["u"] == me
        assert asyncio.get_running_loop().time() - began >= 4.5


SEND = """
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from realtime.layer import member_group
send = async_to_sync(get_channel_layer().group_send)
try:
    send(member_group({member!r}), {{"type": "member.signal", "k": "status", "d": {{"text": "a patient's words"}}}})
except ValueError:
    print("refused")
send(member_group({member!r}), {{"type": "member.signal", "k": "availability", "d": {{"on": 1}}}})
"""


@pytest.mark.parametrize("deployment", ["postgres-redis-uvicorn", "postgres-redis-daphne"], indirect=True)
async def test_group_send_from_another_process_reaches_the_member_and_carries_codes_only(
    deployment: Deployment,
) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as one, Wire(deployment.other_url) as two, Wire(deployment.url) as other:
        await one.greet(circle.asker)
        await two.greet(circle.asker)
        await other.greet(circle.answerer)
        said = await asyncio.to_thread(manage, deployment.env, "shell", "-c", SEND.format(member=circle.asker.id))
        assert "refused" in said
        for wire in (one, two):
            assert (await wire.receive())["d"] == {"on": 1}
        await other.nothing(0.3, t="eph")

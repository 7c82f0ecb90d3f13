"""A member's inbox is theirs to read; only services write to it, sealed."""

from __future__ import annotations

import asyncio

import pytest

from tests.peers.curbside import Deployment
from tests.sockets.wire import Wire, fetch_ticket

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


async def test_nobody_says_anything_in_an_inbox_not_even_its_owner(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    inbox = circle.asker.inbox
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, inbox)
        refused = await wire.publish(inbox, "To myself.")
        assert refused["err"]["code"] == "not_found"
    async with Wire(deployment.url) as stranger:
        await stranger.greet(circle.answerer)
        assert (await stranger.publish(inbox, "To you."))["err"]["code"] == "not_found"
    async with Wire(deployment.url) as again:
        answer = await again.hello(await fetch_ticket(deployment.url, circle.asker), {"r": inbox, "p": 0})
        assert [room["r"] for room in answer["rooms"]] == [inbox]


async def test_a_command_for_a_consult_does_nothing_in_an_inbox(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, circle.asker.inbox)
        for kind in ("edit", "redact", "consult.close", "consult.leave"):
            answer = await wire.publish(circle.asker.inbox, "x", kind=kind)
            assert answer["err"]["code"] in ("malformed", "not_found"), kind
            await asyncio.sleep(0.2)

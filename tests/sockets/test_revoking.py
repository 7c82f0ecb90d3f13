"""A token that is removed and a member who is suspended: the live sockets end within two seconds, everywhere."""

from __future__ import annotations

import asyncio

import pytest
from curbside import Api, ApiError, Disconnected

from tests.peers.curbside import Deployment, manage
from tests.sockets.checking import Ledger
from tests.sockets.wire import Wire, fetch_ticket

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

SUSPEND = """
from django.utils import timezone
from members.models import Account
from members.services import suspend
suspend(Account.objects.get(pk={member!r}), timezone.now())
"""


async def test_a_removed_token_ends_its_sockets_in_every_process_and_its_tickets(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    api = Api(deployment.url, circle.asker.token)
    async with Ledger(deployment) as ledger, Wire(deployment.url) as one, Wire(deployment.other_url) as two:
        client = await ledger.join(circle.asker, circle.stream)
        other = await ledger.join(circle.answerer, circle.stream)
        await one.greet(circle.asker)
        await two.greet(circle.asker)
        ticket = await fetch_ticket(deployment.url, circle.asker)
        tokens = await api.call("GET", "/tokens")
        (token,) = tokens["items"] if isinstance(tokens, dict) else tokens
        await api.call("DELETE", f"/tokens/{token['id']}")
        began = asyncio.get_running_loop().time()
        assert await one.closed() == (4501, 4501)
        assert await two.closed() == (4501, 4501)
        assert asyncio.get_running_loop().time() - began <= 2
        with pytest.raises(Disconnected):
            await client.say(circle.stream, "too late")
        async with Wire(deployment.url) as again:
            await again.send({"t": "hello", "i": 1, "v": 1, "tok": ticket, "dev": "x"})
            assert await again.closed() == (4501, 4501)
        with pytest.raises(ApiError):
            await api.ticket()
        await other.say(circle.stream, "the other side goes on")


async def test_a_suspended_member_is_out_within_two_seconds(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.other_url) as wire:
        await wire.greet(circle.asker, circle.stream)
        await asyncio.to_thread(manage, deployment.env, "shell", "-c", SUSPEND.format(member=circle.asker.id))
        assert await wire.closed(2) == (4501, 4501)
    with pytest.raises(ApiError):
        await Api(deployment.url, circle.asker.token).ticket()

"""Who may come in: Origin, the greeting in time, tickets and versions; and what the outside may ask of a server."""

from __future__ import annotations

import asyncio

import pytest
from curbside import Api, ApiError
from websockets.exceptions import InvalidStatus

from tests.peers.curbside import ORIGIN, Deployment
from tests.sockets.wire import Wire, fetch_ticket

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://origin.example.evil.example", "null"])
async def test_a_page_of_another_origin_gets_a_403(deployment: Deployment, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with Wire(deployment.url, origin=origin):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", [ORIGIN, None])
async def test_our_own_pages_and_programs_come_in(deployment: Deployment, origin: str | None) -> None:
    person = deployment.take_circle().asker
    async with Wire(deployment.url, origin=origin) as wire:
        answer = await wire.greet(person)
        assert wire.socket.subprotocol == "curbside.v1"
    assert answer["ok"] == 1
    assert answer["d"]["hb_s"] == 25
    assert answer["d"]["limits"]["frame_bytes"] == 65_536


async def test_who_does_not_greet_in_time_is_told_so(deployment: Deployment) -> None:
    async with Wire(deployment.url) as wire, Wire(deployment.url) as slow:
        await slow.send_raw("{")  # one byte is no greeting
        assert await wire.closed(4) == (4002, 4002)


async def test_a_session_cookie_says_nothing_on_the_socket(deployment: Deployment) -> None:
    async with Wire(deployment.url, headers={"Cookie": "curbside_session=whatever"}) as wire:
        await wire.send({"t": "sub", "i": 1, "subs": []})
        assert await wire.closed() == (4501, 4501)


@pytest.mark.parametrize("ticket", ["", "nonsense", "A" * 200, "ÄÖ", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_wrong_ticket_is_final(deployment: Deployment, ticket: str) -> None:
    async with Wire(deployment.url) as wire:
        await wire.send({"t": "hello", "i": 1, "v": 1, "tok": ticket, "dev": "x"})
        assert await wire.closed() == (4501, 4501)


async def test_a_ticket_with_one_letter_changed_is_wrong(deployment: Deployment) -> None:
    ticket = await fetch_ticket(deployment.url, deployment.take_circle().asker)
    middle = len(ticket) // 2
    forged = ticket[:middle] + ("A" if ticket[middle] != "A" else "B") + ticket[middle + 1 :]
    async with Wire(deployment.url) as wire:
        await wire.send({"t": "hello", "i": 1, "v": 1, "tok": forged, "dev": "x"})
        assert await wire.closed() == (4501, 4501)


@pytest.mark.parametrize("version", [0, 2, None])
async def test_another_version_is_final(deployment: Deployment, version: int | None) -> None:
    async with Wire(deployment.url) as wire:
        await wire.send({"t": "hello", "i": 1, "v": version, "tok": "x", "dev": "x"})
        assert await wire.closed() == (4505, 4505)


async def test_one_may_greet_again_to_renew_but_not_as_somebody_else(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker)
        assert (await wire.greet(circle.asker))["ok"] == 1
        ticket = await fetch_ticket(deployment.url, circle.answerer)
        await wire.send({"t": "hello", "i": 99, "v": 1, "tok": ticket, "dev": "x"})
        assert await wire.closed() == (4501, 4501)


async def test_without_a_token_there_is_no_ticket(deployment: Deployment) -> None:
    with pytest.raises(ApiError) as refused:
        await Api(deployment.url, "cbs_wrong").ticket()
    assert refused.value.status == 401


async def test_a_server_says_that_it_lives_and_is_ready(deployment: Deployment) -> None:
    for server in deployment.servers:
        assert await asyncio.to_thread(server.get, "/healthz") == 200
        assert await asyncio.to_thread(server.get, "/readyz") == 200

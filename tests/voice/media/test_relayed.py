"""A browser in a network that lets through TCP to one server and nothing else: its call goes through a real coturn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from aioice.ice import TransportPolicy

from tests.peers.coturn import Coturn
from tests.voice.media.browser import HERE, Browser
from voice.media import farend, hearing
from voice.media.ice import IceHelp, ice_servers
from voice.media.plane import Plane
from voice.media.shapes import Loopback, Told
from voice.media.tones import tone

SECRET = "a secret that only tests may have"


@pytest.fixture
def turn() -> Iterator[Coturn]:
    made = Coturn(SECRET)
    yield made
    made.close()


def behind(turn: Coturn) -> Browser:
    """One that reaches nothing but the TURN server, by TCP, with credentials of the service."""
    help_of = IceHelp(turn=(f"turn:127.0.0.1:{turn.port}?transport=tcp",), secret=SECRET)
    [server] = ice_servers(help_of, time.time(), "nonce")
    browser = Browser(700)
    ice = browser._transport.transport.iceGatherer._connection
    del ice.get_component_candidates  # what `bound` put there would gather the machine's own addresses too
    ice._transport_policy = TransportPolicy.RELAY
    ice.turn_server, ice.turn_transport = ("127.0.0.1", turn.port), "tcp"
    ice.turn_username, ice.turn_password = server["username"], server["credential"]
    return browser


async def test_its_sound_goes_through_the_relay_both_ways(turn: Coturn, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (farend, hearing):  # sentences last seconds
        monkeypatch.setattr(module, "speech", lambda what, language: tone((300,), 0.2))
    monkeypatch.setattr(farend, "ECHO_S", 0.3)
    told: list[Told] = []
    plane = Plane(HERE, told.append)
    browser = behind(turn)
    offer = await browser.offer()
    assert " typ relay" in offer and " typ host" not in offer
    await browser.take(await plane.accept("leg", 1, offer))
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.01)
    await plane.bridge("leg", Loopback())
    await browser.hears(700)
    turn.process.kill()
    before = len(browser.heard)
    await asyncio.sleep(0.5)
    assert len(browser.heard) - before < 4000, "without the relay nothing is heard"
    await plane.close()
    await browser.close()

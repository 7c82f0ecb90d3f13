"""The plane over a real rtpengine: where two people talk no sound passes the worker. Judged by what is heard.

That it says, rings, echoes, holds and loses as the other plane does is in ``test_plane.py`` and ``test_telephone.py``.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable

import pytest

from tests.peers.rtpengine import Rtpengine
from tests.voice.media.browser import Browser, loudness
from tests.voice.media.phone import HEARD
from tests.voice.media.phone import tone as spoken
from tests.voice.media.telephone import LOCAL, Telephone
from voice.media import engine_plane, farend, hearing
from voice.media.engine_plane import EnginePlane
from voice.media.g711 import Codec
from voice.media.rtpengine import Address, Engines
from voice.media.shapes import Gone, Loopback, Lost, Rtp, Sound, Stream, Told, Up
from voice.media.streamend import StreamEnd
from voice.media.tones import tone


class Ward:
    """A plane over engines, browsers that speak Opus, and telephones behind a trunk that speak A-law."""

    def __init__(self, *engines: Rtpengine) -> None:
        self.told: list[Told] = []
        addresses = [Address(LOCAL, one.port) for one in engines]
        self.plane = EnginePlane(Engines(addresses, ping_s=0.2, tries_s=(0.15, 0.35)), self.told.append)
        self.browsers: list[Browser] = []
        self.phones: list[Telephone] = []

    async def browse(self, leg: str = "leg", peer: int = 1, hz: float = 700) -> Browser:
        """Another page that offers, and is heard."""
        browser = Browser(hz, "opus")
        self.browsers.append(browser)
        await browser.call(lambda sdp: self.plane.accept(leg, peer, sdp))
        await self.until(lambda: Up(leg, peer) in self.told)
        return browser

    async def answer(self, name: str, kind: int = 101) -> tuple[Telephone, Rtp, tuple[str, int]]:
        """Another telephone that has answered: itself, the far end, and where it sends."""
        phone = await Telephone.open(kind)
        self.phones.append(phone)
        return phone, Rtp(name, LOCAL, phone.port, Sound(Codec.PCMA, 8, kind)), await self.plane.listen(name, LOCAL)

    async def until(self, true: Callable[[], object], within: float = 15.0) -> None:
        async with asyncio.timeout(within):
            while not true():
                await asyncio.sleep(0.02)

    async def linked(self, leg: str = "leg") -> None:
        await self.until(lambda: leg in self.plane._links)

    def passed(self, leg: str = "leg") -> int:
        """How many packets of a browser came by the worker."""
        current = self.plane._legs[leg].current
        assert current is not None
        return current.inward.arrivals.received

    async def close(self) -> None:
        await self.plane.close()
        for phone in self.phones:
            phone.transport.close()
        for browser in self.browsers:
            await browser.close()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences last tenths of a second, and the engines are looked at often."""
    for module in (hearing, farend):
        monkeypatch.setattr(module, "speech", lambda what, language: tone((300,), 0.2))
    monkeypatch.setattr(engine_plane, "LOOK_S", 0.3)


@pytest.fixture
async def ward(engine: Rtpengine) -> AsyncIterator[Ward]:
    made = Ward(engine)
    yield made
    await made.close()


async def test_where_two_people_talk_no_sound_passes_the_worker(ward: Ward) -> None:
    browser = await ward.browse(hz=700)
    phone, far, to = await ward.answer("far")
    await ward.plane.bridge("leg", far)
    await ward.linked()
    talking = asyncio.create_task(phone.say(1200, 30, to))
    await asyncio.gather(phone.hears(700), browser.hears(1200))
    before, mark = ward.passed(), len(browser.heard)
    await browser.hears(1200, since=mark)
    assert ward.passed() == before and phone.loud(700) > 0.1

    await browser.press(5)
    await ward.until(lambda: phone.keys() == [5])

    await ward.plane.hold("leg", "en")
    await asyncio.gather(phone.hears(300), browser.hears(300))
    assert phone.loud(700) < 0.05
    await ward.plane.hold("leg", None)
    await ward.linked()
    await asyncio.gather(phone.hears(700), browser.hears(1200, since=len(browser.heard)))

    browser.vanish()
    again = await ward.browse(peer=2, hz=900)
    await asyncio.gather(phone.hears(900), again.hears(1200))
    assert ward.told.count(Up("leg", 2)) == 1
    await ward.linked()
    talking.cancel()
    stats = await ward.plane.hangup("leg")
    assert stats.codec == "opus" and min(stats.received.packets, stats.sent.packets) > 50 and stats.mos is not None
    far_stats = await ward.plane.release("far")
    assert far_stats.codec == "PCMA" and min(far_stats.received.packets, far_stats.sent.packets) > 50


async def test_where_keys_have_another_type_at_the_trunk_the_sound_goes_through_the_worker(ward: Ward) -> None:
    browser = await ward.browse(hz=700)
    phone, far, to = await ward.answer("far", kind=97)
    await ward.plane.bridge("leg", far)
    talking = asyncio.create_task(phone.say(1200, 30, to))
    await asyncio.gather(phone.hears(700), browser.hears(1200))
    await browser.press(5)
    await ward.until(lambda: phone.keys() == [5])
    assert not ward.plane._links and ward.passed() > 5
    talking.cancel()


async def test_an_engine_that_dies_loses_its_calls_and_new_ones_go_elsewhere(
    engine: Rtpengine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_plane, "GIVEN_UP_S", 0.5)
    doomed = Rtpengine()
    ward = Ward(doomed, engine)
    try:
        await ward.browse("waits")
        other = await ward.browse("elsewhere", hz=900)
        await ward.browse("talks")
        _, far, _ = await ward.answer("far")
        await ward.plane.bridge("talks", far)
        await ward.plane.bridge("elsewhere", Loopback())
        await ward.linked("talks")
        doomed.process.kill()
        await ward.until(lambda: {Gone("talks"), Gone("waits")} <= set(ward.told))
        assert Lost("talks", 1) in ward.told and Lost("waits", 1) in ward.told
        assert sum(isinstance(told, Gone) for told in ward.told) == 2 and Lost("elsewhere", 1) not in ward.told
        await other.hears(900, since=len(other.heard))  # its echo
        await ward.browse("later")
        for leg in ("talks", "waits", "later"):
            await ward.plane.hangup(leg)
        await ward.plane.release("far")
    finally:
        await ward.close()
        doomed.close()


async def test_what_a_carrier_brings_over_a_socket_goes_through_the_worker_and_is_heard(ward: Ward) -> None:
    browser = await ward.browse(hz=700)
    heard: list[int] = []

    def taken(message: bytes) -> bool:
        said = json.loads(message)
        heard.extend(HEARD[octet] for octet in base64.b64decode(said.get("media", {}).get("payload", "")))
        return True

    async def speak() -> None:
        for chunk in range(1, 1000):
            end.sounded(chunk, spoken(1200, chunk * 160), asyncio.get_running_loop().time())
            await asyncio.sleep(0.02)

    end = StreamEnd("MZ" + "0" * 32, taken)
    ward.plane.streams.arrived("far", end)
    await ward.plane.bridge("leg", Stream("far"))
    speaking = asyncio.create_task(speak())
    await browser.hears(1200)
    await ward.until(lambda: loudness(heard[-1600:], 700) > 0.1)
    speaking.cancel()
    assert not ward.plane._links

"""The plane with real peers: aiortc as the browser, over loopback, judged by the sound at the far side of all."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from tests.voice.media.browser import HERE, Browser
from tests.voice.media.network import Network
from tests.voice.media.planes import make_plane, over_both
from voice.media import farend, hearing
from voice.media import leg as legs
from voice.media.plane import Plane
from voice.media.shapes import Loopback, Lost, MediaError, Quality, Told, Up
from voice.media.tones import tone


class Room:
    """A plane, and who calls it."""

    def __init__(self, make: Callable[[Callable[[Told], None]], Plane]) -> None:
        self.told: list[Told] = []
        self.plane = make(self.told.append)
        self.browsers: list[Browser] = []

    async def call(self, leg: str, peer: int, hz: float = 700, codec: str = "PCMU") -> Browser:
        browser = Browser(hz, codec)
        self.browsers.append(browser)
        await browser.call(lambda sdp: self.plane.accept(leg, peer, sdp))
        await self.until(Up(leg, peer))
        return browser

    async def until(self, *told: Told, within: float = 10.0) -> None:
        async with asyncio.timeout(within):
            while [each for each in self.told if not isinstance(each, Quality)][-len(told) :] != list(told):
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        await self.plane.close()
        for browser in self.browsers:
            await browser.close()


@pytest.fixture
async def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    # Sentences last seconds and an echo one; here it is tenths. What is really said is proved without a clock.
    for module in (farend, hearing):
        monkeypatch.setattr(module, "speech", lambda what, language: tone((300,), 0.2))
    monkeypatch.setattr(farend, "silence", lambda seconds: iter(()))
    monkeypatch.setattr(farend, "BEEP_S", 0.2)
    monkeypatch.setattr(farend, "ECHO_S", 0.2)
    monkeypatch.setattr(legs, "LOST_S", 0.4)
    room = Room(lambda tell: make_plane(request, tell))
    yield room
    await room.close()


@over_both("room")
async def test_a_call_from_the_offer_to_the_figures_with_the_sound_of_each_step(room: Room) -> None:
    began = time.perf_counter()
    browser = Browser(700)
    room.browsers.append(browser)
    offer = await browser.offer()
    asked = time.perf_counter()
    answer = await room.plane.accept("leg", 1, offer)
    assert time.perf_counter() - asked < 1
    assert await room.plane.accept("leg", 1, offer) == answer
    await browser.take(answer)
    await room.until(Up("leg", 1))
    assert time.perf_counter() - began < 5

    await room.plane.prompt("leg", "one_moment", "sv")
    await browser.hears(425)  # it rings as in Sweden, after the sentence
    await room.plane.bridge("leg", Loopback("sv"))
    await room.plane.bridge("leg", Loopback("sv"))
    await browser.hears(1000)  # the beep
    assert browser.loud(700) < 0.02
    await browser.hears(700)  # the echo
    mark = len(browser.heard)
    await browser.press(5)
    await browser.hears(1336, least=0.03, since=mark)
    await browser.hears(770, least=0.03, since=mark)

    stats = await room.plane.hangup("leg")
    assert stats.codec == "PCMU" and stats.received.packets > 30 and stats.received.lost == 0
    assert stats.sent.packets > 30 and stats.mos is not None and stats.mos > 3.5
    assert room.plane.legs() == ()
    with pytest.raises(MediaError):
        await room.plane.hangup("leg")


@over_both("room")
async def test_another_connection_of_the_same_leg_takes_the_echo_over(room: Room) -> None:
    first = await room.call("leg", 1, 700)
    await room.plane.bridge("leg", Loopback("en"))
    await first.hears(700)
    before = room.plane._legs["leg"].stats().received.packets
    first.vanish()
    second = await room.call("leg", 2, 900, "PCMA")
    await second.hears(900)
    assert second.loud(700) < 0.02
    with pytest.raises(MediaError) as raised:
        await room.plane.accept("leg", 1, await second.offer())
    assert raised.value.word == "stale_peer"
    stats = await room.plane.hangup("leg")
    assert stats.codec == "PCMA" and stats.received.packets > before + 10


@over_both("room")
async def test_a_microphone_that_falls_silent_is_lost_and_comes_back(room: Room) -> None:
    browser = await room.call("leg", 1, 700)
    await room.plane.bridge("leg", Loopback("en"))
    await browser.hears(700)
    browser.microphone.held = True
    began = time.perf_counter()
    await room.until(Lost("leg", 1))
    assert 0.3 < time.perf_counter() - began < 4
    browser.microphone.held = False
    await room.until(Lost("leg", 1), Up("leg", 1))
    await browser.hears(700)


async def test_over_a_bad_network_the_call_stays_and_its_figures_tell(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 % loss and 60 ms of jitter, both ways. Without remote candidates: the plane learns where its peer is."""
    monkeypatch.setattr(legs, "LOST_S", 1.0)
    browser = Browser(700)
    room.browsers.append(browser)
    offer = re.sub(r"a=candidate:.*\r\n|a=end-of-candidates\r\n", "", await browser.offer())
    network, answer = await Network.between(await room.plane.accept("leg", 1, offer), 0.05, 0.06)
    await browser.take(answer)
    await room.until(Up("leg", 1))
    await room.plane.bridge("leg", Loopback("en"))
    await browser.hears(700)
    await asyncio.sleep(1.5)
    assert browser.loud(700, 0.5) > 0.05
    stats = await room.plane.hangup("leg")
    network.close()
    # Besides what was lost, what is still under way counts as lost: 60 ms of it, more where nobody had time.
    assert network.lost > 0 and 0 < stats.received.lost <= network.lost + 10
    assert 8 < stats.received.jitter_ms < 60 and stats.mos is not None and stats.mos < 4.3
    assert not [each for each in room.told if isinstance(each, Lost)]


async def test_two_legs_hear_only_their_own(room: Room) -> None:
    one, two = await room.call("one", 1, 500), await room.call("two", 1, 1700)
    for leg in room.plane.legs():
        await room.plane.bridge(leg, Loopback("en"))
    await asyncio.gather(one.hears(500), two.hears(1700))
    assert one.loud(1700) < 0.01 and two.loud(500) < 0.01


@over_both("room")
async def test_what_is_not_there_or_not_said_is_refused_in_a_word(room: Room) -> None:
    plane = room.plane
    with pytest.raises(MediaError, match="offer"):
        await plane.accept("leg", 1, "v=0")
    for asked in (plane.prompt("leg", "one_moment", "en"), plane.bridge("leg", Loopback()), plane.hangup("leg")):
        with pytest.raises(MediaError) as raised:
            await asked
        assert raised.value.word == "unknown_leg"
    await room.call("leg", 1)
    with pytest.raises(MediaError) as raised:
        await plane.prompt("leg", "press_one", "en")
    assert raised.value.word == "unknown_prompt"
    await plane.close()
    with pytest.raises(MediaError) as raised:
        await plane.accept("leg", 2, "v=0")
    assert raised.value.word == "closed"


async def test_a_plane_that_closes_leaves_no_task_behind(room: Room) -> None:
    before = asyncio.all_tasks()
    plane = Plane(HERE, room.told.append)
    browser = Browser()
    await plane.accept("never connects", 1, await browser.offer())
    await browser.close()
    await plane.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_stun_server_that_is_down_delays_the_first_answer_a_little_and_the_next_not_at_all(room: Room) -> None:
    ice = msgspec.structs.replace(HERE, stun="stun:127.0.0.1:9", stun_wait_s=0.6)
    plane = Plane(ice, room.told.append)
    took = []
    for leg in ("one", "two", "three"):
        browser = Browser()
        room.browsers.append(browser)
        offer = await browser.offer()
        began = time.perf_counter()
        await plane.accept(leg, 1, offer)
        took.append(time.perf_counter() - began)
    await plane.close()
    assert took[0] >= 0.6 > max(took[1:])


@over_both("room")
async def test_nobody_could_be_reached_is_said_to_its_end(room: Room) -> None:
    browser = await room.call("leg", 1)
    began, mark = time.perf_counter(), len(browser.heard)
    await room.plane.prompt("leg", "unavailable", "en")
    assert 0.4 < time.perf_counter() - began < 4
    await browser.hears(300, since=mark)


async def test_a_line_that_is_held_says_so_and_goes_on(room: Room) -> None:
    browser = await room.call("leg", 1, 700)
    await room.plane.bridge("leg", Loopback("en"))
    await browser.hears(700)
    await room.plane.hold("leg", "en")
    await browser.hears(300)
    assert browser.loud(700, 0.1) < 0.02
    await room.plane.hold("leg", None)
    await browser.hears(700)


async def test_a_leg_that_fails_within_is_lost_and_the_others_go_on(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = await room.call("broken", 1, 500), await room.call("whole", 1, 700)
    await room.plane.bridge("whole", Loopback("en"))

    def fails() -> None:
        raise ZeroDivisionError("of a secret")

    await room.plane.bridge("broken", Loopback("en"))
    monkeypatch.setattr(room.plane._legs["broken"].far, "beat", fails)
    await room.until(Lost("broken", 1))
    await whole.hears(700)
    assert broken.loud(500) < 0.01
    assert [each.getMessage() for each in caplog.records] == ["a leg could not be heard any more"]
    assert (await room.plane.hangup("broken")).received.packets > 0


async def test_no_line_of_a_log_tells_of_a_peer(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser = await room.call("leg", 1)
    browser.vanish()
    await room.plane.hangup("leg")
    assert not [each for each in caplog.records if "127.0.0.1" in each.getMessage() and each.name != "asyncio"]

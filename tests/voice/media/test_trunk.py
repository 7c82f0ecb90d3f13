"""A far end over plain RTP: what a browser says comes out of a UDP port, and the other way round."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from tests.voice.media.browser import HERE, Browser
from tests.voice.media.packets import PCMA, PCMU, rtp
from tests.voice.media.telephone import LOCAL, Telephone
from voice.media.plane import Plane
from voice.media.shapes import MediaError, Rtp, Told, Up


@pytest.fixture
async def plane() -> AsyncIterator[Plane]:
    told: list[Told] = []
    plane = Plane(HERE, told.append)
    yield plane
    await plane.close()


async def test_both_hear_each_other_and_keys_pass_and_both_ends_are_counted(plane: Plane) -> None:
    up = asyncio.Event()
    plane._tell = lambda told: up.set() if isinstance(told, Up) else None
    browser, telephone = Browser(700), await Telephone.open()
    local = await plane.listen("far", LOCAL)
    assert await plane.listen("far", LOCAL) == local and local[1] % 2 == 0
    await browser.call(lambda sdp: plane.accept("leg", 1, sdp))
    await asyncio.wait_for(up.wait(), 10)
    await plane.bridge("leg", Rtp("far", LOCAL, telephone.port, PCMA))
    await telephone.hears(700)
    await asyncio.gather(telephone.say(1200, 0.8, local), browser.hears(1200))
    await browser.press(5)
    async with asyncio.timeout(10):
        while sum(read.kind == 96 for read in telephone.heard) < 6:
            await asyncio.sleep(0.01)
    pressed = [read for read in telephone.heard if read.kind == 96]
    assert [read.marker for read in pressed] == [True] + 5 * [False] and len({read.timestamp for read in pressed}) == 1
    assert {read.ssrc for read in telephone.heard} == {telephone.heard[0].ssrc}
    counts = [read.sequence for read in telephone.heard]
    assert counts == [(counts[0] + n) & 0xFFFF for n in range(len(counts))]
    stats = await plane.release("far")
    assert stats.codec == "PCMA" and stats.received.packets == 40 and stats.received.lost == 0
    assert stats.sent.packets >= len(telephone.heard) and stats.mos
    await plane.hangup("leg")
    await browser.close()
    telephone.transport.close()


async def test_nobody_but_the_far_end_is_heard_and_its_port_is_learnt(plane: Plane) -> None:
    far, other = await Telephone.open(), await Telephone.open()
    local = await plane.listen("far", LOCAL)
    end = plane._telephones.end("far")
    said: list[bytes] = []
    end.connect(Rtp("far", LOCAL, far.port, PCMU), lambda frame, now: said.append(frame.payload))
    end.datagram_received(rtp(1, payload=b"stranger"), ("127.0.0.2", far.port))
    assert said == []
    other.transport.sendto(rtp(1, payload=b"from another port"), local)
    async with asyncio.timeout(10):
        while not said:
            await asyncio.sleep(0.005)
    assert end._to == (LOCAL, other.port)
    for telephone in (far, other):
        telephone.transport.close()


async def test_what_is_not_open_is_refused_and_a_full_range_says_so(plane: Plane) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOCAL, 0))
        port = taken.getsockname()[1] & ~1
        with pytest.raises(MediaError) as raised, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as even:
            if taken.getsockname()[1] != port:
                even.bind((LOCAL, port))
            await plane.listen("far", LOCAL, range(port, port + 2))
    assert raised.value.word == "no_port"
    with pytest.raises(MediaError) as raised:
        await plane.release("far")
    assert raised.value.word == "unknown_far"
    await plane.listen("unused", LOCAL)
    assert (await plane.release("unused")).codec == ""


async def test_a_leg_is_not_bridged_to_a_port_that_nobody_opened(plane: Plane) -> None:
    browser = Browser()
    await plane.accept("leg", 1, await browser.offer())
    with pytest.raises(MediaError) as raised:
        await plane.bridge("leg", Rtp("far", LOCAL, 4000, PCMU))
    assert raised.value.word == "unknown_far"
    await browser.close()

"""Calls to a real baresip behind a trunk, from a browser's stack (aiortc): judged by what is heard at both ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.peers.baresip import Baresip, Telephone
from tests.peers.capture import Capture
from tests.voice.media.browser import Browser, loudness
from tests.voice.trunks.beside import DOMAIN, SHOWN, heard_at, worker
from tests.voice.trunks.secrecy import betrayed, check_headers, words_of
from voice.call_events import Cause
from voice.media.shapes import IceSettings
from voice.media.webrtc import bound

AT_ONCE, RINGS = Telephone("+46850000001", 440), Telephone("+46850000011", 620, "manual")
PHYSICIAN = "+46701234567"
AWAY = "127.0.0.2"
"""Where the browser is, so that its address is another than all else."""


@pytest.fixture(scope="module")
def baresip() -> Iterator[Baresip]:
    made = Baresip(AT_ONCE, RINGS)
    yield made
    made.close()


def elsewhere() -> Browser:
    """A browser at another address than the worker's."""
    browser = Browser(700)
    gatherer = browser._transport.transport.iceGatherer
    del gatherer._connection.get_component_candidates  # what bound it to the worker's address
    bound(gatherer, IceSettings(addresses=(AWAY,)))
    return browser


async def test_tones_pass_both_ways_a_key_arrives_and_a_hold_of_the_far_end_ends_nothing(baresip: Baresip) -> None:
    async with worker(baresip) as made:
        browser = Browser(700)
        await browser.call(lambda sdp: made.plane.accept("browser", 1, sdp))
        await made.up("browser", 1)
        await made.dial(AT_ONCE.number)
        event, _ = await made.hears("answered")
        assert (event.carrier_id, event.provider_code) == ("leg", "")
        await made.bridge()
        await asyncio.gather(browser.hears(AT_ONCE.pitch), heard_at(baresip, 700))
        assert browser.loud(700) < 0.02 and loudness(baresip.heard()[-1600:], AT_ONCE.pitch) < 0.02, "nobody echoes"
        await browser.press(5)
        await asyncio.to_thread(baresip.hears, "CALL_DTMF_START", "5")
        await asyncio.to_thread(baresip.at, AT_ONCE.number)
        for command in ("hold", "resume"):
            await asyncio.to_thread(baresip.tell, command)
        await browser.hears(AT_ONCE.pitch, since=len(browser.heard))
        await browser.press(9)  # after a re-INVITE baresip keeps no more of what it hears
        await asyncio.to_thread(baresip.hears, "CALL_DTMF_START", "9")
        await asyncio.to_thread(baresip.tell, "hangup")
        event, stats = await made.hears("ended")
        assert (event.cause, event.provider_code) == (Cause.COMPLETED, "")
        assert stats is not None and stats.codec == "PCMA" and stats.received.packets > 10
        assert stats.received.lost == 0 and stats.sent.packets > 10 and stats.mos is not None and stats.mos > 3.5
        await browser.close()


async def test_an_analyser_of_the_patients_leg_finds_the_clinics_number_and_nothing_of_who_speaks(
    baresip: Baresip
) -> None:  # fmt: skip
    with closing(Capture(baresip.port)) as capture:
        async with worker(baresip) as made:
            browser = elsewhere()
            offer = await browser.offer()
            secret = words_of(offer) | {PHYSICIAN, PHYSICIAN.lstrip("+"), "Lind"}
            assert AWAY in secret
            await browser.take(await made.plane.accept("browser", 1, offer))
            await made.up("browser", 1)
            await made.dial(RINGS.number)
            await asyncio.to_thread(baresip.hears, "CALL_INCOMING")
            await made.hears("ringing")
            await asyncio.to_thread(baresip.tell, "accept")
            await made.hears("answered")
            await made.bridge()
            await asyncio.gather(browser.hears(RINGS.pitch), heard_at(baresip, 700))
            for command in ("hold", "resume"):
                await asyncio.to_thread(baresip.tell, command)
            made.calls.hang_up("leg")
            await made.hears("ended")
            await asyncio.to_thread(baresip.hears, "CALL_CLOSED")
            capture.stop()
            await browser.close()
        said = capture.sip()
        assert betrayed(said, secret) == set() and betrayed(capture.raw().decode("latin-1"), secret) == set()
        check_headers(said, SHOWN, DOMAIN)
    with closing(Capture(baresip.port)) as capture:
        async with worker(baresip) as made:
            await made.dial(RINGS.number, "planted", PHYSICIAN)
            await asyncio.to_thread(baresip.hears, "CALL_INCOMING")
            await made.hears("ringing")
            made.calls.hang_up("planted")
            assert (await made.hears("ended"))[0].cause is Cause.CANCELLED
            await asyncio.to_thread(baresip.hears, "CALL_CLOSED")
            capture.stop()
        planted = {PHYSICIAN, PHYSICIAN.lstrip("+")}
        assert betrayed(capture.sip(), secret) == planted, "the check finds what is there"
        assert betrayed(capture.raw().decode("latin-1"), secret) == planted

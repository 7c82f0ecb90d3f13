"""A real Chromium speaks Opus, a real baresip behind a trunk G.711, and a real rtpengine stands between them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.peers.baresip import Baresip, Telephone
from tests.peers.rtpengine import Rtpengine
from tests.voice.media.test_rtpengine import engines_at
from tests.voice.trunks.beside import DOMAIN, SHOWN, heard_at
from tests.voice.trunks.page import Speaker, speaking
from voice.carriers.sip_transport import Place, SipTransport
from voice.media.descriptions import Side
from voice.sip.agent import Agent
from voice.sip.events import Answered, Event, Order, Trunk
from voice.sip.sdp import Sound, read

pytestmark = pytest.mark.browser
PATIENT = Telephone("+46850000001", 440)
SPOKEN = 700


@pytest.fixture(scope="module")
def baresip() -> Iterator[Baresip]:
    made = Baresip(PATIENT)
    yield made
    made.close()


async def both_hear(speaker: Speaker, baresip: Baresip) -> None:
    """Tones, recognised by their pitch: the telephone's at the browser, the browser's at the telephone."""
    since = len(baresip.heard())
    await asyncio.gather(speaker.hears(PATIENT.pitch), heard_at(baresip, SPOKEN, since=since))


async def test_both_hear_each_other_and_a_key_arrives(baresip: Baresip, tmp_path: Path) -> None:
    told: asyncio.Queue[Event] = asyncio.Queue()
    with closing(Rtpengine()) as engine:
        async with speaking(tmp_path, SPOKEN) as speaker, engines_at(engine) as engines:
            line = SipTransport(Agent(Trunk("t", DOMAIN)), Place("127.0.0.1", baresip.port, tls=False), told.put_nowait)
            assert await line.open()
            offer = await speaker.offer(["opus"])
            assert "opus" in offer and "PCMU" not in offer
            to_trunk = await engines.offer("call", "browser", offer, came=Side.BROWSER)
            leg = line.call(Order(PATIENT.number, SHOWN, read(to_trunk.encode()).sound, 20.0))
            async with asyncio.timeout(10):
                while not isinstance(event := await told.get(), Answered):
                    pass
            said = describe(event.far)
            await speaker.take(await engines.answer("call", "browser", "phone", said, toward=Side.BROWSER))
            await both_hear(speaker, baresip)
            await speaker.press("9")
            await asyncio.to_thread(baresip.hears, "CALL_DTMF_START", "9")
            line.hang_up(leg)
            await asyncio.to_thread(baresip.hears, "CALL_CLOSED")
            stats = await engines.delete("call")
            assert (stats["browser"].codec, stats["phone"].codec) == ("opus", "PCMA")
            await line.close()


def describe(far: Sound) -> str:
    """What a telephone has agreed to, as a description."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 {far.address}\r\ns=-\r\nc=IN IP4 {far.address}\r\nt=0 0\r\n"
        f"m=audio {far.port} RTP/AVP 8 {far.dtmf}\r\na=rtpmap:8 PCMA/8000\r\n"
        f"a=rtpmap:{far.dtmf} telephone-event/8000\r\na=sendrecv\r\n"
    )

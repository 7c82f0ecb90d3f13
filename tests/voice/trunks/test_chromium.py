"""A real Chromium with a pretended microphone and a real baresip behind a trunk hear each other, by every way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.peers.baresip import Baresip, Telephone
from tests.peers.coturn import Coturn
from tests.peers.rtpengine import Rtpengine
from tests.voice.media.test_rtpengine import engines_at
from tests.voice.trunks.beside import DOMAIN, SHOWN, heard_at, worker
from tests.voice.trunks.page import Speaker, kill_chromium, speaking
from voice.carriers.sip_transport import Place, SipTransport
from voice.media.descriptions import Side
from voice.media.ice import IceHelp, ice_servers
from voice.sip.agent import Agent
from voice.sip.events import Answered, Event, Order, Trunk
from voice.sip.sdp import Sound, read

pytestmark = pytest.mark.browser
SECRET = "a secret that only tests may have"
PATIENT = Telephone("+46850000001", 440)
SPOKEN = 700


@pytest.fixture(scope="module")
def baresip() -> Iterator[Baresip]:
    made = Baresip(PATIENT)
    yield made
    made.close()


def by_tcp(turn: Coturn) -> dict[str, object]:
    """Settings of a peer connection that goes through a TURN server over TCP and by no other way."""
    given = IceHelp(turn=(f"turn:127.0.0.1:{turn.port}?transport=tcp",), secret=SECRET)
    return {"iceServers": ice_servers(given, time.time(), "nonce"), "iceTransportPolicy": "relay"}


async def both_hear(speaker: Speaker, baresip: Baresip) -> None:
    """Tones, recognised by their pitch: the telephone's at the browser, the browser's at the telephone."""
    since = len(baresip.heard())
    await asyncio.gather(speaker.hears(PATIENT.pitch), heard_at(baresip, SPOKEN, since=since))


async def test_by_the_worker_directly_then_over_tcp_through_turn_alone_until_the_browser_is_killed(
    baresip: Baresip, tmp_path: Path
) -> None:
    with closing(Coturn(SECRET)) as turn:
        async with speaking(tmp_path, SPOKEN) as speaker, worker(baresip) as made:
            await speaker.take(await made.plane.accept("browser", 1, await speaker.offer(["pcmu", "pcma"])))
            await made.up("browser", 1)
            await made.dial(PATIENT.number)
            await made.hears("answered")
            await made.bridge()
            await both_hear(speaker, baresip)
            assert (await speaker.way())[0] in ("host", "prflx")
            await speaker.press("7")
            await asyncio.to_thread(baresip.hears, "CALL_DTMF_START", "7")
            offer = await speaker.offer(["pcmu", "pcma"], **by_tcp(turn))
            assert " typ relay" in offer and " typ host" not in offer
            await speaker.take(await made.plane.accept("browser", 2, offer))
            await made.up("browser", 2)
            await both_hear(speaker, baresip)
            assert await speaker.way() == ("relay", "tcp")
            killed = time.monotonic()
            kill_chromium()
            await made.lost("browser", 2)
            assert time.monotonic() - killed < 10
            made.calls.hang_up("leg")
            _, stats = await made.hears("ended")
            assert stats is not None and stats.received.packets > 100


async def test_opus_by_a_real_rtpengine(baresip: Baresip, tmp_path: Path) -> None:
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

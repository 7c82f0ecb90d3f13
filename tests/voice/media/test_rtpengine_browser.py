"""A real rtpengine between a browser's stack (aiortc) and a telephone: judged by what is heard."""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av import AudioFrame

from tests.peers.rtpengine import Rtpengine
from tests.voice.media.phone import energy
from tests.voice.media.test_rtpengine import engines_at, phones, port_of
from voice.media.descriptions import Side


class Tone(MediaStreamTrack):
    """What the microphone of a browser would give: a sine at 48 kHz."""

    kind = "audio"

    def __init__(self, pitch: float) -> None:
        super().__init__()
        self._pitch, self._sent, self._begun = pitch, 0, 0.0

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when they are due."""
        self._begun = self._begun or time.monotonic()
        await asyncio.sleep(max(0.0, self._begun + self._sent / 48_000 - time.monotonic()))
        step = 2 * math.pi * self._pitch / 48_000
        frame = AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(
            array("h", (round(8000 * math.sin(step * at)) for at in range(self._sent, self._sent + 960))).tobytes()
        )
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._sent, Fraction(1, 48_000)
        self._sent += 960
        return frame


async def listen(track: Any, frames: int) -> list[float]:
    """The samples of one channel of what a browser hears."""
    heard: list[float] = []
    for _ in range(frames):
        frame = await track.recv()
        channels = len(frame.layout.channels)
        heard += array("h", bytes(frame.planes[0])[: 2 * frame.samples * channels])[::channels]
    return heard


async def offer_of(browser: RTCPeerConnection) -> str:
    await browser.setLocalDescription(await browser.createOffer())
    return str(browser.localDescription.sdp)


@pytest.mark.parametrize(("codecs", "spoken"), [(("opus", "PCMU"), "opus"), (("PCMU", "PCMA"), "PCMU")])
async def test_a_browser_and_a_telephone_hear_each_other(
    engine: Rtpengine, codecs: Sequence[str], spoken: str
) -> None:
    browser = RTCPeerConnection()
    browser.addTrack(Tone(440))
    offer = "".join(
        f"{line}\r\n" for line in (await offer_of(browser)).splitlines() if "opus" in codecs or "opus" not in line
    )
    async with engines_at(engine) as engines, phones(880) as (phone,):
        to_phone = await engines.offer(spoken, "browser", offer, came=Side.BROWSER)
        assert "RTP/AVP 0 8" in to_phone
        for foreign in ("ice-", "fingerprint", "ssrc", "msid", "cname", "opus", "candidate"):
            assert foreign not in to_phone
        begun = time.monotonic()
        answer = await engines.answer(spoken, "browser", "phone", phone.describe(), toward=Side.BROWSER)
        assert spoken in answer and "RTP/SAVPF" in answer and "rtcp-mux" in answer and "a=crypto" not in answer
        await browser.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        talking = asyncio.create_task(phone.talk(port_of(to_phone), 150))
        [transceiver] = browser.getTransceivers()
        heard = await asyncio.wait_for(listen(transceiver.receiver.track, 60), 10)
        assert time.monotonic() - begun < 4.0
        rate = 48_000 if spoken == "opus" else 8_000
        assert energy(heard[len(heard) // 2 :], 880, rate) > 0.9
        talking.cancel()
        assert len(phone.said) > 20 and phone.hears(440) > 0.9
        assert (await engines.delete(spoken))["browser"].codec == spoken
    await browser.close()

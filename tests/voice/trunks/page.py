"""A page of a real Chromium whose microphone plays a tone: it offers, hears, presses keys. No service is behind it."""

from __future__ import annotations

import asyncio
import math
import time
import wave
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import Page, async_playwright

from tests.client.far_end import HEARD, MICROPHONE
from tests.flows.browser import FLAGS, WITH_SOUND
from tests.peers.coturn import Coturn
from tests.peers.process import find_program, require
from voice.media.ice import IceHelp, ice_servers

HOME = "http://localhost/"
"""An origin that may use a microphone. Nobody is asked for it: the page is put in by the test."""
RATE = 48_000
SECRET = "a secret that only tests may have"
PAGE = """async () => {
  window.microphone = await navigator.mediaDevices.getUserMedia(
    {audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
  window.offer = async (settings, codecs) => {
    window.link?.close();
    const link = window.link = new RTCPeerConnection(settings);
    const transceiver = link.addTransceiver(window.microphone.getAudioTracks()[0]);
    const known = RTCRtpReceiver.getCapabilities("audio").codecs;
    transceiver.setCodecPreferences(known.filter((one) => codecs.includes(one.mimeType.toLowerCase())));
    link.ontrack = ({track}) => {
      window.played = new Audio();
      window.played.srcObject = new MediaStream([track]);
      void window.played.play();
    };
    const gathered = new Promise((done) => {
      link.onicegatheringstatechange = () => { if (link.iceGatheringState === "complete") done(); };
    });
    await link.setLocalDescription();
    await gathered;
    return link.localDescription.sdp;
  };
  window.take = (sdp) => window.link.setRemoteDescription({type: "answer", sdp});
  window.press = (keys) => window.link.getSenders()[0].dtmf.insertDTMF(keys, 100);
  window.way = async () => {
    const stats = new Map(await window.link.getStats());
    const chosen = [...stats.values()].find((one) => one.type === "candidate-pair" && one.nominated);
    const local = stats.get(chosen?.localCandidateId);
    return local ? [local.candidateType, local.relayProtocol || local.protocol] : [];
  };
}"""


def write_tone(path: Path, hz: float, seconds: float = 1.0) -> None:
    """Write a WAV file of whole waves, so that it can be played on and on."""
    samples = array("h", (round(8000 * math.sin(math.tau * hz * at / RATE)) for at in range(round(RATE * seconds))))
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, len(samples), "NONE", ""))
        out.writeframes(samples.tobytes())


class Speaker:
    """The page. `process` is the browser's own process."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def offer(self, codecs: Sequence[str], **settings: Any) -> str:
        """Make a new peer connection in the place of the last and return its complete offer; `settings` are its own."""
        names = [f"audio/{codec}" for codec in (*codecs, "telephone-event")]
        return str(await self._page.evaluate("([settings, codecs]) => window.offer(settings, codecs)",
                                             [settings, names]))  # fmt: skip

    async def take(self, answer: str) -> None:
        """Take the answer."""
        await self._page.evaluate("(sdp) => window.take(sdp)", answer)

    async def press(self, keys: str) -> None:
        """Press keys."""
        await self._page.evaluate("(keys) => window.press(keys)", keys)

    async def way(self) -> tuple[str, ...]:
        """What its sound goes by: the kind of its own candidate, and the protocol of that."""
        return tuple(await self._page.evaluate("() => window.way()"))

    async def hears(self, hz: float, within_s: float = 15.0) -> None:
        """Wait until the loudest that it plays is at a pitch."""
        async with asyncio.timeout(within_s):
            while True:
                found = await self._page.evaluate(HEARD, 300) if await self._page.evaluate("!!window.played") else {}
                if found and found["loudest"] > -60 and abs(found["at"] - hz) < 30:
                    return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def speaking(directory: Path, hz: float) -> AsyncIterator[Speaker]:
    """A Chromium whose microphone hears a tone."""
    program = next(filter(None, map(find_program, WITH_SOUND)), None)
    require("Chromium (chromium)", program)
    write_tone(directory / "tone.wav", hz)
    flags = [*FLAGS, *MICROPHONE, "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
             f"--use-file-for-fake-audio-capture={directory / 'tone.wav'}"]  # fmt: skip
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=str(program), args=flags)
        page = await chromium.new_page()
        await page.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        await page.goto(HOME)
        await page.evaluate(PAGE)
        yield Speaker(page)
        await chromium.close()


def by_tcp(turn: Coturn) -> dict[str, object]:
    """Settings of a peer connection that goes through a TURN server over TCP and by no other way."""
    given = IceHelp(turn=(f"turn:127.0.0.1:{turn.port}?transport=tcp",), secret=SECRET)
    return {"iceServers": ice_servers(given, time.time(), "nonce"), "iceTransportPolicy": "relay"}


def kill_chromium() -> None:
    """kill -9 of the browsers that this process has started."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "chrom" in child.name():
                child.kill()

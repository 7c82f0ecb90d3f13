"""A browser for tests: a peer connection of aiortc that says tones, hears what is said, and presses keys.

It decodes what it hears, so that a test can ask how loud a frequency is, not how many packets came.
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from voice.media.shapes import IceSettings
from voice.media.webrtc import bound

HERE = IceSettings(addresses=("127.0.0.1",))
KEYS = 101
WINDOW, HOP = 1600, 400


def loudness(samples: list[int], hz: float, rate: int = 8000) -> float:
    """How much of a frequency there is, 0 to 1 (Goertzel): the amplitude of a sine as a share of the loudest."""
    if not samples:
        return 0.0
    turn = 2 * math.cos(math.tau * hz / rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    power = last * last + before * before - turn * last * before
    return 2 * math.sqrt(max(0.0, power)) / len(samples) / 32768


class Tone(MediaStreamTrack):
    """What a microphone hears: a sine, or nothing while `hz` is 0; it stops altogether while `held`."""

    kind = "audio"

    def __init__(self, hz: float) -> None:
        super().__init__()
        self.hz, self.held = hz, False
        self._at, self._began = 0, 0.0

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._began = self._began or loop.time()
        await asyncio.sleep(max(0.0, self._began + self._at / 8000 - loop.time()))
        while self.held:
            await asyncio.sleep(0.01)
            self._began = loop.time() - self._at / 8000
        turn = math.tau * self.hz / 8000
        samples = [round(8000 * math.sin(turn * (self._at + n))) for n in range(160)]
        frame = AudioFrame(format="s16", layout="mono", samples=160)
        frame.planes[0].update(struct.pack("<160h", *samples))
        frame.pts, frame.sample_rate, frame.time_base = self._at, 8000, Fraction(1, 8000)
        self._at += 160
        return frame


class Browser:
    """One page with one peer connection. `heard` holds the samples that it has heard, the latest last."""

    def __init__(self, hz: float = 1000, codec: str = "PCMU") -> None:
        self.microphone, self._codec = Tone(hz), codec
        self.heard: list[int] = []
        self.pc = RTCPeerConnection()
        self.pc.addTrack(self.microphone)
        transceiver = self.pc.getTransceivers()[0]
        transceiver.setCodecPreferences([
            each for each in RTCRtpSender.getCapabilities("audio").codecs if each.name == codec
        ])
        self._transport = transceiver.receiver.transport
        bound(self._transport.transport.iceGatherer, HERE)
        self._task: asyncio.Task[None] | None = None
        self._send, self._last = self._transport._send_rtp, (0, 0, 0)
        self._pressed = 0
        self._transport._send_rtp = self._counted  # type: ignore[method-assign] # keys share the voice's count
        self.pc.on("track", self._listen)

    @property
    def _clock(self) -> int:
        """How many ticks its codec has for each of 8000 a second (RFC 7587, section 4.1)."""
        return 6 if self._codec == "opus" else 1

    @property
    def _keys(self) -> int:
        """The payload type of its keys, as Chromium has it for Opus."""
        return 110 if self._codec == "opus" else KEYS

    async def offer(self) -> str:
        """A complete offer, with keys."""
        await self.pc.setLocalDescription(await self.pc.createOffer())
        sdp = self.pc.localDescription.sdp + f"a=rtpmap:{self._keys} telephone-event/{8000 * self._clock}\r\n"
        return "\r\n".join(f"{line} {self._keys}" if line.startswith("m=") else line for line in sdp.split("\r\n"))

    async def take(self, answer: str) -> None:
        """Take the answer as a browser does."""
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def call(self, accept: Callable[[str], Any]) -> None:
        """Offer, and take the answer that `accept` returns."""
        await self.take(await accept(await self.offer()))

    async def press(self, event: int) -> None:
        """Press a key for 60 ms: three packets and the end three times, as RFC 4733 wants."""
        _, timestamp, ssrc = self._last
        for n, (end, length) in enumerate([(0, 160), (0, 320), (0, 480), (1, 480), (1, 480), (1, 480)]):
            sequence = self._last[0] + 1
            self._pressed += 1
            head = struct.pack("!BBHLL", 0x80, (n == 0) << 7 | self._keys, sequence & 0xFFFF, timestamp, ssrc)
            self._last = sequence, timestamp, ssrc
            await self._send(head + struct.pack("!BBH", event, end << 7 | 10, length * self._clock))

    def loud(self, hz: float, seconds: float = 0.2) -> float:
        """How loud a frequency is in the last moments that it heard."""
        return loudness(self.heard[-round(seconds * 8000) :], hz)

    async def hears(self, hz: float, *, least: float = 0.05, within: float = 10.0, since: int | None = None) -> None:
        """Wait until it hears a frequency: for a fifth of a second, anywhere in what it heard from now or `since`."""
        at = max(0, len(self.heard) - WINDOW) if since is None else since
        async with asyncio.timeout(within):
            while loudness(self.heard[at : at + WINDOW], hz) < least or len(self.heard) < at + WINDOW:
                if at + WINDOW + HOP <= len(self.heard):
                    at += HOP
                else:
                    await asyncio.sleep(0.02)

    async def close(self) -> None:
        """Leave."""
        await self.pc.close()
        if self._task:
            await self._task

    async def _counted(self, data: bytes) -> None:
        """Send, and count on after the keys, which share the count of the voice."""
        if data[1] & 0x7F not in range(64, 96):  # RTP, not RTCP (RFC 5761, section 4)
            sequence, timestamp, ssrc = struct.unpack_from("!HLL", data, 2)
            sequence = (sequence + self._pressed) & 0xFFFF
            self._last = sequence, timestamp, ssrc
            data = data[:2] + struct.pack("!H", sequence) + data[4:]
        await self._send(data)

    def vanish(self) -> None:
        """Be gone without a word, as a page that is killed: nothing is sent any more, and nothing read."""
        self._send = _nothing
        self._transport.transport._connection._nominated.clear()

    def _listen(self, track: MediaStreamTrack) -> None:
        self._task = asyncio.ensure_future(self._hear(track))

    async def _hear(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                each = frame.samples * len(frame.layout.channels)
                samples = struct.unpack(f"<{each}h", bytes(frame.planes[0])[: 2 * each])
                self.heard += samples[:: len(frame.layout.channels) * frame.sample_rate // 8000]
        except MediaStreamError:
            return


async def _nothing(data: bytes) -> None:
    return

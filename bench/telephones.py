"""Both ends of a call, for `sound` and `soak-sound`: a browser's peer connection and a telephone's UDP port.

What one says holds when it was said, so that the other knows how long it took. Nothing is encoded or decoded.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiortc import (
    RTCCertificate,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceTransport,
)
from aiortc.sdp import SessionDescription

from bench.soundworker import LOCAL
from voice.media.shapes import IceSettings
from voice.media.webrtc import at_once, bound, pass_through

HEADER: Final = struct.Struct("!BBHLL")
SAID: Final = struct.Struct("!d")
REST: Final = b"\xff" * (160 - SAID.size)
Ask = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Ear:
    """What arrived at one end: how long each packet took (ms) that was said since `since`."""

    def __init__(self) -> None:
        self.took_ms: list[float] = []
        self.since = 0.0
        self.first = asyncio.Event()

    def hear(self, data: bytes) -> None:
        """Take a packet of RTP."""
        now = time.perf_counter()
        if len(data) == HEADER.size + 160:
            said: float = SAID.unpack_from(data, HEADER.size)[0]
            self.first.set()
            if said >= self.since:
                self.took_ms.append((now - said) * 1000)


class Mouth:
    """What one end says: 20 ms a packet."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._ssrc, self._count = secrets.randbits(32), 0

    def speak(self) -> None:
        """Say the next 20 ms."""
        at, self._count = self._count, self._count + 1
        head = HEADER.pack(0x80, 0, at & 0xFFFF, at * 160 & 0xFFFFFFFF, self._ssrc)
        self._send(head + SAID.pack(time.perf_counter()) + REST)


class _Telephone(asyncio.DatagramProtocol):
    def __init__(self, ear: Ear) -> None:
        self._ear = ear

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._ear.hear(data)


class Browser:
    """A browser's end of a call: one peer connection. `offer` is what it asks for, once it was gathered."""

    def __init__(self, certificate: RTCCertificate, ear: Ear) -> None:
        self._certificate = certificate
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._gatherer._connection.ice_controlling = True  # noqa: SLF001 - the side that offers
        bound(self._gatherer, IceSettings(addresses=(LOCAL,)))
        self._transport = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._transport, [certificate])
        pass_through(self._dtls, ear.hear, lambda data: None)
        self.mouth = Mouth(lambda data: at_once(self._dtls._send_rtp(data)))  # noqa: SLF001 - as webrtc.py does

    async def offer(self) -> str:
        """Gather its candidates and return its description."""
        await self._gatherer.gather()
        ours = self._gatherer.getLocalParameters()
        prints = "".join(f"a=fingerprint:{each.algorithm} {each.value}\r\n"
                         for each in self._certificate.getFingerprints())  # fmt: skip
        candidates = "".join(
            f"a=candidate:{each.foundation} 1 udp {each.priority} {each.ip} {each.port} typ {each.type}\r\n"
            for each in self._gatherer.getLocalCandidates())  # fmt: skip
        return ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 101\r\n"
                "c=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=setup:actpass\r\n"
                "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
                f"a=ice-ufrag:{ours.usernameFragment}\r\na=ice-pwd:{ours.password}\r\n"
                f"{prints}{candidates}")  # fmt: skip

    async def connect(self, answer: str) -> None:
        """Connect to who gave this answer; what `mouth` says goes there then."""
        media = SessionDescription.parse(answer).media[0]
        for candidate in media.ice_candidates:
            await self._transport.addRemoteCandidate(candidate)
        assert media.ice is not None and media.dtls is not None
        await self._transport.start(RTCIceParameters(media.ice.usernameFragment, media.ice.password))
        await self._dtls.start(RTCDtlsParameters(fingerprints=media.dtls.fingerprints))

    async def close(self) -> None:
        """End it."""
        await self._dtls.stop()
        await self._transport.stop()


class Talk:
    """One call: the browser's end, the telephone's end, and the worker between them."""

    def __init__(self, name: str, ask: Ask, certificate: RTCCertificate, door: int) -> None:
        """`door`: the port of the worker at which streams come."""
        self.name, self.ask, self.door, self._certificate = name, ask, door, certificate
        self.browser_ear, self.telephone_ear = Ear(), Ear()
        self.setup_ms = 0.0
        self._peers = 0
        self._port: Any = None

    async def begin(self) -> None:
        """Offer, connect, bridge; `setup_ms` is from the offer to the first sound at the telephone."""
        self._end = Browser(self._certificate, self.browser_ear)
        offer = await self._end.offer()
        began = time.perf_counter()
        answer = await self._accepted(offer)
        say = await self.reach()
        await self._end.connect(answer)
        self.browser, self.telephone = self._end.mouth, Mouth(say)
        while not self.telephone_ear.first.is_set():
            self.browser.speak()
            await asyncio.sleep(0.005)
        self.setup_ms = (time.perf_counter() - began) * 1000

    async def reach(self) -> Callable[[bytes], None]:
        """Bridge the leg to the telephone, and return what sends a packet of the telephone's."""
        loop = asyncio.get_running_loop()
        self._port, _ = await loop.create_datagram_endpoint(
            lambda: _Telephone(self.telephone_ear), local_addr=(LOCAL, 0))  # fmt: skip
        port = self._port.get_extra_info("sockname")[1]
        far = (LOCAL, (await self.ask({"leg": self.name, "port": port}))["port"])
        return lambda data: self._port.sendto(data, far)

    def leave(self) -> None:
        """Close what the telephone had."""
        if self._port is not None:
            self._port.close()

    async def reload(self) -> None:
        """Go on over another peer connection, as a page that was loaded anew does."""
        before, self._end = self._end, Browser(self._certificate, self.browser_ear)
        answer = await self._accepted(await self._end.offer())
        await self._end.connect(answer)
        self.browser = self._end.mouth
        await before.close()

    async def hold(self, language: str | None) -> None:
        """Hold the line, or (None) no longer."""
        await self.ask({"leg": self.name, "hold": language})

    async def end(self) -> dict[str, Any]:
        """Hang up; return what the worker counted."""
        counted = await self.ask({"leg": self.name})
        await self._end.close()
        self.leave()
        return counted

    async def _accepted(self, offer: str) -> str:
        """Have the worker answer an offer of the next peer connection."""
        self._peers += 1
        answer: str = (await self.ask({"leg": self.name, "peer": self._peers, "sdp": offer}))["sdp"]
        return answer

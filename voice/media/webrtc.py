"""One peer connection, through aiortc: ICE, DTLS and SRTP are aiortc's; RTP passes through undecoded. Knows no Django.

The only file that knows aiortc. Its ORTC objects are used, not its `RTCPeerConnection`, so that there is neither a
transceiver nor a decoder's thread, jitter buffer or reporting task for a leg. What it has no public name for is named
in `PRIVATE`, and ``tests/voice/media/test_webrtc.py`` pins each.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec
from aiortc import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceCandidate,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceServer,
    RTCIceTransport,
)

from voice.media.leftovers import Leftovers
from voice.media.sdp import Candidate, Local, Offer, write_answer
from voice.media.shapes import IceSettings, MediaError

PRIVATE: Final = {
    RTCDtlsTransport: ("_handle_rtp_data", "_handle_rtcp_data", "_send_rtp"),
    RTCIceGatherer: ("_connection",),
}
"""What is replaced on, or called of, an instance: packets in as they leave SRTP, packets out as they enter it, and the
gathering of candidates, whose wait for a STUN server and whose addresses aiortc gives no other way to set."""
log = logging.getLogger(__name__)
LOOPBACK: Final = "127.0.0.1"
FINGERPRINT: Final = "sha-256"
_left = Leftovers()

for _name in ("aiortc", "aioice"):
    # Their lines are addresses of peers and fragments of packets, and each costs more than the packet itself.
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def usable(ice: IceSettings) -> IceSettings:
    """Return the settings without a STUN server whose address is of no use here, so that no call fails of it."""
    try:
        RTCIceGatherer(iceServers=_servers(ice))
    except ValueError:
        log.warning("the STUN server's address is of no use to a media worker, and none is asked")
        return msgspec.structs.replace(ice, stun="")
    return ice


def _servers(ice: IceSettings) -> list[RTCIceServer]:
    return [RTCIceServer(ice.stun)] if ice.stun else []


class Connection:
    """One peer connection. `open` answers an offer and begins to connect; nothing tells when that is done but sound."""

    def __init__(self, ice: IceSettings, certificate: RTCCertificate, offer: Offer) -> None:
        self._ice, self._offer, self._certificate = ice, offer, certificate
        self._transport = RTCIceTransport(RTCIceGatherer(iceServers=_servers(ice)))
        self._dtls = RTCDtlsTransport(self._transport, [certificate])
        self._task: asyncio.Task[None] | None = None
        self._connected = False
        self.stun_silent = False
        """Whether a STUN server was asked and had not answered when the answer was written."""
        self.ssrc = secrets.randbits(32)

    async def open(self, heard: Callable[[bytes], None], reported: Callable[[bytes], None]) -> str:
        """Return the answer, complete. `heard` is given each packet of RTP, `reported` each of RTCP; neither may raise.

        Raises MediaError: ``no_address``.
        """
        pass_through(self._dtls, heard, reported)
        bound(self._transport.iceGatherer, self._ice)
        await self._transport.iceGatherer.gather()
        candidates = self._candidates()
        self.stun_silent = bool(self._ice.stun) and not any(each.kind == "srflx" for each in candidates)
        if not candidates:
            await self.close()
            raise MediaError("no_address")
        # Never an end of candidates: ICE would fail where only the peer can reach us, before its checks arrive.
        for theirs in self._offer.candidates:
            await self._transport.addRemoteCandidate(RTCIceCandidate(
                component=1, foundation=theirs.foundation, ip=theirs.ip, port=theirs.port, priority=theirs.priority,
                protocol="udp", type=theirs.kind,
            ))  # fmt: skip
        self._task = asyncio.create_task(self._connect())
        ours = self._transport.iceGatherer.getLocalParameters()
        prints = {each.algorithm: each.value for each in self._certificate.getFingerprints()}
        return write_answer(self._offer, Local(
            ours.usernameFragment or "", ours.password or "", (FINGERPRINT, prints[FINGERPRINT]), candidates, self.ssrc,
            secrets.token_hex(8), secrets.randbits(62),
        ))  # fmt: skip

    def send(self, data: bytes) -> None:
        """Send a packet of RTP or RTCP now; nothing happens where it is not connected."""
        if self._connected:
            at_once(self._dtls._send_rtp(data))  # noqa: SLF001 - see PRIVATE

    async def close(self) -> None:
        """Close it, connected or not."""
        self._connected = False
        await self._dtls.stop()
        await self._transport.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        _left.add()

    async def _connect(self) -> None:
        offer = self._offer
        await self._transport.start(RTCIceParameters(usernameFragment=offer.ufrag, password=offer.password))
        if self._transport.state != "completed":
            return
        prints = [RTCDtlsFingerprint(algorithm=algorithm, value=value) for algorithm, value in offer.fingerprints]
        await self._dtls.start(RTCDtlsParameters(fingerprints=prints))
        self._connected = self._dtls.state == "connected"

    def _candidates(self) -> list[Candidate]:
        """Ours, hosts first: what is given as the connection's address is the first one."""
        found = []
        for each in self._transport.iceGatherer.getLocalCandidates():
            ip = self._ice.public if self._ice.public and each.type == "host" and ":" not in each.ip else each.ip
            found.append(Candidate(each.foundation, each.priority, ip, each.port, each.type))
        return sorted(found, key=lambda candidate: -candidate.priority)


def pass_through(dtls: RTCDtlsTransport, heard: Callable[[bytes], None], reported: Callable[[bytes], None]) -> None:
    """Have what leaves SRTP handed over as it is, before aiortc parses, routes or decodes it."""

    async def rtp(data: bytes, arrival_time_ms: int) -> None:
        heard(data)

    async def rtcp(data: bytes) -> None:
        reported(data)

    dtls._handle_rtp_data = rtp  # type: ignore[method-assign]  # noqa: SLF001 - see PRIVATE
    dtls._handle_rtcp_data = rtcp  # type: ignore[method-assign]  # noqa: SLF001


def bound(gatherer: RTCIceGatherer, ice: IceSettings) -> None:
    """Have candidates gathered on the wanted addresses, and a STUN server waited for no longer than set."""
    connection = gatherer._connection  # noqa: SLF001 - see PRIVATE
    gather = connection.get_component_candidates

    async def bounded(component: int, addresses: list[str], timeout: float = 0) -> Any:  # noqa: ASYNC109 - aioice's
        return await gather(component, list(ice.addresses) or addresses or [LOOPBACK], timeout=ice.stun_wait_s)  # type: ignore[arg-type]

    connection.get_component_candidates = bounded  # type: ignore[method-assign]


def at_once(sending: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits to its end, without a task: every packet is sent by one of these."""
    try:
        sending.send(None)
    except (StopIteration, ConnectionError):
        return
    sending.close()
    raise RuntimeError("aiortc waited while it sent a packet")

"""What of aiortc is used without a public name: an upgrade that changes any of it fails here first, and loudly."""

from __future__ import annotations

import asyncio
import gc
import inspect
import time
import weakref

import pytest
from aioice import Connection as IceConnection
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport

from tests.voice.media.browser import HERE, Browser
from voice.media import webrtc
from voice.media.leftovers import Leftovers
from voice.media.sdp import Offer, read_offer
from voice.media.shapes import IceSettings, MediaError
from voice.media.webrtc import PRIVATE, Connection, at_once


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_every_private_name_that_is_used_is_there_and_takes_what_it_is_given() -> None:
    dtls = RTCDtlsTransport
    assert {dtls: ("_handle_rtp_data", "_handle_rtcp_data", "_send_rtp"), RTCIceGatherer: ("_connection",)} == PRIVATE
    assert parameters(dtls._handle_rtp_data) == ["self", "data", "arrival_time_ms"]
    assert parameters(dtls._handle_rtcp_data) == ["self", "data"]
    assert parameters(dtls._send_rtp) == ["self", "data"]
    for function in (dtls._handle_rtp_data, dtls._handle_rtcp_data, dtls._send_rtp):
        assert inspect.iscoroutinefunction(function)
    assert parameters(IceConnection.get_component_candidates) == ["self", "component", "addresses", "timeout"]


def test_no_other_private_name_of_aiortc_is_used() -> None:
    source = inspect.getsource(webrtc)
    for owner in ("_dtls.", "dtls.", "gatherer.", "_transport.", "iceGatherer.", "connection."):
        for at in range(len(source)):
            if source.startswith(f"{owner}_", at):
                assert source[at + len(owner) :].startswith(sum(PRIVATE.values(), ())), source[at : at + 60]


async def test_what_leaves_srtp_goes_through_the_names_that_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transport itself calls them: on the instance, by these names, for each kind of packet."""
    dtls = RTCDtlsTransport(RTCIceTransport(RTCIceGatherer(iceServers=[])), [RTCCertificate.generateCertificate()])
    rtp: list[bytes] = []
    rtcp: list[bytes] = []

    class Srtp:
        def unprotect(self, data: bytes) -> bytes:
            return b"rtp" + data

        def unprotect_rtcp(self, data: bytes) -> bytes:
            return b"rtcp" + data

    arriving = [b"\x80\x00abc", b"\x80\xc8abc"]

    async def received() -> bytes:
        return arriving.pop(0)

    webrtc.pass_through(dtls, rtp.append, rtcp.append)
    monkeypatch.setattr(dtls, "_rx_srtp", Srtp())
    monkeypatch.setattr(dtls, "encrypted", True)
    monkeypatch.setattr(dtls, "_RTCDtlsTransport__handshake_done", True)
    monkeypatch.setattr(dtls.transport, "_recv", received)
    await dtls._recv_next()
    await dtls._recv_next()
    assert (rtp, rtcp) == ([b"rtp\x80\x00abc"], [b"rtcp\x80\xc8abc"])


async def test_a_stun_server_that_is_down_delays_an_answer_by_no_more_than_is_set() -> None:
    browser = Browser()
    offer = read_offer(await browser.offer())
    ice = IceSettings(stun="stun:127.0.0.1:9", stun_wait_s=0.05, addresses=HERE.addresses)
    connection = Connection(ice, RTCCertificate.generateCertificate(), offer)
    began = time.perf_counter()
    answer = await connection.open(len, len)  # type: ignore[arg-type]
    took = time.perf_counter() - began
    await connection.close()
    await browser.close()
    assert 0.05 <= took < 2
    assert answer.count("a=candidate:") == 1


@pytest.mark.parametrize(("stun", "kept"), [
    ("stun:stun.example.org", True), ("stun:192.0.2.1:3478", True), ("", True), ("stun:[2001:db8::1]:3478", False),
    ("stun:a?transport=udp", False), ("http://a", False),
])  # fmt: skip
async def test_a_stun_server_that_cannot_be_asked_is_left_out_and_fails_no_call(stun: str, kept: bool) -> None:
    ice = IceSettings(stun=stun, public="203.0.113.9")
    assert webrtc.usable(ice) == (ice if kept else IceSettings(public="203.0.113.9"))


async def test_the_public_address_stands_in_the_answer_in_the_place_of_ours() -> None:
    browser = Browser()
    ice = IceSettings(addresses=("127.0.0.1",), public="203.0.113.9")
    connection = Connection(ice, RTCCertificate.generateCertificate(), read_offer(await browser.offer()))
    answer = await connection.open(len, len)  # type: ignore[arg-type]
    await connection.close()
    await browser.close()
    assert "203.0.113.9" in answer and "127.0.0.1" not in answer


async def test_a_machine_without_an_address_says_so() -> None:
    browser = Browser()
    ice = IceSettings(addresses=("192.0.2.1",))
    connection = Connection(ice, RTCCertificate.generateCertificate(), read_offer(await browser.offer()))
    with pytest.raises(MediaError) as raised:
        await connection.open(len, len)  # type: ignore[arg-type]
    await browser.close()
    assert raised.value.word == "no_address"


async def test_a_sending_that_would_wait_is_an_error_and_not_a_silent_loss() -> None:
    async def waits() -> None:
        await asyncio.sleep(0)

    async def lost() -> None:
        raise ConnectionError

    at_once(lost())
    with pytest.raises(RuntimeError):
        at_once(waits())


@pytest.mark.parametrize(("most", "lie"), [(3, 0), (100, 3)], ids=["collected", "or they would lie"])
async def test_closed_connections_do_not_lie_in_memory_until_python_would_look(
    monkeypatch: pytest.MonkeyPatch, most: int, lie: int
) -> None:
    monkeypatch.setattr(webrtc, "_left", Leftovers(most))
    offer, certificate = read_offer(await Browser().offer()), RTCCertificate.generateCertificate()
    gc.collect()
    gc.disable()
    try:
        closed = [await opened_and_closed(offer, certificate) for _ in range(3)]
        for _ in range(3):  # what closes last holds itself while it does
            webrtc._left.add()
        assert sum(each() is not None for each in closed) == lie
    finally:
        gc.enable()


async def opened_and_closed(offer: Offer, certificate: RTCCertificate) -> weakref.ref[IceConnection]:
    connection = Connection(HERE, certificate, offer)
    await connection.open(lambda data: None, lambda data: None)
    ice = weakref.ref(connection._transport.iceGatherer._connection)
    await connection.close()
    return ice

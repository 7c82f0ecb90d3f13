"""Calls over SIP beside a real media plane: what is told, where sound goes, and that nothing of it stays open."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.peers.process import free_port
from tests.peers.sipp import Sipp, replies
from voice.call_events import Cause
from voice.carriers.base import CarrierError, CarrierEvent, DialOrder
from voice.carriers.sip_calls import SipCalls
from voice.carriers.sip_transport import Place
from voice.media.g711 import Codec
from voice.media.plane import Plane
from voice.media.shapes import IceSettings, Rtp, Sound, Stats
from voice.sip.events import Timing, Trunk

SCENARIOS = Path(__file__).parents[1] / "sip" / "scenarios"


def order(**more: object) -> DialOrder:
    usual = {"to": "+46850000001", "shown": "+46850000002", "timeout_s": 20, "confirm": False, "room": "", "max_s": 60,
             "language": "sv"}  # fmt: skip
    return DialOrder("leg", **usual | more)  # type: ignore[arg-type]  # its fields


class Calls:
    """Trunks at these ports, beside a plane, and what is told of their calls."""

    def __init__(self, *ports: int) -> None:
        self.plane = Plane(IceSettings(), lambda told: None)
        self.told: asyncio.Queue[tuple[CarrierEvent, Stats | None]] = asyncio.Queue()
        trunks = [(Trunk("t", "trunk.example"), Place("127.0.0.1", port, tls=False)) for port in ports]
        self.calls = SipCalls(
            self.plane, trunks, lambda event, stats: self.told.put_nowait((event, stats)), address="127.0.0.1",
            ports=range(20000, 40000), timing=Timing(t1_s=0.1),
        )  # fmt: skip

    async def hears(self) -> CarrierEvent:
        """What is told next."""
        async with asyncio.timeout(8):
            return (await self.told.get())[0]


@asynccontextmanager
async def beside(*scenarios: str | Path) -> AsyncIterator[tuple[Calls, list[Sipp]]]:
    """Calls over a sipp for each scenario."""
    peers = [Sipp(scenario, tcp=True, calls=1) for scenario in scenarios]
    made = Calls(*(peer.port for peer in peers))
    try:
        assert await made.calls.open() == len(peers)
        yield made, peers
    finally:
        await made.calls.close()
        await made.plane.close()
        for peer in peers:
            peer.close()


def is_open(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


async def test_a_call_says_where_it_can_be_heard_and_closes_its_port_at_the_end() -> None:
    async with beside(SCENARIOS / "answers.xml") as (made, [sipp]):
        assert await made.calls.dial(order()) == "leg"
        assert await made.calls.dial(order()) == "leg"  # asked twice, made once
        assert made.calls.far_of("leg") is None
        event = await made.hears()
        assert (event.kind, event.reference, event.key) == ("ringing", "leg", "leg:ringing")
        assert (await made.hears()).kind == "answered"
        far = made.calls.far_of("leg")
        assert far == Rtp("leg", "127.0.0.1", 4000, Sound(Codec.PCMA, 8, 101), "sv")
        [invite] = sipp.heard("INVITE")
        port = int(invite.partition("m=audio ")[2].split()[0])
        assert is_open(port) and "Call-ID: leg" in invite.split("\n")
        made.calls.hang_up("leg")
        event = await made.hears()
        assert (event.kind, event.cause, event.provider_code) == ("ended", Cause.COMPLETED, "")
        assert not is_open(port) and made.calls.far_of("leg") is None
        made.calls.hang_up("leg")


async def test_sound_before_the_answer_has_a_far_end_already() -> None:
    async with beside(SCENARIOS / "is_heard_early.xml") as (made, [sipp]):
        await made.calls.dial(order(language="en"))
        assert (await made.hears()).kind == "ringing"
        assert made.calls.far_of("leg") == Rtp("leg", "127.0.0.1", 4000, Sound(Codec.PCMA, 8, 101), "en")
        made.calls.hang_up("leg")
        assert (await made.hears()).cause is Cause.CANCELLED
        assert await asyncio.to_thread(sipp.ends) == 0


async def test_a_full_trunk_is_left_for_the_next_and_the_machine_hears_of_one_leg() -> None:
    async with beside(replies("503 No"), replies("486 No")) as (made, _):
        await made.calls.dial(order())
        event = await made.hears()
        assert (event.kind, event.cause, event.provider_code) == ("ended", Cause.BUSY, "486")
        assert made.told.empty()


async def test_a_worker_that_ends_ends_its_calls() -> None:
    async with beside(SCENARIOS / "rings.xml") as (made, [sipp]):
        await made.calls.dial(order())
        await made.hears()
        port = (await made.plane.listen("leg", "127.0.0.1", range(20000, 40000)))[1]
        assert is_open(port)
        await made.calls.close()
        assert (await made.hears()).cause is Cause.CANCELLED
        assert await asyncio.to_thread(sipp.ends) == 0
        assert not is_open(port)


async def test_a_call_lasts_no_longer_than_it_may() -> None:
    async with beside(SCENARIOS / "answers.xml") as (made, [sipp]):
        await made.calls.dial(order(max_s=1))
        assert [(await made.hears()).kind for _ in range(3)] == ["ringing", "answered", "ended"]
        assert await asyncio.to_thread(sipp.ends) == 0


@pytest.mark.parametrize(("more", "permanent"), [({"say": "x"}, True), ({}, False)])
async def test_what_cannot_be_dialled_is_refused_with_no_number_in_the_words(more: dict[str, object], permanent: bool
                                                                              ) -> None:  # fmt: skip
    made = Calls(free_port())
    with pytest.raises(CarrierError) as refused:
        await made.calls.dial(order(**more))
    assert refused.value.permanent is permanent and "+46" not in str(refused.value)
    await made.calls.close()
    await made.plane.close()

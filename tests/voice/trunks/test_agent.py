"""Curbside's own SIP agent, through the real Kamailio as it is shipped, to a trunk that speaks UDP alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from tests.peers.kamailio import Kamailio
from tests.peers.sipp import BYE, REPLY, Sipp, replies, send
from voice.call_events import Cause
from voice.carriers.sip_transport import Place, SipTransport
from voice.sip.agent import Agent
from voice.sip.events import Answered, Ended, Event, Order, Ringing, Trunk
from voice.sip.sdp import Sound

SHOWN = "+16175550100"
ORDER = Order("+16175550142", SHOWN, Sound("127.0.0.1", 5004), 20.0)
SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=far 1 1 IN IP4 [local_ip]
s=far
c=IN IP4 [local_ip]
t=0 0
m=audio 4000 RTP/AVP 8
"""
OK = send(REPLY.format(line="200 OK").replace("Content-Length: 0\n", SDP))
TAKES = f'<recv request="INVITE" rrs="true"/>{send(REPLY.format(line="180 Ringing"))}<pause milliseconds="60"/>{OK}'
ANSWERS = TAKES + '<recv request="ACK"/><recv request="BYE"/>' + send(REPLY.format(line="200 OK"))
HANGS_UP = "".join([
    '<recv request="INVITE" rrs="true"><action>',
    '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="1"/></action></recv>',
    OK, '<recv request="ACK"/>', send(BYE), '<recv response="200"/>',
])  # fmt: skip


class Caller:
    """Our agent, and what it has told."""

    def __init__(self, port: int) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        agent = Agent(Trunk("fleet", "trunk.example"))
        self.transport = SipTransport(agent, Place("127.0.0.1", port, tls=False), self.events.put_nowait)

    async def hears(self) -> Event:
        """What it tells next."""
        async with asyncio.timeout(8):
            return await self.events.get()


@asynccontextmanager
async def through(*scenarios: str) -> AsyncIterator[tuple[Caller, list[Sipp]]]:
    """Our agent before a Kamailio before these trunks, the first preferred."""
    trunks = [Sipp(scenario) for scenario in scenarios]
    try:
        with closing(Kamailio([trunk.port for trunk in trunks])) as kamailio:
            caller = Caller(kamailio.port)
            assert await caller.transport.open()
            yield caller, trunks
            await caller.transport.close()
    finally:
        for trunk in trunks:
            trunk.close()


async def test_a_call_follows_the_route_that_kamailio_recorded_and_shows_the_clinic_alone() -> None:
    async with through(ANSWERS) as (caller, [trunk]):
        leg = caller.transport.call(ORDER)
        assert await caller.hears() == Ringing(leg)
        assert isinstance(await caller.hears(), Answered)
        caller.transport.hang_up(leg)
        assert await caller.hears() == Ended(leg, Cause.COMPLETED, 0)
        [bye] = trunk.heard("BYE")
        assert bye.startswith(f"BYE sip:127.0.0.1:{trunk.port};transport=UDP ")
        [invite] = trunk.heard("INVITE")
        assert f"P-Asserted-Identity: <sip:{SHOWN}@trunk.example>" in invite


async def test_a_trunk_behind_kamailio_hangs_up_over_our_connection() -> None:
    async with through(HANGS_UP) as (caller, _):
        leg = caller.transport.call(ORDER)
        assert isinstance(await caller.hears(), Answered)
        assert await caller.hears() == Ended(leg, Cause.COMPLETED, 0, by_far=True)


async def test_kamailio_asks_the_next_trunk_after_503_and_ours_hears_of_one_call() -> None:
    async with through(replies("503 No"), ANSWERS) as (caller, _):
        leg = caller.transport.call(ORDER)
        assert await caller.hears() == Ringing(leg)
        assert isinstance(await caller.hears(), Answered)
        caller.transport.hang_up(leg)
        assert await caller.hears() == Ended(leg, Cause.COMPLETED, 0)

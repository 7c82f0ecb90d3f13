"""A plane with a trunk to a real baresip: what a worker has, without a database, to be judged by what is heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.peers.baresip import Baresip
from tests.voice.media.browser import HERE, loudness
from voice.carriers.base import CarrierEvent, DialOrder
from voice.carriers.sip_calls import SipCalls
from voice.carriers.sip_transport import Place
from voice.media.plane import Plane
from voice.media.shapes import Lost, Stats, Told, Up
from voice.sip.events import Timing, Trunk

SHOWN = "+46850000002"
DOMAIN = "trunk.example"
WINDOW, HOP = 1600, 400
LEAST = 0.05


class Worker:
    """Sound and trunk of one worker. `carrier` is what the trunk has told, `told` what the plane has."""

    def __init__(self, port: int) -> None:
        self.told: list[Told] = []
        self.carrier: asyncio.Queue[tuple[CarrierEvent, Stats | None]] = asyncio.Queue()
        self.plane = Plane(HERE, self.told.append)
        self.calls = SipCalls(
            self.plane, [(Trunk("t", DOMAIN), Place("127.0.0.1", port, tls=False))],
            lambda event, stats: self.carrier.put_nowait((event, stats)), address="127.0.0.1",
            ports=range(20000, 30000), timing=Timing(t1_s=0.1),
        )  # fmt: skip

    async def dial(self, number: str, name: str = "leg", shown: str = SHOWN) -> None:
        """Have a telephone rung."""
        await self.calls.dial(DialOrder(name, number, shown, 20, False, "", 120, "en"))

    async def hears(self, kind: str) -> tuple[CarrierEvent, Stats | None]:
        """What the trunk tells of this kind; what it told before that is let go, but an end."""
        async with asyncio.timeout(15):
            while True:
                event, stats = await self.carrier.get()
                if event.kind == kind:
                    return event, stats
                assert event.kind != "ended", event

    async def up(self, leg: str, peer: int) -> None:
        """Wait until sound comes from a peer connection."""
        await self.until(Up(leg, peer))

    async def lost(self, leg: str, peer: int) -> None:
        """Wait until it does not any more."""
        await self.until(Lost(leg, peer))

    async def until(self, told: Told) -> None:
        """Wait until the plane has told this."""
        async with asyncio.timeout(20):
            while told not in self.told:
                await asyncio.sleep(0.01)

    async def bridge(self, leg: str = "browser", name: str = "leg") -> None:
        """Let a browser and a telephone hear each other, as soon as it has said where it listens."""
        async with asyncio.timeout(15):
            while (far := self.calls.far_of(name)) is None:
                await asyncio.sleep(0.01)
        await self.plane.bridge(leg, far)


@asynccontextmanager
async def worker(baresip: Baresip) -> AsyncIterator[Worker]:
    """One whose trunk leads to these telephones."""
    baresip.forget()
    made = Worker(baresip.port)
    try:
        assert await made.calls.open() == 1
        yield made
    finally:
        await made.calls.close()
        await made.plane.close()


async def heard_at(baresip: Baresip, hz: float, *, since: int | None = None, within_s: float = 15.0) -> None:
    """Wait until a telephone has heard a pitch for a fifth of a second, from now on or `since` so many samples."""
    at = len(baresip.heard()) if since is None else since
    deadline = time.monotonic() + within_s
    while True:
        heard = await asyncio.to_thread(baresip.heard)
        while at + WINDOW <= len(heard):
            if loudness(heard[at : at + WINDOW], hz) >= LEAST:
                return
            at += HOP
        said = baresip.process.said()[-3000:]
        assert time.monotonic() < deadline, f"{hz} Hz was not heard in {len(heard)} samples\n{said}"
        await asyncio.sleep(0.05)

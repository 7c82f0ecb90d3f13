"""Legs at an engine: each is a call of its own there, and its inner side is connected here or there. Knows no Django.

The outer side of a call is a browser or a trunk, which notices nothing of that. The inner side is connected to this
worker, where something is said on a leg, or to that of another leg, where two people talk.
"""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from voice.media import inner
from voice.media.descriptions import OPUS, Side, with_keys
from voice.media.inner import Inner
from voice.media.ng import LegStats
from voice.media.quality import mos
from voice.media.rtpengine import Engines
from voice.media.shapes import Heard, MediaError, Rtp, Stats

OUTER: Final = "outer"
INNER: Final = "inner"
"""The tags of the two sides of every call."""
OPUS_NAME: Final = "opus"
OPUS_TICKS: Final = 6
"""So many ticks has its clock for one of a telephone's (RFC 7587, section 4.1)."""


class EngineCall(ABC):
    """One leg at an engine. `there` is where the engine listens on the inside, `here` where this worker does."""

    def __init__(self, engines: Engines, call: str) -> None:
        self.call = call
        self.there: Inner | None = None
        self.here: Inner | None = None
        self.ended = False
        self.moves = 0
        """How often it was said where its outer side is: what its inner side was connected to is over then."""
        self.to: Inner | None = None
        """What its inner side is connected to."""
        self.packets = self.missed = 0
        """How many packets came from its outer side, and how many of them another call missed that it is linked to."""
        self.misses = 0
        """How many packets it missed itself of what it was linked to."""
        self.gone_at: float | None = None
        """When it was noticed that its engine has it no more."""
        self._engines = engines
        self._session, self._version = secrets.randbits(62), 0
        self._turn = asyncio.Lock()

    async def connect(self, end: Inner) -> None:
        """Have its inner side exchange sound with an end, in one codec. Raises MediaError."""
        async with self._turn:
            if self.to != end:
                self.to = None
                await self._connect(end)
                self.to = end

    @abstractmethod
    async def _connect(self, end: Inner) -> None:
        """Tell the engine."""

    @property
    def is_here(self) -> bool:
        """Whether its inner side is connected to this worker."""
        return self.here is not None and self.to == self.here

    async def back(self) -> None:
        """Connect it to this worker again, if it still is. Raises MediaError."""
        if self.here is None or self.ended or self.gone_at is not None:
            return
        try:
            await self.connect(self.here)
        except MediaError:
            if not self.ended:
                raise

    async def measure(self) -> Stats:
        """Return how it sounds so far at its outer side. Raises MediaError."""
        said = await self._engines.query(self.call)
        if self.codec == OPUS_NAME and INNER in said:
            self.misses = said[INNER].lost or 0
        return stats_of(said, self.codec, self.missed)

    @property
    @abstractmethod
    def codec(self) -> str:
        """What its outer side has agreed on, as far as is known here: an engine names what came last, be it a key."""

    async def end(self) -> None:
        """End it at the engine."""
        self.ended = True
        with suppress(MediaError):  # an engine that is down ends it by its own time-out
            await self._engines.delete(self.call)

    @property
    def is_lost(self) -> bool:
        """Whether the engine that has it is down."""
        return self._engines.is_lost(self.call)

    def _described(self, end: Inner) -> str:
        self._version += 1
        return inner.write(end, self._session, self._version)

    def _found(self, sdp: str) -> Inner:
        """Where the engine listens on the inside, whatever address it shows to the outside."""
        return inner.read(sdp).at(self._engines.address(self.call))


class BrowserCall(EngineCall):
    """A peer connection."""

    _sdp = ""

    @property
    def codec(self) -> str:
        """Opus, where the browser has it."""
        return OPUS_NAME if OPUS in self._sdp.lower() else ""

    async def offer(self, sdp: str) -> None:
        """Give an engine a browser's offer. Raises MediaError."""
        self._sdp = with_keys(sdp, inner.EVENT)
        await self._offer()

    async def answer(self, here: Inner) -> str:
        """Connect it to this worker, and return the answer to the browser's offer. Raises MediaError."""
        async with self._turn:
            answer = await self._answer(here)
            self.here = self.to = here
        return answer

    async def _connect(self, end: Inner) -> None:
        await self._offer()  # the same once more, or the engine holds on to the codec that was agreed on before
        await self._answer(end)

    async def _offer(self) -> None:
        offered = await self._engines.offer(self.call, OUTER, self._sdp, came=Side.BROWSER, toward=Side.INNER)
        self.there = self._found(offered)

    async def _answer(self, end: Inner) -> str:
        described = self._described(end)
        return await self._engines.answer(
            self.call, OUTER, INNER, described, toward=Side.BROWSER, came=Side.INNER)  # fmt: skip


class TrunkCall(EngineCall):
    """A far end over plain RTP. Its outer side has a port before anybody knows who will send to it."""

    far: Rtp | None = None

    @property
    def codec(self) -> str:
        """That of its description."""
        return "" if self.far is None else self.far.sound.codec

    async def listen(self, here: Inner, beside: str) -> tuple[str, int]:
        """Have an engine listen, the one of the call `beside` if it can; return where. Raises MediaError."""
        self.here = here
        offered = inner.read(await self._offer(here, beside))
        return offered.address, offered.port

    async def reach(self, far: Rtp) -> None:
        """Connect the far end, who listens there, to this worker. Raises MediaError."""
        assert self.here is not None
        async with self._turn:
            self.far, self.to = far, None
            self.here = Inner(self.here.address, self.here.port, (far.sound.codec,), far.sound.event)
            await self._connect(self.here)
            self.to, self.moves = self.here, self.moves + 1

    async def _connect(self, end: Inner) -> None:
        assert self.far is not None
        await self._offer(end)
        sound = self.far.sound
        outer = Inner(self.far.address, self.far.port, (sound.codec,), sound.event)
        self.there = self._found(await self._engines.answer(
            self.call, INNER, OUTER, self._described(outer), toward=Side.INNER, came=Side.TRUNK
        ))  # fmt: skip

    async def _offer(self, end: Inner, beside: str = "") -> str:
        return await self._engines.offer(
            self.call, INNER, self._described(end), came=Side.INNER, toward=Side.TRUNK, beside=beside)  # fmt: skip


def may_link(one: EngineCall, other: EngineCall) -> bool:
    """Whether what one side of two legs is told is understood at the other: keys have the same payload type."""
    return one.there is not None and other.there is not None and one.there.event == other.there.event


async def link(one: EngineCall, other: EngineCall) -> None:
    """Have two legs exchange sound at the engines, past this worker. Raises MediaError."""
    assert one.there is not None and other.there is not None
    known = next((call.far.sound.codec for call in (other, one) if isinstance(call, TrunkCall) and call.far), None)
    codec = known or one.there.codecs[0]
    await one.connect(other.there.speaking(codec))
    await other.connect(one.there.speaking(codec))


def stats_of(said: Mapping[str, LegStats], codec: str, missed: int = 0) -> Stats:
    """Return how the outer side of a call sounds, by what an engine says of both of its sides.

    Where an engine translates, as with Opus, it counts what it misses itself; where packets pass as they are, the count
    of a side is what that side reported of what it was sent, and `missed` is what is missed further on. The jitter of
    what came from one side stands with the other, in ticks of the clock there.
    """
    outer, other = said.get(OUTER), said.get(INNER)
    if outer is None or not (outer.packets or (other and other.packets)):
        return Stats()
    translates = codec == OPUS_NAME
    lost, reported = (outer.lost or 0, 0) if translates else (missed, outer.lost or 0)
    jitter_ms = (other.jitter_ms or 0.0 if other else 0.0) / (OPUS_TICKS if translates else 1)
    received = Heard(outer.packets, max(0, lost), round(jitter_ms, 1))
    sent = Heard(other.packets if other else 0, max(0, reported), round(outer.jitter_ms or 0.0, 1))
    heard = [each for each in (received, sent) if each.packets]
    worst = min(mos(min(1.0, each.lost / (each.packets + each.lost)), each.jitter_ms, 0.0) for each in heard)
    return Stats(codec or outer.codec, received, sent, None, worst, unreported=translates)

"""The media plane over rtpengines: ICE, DTLS and Opus are theirs, and where two talk no sound passes this worker.

It is the plane of `plane.py` with legs that stand at engines. What is said on a leg (a prompt, ringing, that the line
is held) goes from here to the inner side of its call; once a leg and its far end only have to hear each other, their
inner sides are connected at the engines, and back again before anything else is said. Knows no Django.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from voice.media.engine_calls import BrowserCall, EngineCall, link, may_link
from voice.media.engine_ends import EngineEnd, EngineTelephones, Line, Wire
from voice.media.hearing import Hearing
from voice.media.leg import Leg, Peer
from voice.media.lines import Opened
from voice.media.plane import Plane
from voice.media.rtpengine import Engines
from voice.media.shapes import Far, Gone, IceSettings, MediaError, Rtp, Stats, Told
from voice.media.trunk import ANY_PORT

log = logging.getLogger(__name__)
LOOK_S: Final = 1.0
"""How often the engines are asked how the legs of browsers sound."""
FARS_EVERY: Final = 5
"""So many looks, and they are asked of the far ends too."""
ARRANGE_S: Final = 0.1
AGAIN_S: Final = 1.0
"""When legs that could not be connected are tried again."""
GIVEN_UP_S: Final = 10.0
"""So long after its engine was lost a browser may come back over another one; then its leg is gone."""



@dataclass(frozen=True, slots=True)
class Pair:
    """Two calls whose inner sides are connected, and where their outer sides were by then."""

    one: EngineCall
    other: EngineCall
    moves: tuple[int, int]


class EnginePlane(Plane):
    """The legs of one worker. `tell` is called in the event loop, at once, and must not raise."""

    def __init__(self, engines: Engines, tell: Callable[[Told], None]) -> None:
        super().__init__(IceSettings(), tell)
        loop = asyncio.get_running_loop()
        self._engines = engines
        self._telephones = EngineTelephones(tell, self._engines, self._later, self._newest)
        self._links: dict[str, Pair] = {}
        self._arranging: set[str] = set()
        self._again_at: dict[str, float] = {}
        self._gone: set[str] = set()
        self._arrange_at, self._looks = 0.0, 0
        self._begun: asyncio.Future[None] = loop.create_future()
        self._watching = loop.create_task(self._watch(), name="engine plane")

    @property
    def is_ready(self) -> bool:
        """Whether an engine would take a call."""
        return self._engines.up > 0

    async def listen(self, far: str, address: str, ports: range = ANY_PORT) -> tuple[str, int]:
        """Have an engine listen for a far end; return where it is to send to. The same name again has the same port.

        `address` is that of no engine and not used; of `ports` one is taken on the inside. Raises MediaError.
        """
        await asyncio.shield(self._begun)
        return await super().listen(far, address, ports)

    async def bridge(self, leg: str, far: Far) -> None:
        """Let a leg and a far end hear each other. Raises MediaError: ``unknown_leg``, ``unknown_far``."""
        end = self._telephones.ends.get(far.name) if isinstance(far, Rtp) else None
        if isinstance(end, EngineEnd):
            end.give_way()
        await super().bridge(leg, far)
        self._arrange_all()

    async def hold(self, leg: str, language: str | None) -> None:
        """Hold a line, in this language; None: no longer. Raises MediaError: ``unknown_leg``."""
        await super().hold(leg, language)
        self._arrange_all()

    async def hangup(self, leg: str) -> Stats:
        """End a leg and return how it sounded. Raises MediaError: ``unknown_leg``."""
        found = self._legs.get(leg)
        if found is not None and found.current is not None:
            await self._measure(found.current)
        await self._measure_far(leg)
        stats = await super().hangup(leg)
        self._gone.discard(leg)
        self._arrange_all()
        return stats

    async def release(self, far: str) -> Stats:
        """Close the port of a far end and return how it sounded. Raises MediaError: ``unknown_far``."""
        await self._measure_far(far)
        return await super().release(far)

    async def close(self) -> None:
        """End every leg, and whatever is still open."""
        await super().close()
        self._watching.cancel()
        await asyncio.wait([self._watching])

    # --- a peer connection ---

    async def _connect(
        self, name: str, n: int, sdp: str, heard: Callable[[bytes], None], reported: Callable[[bytes], None]
    ) -> Opened:
        await asyncio.shield(self._begun)
        call = BrowserCall(self._engines, f"{name}:{n}")
        try:
            await call.offer(sdp)
            assert call.there is not None
            wire = await Wire.open(self._engines.here(), call.there, heard, reported)
        except MediaError as error:
            self._later(call.end())
            raise MediaError("bad_offer" if error.word == "bad_description" else error.word) from None
        line = Line(call, wire, self._later)
        try:
            answer = await call.answer(wire.local.like(call.there))
        except MediaError:
            line.close()
            raise
        return Opened(line, call.there.sound(), secrets.randbits(32), answer)

    def _newest(self) -> str:
        """The call of the leg that came last: whoever is dialled now is most likely for it."""
        peers = [leg.current for leg in self._legs.values() if leg.current is not None]
        return _call(max(peers, key=lambda peer: peer.opened_at)).call if peers else ""

    # --- who is connected to whom at the engines ---

    def _beat(self) -> None:
        super()._beat()
        now = asyncio.get_running_loop().time()
        if now >= self._arrange_at:
            self._arrange_at = now + ARRANGE_S
            self._arrange_all()

    def _arrange_all(self) -> None:
        """Begin to bring about what is not yet as it should be."""
        now = asyncio.get_running_loop().time()
        legs = {leg.name: leg for leg in self._all()}
        for name in {*legs, *self._links} - self._arranging:
            wanted = self._wanted(legs[name]) if name in legs else None
            if wanted != self._links.get(name) and now >= self._again_at.get(name, 0.0):
                self._arranging.add(name)
                self._later(self._arrange(name, wanted))

    def _wanted(self, leg: Hearing) -> Pair | None:
        """Whose inner sides are to be connected for a leg; None where something is said here, or to be heard."""
        far, own = leg.far, self._own(leg)
        if own is None or not leg.passes or not isinstance(far, EngineEnd) or not far.is_reached:
            return None
        if own.gone_at is not None or far.call.gone_at is not None or not may_link(own, far.call):
            return None
        return Pair(own, far.call, (own.moves, far.call.moves))

    def _own(self, leg: Hearing) -> EngineCall | None:
        if isinstance(leg, Leg):
            return None if leg.current is None else _call(leg.current)
        end = self._telephones.ends.get(leg.name)
        return end.call if isinstance(end, EngineEnd) and end.is_reached else None

    async def _arrange(self, name: str, wanted: Pair | None) -> None:
        was = self._links.get(name)
        try:
            for call in (was.one, was.other) if was is not None else ():
                await call.back()
            self._links.pop(name, None)
            self._heard(name, math.inf, asyncio.get_running_loop().time())
            if wanted is not None:
                await link(wanted.one, wanted.other)
                self._links[name] = wanted
                self._heard(name, None, math.inf)
            self._again_at.pop(name, None)
        except MediaError as error:
            log.warning("legs could not be connected at an engine", extra={"reason_code": error.word})
            self._again_at[name] = asyncio.get_running_loop().time() + AGAIN_S
        finally:
            self._arranging.discard(name)

    def _heard(self, name: str, before: float | None, at: float) -> None:
        """Say when a browser was heard last, if that was said to be `before`: while it is heard elsewhere, always."""
        leg = self._legs.get(name)
        if leg is not None and leg.current is not None and before in (None, leg.current.heard_at):
            leg.current.heard_at = at

    # --- what the engines count ---

    async def _watch(self) -> None:
        """Look again and again."""
        async with self._engines:
            self._begun.set_result(None)
            while True:
                await asyncio.sleep(LOOK_S)
                try:
                    await self._look()
                except Exception:  # what fails once must not leave every later silence unnoticed
                    log.exception("the engines could not be looked at")

    async def _look(self) -> None:
        self._looks += 1
        peers = [leg.current for leg in self._legs.values() if leg.current is not None]
        await asyncio.gather(*(self._measure(peer) for peer in peers))
        if self._looks % FARS_EVERY == 0 or any(_call(peer).gone_at is not None for peer in peers):
            await asyncio.gather(*map(self._measure_far, tuple(self._telephones.ends)))
        now = asyncio.get_running_loop().time()
        for leg in self._all():
            if leg.name not in self._gone and self._is_gone(leg, now):
                self._gone.add(leg.name)
                self._tell(Gone(leg.name))

    async def _measure(self, peer: Peer) -> None:
        """Ask how a peer connection sounds; one that is connected at the engine is heard by its count alone."""
        call = _call(peer)
        stats = await _asked(call)
        if not call.is_here and peer.heard_at == math.inf:
            grows = stats is not None and stats.received.packets > call.packets
            peer.heard_at = math.inf if grows else -math.inf
        if stats is None:
            return
        call.packets, peer.measured = stats.received.packets, stats
        for pair in self._links.values():
            if pair.one is call:
                pair.other.missed = call.misses

    async def _measure_far(self, name: str) -> None:
        end = self._telephones.ends.get(name)
        stats = await _asked(end.call) if isinstance(end, EngineEnd) else None
        if isinstance(end, EngineEnd) and stats is not None:
            end.measured = stats

    def _is_gone(self, leg: Hearing, now: float) -> bool:
        """A far end cannot be moved to another engine; a browser may come back over one."""
        own = self._own(leg)
        if isinstance(leg.far, EngineEnd) and leg.far.call.gone_at is not None:
            return True
        wait_s = GIVEN_UP_S if isinstance(leg, Leg) else 0.0
        return own is not None and own.gone_at is not None and now >= own.gone_at + wait_s


def _call(peer: Peer) -> BrowserCall:
    assert isinstance(peer.line, Line)
    return peer.line.call


async def _asked(call: EngineCall) -> Stats | None:
    """Ask how a call sounds, and note where its engine has it no more."""
    try:
        return await call.measure()
    except MediaError as error:
        if call.gone_at is None and (error.word == "unknown_call" or call.is_lost):
            call.gone_at = asyncio.get_running_loop().time()
        return None

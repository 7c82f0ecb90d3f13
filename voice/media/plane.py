"""The media plane of one worker: its legs, one beat for all of them, and what is told of them. Knows no Django.

All methods run in the worker's event loop. What they are told in words is `Told`, what they refuse is `MediaError`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any, Final

import msgspec
from aiortc import RTCCertificate

from voice.call_events import PromptKind
from voice.media import speech
from voice.media.bridge import Inward, Outward
from voice.media.farend import FarEnd, LoopbackEnd
from voice.media.hearing import Hearing
from voice.media.leg import Leg
from voice.media.lines import Opened, WebrtcLine
from voice.media.sdp import read_offer
from voice.media.shapes import FRAME_S, Far, IceSettings, Loopback, MediaError, Rtp, Stats, Stream, Told
from voice.media.speech import Digit, Said
from voice.media.streamed import Streamed
from voice.media.telephone import Telephone
from voice.media.telephones import Telephones
from voice.media.trunk import ANY_PORT
from voice.media.webrtc import Connection, usable

log = logging.getLogger(__name__)
IDLE_S: Final = 0.1
"""How often legs are looked at while nothing is said that is made here."""
CATCH_UP: Final = 5
"""So many frames late are said at once; what was missed beyond that is left out."""
STUN_AGAIN_S: Final = 30.0
"""A STUN server that did not answer is not asked for so long, and delays nobody meanwhile."""
CERTIFICATE_S: Final = 24 * 3600.0


class Plane:
    """The legs of one worker. `tell` is called in the event loop, at once, and must not raise.

    A leg's name is the reference of its attempt; a peer is one peer connection of it, counted from 1. `streams` are
    the far ends that come by themselves.
    """

    def __init__(self, ice: IceSettings, tell: Callable[[Told], None]) -> None:
        self._ice, self._tell = usable(ice), tell
        self._legs: dict[str, Leg] = {}
        self._answers: dict[tuple[str, int], asyncio.Task[str]] = {}
        self._telephones = Telephones(tell)
        self.streams = Streamed()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._next = self._watch_at = self._renew_at = self._stun_at = 0.0
        self._certificate: RTCCertificate | None = None
        self._closed = False
        speech.load()

    async def accept(self, leg: str, peer: int, sdp: str) -> str:
        """Answer an offer, complete. The same leg and peer again have the same answer.

        Raises MediaError: ``bad_offer``, ``no_codec``, ``stale_peer``, ``no_address``, ``closed``.
        """
        if self._closed:
            raise MediaError("closed")
        answer, known = self._answers.get((leg, peer)), self._legs.get(leg)
        if answer is not None and answer.done() and known and peer not in known.peers:
            raise MediaError("stale_peer")  # given up, or overtaken
        if answer is None:
            answer = self._answers[leg, peer] = asyncio.create_task(self._open(leg, peer, sdp))
        try:
            return await asyncio.shield(answer)
        except MediaError:
            self._answers.pop((leg, peer), None)
            raise

    async def prompt(self, leg: str, what: PromptKind, language: str) -> None:
        """Say something on a leg: ``one_moment``, then ringing until it is bridged; or ``unavailable``, to its end.

        ``press_one`` is asked on a telephone, again and again; the keys that are pressed are told as `Key`.

        Raises MediaError: ``unknown_leg``, ``unknown_prompt``.
        """
        found = self._leg(leg)
        if what == "one_moment":
            found.one_moment(language)
        elif what == "unavailable":
            seconds = found.unavailable(language)
            self._arm()
            if found.listens:
                await asyncio.sleep(seconds)
        elif isinstance(found, Telephone):
            found.press_one(language)
        else:
            raise MediaError("unknown_prompt")
        self._arm()

    async def bridge(self, leg: str, far: Far) -> None:
        """Let a leg and a far end hear each other, in the place of what it heard before. Safe to repeat.

        Raises MediaError: ``unknown_leg``, ``unknown_far``.
        """
        found = self._leg(leg)
        if found.bridged_to != far:
            end = self._far_end(far)
            found.bridge(end, far)
            if isinstance(far, Rtp):
                self._telephones.end(far.name).connect(far, found.hear_far)
            elif isinstance(far, Stream):
                self.streams.end(far.name).connect(found.hear_far)
            self._arm()

    async def listen(self, far: str, address: str, ports: range = ANY_PORT) -> tuple[str, int]:
        """Open a port for a far end over plain RTP, before it is known; return where it is to send to.

        `address`: one of this machine; `ports`: those that a firewall lets through, of which even ones are taken. The
        same name again has the same port. Raises MediaError: ``no_port``, ``closed``.
        """
        if self._closed:
            raise MediaError("closed")
        return await self._telephones.listen(far, address, ports)

    async def connect(self, far: Rtp) -> None:
        """Say where a far end is: from now on it is a leg of its name, as a telephone that is asked for a key first.

        Raises MediaError: ``unknown_far``.
        """
        self._telephones.connect(far)
        self._arm()

    async def speak(self, leg: str, says: Sequence[Said | Digit], language: str, keys: str = "") -> None:
        """Press keys on a telephone, as of an extension, then say sentences three times, to the end.

        Raises MediaError: ``unknown_leg``, ``unknown_prompt``.
        """
        found = self._leg(leg)
        if not isinstance(found, Telephone):
            raise MediaError("unknown_prompt")
        seconds = found.speak(says, language, keys, events=self._telephones.has_events(leg))
        self._arm()
        await asyncio.sleep(seconds)

    async def release(self, far: str) -> Stats:
        """Close the port of a far end and return how it sounded. Raises MediaError: ``unknown_far``."""
        self._free(self._telephones.end(far))
        return self._telephones.release(far)

    async def hold(self, leg: str, language: str | None) -> None:
        """Hold a line: both sides hear that it is held, in this language, and not each other; None: no longer.

        Raises MediaError: ``unknown_leg``.
        """
        self._leg(leg).hold(language)
        self._arm()

    async def hangup(self, leg: str) -> Stats:
        """End a leg and return how it sounded; the port of a telephone is open until it is released.

        Raises MediaError: ``unknown_leg``.
        """
        found = self._legs.pop(leg, None) or self._telephones.legs.pop(leg, None)
        if found is None:
            raise MediaError("unknown_leg")
        stats = found.end()
        self._answers = {key: answer for key, answer in self._answers.items() if key[0] != leg}
        return stats

    @property
    def is_ready(self) -> bool:
        """Whether it would take one more call. Safe in any thread."""
        return not self._closed

    def legs(self) -> Collection[str]:
        """Return the names of the legs that are here."""
        return *self._legs, *self._telephones.legs

    async def close(self) -> None:
        """End every leg, and whatever is still open."""
        self._closed = True
        if opening := [answer for answer in self._answers.values() if not answer.done()]:
            await asyncio.wait(opening)
        for leg in self.legs():
            await self.hangup(leg)
        for far in tuple(self._telephones.ends):
            await self.release(far)
        if self._timer is not None:
            self._timer.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    # --- within ---

    def _leg(self, name: str) -> Leg | Telephone:
        """Return a leg. A far end that another was bridged to becomes one of its own."""
        if name in self._legs:
            return self._legs[name]
        if not self._telephones.is_known(name):
            raise MediaError("unknown_leg")
        if name not in self._telephones.legs:
            self._free(self._telephones.end(name))
        return self._telephones.leg(name)

    def _far_end(self, far: Far) -> FarEnd:
        """Return what a leg is bridged to. A telephone hears nobody else any more."""
        if isinstance(far, Loopback):
            return LoopbackEnd(far.language)
        if isinstance(far, Stream):
            return self.streams.end(far.name)
        end = self._telephones.taken(far)
        self._free(end)
        return end

    def _free(self, end: FarEnd) -> None:
        for leg in self._all():
            if leg.far is end:
                leg.unbridge()

    def _all(self) -> tuple[Hearing, ...]:
        return *self._legs.values(), *self._telephones.legs.values()

    async def _open(self, name: str, n: int, sdp: str) -> str:
        loop = asyncio.get_running_loop()
        leg = self._legs.get(name) or Leg(name, self._tell)
        if n <= leg.newest:
            raise MediaError("stale_peer")
        opened = await self._connect(
            name, n, sdp, lambda data: leg.rtp(n, data, loop.time()), lambda data: leg.rtcp(n, data, loop.time())
        )
        there = self._legs.get(name)
        if self._closed or (there is not None and there is not leg) or n <= leg.newest:
            opened.line.close()  # ended, or overtaken, while it opened
            raise MediaError("closed" if self._closed else "stale_peer")
        self._legs[name] = leg
        outward = Outward(opened.sound, opened.ssrc, secrets.randbits(15), secrets.randbits(32))
        leg.join(n, opened.line, Inward(opened.sound), outward, loop.time())
        self._arm()
        return opened.answer

    async def _connect(
        self, name: str, n: int, sdp: str, heard: Callable[[bytes], None], reported: Callable[[bytes], None]
    ) -> Opened:
        """Open the peer connection `n` of a leg; `heard` is given its RTP, `reported` its RTCP. Raises MediaError."""
        offer = read_offer(sdp)
        now = asyncio.get_running_loop().time()
        ice = self._ice if now >= self._stun_at else msgspec.structs.replace(self._ice, stun="")
        connection = Connection(ice, self._certified(now), offer)
        answer = await connection.open(heard, reported)
        if connection.stun_silent:
            self._stun_at = asyncio.get_running_loop().time() + STUN_AGAIN_S
        return Opened(WebrtcLine(connection, self._later), offer.sound, connection.ssrc, answer)

    def _certified(self, now: float) -> RTCCertificate:
        """Return the certificate of this worker, a new one each day."""
        if self._certificate is None or now >= self._renew_at:
            self._certificate, self._renew_at = RTCCertificate.generateCertificate(), now + CERTIFICATE_S
        return self._certificate

    def _later(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _arm(self) -> None:
        """Begin to beat, or beat sooner, if something is to be said."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._timer is not None:
            if self._next <= now + FRAME_S:
                return
            self._timer.cancel()
        self._next = now + FRAME_S
        self._timer = loop.call_at(self._next, self._beat)

    def _beat(self) -> None:
        """Say what is due on every leg, and look a few times a second what does not arrive. One timer for all."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        frames = 1 + int((now - self._next) / FRAME_S)
        legs = self._all()
        watches = now >= self._watch_at
        self._watch_at = now + IDLE_S if watches else self._watch_at
        for leg in legs:
            try:
                for _ in range(min(frames, CATCH_UP) if leg.beats else 0):
                    leg.beat(now)
                if watches:
                    leg.watch(now)
            except Exception:  # one leg must not silence the others: it falls silent itself, and is told as lost
                log.exception("a leg could not be heard any more")
                leg.end()
        self._timer = None
        if legs:
            beating = any(leg.beats for leg in legs)
            self._next = self._next + frames * FRAME_S if beating else now + IDLE_S
            self._timer = loop.call_at(self._next, self._beat)

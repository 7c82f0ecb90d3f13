"""The media worker: carries the sound of its calls, and tells the machine of each what happens to it.

Its event loop carries sound, so nothing in it waits for a database: `media_claims.py` claims in a thread of its own,
`media_steps.py` is done in a few more. What is asked for one call is done in the order in which it came.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from django.conf import settings
from django.utils import timezone

from voice import media_steps as steps
from voice import owning, signals
from voice.call_events import MediaLost, MediaUp, Side
from voice.media.shapes import Far, Gone, Key, Lost, MediaError, Rtp, Stats, Stream, Told, Up
from voice.media_claims import Claims
from voice.media_parts import MakeLines, MakePlane
from voice.media_phones import Phones
from voice.models import Action
from voice.planes import SIP
from voice.spoken import language_asked
from voice.stream_door import StreamDoor

log = logging.getLogger(__name__)
T = TypeVar("T")
THREADS: Final = 4
ACCEPT_S: Final = 5.0
STORED_S: Final = 10.0  # so long a worker that ends waits until what its trunks told is stored


@dataclass(frozen=True, slots=True)
class _Leg:
    """Whose leg it is: the call's stream and the number of the clinician's attempt."""

    r: str
    n: int


class MediaWorker:
    """One media worker. `run` until `stop`, and then until its calls have ended or the time for that is over."""

    def __init__(self, make: MakePlane, wanted: Callable[[], bool] = lambda: True, lines: MakeLines | None = None
                 ) -> None:
        """`make`, `lines`: make the plane and what carries telephones, in the loop; `wanted`: whether to go on."""
        self._make, self._wanted, self._lines = make, wanted, lines
        self._pool = ThreadPoolExecutor(THREADS, "curbside-media")
        self._legs: dict[str, _Leg] = {}
        self._tails: dict[str, asyncio.Task[None]] = {}
        self._stopped, self._eased = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Carry calls until told to stop."""
        self._loop = asyncio.get_running_loop()
        self._plane = self._make(self._told)
        self._phones = Phones(self._in_turn, self._in_thread, self._hear)
        if self._lines is not None:
            self._phones.open(self._lines(self._plane, self._phones.told, self._phones.sounds))
        self._claims = Claims(
            lambda: len({leg.r for leg in list(self._legs.values())} | self._phones.calls),
            self._from_thread(self._take), self._from_thread(self._lose_all), self._look_round,
            lambda: self._phones.lines.trunks,
        )  # fmt: skip
        self._streams = StreamDoor(self._plane, self._in_thread, lambda: self._claims.worker)
        await self._streams.open()
        self._claims.stream_url = self._streams.url
        self._claims.is_ready = lambda: self._plane.is_ready
        self._claims.start()
        await self._stopped.wait()
        await self._drain()

    def stop(self) -> None:
        """Take no more calls, and end when there are none. Called in the event loop, by which a signal comes too."""
        self._stopped.set()

    async def _drain(self) -> None:
        self._claims.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(settings.CURBSIDE_MEDIA_DRAIN_S):
                while self._legs or self._phones.calls or self._tails:
                    self._eased.clear()
                    await self._eased.wait()
        self._claims.end()
        await asyncio.to_thread(self._claims.join)
        for name, leg in list(self._legs.items()):
            stats = await self._hang_up(name)
            await self._safely(partial(self._in_thread, partial(steps.abandon_leg, leg.r, leg.n, stats)))
        for r, n in self._phones.clinicians():
            await self._safely(partial(self._in_thread, partial(steps.abandon_leg, r, n, None)))
        await self._phones.close()
        if self._tails:
            await asyncio.wait(self._tails.values(), timeout=STORED_S)
        await self._streams.close()
        await self._plane.close()
        if self._claims.worker:
            gone = partial(owning.sign_off, self._claims.worker, timezone.now())
            await self._safely(partial(self._in_thread, gone))
        await asyncio.to_thread(self._pool.shutdown)

    # --- what is called by others -----------------------------------------------------------------------------------

    def _from_thread(self, work: Callable[..., None]) -> Callable[..., None]:
        def call(*given: Any) -> None:
            self._loop.call_soon_threadsafe(work, *given)

        return call

    def _look_round(self) -> None:
        if not self._wanted():
            self._loop.call_soon_threadsafe(self.stop)

    def _take(self, actions: list[Action]) -> None:
        for action in actions:
            if action.kind == "proof" or (action.attempt and action.attempt.carrier == SIP and action.kind != "bridge"):
                self._phones.take(action)
            else:
                self._in_turn(str(action.call_id), partial(_DOING[action.kind], self, action))

    def _lose_all(self) -> None:
        """The calls were ended by others while this process stood still."""
        for name, leg in self._legs.items():
            self._in_turn(leg.r, partial(self._hang_up, name))
        self._legs.clear()
        self._phones.hang_up_all()

    def _told(self, told: Told) -> None:
        """The plane says what becomes of a leg; how it sounds is stored when it ends."""
        if isinstance(told, Key):
            self._phones.lines.pressed(told)
            return
        leg = self._legs.get(told.leg)
        if isinstance(told, Gone):
            self._phones.give_up(told.leg)
            if leg is not None:
                self._in_turn(leg.r, partial(self._give_up, told.leg, leg))
        if leg is None or not isinstance(told, Up | Lost):
            return
        event = (MediaUp if isinstance(told, Up) else MediaLost)(Side.CLINICIAN, leg.n, told.peer)
        self._in_turn(leg.r, partial(self._phones.store, partial(steps.feed, leg.r, event)))

    async def _give_up(self, name: str, leg: _Leg) -> None:
        """What carried the sound of a leg is no more."""
        if name in self._legs:
            stats = await self._hang_up(name)
            await self._phones.store(partial(steps.lose_leg, leg.r, leg.n, stats))

    # --- in turn ----------------------------------------------------------------------------------------------------

    def _in_turn(self, r: str, work: Callable[[], Awaitable[Any]]) -> None:
        """Do something for a call after all that was asked for it before."""
        before = self._tails.get(r)

        async def run() -> None:
            if before is not None:
                await asyncio.wait([before])
            await self._safely(work)

        task = self._tails[r] = self._loop.create_task(run())
        task.add_done_callback(partial(self._done, r))

    def _done(self, r: str, task: asyncio.Task[None]) -> None:
        self._eased.set()
        if self._tails.get(r) is task:
            del self._tails[r]

    async def _safely(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Never raises: what fails is found again by its claim, and holds up nothing else."""
        try:
            await work()
        except Exception:
            log.exception("the media worker could not do something and goes on")

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await self._loop.run_in_executor(self._pool, steps.in_thread, work)

    # --- what is asked ----------------------------------------------------------------------------------------------

    async def _accept(self, action: Action) -> None:
        assert action.attempt is not None
        name, peer = action.attempt.reference, int(action.args["peer"])
        found = await self._in_thread(lambda: signals.read_offer(action, timezone.now()))
        if found is None:
            await self._in_thread(partial(steps.settle, action, "cancelled"))
            return
        signal, offer = found
        self._legs[name] = _Leg(str(action.call_id), action.attempt.n)
        answer, word = await self._answer(name, peer, offer)
        await self._in_thread(lambda: signals.store_answer(action, signal, timezone.now(), sdp=answer, error=word))

    async def _answer(self, name: str, peer: int, offer: str) -> tuple[str, str]:
        """Return the plane's answer, or the word for why there is none."""
        try:
            return await asyncio.wait_for(self._plane.accept(name, peer, offer), ACCEPT_S), ""
        except MediaError as error:
            word: str = error.word
        except TimeoutError:
            word = "late"
        except Exception:
            log.exception("an offer could not be accepted")
            word = "bad_offer"
        if name not in self._plane.legs():
            self._legs.pop(name, None)
        return "", word

    async def _prompt(self, action: Action) -> None:
        assert action.attempt is not None
        language = await self._in_thread(partial(language_asked, action))
        state = "done"
        try:
            await self._plane.prompt(action.attempt.reference, action.args["what"], language)
        except MediaError:
            state = "failed"
        await self._in_thread(partial(steps.settle, action, state))

    async def _hold(self, action: Action) -> None:
        assert action.attempt is not None and action.call is not None
        state = "done"
        try:
            await self._plane.hold(action.attempt.reference, action.call.language[:2] if action.args["held"] else None)
        except MediaError:
            state = "failed"
        await self._in_thread(partial(steps.settle, action, state))

    async def _bridge(self, action: Action) -> None:
        patient = await self._in_thread(partial(steps.patient_of, action))
        assert action.attempt is not None
        far: Far | None
        if any(leg.carrier == SIP and not self._phones.lives(leg.reference) for leg in (patient, action.attempt)):
            await self._in_thread(partial(steps.settle, action, "failed"))  # an end is told, and ends the call
            return
        if patient.carrier == SIP:
            far = self._phones.lines.far_of(patient.reference)
        else:
            far = await self._in_thread(partial(steps.far_of, patient))
        if isinstance(far, Stream):
            self._streams.when_come(far, partial(self._in_turn, str(action.call_id), partial(self._join, action, far)))
        else:
            await self._join(action, far)

    async def _join(self, action: Action, far: Far | None) -> None:
        assert action.attempt is not None
        try:
            if far is None:
                raise MediaError("unknown_leg")
            await self._plane.bridge(action.attempt.reference, far)
            if isinstance(far, Stream):
                self._streams.hears(action.attempt.reference, far)
        except MediaError as error:
            log.warning("a leg could not be bridged", extra={"reason_code": error.word})
            await self._in_thread(partial(steps.fail_bridge, action))
            return
        await self._in_thread(partial(steps.settle, action, "done"))

    async def _hear(self, r: str, far: Rtp) -> None:
        """Let the clinician of a call hear the patient as soon as there is sound, which may be before an answer."""
        browsers = (name for name, leg in reversed(self._legs.items()) if leg.r == r)
        name = next(browsers, None) or self._phones.confirmed(r)
        if name is not None and self._phones.lives(far.name):
            with suppress(MediaError):  # who has gone meanwhile
                await self._plane.bridge(name, far)

    async def _hangup(self, action: Action) -> None:
        assert action.attempt is not None
        name = action.attempt.reference
        if "prompt" in action.args and name in self._legs:
            language = await self._in_thread(partial(language_asked, action))
            try:
                await self._plane.prompt(name, action.args["prompt"], language)
            except MediaError:
                pass  # a leg that hears nothing is ended all the same
        stats = await self._hang_up(name)
        await self._in_thread(partial(steps.end_leg, action, stats))

    async def _hang_up(self, name: str) -> Stats | None:
        self._legs.pop(name, None)
        try:
            stats = await self._plane.hangup(name)
        except MediaError:
            return None
        await self._safely(partial(self._streams.keep, name))
        return stats


_DOING: Final[dict[str, Callable[[MediaWorker, Action], Awaitable[None]]]] = {
    "accept": MediaWorker._accept,
    "prompt": MediaWorker._prompt,
    "bridge": MediaWorker._bridge,
    "hold": MediaWorker._hold,
    "hangup": MediaWorker._hangup,
}

"""The media worker: carries the sound of its calls, and tells the machine of each what happens to it.

Its event loop carries sound, so nothing in it waits for a database: `media_claims.py` claims in a thread of its own,
`media_steps.py` is done in a few more. What is asked for one call is done in the order in which it came.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from django.conf import settings
from django.utils import timezone

from voice import media_steps as steps
from voice import owning, signals
from voice.call_events import MediaLost, MediaUp, PromptKind, Side
from voice.media.shapes import Far, Lost, MediaError, Stats, Stream, Told, Up
from voice.media_claims import Claims
from voice.models import Action
from voice.spoken import language_asked
from voice.stream_door import StreamDoor

log = logging.getLogger(__name__)
T = TypeVar("T")
THREADS: Final = 4
ACCEPT_S: Final = 5.0


class Plane(Protocol):
    """What carries the sound; ``voice/media/plane.py``, or a stand-in of the tests."""

    async def accept(self, leg: str, peer: int, sdp: str) -> str:
        """Return the answer to the offer of a peer connection. Raises MediaError."""
        ...

    async def prompt(self, leg: str, what: PromptKind, language: str) -> None:
        """Say something on a leg; ``unavailable`` to its end. Raises MediaError."""
        ...

    async def bridge(self, leg: str, far: Far) -> None:
        """Let a leg and a far end hear each other. Raises MediaError."""
        ...

    async def hold(self, leg: str, language: str | None) -> None:
        """Hold the line of a leg, in this language; None: no longer. Raises MediaError."""
        ...

    async def hangup(self, leg: str) -> Stats:
        """End a leg and return how it sounded. Raises MediaError."""
        ...

    def legs(self) -> Collection[str]:
        """Return the legs that are here."""
        ...

    async def close(self) -> None:
        """End everything."""
        ...


@dataclass(frozen=True, slots=True)
class _Leg:
    """Whose leg it is: the call's stream and the number of the clinician's attempt."""

    r: str
    n: int


class MediaWorker:
    """One media worker. `run` until `stop`, and then until its calls have ended or the time for that is over."""

    def __init__(self, make: Callable[[Callable[[Told], None]], Plane], wanted: Callable[[], bool] = lambda: True
                 ) -> None:
        """`make`: makes the plane, in the event loop; `wanted`: asked twice a second whether to go on."""
        self._make, self._wanted = make, wanted
        self._pool = ThreadPoolExecutor(THREADS, "curbside-media")
        self._legs: dict[str, _Leg] = {}
        self._tails: dict[str, asyncio.Task[None]] = {}
        self._stopped, self._eased = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Carry calls until told to stop."""
        self._loop = asyncio.get_running_loop()
        self._plane = self._make(self._told)
        self._claims = Claims(
            lambda: len({leg.r for leg in list(self._legs.values())}), self._from_thread(self._take),
            self._from_thread(self._lose_all), self._look_round,
        )  # fmt: skip
        self._streams = StreamDoor(self._plane, self._in_thread, lambda: self._claims.worker)
        await self._streams.open()
        self._claims.stream_url = self._streams.url
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
                while self._legs or self._tails:
                    self._eased.clear()
                    await self._eased.wait()
        self._claims.end()
        await asyncio.to_thread(self._claims.join)
        for name, leg in list(self._legs.items()):
            stats = await self._hang_up(name)
            await self._safely(partial(self._in_thread, partial(steps.abandon_leg, leg.r, leg.n, stats)))
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
            self._in_turn(str(action.call_id), partial(_DOING[action.kind], self, action))

    def _lose_all(self) -> None:
        """The calls were ended by others while this process stood still."""
        for name, leg in self._legs.items():
            self._in_turn(leg.r, partial(self._hang_up, name))
        self._legs.clear()

    def _told(self, told: Told) -> None:
        """The plane says what becomes of a leg; how it sounds is stored when it ends."""
        leg = self._legs.get(told.leg)
        if leg is None or not isinstance(told, Up | Lost):
            return
        event = (MediaUp if isinstance(told, Up) else MediaLost)(Side.CLINICIAN, leg.n, told.peer)
        self._in_turn(leg.r, partial(self._in_thread, partial(steps.feed, leg.r, event)))

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
        far = await self._in_thread(partial(steps.far_of, action))
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

"""The call loop: claims what is to be asked of carriers, asks in threads, keeps the calls' timers, sweeps, and drains.

The loop's own thread never speaks to a carrier: one that is slow holds up no hang-up and no deadline of other calls. A
few threads only end legs, and claim for themselves where all others are taken.
Several may run at once, on one machine or many. A loop that is told to stop claims nothing more, waits for what it has
asked, and leaves the calls to the others or to its next start.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from time import monotonic
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from realtime import timers
from voice import budgets, number_timers, outbox, owning, sweep
from voice.asking import perform
from voice.carriers.base import TIMEOUT_S
from voice.carriers.loopback import Loopback
from voice.holding import alone
from voice.models import Action
from voice.planes import CARRIER
from voice.services import take_events
from voice.timers import TIMERS
from voice.watching import WAITING, Watch, keep_on

log = logging.getLogger(__name__)
TIMERS_S: Final = 0.5
SWEEP_S: Final = 2.0
CAME_IN_S: Final = 30.0
FORGET_S: Final = 3600.0
ENDING_THREADS: Final = 4
LEGS_DUE: Final = "SELECT 1 FROM voice_loopbackleg WHERE next_at <= %s"
ENDING: Final = ("hangup", "prompt")
"""What those threads ask: a prompt may be the one that ends a leg, and both are answered at once."""


Sweep = Callable[[datetime, Callable[[], bool]], int]


class Loop:
    """One call loop. `run` until `stop`; a test calls `step` itself."""

    def __init__(self, threads: int | None = None, wanted: Callable[[], bool] = lambda: True) -> None:
        """`threads`: requests to a carrier at once, hang-ups aside; `wanted`: asked twice a second whether to go on."""
        self._wanted = wanted
        self._freed = threading.Event()
        self._crew = Crew(threads or settings.CURBSIDE_CALL_THREADS, "curbside-carrier", self._freed.set)
        self._ending = Crew(ENDING_THREADS, "curbside-ending", self._freed.set)
        self._sweeper = ThreadPoolExecutor(2, "curbside-sweep")
        self._swept: dict[Sweep, Future[None]] = {}
        self._stopping = False
        self._loopback = Loopback()
        self._beats = owning.Beats()
        self._watch = Watch(
            (WAITING.format(CARRIER), LEGS_DUE), lambda: (outbox.next_due(), self._loopback.next_at()))
        self._chores = (
            Chore(TIMERS_S, self._look_round),
            Chore(TIMERS_S, self._keep_time),
            Chore(SWEEP_S, lambda: self._beside(sweep.sweep)),
            Chore(CAME_IN_S, lambda: self._beside(sweep.close_incoming)),
            Chore(CAME_IN_S, lambda: self._beside(sweep.end_unstanding)),
            Chore(CAME_IN_S, lambda: number_timers.wait_alone(timezone.now())),
            Chore(SWEEP_S, lambda: outbox.find_lost(timezone.now())),
            Chore(SWEEP_S, lambda: self._beats.look(timezone.now())),
            Chore(CAME_IN_S, lambda: owning.forget(timezone.now())),
            Chore(FORGET_S, lambda: outbox.forget(timezone.now())),
            Chore(FORGET_S, lambda: budgets.forget(timezone.now())),
        )

    def run(self) -> None:
        """Work until told to stop, then wait for what was asked."""
        keep_on(self.step, lambda: self._stopping, self._rest, "call loop")
        self.drain()

    def _rest(self, pause_s: float) -> None:
        """Until somebody has an answer, and no longer than this."""
        self._freed.wait(pause_s)
        self._freed.clear()

    def stop(self) -> None:
        """Claim nothing more. Safe in a signal handler, which may come while this thread holds the lock of an event."""
        self._stopping = True  # `run` sees it when its pause is over

    def drain(self) -> None:
        """Wait for what was asked of the carriers, and end."""
        wait([*self._crew.asked, *self._ending.asked, *self._swept.values()], timeout=TIMEOUT_S * 2)
        self._crew.pool.shutdown(wait=False, cancel_futures=True)
        self._ending.pool.shutdown(wait=False, cancel_futures=True)
        self._sweeper.shutdown(wait=False, cancel_futures=True)
        connection.close()

    def step(self) -> int:
        """Do everything that is due once; return how many actions were claimed."""
        if [chore for chore in self._chores if chore.do_when_due()]:
            self._watch.look()  # what a timer or the sweep put into the outbox was committed by this very thread
        if not self._watch.something():
            return 0
        now = timezone.now()
        claimed = self._crew.take(now)
        if not self._crew.free:
            claimed += self._ending.take(now, ENDING)
        events = self._loopback.play(now)
        if events:
            take_events("loopback", events)
        self._watch.looked(claimed)
        return len(claimed)

    def _beside(self, work: Sweep) -> None:
        """Sweep beside the loop; what has not ended yet is not begun anew."""
        before = self._swept.get(work)
        if before is None or before.done():
            self._swept[work] = self._sweeper.submit(_in_thread, lambda: work(timezone.now(), lambda: self._stopping))

    def _look_round(self) -> None:
        if not self._wanted():
            self.stop()

    def _keep_time(self) -> None:
        while timers.work_off(TIMERS, alone()) == timers.BATCH:
            pass


class Crew:
    """Threads that ask carriers, and what they are asking now."""

    def __init__(self, most: int, name: str, freed: Callable[[], None]) -> None:
        """`freed` is called whenever one of them has an answer."""
        self._most, self._freed = most, freed
        self.pool = ThreadPoolExecutor(most, name)
        self.asked: set[Future[None]] = set()

    @property
    def free(self) -> int:
        """How many of them have nothing to do."""
        return self._most - len(self.asked)

    def take(self, now: datetime, kinds: Sequence[str] = ()) -> list[Action]:
        """Claim as much as there are threads for, of some kinds or of all, and have it asked."""
        claimed = outbox.claim(self.free, now, kinds) if self.free > 0 else []
        for action in claimed:
            self._ask(action)
        return claimed

    def _ask(self, action: Action) -> None:
        future = self.pool.submit(_in_thread, lambda: perform(action))
        self.asked.add(future)
        future.add_done_callback(self._answered)

    def _answered(self, future: Future[None]) -> None:
        self.asked.discard(future)
        self._freed()


class Chore:
    """Something that is done every few seconds."""

    def __init__(self, every_s: float, work: Callable[[], Any]) -> None:
        self._every_s, self._work, self._next = every_s, work, 0.0

    def do_when_due(self) -> bool:
        """Do it if it is time, and say whether it was."""
        if monotonic() < self._next:
            return False
        self._next = monotonic() + self._every_s
        self._work()
        return True


def _in_thread(work: Callable[[], Any]) -> None:
    """Work, and leave no connection behind that has failed: the next work of this thread would fail by it."""
    try:
        work()
    except Exception:
        log.exception("a thread of the call loop failed and goes on")
    finally:
        connection.close_if_unusable_or_obsolete()



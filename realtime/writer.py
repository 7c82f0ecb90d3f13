"""Group commit: members' messages, many streams in one transaction, one thread a process.

The writer takes one command, then whatever else is waiting, and stores all of it at once. What comes alone is stored
at once; what comes soon after the last batch began waits for company, the longer the more there was in that one.
Under the lock of the streams' rows it looks again whether each is open and each seat still in it, and refuses single
items. Sure of one thing only: what it reports as stored is committed.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from typing import Any, Final

import orjson
from django.db import Error, IntegrityError, connection

from realtime import sql
from realtime.commands import Prepare
from realtime.protocol import Refusal, refuse
from realtime.storing import Outcome, Pending, Stored, store
from realtime.tally import SIZES, Tally

BATCH: Final = 256
PACE_S: Final = 0.01  # a batch costs as much as ten messages: the next one begins so long after it
MANY: Final = 16  # or, where a batch held so many,
PACE_OF_MANY_S: Final = 0.025  # so long after it: people do not feel it, and a message costs a fifth less
ENOUGH: Final = 64  # unless so many have come already

log = logging.getLogger(__name__)


Report = Callable[[list[Outcome]], None]


class Writer:
    """The thread and its queue. `report` is called in the thread, once a batch, after the commit."""

    def __init__(self, prepares: Mapping[str, Prepare], report: Report, guard: AbstractContextManager[Any], *,
                 most: int) -> None:
        """`guard` is held around each transaction; `most` may wait before `put` refuses."""
        self._prepares, self._report, self._guard, self._most = prepares, report, guard, most
        self._queue: SimpleQueue[Pending | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="curbside-writer", daemon=True)
        self.batches = self.stored = 0
        self.sizes = Tally(SIZES)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def put(self, pending: Pending) -> None:
        """Take one message. Raises Refusal("busy") at once where too many are waiting."""
        if self._queue.qsize() >= self._most:
            raise refuse("busy", after=1.0)
        self._queue.put(pending)

    def waiting(self) -> int:
        """How many messages are waiting."""
        return self._queue.qsize()

    def stop(self, timeout: float = 5.0) -> None:
        """Work off what is waiting, then end. Waits `timeout` seconds at most."""
        self._queue.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        going = True
        next_at = 0.0
        while going:
            batch: list[Pending] = []
            item = self._queue.get()
            self._wait_for_company(next_at)
            began = time.monotonic()
            while True:
                if item is None:
                    going = False
                    break
                if not item.dropped:
                    batch.append(item)
                if len(batch) >= BATCH:
                    break
                try:
                    item = self._queue.get_nowait()
                except Empty:
                    break
            if batch:
                self._report(self._work(batch))
            next_at = began + (PACE_S if len(batch) < MANY else PACE_OF_MANY_S)
        connection.close()

    def _wait_for_company(self, until: float) -> None:
        wait = until - time.monotonic()
        if wait > 0.0 and self._queue.qsize() < ENOUGH:
            time.sleep(wait)

    def _work(self, batch: list[Pending]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        ready: list[Pending] = []
        for item in batch:
            try:
                item.body = orjson.dumps(self._prepares[item.kind](item.d))
                ready.append(item)
            except Refusal as refusal:
                outcomes.append((item, refusal))
            except Exception:
                log.exception("a message could not be prepared", extra={"kind": item.kind})
                outcomes.append((item, refuse("internal")))
        if ready:
            outcomes += self._commit(ready)
        self.batches += 1
        self.sizes.observe(len(batch))
        return outcomes

    def _commit(self, items: list[Pending]) -> list[Outcome]:
        """Store the items; with a `c` that is stored already, answer that one and store the rest again.

        Never raises: without this thread nobody's message would be stored any more.
        """
        answered: list[Outcome] = []
        try:
            for _ in range(3):
                outcomes = self._store(items)
                answered += outcomes
                done = {id(item) for item, _ in outcomes}
                items = [item for item in items if id(item) not in done]
                if not items:
                    break
        except Error:
            log.warning("the database did not take a batch", extra={"batch": len(items)})
            connection.close()
        except Exception:
            log.exception("a batch failed", extra={"batch": len(items)})
            connection.close()
        return answered + [(item, refuse("busy", after=1.0)) for item in items]

    def _store(self, items: list[Pending]) -> list[Outcome]:
        """Store all, or else answer those whose `c` is stored already. Raises django.db.Error."""
        try:
            with self._guard:
                stored = store(items)
        except IntegrityError:
            return _answer_repeats(items)
        self.stored += len(stored)
        return stored


def _answer_repeats(items: Sequence[Pending]) -> list[Outcome]:
    """Answer those items whose `c` is in the log; of two alike in this batch the second waits for the first."""
    outcomes: list[Outcome] = []
    seen: set[tuple[str, str]] = set()
    for item in items:
        known = sql.find(item.stream, item.seat, item.c)
        if known is not None:
            same = known.digest == item.digest
            outcomes.append((item, Stored(known.seq, None) if same else refuse("conflict")))
        elif (item.seat, item.c) in seen:
            outcomes.append((item, refuse("busy", after=0.1)))
        seen.add((item.seat, item.c))
    return outcomes

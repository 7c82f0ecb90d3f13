"""What is sent of the outbox, and when: in order, so many under way, so many a second, later where it was refused.

As `Session`, of which it is a part: no clock and no randomness of its own.
"""

from __future__ import annotations

import random

from curbside.happenings import Json, Refused
from curbside.outbox import Entry, Outbox, Store
from curbside.pacing import Bucket, Timing, choose_delay

SHARE = 0.95
"""Of the announced rate: two clocks are never quite equal, and a rate passed three times ends the connection."""


class Sending:
    """The outbox under the limits that the server has announced."""

    def __init__(self, store: Store, timing: Timing, randomness: random.Random) -> None:
        """Begin with what the store has kept."""
        self.outbox = Outbox(store)
        self._timing, self._random = timing, randomness
        self._in_flight = 32
        self._pubs = Bucket(5, 15)
        self.due_at: float | None = None
        """When more may be sent, if nothing else happens first."""

    def limit(self, limits: Json) -> None:
        """Keep to the limits of a greeting."""
        self._in_flight = int(limits.get("pub_in_flight") or self._in_flight)
        rate, burst = limits.get("pub_rate"), limits.get("pub_burst")
        if rate and burst:
            self._pubs.resize(float(rate) * SHARE, max(1.0, float(burst) - 1))

    def take(self, now: float) -> list[Entry]:
        """Return what is to be sent now, in order."""
        ready, self.due_at = self.outbox.sendable(now, ordered=self._timing.ordered)
        free = self._in_flight - self.outbox.under_way()
        taken = []
        for entry in ready[: max(0, free)]:
            if not self._pubs.take(now):
                soon = self._pubs.ready_at(now)
                self.due_at = soon if self.due_at is None else min(soon, self.due_at)
                break
            taken.append(entry)
        return taken

    def refused(self, entry: Entry, error: Json, now: float) -> Refused | None:
        """Take a refusal: for good, which is returned, or for now, after which the entry is sent again."""
        entry.request = None
        if not error.get("retry"):
            self.outbox.remove(entry.c)
            code, said = str(error.get("code") or "refused"), str(error.get("msg") or "")
            return Refused(entry.c, entry.stream, code, said, error.get("d") or {})
        wait = choose_delay(entry.tries, self._random, base_s=self._timing.backoff_base_s, cap_s=5.0)
        if error.get("after") is not None:
            wait = float(error["after"]) + self._random.uniform(0, 0.1)
        entry.tries += 1
        entry.not_before = now + wait
        if error.get("code") == "rate":
            self._pubs.empty_until(entry.not_before)
        return None

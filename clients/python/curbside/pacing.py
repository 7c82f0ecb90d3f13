"""Waiting: the token bucket that keeps a client within the server's limits, and the delay before a reconnect.

No clock in here: `now` is seconds of any clock that only goes forward.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Spans in seconds. `ordered` keeps one operation per stream under way; without it, up to 32 in all."""

    backoff_base_s: float = 0.5
    backoff_cap_s: float = 30.0
    steady_s: float = 5.0
    answer_s: float = 10.0
    heartbeat_slack_s: float = 15.0
    typing_every_s: float = 3.0
    read_every_s: float = 1.0
    retry_s: float = 1.0
    ordered: bool = True


class Bucket:
    """Tokens that come back at `rate` a second up to `burst`; one is taken for each thing sent."""

    def __init__(self, rate: float, burst: float) -> None:
        """Start full."""
        self.rate = rate
        self.burst = burst
        self._tokens = burst
        self._at: float | None = None

    def resize(self, rate: float, burst: float) -> None:
        """Take over the limits that the server has announced."""
        self.rate, self.burst = rate, burst
        self._tokens = min(self._tokens, burst)

    def _fill(self, now: float) -> None:
        if self._at is not None:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now

    def take(self, now: float) -> bool:
        """Take one token if there is one."""
        self._fill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def ready_at(self, now: float) -> float:
        """When the next token will be there (`now` when one is)."""
        self._fill(now)
        return now if self._tokens >= 1 else now + (1 - self._tokens) / self.rate

    def empty_until(self, when: float) -> None:
        """Give nothing before `when`: the server has asked for that much patience."""
        self._tokens = min(self._tokens, 1 - (when - self._at) * self.rate) if self._at is not None else 0.0


def choose_delay(
    attempt: int, randomness: random.Random, *, base_s: float, cap_s: float, after_s: float = 0.0
) -> float:
    """Full jitter: anywhere between nothing and a doubling cap, on top of what the server asked for.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("full jitter").
    """
    return after_s + randomness.uniform(0, min(cap_s, base_s * 2 ** min(attempt, 16)))


class Backoff:
    """How long to wait before the next attempt: little after a line that stood, longer with each one that did not."""

    def __init__(self, timing: Timing, randomness: random.Random) -> None:
        """Begin with the shortest."""
        self._timing, self._random = timing, randomness
        self._attempt = 0
        self._ready_at: float | None = None

    def ready(self, now: float) -> None:
        """The server has greeted back."""
        self._ready_at = now

    def lost(self, now: float, after_s: float) -> float:
        """The line is gone, or never was: return in how many seconds to try again, on top of what the server asked."""
        timing = self._timing
        if self._ready_at is not None and now - self._ready_at >= timing.steady_s:
            self._attempt = 0
        self._ready_at = None
        delay = choose_delay(
            self._attempt, self._random, base_s=timing.backoff_base_s, cap_s=timing.backoff_cap_s, after_s=after_s
        )
        self._attempt += 1
        return delay

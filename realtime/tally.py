"""Counts that cost next to nothing: how often a value fell below each of a few bounds, and refused sign-ins.

They are only ever counted up by whoever works and read by whoever asks (``metrics.py``, ``pulse.py``). No Django.
"""

from bisect import bisect_left
from itertools import accumulate
from typing import Final

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)

REFUSED_LOGINS: Final[dict[str, int]] = dict.fromkeys(("password", "factor", "limited", "token", "ticket"), 0)
"""Why somebody was not let in, and how often since the process began. The reasons are fixed words."""


class Tally:
    """A histogram: values by the bound that they do not pass, their number and their sum."""

    __slots__ = ("bounds", "counts", "most", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.most = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
        self.most = max(self.most, value)

    @property
    def number(self) -> int:
        """How many values were counted."""
        return sum(self.counts)

    def buckets(self) -> list[tuple[str, float]]:
        """Return (upper bound, how many values did not pass it), as Prometheus wants them, ``+Inf`` last."""
        names = [*(f"{bound:g}" for bound in self.bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self.counts)), strict=True))

    def take_most(self) -> float:
        """Return the largest value since this was last asked."""
        most, self.most = self.most, 0.0
        return most


def count_refused_login(reason: str) -> None:
    """Count a sign-in that was refused. Raises KeyError for a reason that is not one of the fixed words."""
    REFUSED_LOGINS[reason] += 1

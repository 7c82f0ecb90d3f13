"""What closed peer connections leave behind, which the garbage collector alone can free.

aiortc's, aioice's and OpenSSL's objects hold each other in cycles. A packet leaves nothing, so a worker makes so few
objects that Python's own thresholds would let tens of thousands of connections lie, some 40 KiB each.
"""

from __future__ import annotations

import gc
from typing import Final

MOST: Final = 16
"""So many lie at most. To collect takes some milliseconds, once the heap of the start was put aside."""


class Leftovers:
    """Counts what was closed."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._lying = most, 0

    def add(self) -> None:
        """One more was closed; after so many all are freed."""
        self._lying += 1
        if self._lying >= self._most:
            self._lying = 0
            gc.collect()

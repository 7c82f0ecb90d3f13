"""How many packets of one peer are looked at: far more than a call has cost the other calls nothing. Sans-IO."""

from __future__ import annotations

import logging
from typing import Final

log = logging.getLogger(__name__)
MOST: Final = 200
"""Packets in a second: a call has 50, or 100 of 10 ms each, and what a network held back comes all at once."""


class Gate:
    """One peer's packets. `dropped` counts those that came when there were too many; the log says so once."""

    __slots__ = ("_left", "_until", "dropped")

    def __init__(self) -> None:
        self.dropped = 0
        self._left, self._until = MOST, 0.0

    def passes(self, now: float) -> bool:
        """Return whether a packet is looked at. `now`: seconds of any clock that only rises."""
        if now >= self._until:
            self._left, self._until = MOST, now + 1.0
        if self._left:
            self._left -= 1
            return True
        if not self.dropped:
            log.warning("a peer sends more packets than a call has, and they are dropped")
        self.dropped += 1
        return False

"""Noticing that a connection is dead although nobody closed it. Standard library only; `now` is passed in."""

from __future__ import annotations

ANSWERS_LATE = 4
"""A request is given up after so many times the usual wait even while other things arrive."""


class Watch:
    """When the other side was last heard, and what it has not answered. Spans in seconds."""

    def __init__(self, answer_s: float, slack_s: float) -> None:
        """Wait `answer_s` for an answer, and `slack_s` longer than a heartbeat for anything at all."""
        self.heartbeat_s = 25.0
        self._answer_s = answer_s
        self._slack_s = slack_s
        self._heard_at = 0.0
        self._asked: dict[int, float] = {}

    def reset(self, now: float) -> None:
        """A fresh connection."""
        self._heard_at = now
        self._asked.clear()

    def heard(self, now: float) -> None:
        """Something arrived."""
        self._heard_at = now

    def asked(self, request: int, now: float) -> None:
        """A request was sent that is always answered."""
        self._asked[request] = now

    def answered(self, request: int) -> None:
        """Its answer is here."""
        self._asked.pop(request, None)

    def dead_at(self) -> float:
        """When to abandon the connection, if nothing is heard before."""
        silent_at = self._heard_at + self.heartbeat_s + self._slack_s
        first = min(self._asked.values(), default=None)
        if first is None:
            return silent_at
        late_at = first + self._answer_s * ANSWERS_LATE
        return min(silent_at, late_at, max(first, self._heard_at) + self._answer_s)

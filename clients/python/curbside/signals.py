"""Typing and read cursors: said seldom, the latest only, and not kept when there is nobody to say them to.

Standard library only; no clock.
"""

from __future__ import annotations

from curbside.happenings import Json

SPACING_S = 0.2
"""Between two read cursors, of whichever streams: many streams read at once are no flood of frames."""


class Signals:
    """What a client may say without a number, throttled per stream. Spans in seconds."""

    def __init__(self, typing_every_s: float, read_every_s: float) -> None:
        """Say each kind at most once in its span."""
        self._typing_every_s = typing_every_s
        self._read_every_s = read_every_s
        self._typing_at: dict[str, float] = {}
        self._read_at: dict[str, float] = {}
        self._reads: dict[str, int] = {}
        self._any_at = 0.0

    def typing(self, stream: str, now: float) -> list[Json]:
        """The frame that says so, or none when it was said a moment ago."""
        if now < self._typing_at.get(stream, 0.0):
            return []
        self._typing_at[stream] = now + self._typing_every_s
        return [{"t": "eph", "r": stream, "k": "typing", "d": {}}]

    def read(self, stream: str, seq: int) -> None:
        """Remember how far has been read, to be said when it is due."""
        self._reads[stream] = max(seq, self._reads.get(stream, 0))

    def forget(self, stream: str) -> None:
        """That stream is no longer followed."""
        self._reads.pop(stream, None)

    def due(self, now: float) -> list[Json]:
        """A read cursor that may be said now, if there is one."""
        for stream in self._reads:
            if now >= max(self._any_at, self._read_at.get(stream, 0.0)):
                self._any_at = now + SPACING_S
                self._read_at[stream] = now + self._read_every_s
                return [{"t": "eph", "r": stream, "k": "read", "d": {"s": self._reads.pop(stream)}}]
        return []

    def next_at(self) -> float | None:
        """When `due` has something."""
        soonest = min((self._read_at.get(stream, 0.0) for stream in self._reads), default=None)
        return None if soonest is None else max(self._any_at, soonest)

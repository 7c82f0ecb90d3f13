"""The streams that have come to a worker, by name, and who waits for one. Knows no network."""

from __future__ import annotations

import asyncio
from typing import Final

from voice.media.shapes import MediaError, Stats
from voice.media.streamend import StreamEnd

COMES_IN_S: Final = 8.0
"""From the patient's answer to the stream: the carrier asks for a document, opens a socket, and shows its token."""


class Streamed:
    """`ends`: those that are here, and those that are gone and whose figures nobody has asked for yet."""

    def __init__(self) -> None:
        self.ends: dict[str, StreamEnd] = {}
        self._awaited: dict[str, asyncio.Event] = {}

    async def expect(self, name: str) -> None:
        """Wait for a stream that no leg has been bridged to. Raises MediaError: ``no_stream``."""
        there = self.ends.get(name)
        if there is not None and not there.connected:
            return
        come = self._awaited.setdefault(name, asyncio.Event())
        try:
            async with asyncio.timeout(COMES_IN_S):
                await come.wait()
        except TimeoutError:
            raise MediaError("no_stream") from None
        finally:
            self._awaited.pop(name, None)

    def arrived(self, name: str, end: StreamEnd) -> None:
        """A stream was let in; one of before under this name is heard no more."""
        former, self.ends[name] = self.ends.get(name), end
        if former is not None:
            former.end()
        if name in self._awaited:
            self._awaited[name].set()

    def departed(self, name: str, end: StreamEnd) -> None:
        """Its socket is closed. One that was never heard is forgotten."""
        if self.ends.get(name) is end and not end.connected:
            del self.ends[name]

    def end(self, name: str) -> StreamEnd:
        """Return a stream. Raises MediaError: ``unknown_far``."""
        end = self.ends.get(name)
        if end is None:
            raise MediaError("unknown_far")
        return end

    def forget(self, name: str) -> Stats | None:
        """Return how a stream sounded, None where there is none."""
        end = self.ends.pop(name, None)
        return None if end is None else end.end()

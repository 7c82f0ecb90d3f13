"""Iterating over what happens: a queue for each who listens, with a mark above which the client reads no further."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Listener(Generic[T]):
    """An async iterator from the moment it is made. Ends when the client does, or at `close()`.

    While `room` items wait the client reads nothing more from its socket (unless somebody waits for an answer on it);
    the server then counts it as slow, closes, and the client resumes by position. Close what you no longer read.
    """

    def __init__(self, wanted: Callable[[object], T | None], room: int, drained: Callable[[Listener[T]], None]) -> None:
        """`wanted` gives back what it was given, or None for what this listener does not want."""
        self._wanted = wanted
        self._room = room
        self._drained = drained
        self._queue: asyncio.Queue[T | None] = asyncio.Queue()
        self.closed = False

    @property
    def is_full(self) -> bool:
        """Whether as much waits as the reader asked to be spared from."""
        return not self.closed and self._queue.qsize() >= self._room

    def offer(self, happening: object) -> None:
        """Hand on one happening."""
        item = self._wanted(happening)
        if item is not None and not self.closed:
            self._queue.put_nowait(item)

    def close(self) -> None:
        """Listen no longer; an iteration under way ends after what is already there."""
        if not self.closed:
            self.closed = True
            self._queue.put_nowait(None)
            self._drained(self)

    def __aiter__(self) -> Listener[T]:
        """Itself."""
        return self

    async def __anext__(self) -> T:
        """The next one."""
        if self.closed and self._queue.empty():
            raise StopAsyncIteration
        item = await self._queue.get()
        self._drained(self)
        if item is None:
            raise StopAsyncIteration
        return item

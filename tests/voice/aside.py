"""An event loop in a thread of its own, for tests that speak to a database and to what lives in a loop by turns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Self, TypeVar

T = TypeVar("T")
WITHIN_S = 60.0


class Aside:
    """`with Aside() as aside:`; what was entered is left at its end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="aside", daemon=True)
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave what was entered, and end."""
        self.do(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something there and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN_S)

    def enter(self, manager: AbstractAsyncContextManager[T]) -> T:
        """Enter something until the end."""
        return self.do(self._stack.enter_async_context(manager))

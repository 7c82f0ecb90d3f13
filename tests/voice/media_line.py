"""A call loop and a media worker in threads of their own, on real time: for tests of calls over a browser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from tests.voice.line import Line
from voice.call_events import PromptKind
from voice.media.shapes import Far, Heard, Lost, MediaError, Rtp, Stats, Told, Up
from voice.media_parts import MakeLines, MakePlane, Plane
from voice.media_worker import MediaWorker

STATS = Stats(codec="PCMU", received=Heard(packets=120, lost=2, jitter_ms=3.14), sent=Heard(packets=118), mos=4.234)


def live_line() -> Line:
    """The clinic of tests on real time."""
    return Line(cast("Any", None))


class FakePlane:
    """A plane that carries nothing and remembers what it was asked. `sounds`: sound comes from each peer at once."""

    def __init__(self, tell: Callable[[Told], None]) -> None:
        self.tell = tell
        self.asked: list[str] = []
        self.here: dict[str, int] = {}
        self.ports: list[str] = []
        self.sounds = True
        self.failing: set[str] = set()
        self.slow_s = 0.0
        self.closed, self.is_ready = False, True

    def _note(self, what: str) -> None:
        self.asked.append(what)
        if what.split(maxsplit=1)[0] in self.failing:
            raise MediaError("no_codec")

    async def accept(self, leg: str, peer: int, sdp: str) -> str:
        self._note(f"accept {peer}")
        await asyncio.sleep(self.slow_s)
        self.here[leg] = peer
        if self.sounds:
            asyncio.get_running_loop().call_later(0.01, self.tell, Up(leg, peer))
        return f"answer {peer} to {sdp}"

    async def prompt(self, leg: str, what: PromptKind, language: str) -> None:
        self._note(f"prompt {what} {language}")
        await asyncio.sleep(self.slow_s)

    async def bridge(self, leg: str, far: Far) -> None:
        self._note(f"bridge {far.language}")

    async def hold(self, leg: str, language: str | None) -> None:
        self._note(f"hold {language}")

    async def listen(self, far: str, address: str, ports: range) -> tuple[str, int]:
        self.ports.append(far)
        return address, 4000

    async def connect(self, far: Rtp) -> None:
        self._note(f"connect {far.language}")

    async def speak(self, leg: str, says: Sequence[str], language: str, keys: str = "") -> None:
        self._note(f"speak {' '.join(says)} {language} behind {keys}")

    async def release(self, far: str) -> Stats:
        self.ports.remove(far)
        return STATS

    async def hangup(self, leg: str) -> Stats:
        self._note("hangup")
        if self.here.pop(leg, None) is None:
            raise MediaError("unknown_leg")
        return STATS

    def legs(self) -> Collection[str]:
        return tuple(self.here)

    async def close(self) -> None:
        self.closed = True

    def lose(self) -> None:
        """No sound comes any more; called in the event loop."""
        for leg, peer in self.here.items():
            self.tell(Lost(leg, peer))


class Working:
    """A media worker in a thread of its own, with its plane."""

    def __init__(self, make: MakePlane, lines: MakeLines | None = None) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(make, lines)), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    async def _run(self, make: MakePlane, lines: MakeLines | None) -> None:
        def made(tell: Callable[[Told], None]) -> Plane:
            self.plane = make(tell)
            return self.plane

        self.loop = asyncio.get_running_loop()
        self.worker = MediaWorker(made, lines=lines)
        self.loop.call_soon(self._ready.set)
        await self.worker.run()

    def call(self, work: Callable[[], None]) -> None:
        """Do something in its event loop."""
        self.loop.call_soon_threadsafe(work)

    def stop(self) -> None:
        """Have it drain."""
        if self._thread.is_alive():
            self.call(self.worker.stop)

    def join(self) -> bool:
        """Wait for its end; return whether it came."""
        self._thread.join(20)
        return not self._thread.is_alive()


@contextmanager
def working(make: MakePlane, lines: MakeLines | None = None) -> Iterator[Working]:
    """A media worker as `manage.py runmedia` has it."""
    one = Working(make, lines)
    try:
        yield one
    finally:
        one.stop()
        assert one.join()

"""People who talk through whatever happens, two in each consult, and what must be true of it afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tests.peers.curbside import PLANTED, Circle
from tests.sockets.checking import CheckingClient

PAUSE_S = 0.06
TYPES_EVERY = 8


@dataclass
class Talker:
    """One who talks. `acks` are (instant of the answer, seconds it took), of the loop's clock."""

    client: CheckingClient
    circle: Circle
    who: str
    said: int = 0
    begun: int = 0
    acks: list[tuple[float, float]] = field(default_factory=list)


class Talk:
    """Conversations under way. Each sentence waits for the one before it to be committed."""

    def __init__(self, talkers: list[Talker], pause_s: float = PAUSE_S) -> None:
        """Nobody has said anything."""
        self.talkers = talkers
        self._pause_s = pause_s
        self._going = asyncio.Event()
        self._over = False
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """Start to talk."""
        self._going.set()
        self._tasks = [asyncio.create_task(self._talk(talker)) for talker in self.talkers]

    async def _talk(self, talker: Talker) -> None:
        now = asyncio.get_running_loop().time
        while True:
            await self._going.wait()
            if self._over:
                return
            began = now()
            talker.begun += 1
            await talker.client.say(talker.circle.stream, f"{PLANTED} {talker.who} {talker.said}")
            talker.acks.append((now(), now() - began))
            talker.said += 1
            if talker.said % TYPES_EVERY == 0:
                talker.client.typing(talker.circle.stream)
            await asyncio.sleep(self._pause_s)

    def pause(self) -> None:
        """Finish the sentence and wait."""
        self._going.clear()

    def go_on(self) -> None:
        """After `pause`."""
        self._going.set()

    async def end(self, within_s: float = 30.0) -> None:
        """Finish the last sentence. Raises TimeoutError, and what a talker ran into."""
        self._over = True
        self._going.set()
        async with asyncio.timeout(within_s):
            await asyncio.gather(*self._tasks)

    def abandon(self) -> None:
        """Stop where they stand."""
        for task in self._tasks:
            task.cancel()

    async def more(self, count: int = 3, within_s: float = 30.0, talkers: list[Talker] | None = None) -> None:
        """Wait until everybody (or these) has said so much more. Raises TimeoutError."""
        goals = [(talker, talker.said + count) for talker in (self.talkers if talkers is None else talkers)]
        async with asyncio.timeout(within_s):
            while any(talker.said < goal for talker, goal in goals):
                self._raise_failure()
                await asyncio.sleep(0.02)

    def _raise_failure(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    def latencies(self, since: float = 0.0, until: float = float("inf")) -> list[float]:
        """How long acknowledgements took that arrived in a span, in seconds, in order of size."""
        return sorted(took for talker in self.talkers for at, took in talker.acks if since <= at <= until)

    async def check_heard(self) -> list[str]:
        """Everybody has heard all that was said in their consult, each once, in the order of its speaker."""
        faults = []
        for talker in self.talkers:
            stream = talker.circle.stream
            for other in (other for other in self.talkers if other.circle.stream == stream):
                texts = [text for text in talker.client.texts(stream) if f" {other.who} " in text]
                if texts != [f"{PLANTED} {other.who} {number}" for number in range(other.said)]:
                    faults.append(f"{talker.who} heard {len(texts)} of {other.who}'s {other.said}, or not in order")
        return faults


def percentile(ordered: list[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the ordered values lie; 0.0 where there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0

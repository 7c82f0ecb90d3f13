"""Two people who talk through whatever happens, and what must be true of it afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.peers.curbside import PLANTED, Circle
from tests.sockets.checking import CheckingClient, Ledger

PAUSE_S = 0.03


class Talk:
    """A conversation under way. `said` counts what was acknowledged, by speaker."""

    def __init__(self, stream: str, talkers: list[CheckingClient]) -> None:
        self.stream = stream
        self.talkers = talkers
        self.said = [0] * len(talkers)
        self._going = True

    async def run(self) -> None:
        """Talk until told to stop; each sentence waits for the one before it to be committed."""
        await asyncio.gather(*(self._talk(who) for who in range(len(self.talkers))))

    async def _talk(self, who: int) -> None:
        while self._going:
            await self.talkers[who].say(self.stream, f"{PLANTED} {who} {self.said[who]}")
            self.said[who] += 1
            await asyncio.sleep(PAUSE_S)

    def stop(self) -> None:
        """Finish the sentence."""
        self._going = False

    async def more(self, count: int = 3, within_s: float = 20.0) -> None:
        """Wait until everybody has said so much more: the conversation is alive."""
        goals = [said + count for said in self.said]
        async with asyncio.timeout(within_s):
            while any(said < goal for said, goal in zip(self.said, goals, strict=True)):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def talking(ledger: Ledger, circle: Circle, *urls: str) -> AsyncIterator[Talk]:
    """The two of a circle talk, each at an address; at the end all is checked to be there, once, in order."""
    people = (circle.asker, circle.answerer)
    talkers = [await ledger.join(person, circle.stream, url=url) for person, url in zip(people, urls, strict=True)]
    talk = Talk(circle.stream, talkers)
    running = asyncio.create_task(talk.run())
    try:
        await talk.more()
        yield talk
        talk.stop()
        async with asyncio.timeout(30):
            await running
    finally:
        running.cancel()
    head = max(seq for stream, seq in ledger.promised.values() if stream == circle.stream)
    for talker in talkers:
        await talker.until_seq(circle.stream, head)
        for who, count in enumerate(talk.said):
            heard = [text for text in talker.texts(circle.stream) if f" {who} " in text]
            assert heard == [f"{PLANTED} {who} {number}" for number in range(count)], "lost, twice or out of order"

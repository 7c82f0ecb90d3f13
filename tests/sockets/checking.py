"""A client that checks, while it works, what must always hold (docs/protocol.md, I1 to I12), and the ledger it writes.

What a client and the database can know is checked here: numbers and their order (I1 to I4), equal content everywhere
(I5), one row for one `c` (I6, I11), everyone at the head after five quiet seconds (I7), history equal to what was seen
(I8), nothing to outsiders (I9). Memory (I10) and logs (I12) have tests of their own.
"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections import defaultdict, deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from curbside import Client, Event, PublishRefused, Receipt, Session, Timing
from curbside.frames import decode

from tests.peers.curbside import Deployment, Person

QUICK = Timing(backoff_base_s=0.05, backoff_cap_s=0.4, retry_s=0.2, answer_s=4.0)
QUIET_S = 5.0
RAW_KEPT = 20_000


@dataclass
class Ledger:
    """What all checking clients of one test have seen, and what they were promised."""

    deployment: Deployment
    seen: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    promised: dict[str, tuple[str, int]] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)
    altered: set[tuple[str, int]] = field(default_factory=set)
    clients: list[CheckingClient] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Check all that must hold, unless the test has failed already; close the clients."""
        try:
            if kind is None:
                await self.check()
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the clients."""
        await asyncio.gather(*(client.close() for client in self.clients))

    async def join(self, person: Person, *streams: str, url: str = "", timing: Timing = QUICK) -> CheckingClient:
        """A connected client of a person, subscribed to streams."""
        client = CheckingClient(self, person, url or self.deployment.url, timing)
        self.clients.append(client)
        await client.__aenter__()
        async with asyncio.timeout(20):
            await client.ready()
            for stream in streams:
                await client.follow(stream)
        return client

    def observe(self, event: Event) -> None:
        """One event at one client: edits and removals aside, it is the same for everybody (I5)."""
        target = event.d.get("target")
        if event.kind in ("edit", "redact") and target is not None:
            self.altered.add((event.stream, int(target)))
        content = {"target": target} if event.kind in ("edit", "redact") else event.d
        self.seen[event.stream, event.seq].add(json.dumps([event.kind, event.by, event.c, content], sort_keys=True))

    def promise(self, stream: str, c: str, seq: int) -> None:
        """An acknowledgement: never another number for the same `c` (I2)."""
        if self.promised.setdefault(c, (stream, seq)) != (stream, seq):
            self.faults.append(f"I2: another number for the same c in {stream}: {seq}")

    async def check(self) -> None:
        """All invariants, now that the test has been quiet for a moment. Raises AssertionError with all that failed."""
        await self.settle()
        assert not self.faults, "\n".join(self.faults)

    async def settle(self) -> None:
        """Look at all invariants and keep in `faults` what did not hold."""
        await self._wait_for_heads()
        for client in self.clients:
            self.faults += client.check()
        self._check_log()
        for client in self.clients:
            self.faults += await client.check_history()
        for place, contents in self.seen.items():
            if place not in self.altered and len(contents) > 1:
                self.faults.append(f"I5: different content at {place[1]}")

    async def _wait_for_heads(self) -> None:
        """I7: within five seconds every client stands at the head of all that it follows."""
        deadline = asyncio.get_running_loop().time() + QUIET_S
        while True:
            behind = [fault for client in self.clients for fault in client.behind(self._heads())]
            if not behind:
                return
            if asyncio.get_running_loop().time() > deadline:
                self.faults += behind
                return
            await asyncio.sleep(0.1)

    def _heads(self) -> dict[str, int]:
        return dict(self.deployment.query("SELECT id, seq FROM realtime_stream"))

    def _check_log(self) -> None:
        rows = self.deployment.query("SELECT stream_id, seq, c FROM realtime_event ORDER BY stream_id, seq")
        places: dict[str, list[tuple[str, int]]] = defaultdict(list)
        numbers: dict[str, list[int]] = defaultdict(list)
        for stream, seq, c in rows:
            numbers[stream].append(seq)
            if c:
                places[c].append((stream, seq))
        heads = self._heads()
        for stream, found in numbers.items():
            if found != list(range(1, heads[stream] + 1)):
                self.faults.append(f"I3: the numbers of {stream} have a hole, or one twice, or pass the head")
        for c, place in self.promised.items():
            if place not in places[c] and place[0] != "me":
                self.faults.append(f"I1: acknowledged at {place[1]} and not in the log")
        for c in self.published:
            if len(places[c]) > 1:
                self.faults.append("I6, I11: one c has two rows")


class CheckingSession(Session):
    """Looks at every frame before the client's own rules repair what may be wrong with it."""

    def __init__(self, timing: Timing) -> None:
        """Nothing seen."""
        super().__init__(device="tests", timing=timing, randomness=random.Random(3))
        self.live: dict[str, int] = {}
        self.holes: list[str] = []
        self.raw: deque[dict[str, Any]] = deque(maxlen=RAW_KEPT)
        self.losses: list[tuple[int, float]] = []
        self.openings: list[float] = []

    def opened(self, token: str, lifetime_s: float | None, now: float) -> None:
        """Each connection counts anew."""
        self.live.clear()
        self.openings.append(now)
        super().opened(token, lifetime_s, now)

    def lost(self, code: int, message: str, now: float) -> None:
        """Keep the code (what `bye` said, where it said something) and the instant of each end of a connection."""
        if self._phase in ("greeting", "ready"):
            self.losses.append((self._bye[0] if self._bye else code, now))
        super().lost(code, message, now)

    def received(self, message: str, now: float) -> None:
        """On one connection numbers rise by one from the answer to the subscription on."""
        for frame in decode(message):
            self.raw.append(frame)
            for room in frame.get("rooms") or []:
                position = self.positions().get(room["r"], (None, None))[1]
                self.live[room["r"]] = position if room["rec"] and position is not None else room["s"]
            if frame.get("t") == "ev" and frame["r"] in self.live:
                if frame["s"] > self.live[frame["r"]] + 1:
                    self.holes.append(f"{frame['r']}: {self.live[frame['r']]} then {frame['s']}")
                self.live[frame["r"]] = max(frame["s"], self.live[frame["r"]])
        super().received(message, now)


class CheckingClient(Client):
    """A client that keeps all it saw, and holds it against the invariants."""

    def __init__(self, ledger: Ledger, person: Person, url: str, timing: Timing) -> None:
        """For one person on one server."""
        self.watched = CheckingSession(timing)
        super().__init__(url, token=person.token, session=self.watched)
        self.person = person
        self.ledger = ledger
        self.log: dict[str, list[Event]] = defaultdict(list)
        self.first: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self._ended: tuple[int, str] | None = None
        self._seen = asyncio.Event()
        self._watching = asyncio.create_task(self._watch(self.events(room=100_000)))

    async def _watch(self, events: Any) -> None:
        async for event in events:
            self.log[event.stream].append(event)
            self.ledger.observe(event)
            self._seen.set()

    async def follow(self, stream: str, *, position: int | None = None, epoch: str | None = None) -> None:
        """Subscribe, and remember from where on nothing may be missing."""
        subscribed = await self.subscribe(stream, position=position, epoch=epoch)
        self.first.setdefault(stream, subscribed.head if position is None else position)
        self.names[stream] = subscribed.me

    async def say(self, stream: str, text: str, *, c: str | None = None) -> Receipt:
        """Publish a message and keep the promise that the answer is."""
        return await self.tell(stream, "message", {"text": text}, c=c)

    async def tell(self, stream: str, kind: str, d: dict[str, Any], *, c: str | None = None) -> Receipt:
        """Publish anything."""
        c = c or str(uuid.uuid4())
        self.ledger.published[c] = stream
        receipt = await self.publish(stream, kind, d, c=c)
        self.ledger.promise(self.person.inbox if stream == "me" else stream, receipt.c, receipt.seq)
        return receipt

    async def refused(self, stream: str, kind: str, d: dict[str, Any]) -> PublishRefused:
        """Publish what must be refused."""
        try:
            await self.publish(stream, kind, d)
        except PublishRefused as refused:
            return refused
        raise AssertionError(f"{kind} was not refused")

    async def until(self, stream: str, kind: str, within_s: float = 10.0, after: int = 0) -> Event:
        """The first event of a kind in a stream, waiting for it if it has not come yet."""
        async with asyncio.timeout(within_s):
            while True:
                self._seen.clear()
                for event in self.log[stream]:
                    if event.kind == kind and event.seq > after:
                        return event
                await self._seen.wait()

    async def until_seq(self, stream: str, seq: int, within_s: float = 10.0) -> None:
        """Wait until everything up to a number is here."""
        async with asyncio.timeout(within_s):
            while not self.log[stream] or self.log[stream][-1].seq < seq:
                self._seen.clear()
                await self._seen.wait()

    def texts(self, stream: str) -> list[str]:
        """What was said, in the order in which it came here."""
        return [event.d["text"] for event in self.log[stream] if event.kind == "message"]

    def behind(self, heads: dict[str, int]) -> list[str]:
        """I7, for what is followed still."""
        if self._ended is not None:
            return []
        return [
            f"I7: {self.person.email} stands at {position} of {heads.get(stream)}"
            for stream, (_, position) in self.session.positions().items()
            if position != heads.get(stream) and position is not None
        ]

    def check(self) -> list[str]:
        """I4: strictly one more each time, over all connections; and no hole on any one of them."""
        faults = [f"I4: a hole on one connection: {hole}" for hole in self.watched.holes]
        for stream, events in self.log.items():
            numbers = [event.seq for event in events]
            first = self.first.get(stream, 0)
            if numbers != list(range(first + 1, first + 1 + len(numbers))):
                faults.append(f"I4: {self.person.email} did not see strictly one more each time: {numbers}")
        followed = set(self.first)
        faults += [f"I9: an event of {stream} reached an outsider" for stream in set(self.log) - followed]
        return faults

    async def check_history(self) -> list[str]:
        """I8: the pages of history are what was seen, edits and removals aside."""
        faults = []
        for stream in [stream for stream in self.session.positions() if self.log[stream] and self._ended is None]:
            first, last = self.log[stream][0].seq, self.log[stream][-1].seq
            after, pages = first - 1, list[Event]()
            while page := await self.history(stream, after=after, limit=200):
                pages += page
                after = page[-1].seq
            seen = {event.seq: event for event in self.log[stream]}
            for event in pages:
                altered = (stream, event.seq) in self.ledger.altered or event.kind == "edit"
                if event.seq <= last and not altered and seen.get(event.seq) != event:
                    faults.append(f"I8: history differs from what was seen at {event.seq}")
            if not set(seen) <= {event.seq for event in pages}:
                faults.append("I8: history lacks what was seen")
        return faults

    async def close(self) -> None:
        """Close, and stop watching."""
        await super().close()
        self._watching.cancel()

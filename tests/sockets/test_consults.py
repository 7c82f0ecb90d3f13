"""The whole journey on the wire: ask, offer, accept under a race, talk, close; by the library and from a terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from curbside import PublishRefused

from tests.peers.curbside import PLANTED, ROOT, Deployment, Person
from tests.sockets.checking import CheckingClient, Ledger

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(90)]
WITHIN_S = 15.0


async def become_available(client: CheckingClient, specialty: str) -> None:
    """Take offers, on the screen that is open."""
    await client.api.call("PUT", "/availability", {"on": True, "specialties": [specialty]})


def a_question(specialty: str) -> dict[str, str]:
    """What is asked."""
    return {"specialty": specialty, "urgency": "now", "language": "en", "question": f"{PLANTED}: rate or rhythm?"}


async def test_ask_accept_talk_and_close(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    specialty = circle.answerer.specialty
    async with Ledger(deployment) as ledger:
        asker = await ledger.join(circle.asker, circle.asker.inbox)
        answerer = await ledger.join(circle.answerer, circle.answerer.inbox, url=deployment.other_url)
        await become_available(answerer, specialty)
        asked = await asker.tell("me", "consult.ask", a_question(specialty))
        assert asked.made
        consult = asked.made
        await asker.follow(consult, position=0)
        offer = await answerer.until(circle.answerer.inbox, "offer.made", WITHIN_S)
        taken = await answerer.tell("me", "offer.accept", {"offer": offer.d["offer"]})
        assert taken.made == consult
        await answerer.follow(consult, position=0)
        joined = await asker.until(consult, "consult.joined", WITHIN_S)
        assert joined.by == answerer.names[consult] != asker.names[consult]
        await answerer.say(consult, f"{PLANTED}: rate control tonight")
        await asker.say(consult, f"{PLANTED}: thank you")
        await asker.tell(consult, "consult.close", {"outcome": "answered"})
        ended = await answerer.until(consult, "consult.ended", WITHIN_S)
        assert (ended.d["state"], ended.d["outcome"]) == ("answered", "answered")
        (listed,) = [item for item in (await asker.api.call("GET", "/consults"))["items"] if item["r"] == consult]
        assert (listed["state"], listed["end"]) == ("ended", "answered")
        everything = str(asker.watched.raw) + str(answerer.watched.raw)
        for person in (circle.asker, circle.answerer):
            assert not [word for word in (person.name, person.email, person.id, person.token) if word in everything]


async def test_exactly_one_of_many_takes_it(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    specialty = circle.answerer.specialty
    async with Ledger(deployment) as ledger:
        asker = await ledger.join(circle.asker)
        racers = [
            await ledger.join(circle.answerer, circle.answerer.inbox),
            await ledger.join(circle.outsider, circle.outsider.inbox, url=deployment.other_url),
        ]
        for racer in racers:
            await become_available(racer, specialty)
        asked = await asker.tell("me", "consult.ask", a_question(specialty))

        async def race(racer: CheckingClient) -> str:
            offer = await racer.until(racer.person.inbox, "offer.made", WITHIN_S)
            try:
                return (await racer.tell("me", "offer.accept", {"offer": offer.d["offer"]})).made or ""
            except PublishRefused as refused:
                return refused.code

        outcomes = await asyncio.gather(*(race(racer) for racer in racers))
        assert asked.made
        assert sorted(outcomes) == sorted([asked.made, "offer.taken"])
        await asker.follow(asked.made, position=0)
        assert [event.kind for event in asker.log[asked.made]].count("consult.joined") <= 1


class Typist:
    """Somebody at `python -m curbside`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []

    async def type(self, line: str) -> None:
        """Type one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def until(self, words: str) -> str:
        """Read until a line holds these words."""
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while True:
                line = (await self._process.stdout.readline()).decode()
                assert line, f"the terminal ended: {self.lines[-5:]}"
                self.lines.append(line)
                if words in line:
                    return line


@asynccontextmanager
async def at_the_terminal(url: str, person: Person) -> AsyncIterator[Typist]:
    """Start a terminal for a person, and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "curbside",
        url,
        cwd=ROOT / "clients" / "python",
        env={"CURBSIDE_TOKEN": person.token, "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Typist(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_two_clinicians_do_the_journey_from_their_terminals(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    specialty = circle.answerer.specialty
    async with (
        at_the_terminal(deployment.url, circle.asker) as asker,
        at_the_terminal(deployment.other_url, circle.answerer) as answerer,
    ):
        await answerer.until("Signed in as")
        await answerer.type(f"/available {specialty}")
        await answerer.until("You are available")
        await asker.until("Signed in as")
        await asker.type(f"/ask {specialty} now en {PLANTED}: catheter or not?")
        await asker.until("Open. You are")
        await answerer.until("catheter or not?")
        await answerer.type("/accept")
        await answerer.until("Open. You are")
        await answerer.type(f"{PLANTED}: not tonight")
        await asker.until("not tonight")
        await asker.type("/close answered Thank you")
        await answerer.until("[consult.ended]")
        await asker.type("/quit")
        await answerer.type("/quit")

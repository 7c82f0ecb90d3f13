"""What rings or waits when the server stops goes on where the clock stands when it comes back, and ends in words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from curbside import Client, Event, Timing

from tests.flows.installation import Installation
from tests.flows.programs import call, sign_in

pytestmark = pytest.mark.timeout(300)

ASKER, ANSWERER = "okafor@demo.curbside.example", "lind@demo.curbside.example"
QUICK = Timing(backoff_base_s=0.1, backoff_cap_s=0.5, answer_s=4.0)
INSTANTS = {
    "consults_consult": ("asked_at", "clock_at", "ends_at", "opened_at", "reply_due_at", "word_at"),
    "consults_participant": ("joined_at",),
    "consults_offer": ("made_at", "expires_at"),
    "realtime_timer": ("due_at",),
}
KEY = {"consults_consult": "stream_id", "consults_participant": "consult_id", "consults_offer": "consult_id",
       "realtime_timer": "subject"}


class Answers:
    """Two members by the client library, and what came to the asker."""

    def __init__(self, url: str, tokens: tuple[str, str]) -> None:
        """Not connected yet."""
        self.asker = Client(url, token=tokens[0], timing=QUICK)
        self.answerer = Client(url, token=tokens[1], timing=QUICK)
        self.events: list[Event] = []

    async def ask(self, question: str) -> str:
        """Ask cardiology, now; the consult."""
        receipt = await self.asker.publish(
            "me", "consult.ask", {"specialty": "cardiology", "question": question, "language": "en", "urgency": "now"}
        )
        assert receipt.made is not None
        heard = self.asker.events(receipt.made)
        self._listening = asyncio.create_task(self._listen(heard))
        await self.asker.subscribe(receipt.made, position=0)
        return receipt.made

    async def _listen(self, heard: object) -> None:
        async for event in heard:  # type: ignore[attr-defined]  # the library's own iterator
            self.events.append(event)

    async def until(self, kind: str, within_s: float = 30.0, **d: object) -> Event:
        """The first event of that kind and content."""
        async with asyncio.timeout(within_s):
            while True:
                for event in self.events:
                    if event.kind == kind and d.items() <= event.d.items():
                        return event
                await asyncio.sleep(0.05)


@pytest.fixture
def tokens(installation: Installation) -> Iterator[tuple[str, str]]:
    """Of the asker and the answerer."""
    yield sign_in(installation.url, ASKER)[1], sign_in(installation.url, ANSWERER)[1]


async def sleep_through(installation: Installation, consult: str, minutes: int) -> None:
    """The server is killed, and started again so many minutes later by the clocks of this consult."""
    assert installation.process is not None
    installation.process.kill()
    for table, columns in INSTANTS.items():
        moved = ", ".join(f"{c} = strftime('%Y-%m-%d %H:%M:%f', {c}, '-{minutes} minutes') || '000'" for c in columns)
        installation.change(f"UPDATE {table} SET {moved} WHERE {KEY[table]} = ?", consult)
    await asyncio.to_thread(installation.start)


async def test_a_question_that_rang_when_the_server_stopped_rings_wider_and_ends_with_advice(
    installation: Installation, tokens: tuple[str, str]
) -> None:
    two = Answers(installation.url, tokens)
    async with two.asker:
        consult = await two.ask("Torsades twice on sotalol. Magnesium, then pace?")
        await two.until("consult.ringing", ring=1)
        await sleep_through(installation, consult, 3)
        await two.until("consult.ringing", ring=2)
        await sleep_through(installation, consult, 8)
        ended = await two.until("consult.ended")
        assert ended.d["state"] == "nobody"
        path, bearer = f"/api/v1/consults/{consult}", f"Bearer {tokens[0]}"
        found = await asyncio.to_thread(call, installation.url, "GET", path, Authorization=bearer)
        assert (found["state"], found["end"]) == ("ended", "nobody")
        assert "on_call" in [one["code"] for one in found["advice"]]
        assert [event.seq for event in two.events] == list(range(1, len(two.events) + 1))
    assert installation.query("SELECT COUNT(*) FROM consults_offer WHERE consult_id = ?", consult) == [(0,)]


async def test_an_answerer_who_said_nothing_over_a_restart_loses_it_and_others_are_asked(
    installation: Installation, tokens: tuple[str, str]
) -> None:
    two = Answers(installation.url, tokens)
    async with two.asker, two.answerer:
        offers = two.answerer.events()
        bearer = f"Bearer {tokens[1]}"
        inbox = (await asyncio.to_thread(call, installation.url, "GET", "/api/v1/me", Authorization=bearer))["inbox"]
        await two.answerer.subscribe(inbox)
        consult = await two.ask("Stent last week, platelets 40. Which drug stays?")
        async for event in offers:
            if event.kind == "offer.made" and event.d["question"].startswith("Stent"):
                await two.answerer.publish("me", "offer.accept", {"offer": event.d["offer"]})
                break
        await two.until("consult.joined")
        await sleep_through(installation, consult, 4)
        offered_on = await two.until("consult.offered_on")
        ringing = await two.until("consult.ringing", ring=2)
        assert ringing.seq > offered_on.seq
        with pytest.raises(Exception, match="404|4503"):
            await two.answerer.history(consult)
        await sleep_through(installation, consult, 20)
        assert (await two.until("consult.ended")).d["state"] == "nobody"

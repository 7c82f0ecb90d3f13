"""What a consult's own clock does when every process is killed in the middle of an ask."""

from __future__ import annotations

import asyncio

import pytest

from tests.conftest import QUICK, Deploy
from tests.sockets.checking import Ledger

pytestmark = [pytest.mark.asyncio, pytest.mark.faults, pytest.mark.timeout(120)]


async def test_all_are_killed_in_the_middle_of_an_ask_and_timers_go_on(deploy: Deploy) -> None:
    """What was asked is offered after the restart, as the consult's clock lies in the database."""
    made = deploy("postgres", **QUICK)
    server = made.start("uvicorn")
    circle = made.take_circle()
    async with Ledger(made) as ledger:
        asker = await ledger.join(circle.asker, circle.asker.inbox)
        answerer = await ledger.join(circle.answerer, circle.answerer.inbox)
        question = {"urgency": "now", "language": "en", "question": "Now or later?"}
        specialty = circle.answerer.specialty
        await answerer.api.call("PUT", "/availability", {"on": True, "specialties": [specialty]})
        asking = asyncio.create_task(asker.tell("me", "consult.ask", {**question, "specialty": specialty}))
        await asyncio.sleep(0.01)
        server.kill()
        await asyncio.to_thread(server.start_again)
        asked = await asyncio.wait_for(asking, 20)
        offer = await answerer.until(circle.answerer.inbox, "offer.made", 30)
        taken = await answerer.tell("me", "offer.accept", {"offer": offer.d["offer"]})
        assert taken.made == asked.made
    asks = made.query("SELECT count(*) FROM consults_consult WHERE specialty = %s", specialty)
    assert asks == [(1,)]

"""The journey from two terminals, through a server that is killed in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from curbside import Client

from tests.flows.installation import Installation
from tests.flows.programs import Terminal, call, sign_in
from tests.peers.curbside import manage

pytestmark = pytest.mark.timeout(300)

ASKER, ANSWERER = "okafor@demo.curbside.example", "lind@demo.curbside.example"
QUESTION = "Broad complex tachycardia at 150, stable, old infarct. Amiodarone first?"


@pytest.fixture
def terminals(installation: Installation) -> Iterator[tuple[Terminal, Terminal, str]]:
    """The asker's and the answerer's, and the asker's token."""
    _, asks = sign_in(installation.url, ASKER)
    _, answers = sign_in(installation.url, ANSWERER)
    opened = Terminal(installation.url, asks), Terminal(installation.url, answers)
    yield *opened, asks
    for terminal in opened:
        terminal.kill()


def test_two_terminals_do_the_journey_and_lose_nothing_to_a_killed_server(
    installation: Installation, terminals: tuple[Terminal, Terminal, str]
) -> None:
    asker, answerer, token = terminals
    for terminal, name in ((asker, "Amara Okafor"), (answerer, "Jonas Lind")):
        terminal.shows(f"Signed in as .*{name}")
    answerer.type("/available cardiology")
    answerer.shows("Available only while this terminal is open")
    asker.type(f"/ask cardiology now en {QUESTION} The ward is on 617 555 0142.")
    asker.shows("Not done: ")
    asker.type(f"/ask cardiology now en {QUESTION}")
    asker.shows(r"Open\. You are \w+ \w+ here")
    offer = answerer.shows(r"Offer (\d+), now: Broad complex")
    answerer.type(f"/accept {offer[1]}")
    answerer.shows(r"Open\. You are \w+ \w+ here")
    asker.shows(r"consult\.joined")
    answerer.type("Yes, 300 mg over an hour.")
    asker.shows("Yes, 300 mg over an hour")

    assert installation.process is not None
    installation.process.kill()
    asker.shows("Connection lost")
    for line in ("Started.", "Pressure is 96 now.", "Still broad."):
        asker.type(line)
    answerer.type("Have the pads on.")
    installation.start()
    for terminal in (asker, answerer):
        terminal.shows("Connected", 30)
        for line in ("Started.", "Pressure is 96 now.", "Still broad.", "Have the pads on."):
            terminal.shows_somewhere(line)

    seq = asker.shows_somewhere(r" (\d+) \w+ \w+ \(you\): Still broad")[1]
    asker.type(f"/edit {seq} Narrow now, at 92.")
    answerer.shows(r"\[edit\] Narrow now, at 92")
    answerer.type("/close answered Amiodarone for 24 h.")
    asker.shows(r"consult\.ended")
    texts = asyncio.run(read_all(installation.url, token))
    assert sorted(texts) == sorted(
        ["Yes, 300 mg over an hour.", "Started.", "Pressure is 96 now.", "Narrow now, at 92.", "Have the pads on."]
    )
    assert [text for text in texts if text in ("Started.", "Pressure is 96 now.", "Narrow now, at 92.")] == [
        "Started.", "Pressure is 96 now.", "Narrow now, at 92.",
    ]
    assert (asker.end(), answerer.end()) == (0, 0)
    check_the_summary(installation, token)


async def read_all(url: str, token: str) -> list[str]:
    """The texts of the newest consult, by the library, as a program that comes later reads them."""
    async with Client(url, token=token) as client:
        newest = (await client.api.call("GET", "/consults"))["items"][0]["r"]
        return [event.d["text"] for event in await client.history(newest) if event.kind == "message"]


def check_the_summary(installation: Installation, token: str) -> None:
    """The command verifies what the HTTP API gives, and finds one changed word."""
    bearer = f"Bearer {token}"
    newest = call(installation.url, "GET", "/api/v1/consults", Authorization=bearer)["items"][0]["r"]
    text = call(installation.url, "GET", f"/api/v1/consults/{newest}/summary", Authorization=bearer)["text"]
    assert "Amiodarone for 24 h." in text
    assert "enuine" in manage(installation.env, "verify_summary", given=text)
    with pytest.raises(RuntimeError):
        manage(installation.env, "verify_summary", given=text.replace("24 h", "48 h"))

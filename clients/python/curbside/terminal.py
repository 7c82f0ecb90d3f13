"""A terminal for one clinician: become available, ask, accept, talk and close, by typing lines.

Reads standard input line by line, so that a script can drive it. Everything that it shows came over the socket or the
HTTP API of the address it was given.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from curbside.client import Client
from curbside.happenings import Ephemeral, Event, Final, Happening, Lost, Ready, Reset
from curbside.http import ApiError
from curbside.outbox import FileStore
from curbside.waiting import Disconnected, PublishRefused, StreamUnavailable

HELP = """\
/available cardiology ...     take offers of these specialties     /unavailable   take none
/ask <specialty> <now|today|no_hurry> <language> <question>        /withdraw
/offers                       what is offered to you               /accept [n]    /decline [n]
/consults                     yours                                /open <n>      talk in that one
<text>                        say it in the consult that is open   /edit <seq> <text>   /remove <seq>
/close <answered|partly|redirected|unanswered> [note]              /hand_back     /leave     /reopen
/more                         older messages                       /quit"""


def clean(text: object) -> str:
    """Take control characters out: what others wrote must not steer this terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in str(text))


class Terminal:
    """What is open, what was offered, and the commands."""

    def __init__(self, client: Client, show: Callable[[str], None]) -> None:
        """Speak through `client`, and show each line by `show`."""
        self._client = client
        self._show_line = show
        self._inbox = ""
        self._open = ""
        self._me = ""
        self._oldest: int | None = None
        self._offers: list[dict[str, Any]] = []
        self._consults: list[dict[str, Any]] = []

    def show(self, text: str) -> None:
        """One line of output."""
        self._show_line(clean(text))

    async def start(self) -> None:
        """Say who is signed in, and listen to one's own inbox from now on."""
        me = await self._client.api.call("GET", "/me")
        self._inbox = me["inbox"]
        await self._client.subscribe(self._inbox)
        self.show(f"Signed in as {me['name']}. /help lists the commands.")

    async def watch(self) -> None:
        """Show what happens until the client ends."""
        async for happening in self._client.happenings():
            await self._show(happening)

    async def _show(self, happening: Happening) -> None:
        match happening:
            case Event() if happening.stream == self._inbox:
                await self._show_inbox(happening)
            case Event() if happening.stream == self._open:
                self._show_event(happening)
                self._client.read(happening.stream, happening.seq)
            case Ephemeral(kind="typing") if happening.stream == self._open:
                self.show(f"  {happening.by} is typing")
            case Lost():
                self.show(f"Connection lost, trying again in {happening.retry_in_s:.0f} s.")
            case Ready():
                self.show("Connected.")
            case Reset():
                self.show("Older messages are to be had by /more.")
            case Final():
                self.show(f"The server has ended this session: {happening.message}")
            case _:
                pass

    async def _show_inbox(self, event: Event) -> None:
        d = event.d
        if event.kind == "offer.made":
            self._offers.append(d)
            self.show(f"Offer {len(self._offers)}, {d['urgency']}: {d['question']}")
        elif event.kind == "offer.gone":
            self.show(f"An offer is gone: {d['why']}.")
            self._offers = [offer for offer in self._offers if offer["offer"] != d["offer"]]
        elif event.kind == "consult.changed":
            self.show(f"A consult is now {d['state']}.")
        elif event.kind == "availability.changed":
            self.show("You are available." if d["on"] else "You are no longer available.")

    def _show_event(self, event: Event) -> None:
        at = datetime.fromtimestamp(event.at / 1000, UTC).astimezone().strftime("%H:%M")
        who = (event.by or "Curbside") + (" (you)" if event.by and event.by == self._me else "")
        said = event.d.get("text")
        if said is None:
            said = " ".join(str(event.d[key]) for key in ("question", "badge", "outcome", "note") if event.d.get(key))
        what = "" if event.kind == "message" else f"[{event.kind}] "
        self.show(f"{at} {event.seq:>4} {who}: {what}{said or ''}")

    async def obey(self, line: str) -> bool:
        """Carry out one typed line; False when it was /quit."""
        word, _, rest = line.strip().partition(" ")
        if word == "/quit":
            return False
        command: Callable[[str], Awaitable[None]] | None = self._say
        if word.startswith("/"):
            command = getattr(self, f"do_{word[1:]}", None)
        else:
            rest = line.strip()
        if not rest and not word:
            return True
        if command is None:
            self.show("No such command; /help lists them.")
            return True
        try:
            await command(rest.strip())
        except PublishRefused as refused:
            self.show(f"Not done: {refused.message}")
        except StreamUnavailable:
            self.show("That is not there for you.")
        except ApiError as error:
            self.show(f"Not done (HTTP {error.status} {error.code}).")
        except (IndexError, ValueError):
            self.show("That is not complete; /help shows how it is written.")
        except OSError:
            self.show("The server cannot be reached.")
        return True

    async def do_help(self, rest: str) -> None:
        """Show the commands."""
        for line in HELP.splitlines():
            self.show(line)

    async def do_available(self, rest: str) -> None:
        """Take offers."""
        await self._client.api.call("PUT", "/availability", {"on": True, "specialties": rest.split()})
        self.show("Available only while this terminal is open.")

    async def do_unavailable(self, rest: str) -> None:
        """Take no offers."""
        await self._client.api.call("PUT", "/availability", {"on": False, "specialties": []})

    async def do_ask(self, rest: str) -> None:
        """Ask a specialty, and open the consult that this makes."""
        specialty, urgency, language, question = rest.split(maxsplit=3)
        asked = {"specialty": specialty, "urgency": urgency, "language": language, "question": question}
        receipt = await self._client.publish("me", "consult.ask", asked)
        await self._open_consult(str(receipt.made))

    async def do_offers(self, rest: str) -> None:
        """List what stands."""
        answer = await self._client.api.call("GET", "/offers")
        self._offers = answer["items"] if isinstance(answer, dict) else answer
        for number, offer in enumerate(self._offers, 1):
            self.show(f"Offer {number}, {offer['urgency']}: {offer['question']}")

    async def do_accept(self, rest: str) -> None:
        """Take an offer (the newest), and open its consult."""
        offer = self._offers[int(rest or 0) - 1]
        receipt = await self._client.publish("me", "offer.accept", {"offer": offer["offer"]})
        await self._open_consult(str(receipt.made))

    async def do_decline(self, rest: str) -> None:
        """Not now."""
        offer = self._offers[int(rest or 0) - 1]
        await self._client.publish("me", "offer.decline", {"offer": offer["offer"], "why": "not_now"})

    async def do_consults(self, rest: str) -> None:
        """List one's own."""
        self._consults = (await self._client.api.call("GET", "/consults"))["items"]
        for number, consult in enumerate(self._consults, 1):
            self.show(f"{number}. {consult['state']} {consult['end']} {consult['specialty']}: {consult['question']}")

    async def do_open(self, rest: str) -> None:
        """Talk in one of those listed."""
        await self._open_consult(self._consults[int(rest) - 1]["r"])

    async def _open_consult(self, stream: str) -> None:
        if self._open:
            self._client.unsubscribe(self._open)
        self._open, self._oldest = stream, None
        subscribed = await self._client.subscribe(stream)
        self._me = subscribed.me
        self.show(f"Open. You are {subscribed.me} here.")
        await self.do_more("")

    async def do_more(self, rest: str) -> None:
        """Show a page of what was said before."""
        page = await self._client.history(self._open, before=self._oldest, limit=20)
        for event in page:
            self._show_event(event)
        self._oldest = page[0].seq if page else self._oldest

    async def _say(self, text: str) -> None:
        if not self._open:
            self.show("Open a consult first: /ask, /accept or /open.")
            return
        self._client.typing(self._open)
        await self._client.publish(self._open, "message", {"text": text})

    async def _command(self, kind: str, **d: Any) -> None:
        await self._client.publish(self._open or "me", kind, d)

    async def do_edit(self, rest: str) -> None:
        """Change a message of one's own."""
        target, text = rest.split(maxsplit=1)
        await self._command("edit", target=int(target), text=text)

    async def do_remove(self, rest: str) -> None:
        """Take a message of one's own away."""
        await self._command("redact", target=int(rest))

    async def do_close(self, rest: str) -> None:
        """End the consult with an outcome."""
        outcome, *note = rest.split(maxsplit=1)
        await self._command("consult.close", outcome=outcome, **({"note": note[0]} if note else {}))

    async def do_withdraw(self, rest: str) -> None:
        """Take the question back."""
        await self._command("consult.withdraw")

    async def do_hand_back(self, rest: str) -> None:
        """Let others answer."""
        await self._command("consult.hand_back")

    async def do_leave(self, rest: str) -> None:
        """Leave for good."""
        await self._command("consult.leave")

    async def do_reopen(self, rest: str) -> None:
        """Ask to reopen, or agree to it."""
        await self._command("consult.reopen")


def read_lines(lines: asyncio.Queue[str | None]) -> None:
    """Read standard input in a thread of its own, which may be left behind when the program ends."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()


async def run(url: str, token: str, outbox: Path | None) -> int:
    """Converse until /quit, the end of the input, or a final refusal; the exit status."""
    store = FileStore(outbox) if outbox else None
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    async with Client(url, token=token, store=store, device="terminal") as client:
        terminal = Terminal(client, lambda line: print(line, flush=True))
        watching = asyncio.create_task(terminal.watch())
        try:
            await terminal.start()
            read_lines(lines)
            while (line := await lines.get()) is not None and await terminal.obey(line):
                pass
        except (Disconnected, ApiError, OSError, StreamUnavailable) as error:
            print(f"Ended: {clean(error)}", file=sys.stderr)
            return 1
        finally:
            watching.cancel()
    return 0


def main() -> None:
    """Read the arguments. The token comes from a file or CURBSIDE_TOKEN, so that no list of processes shows it."""
    parser = argparse.ArgumentParser(prog="curbside", description="A consult from the terminal.", epilog=HELP)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("url", nargs="?", default="http://localhost:8000", help="the address of the installation")
    parser.add_argument("--token-file", type=Path, help="a file with your token (else CURBSIDE_TOKEN)")
    parser.add_argument("--outbox", type=Path, help="a file that keeps what could not be sent yet")
    given = parser.parse_args()
    token = given.token_file.read_text().strip() if given.token_file else os.environ.get("CURBSIDE_TOKEN", "")
    if not token:
        parser.error("a token is needed: --token-file, or CURBSIDE_TOKEN in the environment")
    raise SystemExit(asyncio.run(run(given.url, token, given.outbox)))

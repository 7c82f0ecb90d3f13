"""A ward of members who speak to consults as the dispatcher and the timer loop do, on a clock that stands still."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import time_machine
from django.utils import timezone

from consults import timers as consult_timers
from consults.commands import OWN, PREPARES, SERVICES
from members import availability, vault
from members.availability import set_availability
from members.models import Account
from members.services import create_member
from realtime import timers
from realtime.commands import Reply, Request
from realtime.dispatch import run
from realtime.log import digest_of, read_events, writing
from realtime.models import Timer
from realtime.protocol import Refusal

START: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TIMERS: Final = {**consult_timers.TIMERS, **availability.TIMERS}
QUESTION: Final = "New fast AF, BP 104/60, on apixaban. Rate or rhythm control tonight?"


class Ward:
    """Members by short names, and what they do. `clock` moves the time."""

    def __init__(self, clock: time_machine.Traveller) -> None:
        self.clock = clock
        self.accounts: dict[str, Account] = {}

    def add(self, who: str, specialty: str = "emergency_medicine", **fields: Any) -> Account:
        """Add a verified physician; `who` is part of the planted name and email."""
        fields = {"role": "physician", "languages": ["en"], "region": "Europe", "years": 10} | fields
        verified = bool(fields.pop("verified", True))
        account = create_member(
            f"{who}@planted.example", None, verified=verified, name=f"Planted {who}", specialty=specialty, **fields
        )
        self.accounts[who] = account
        return account

    def add_available(self, who: str, specialty: str = "cardiology", **fields: Any) -> Account:
        """Add a member who is available for questions to the own specialty."""
        account = self.add(who, specialty, **fields)
        set_availability(account, True, [specialty], timezone.now())
        return account

    def member(self, who: str) -> str:
        """The account's id as it stands in a request."""
        return str(self.accounts[who].pk)

    def request(self, who: str, kind: str, d: dict[str, Any], r: str = "me", c: str | None = None) -> Request:
        """The request as the consumer makes it. Raises Refusal for a stream that one may not see."""
        if r == "me":
            stream, seat = vault.inbox_of(self.member(who))
            name = "You"
        else:
            [found] = vault.find_seats([(self.member(who), r)])
            if found is None:
                raise Refusal("not_found", "")
            stream, seat, name = found.stream, found.id, found.name
        c = c or str(uuid.uuid4())
        return Request(self.member(who), stream, seat, name, c, kind, d, digest_of(kind, d))

    def do(self, who: str, kind: str, d: dict[str, Any] | None = None, r: str = "me", c: str | None = None) -> Reply:
        """Carry a command out as the dispatcher does. Raises its Refusal."""
        reply = run((OWN if r == "me" else SERVICES)[kind], self.request(who, kind, d or {}, r, c), nullcontext())
        if isinstance(reply, Refusal):
            raise reply
        return reply

    def ask(self, who: str, **fields: str) -> str:
        """Ask cardiology something urgent in English, unless told otherwise; the consult's stream."""
        d = {"specialty": "cardiology", "question": QUESTION, "language": "en", "urgency": "now"} | fields
        reply = self.do(who, "consult.ask", d)
        assert reply.made is not None
        return reply.made

    def say(self, who: str, r: str, text: str = "Is the patient stable?") -> int:
        """Store a message as the writer does."""
        req = self.request(who, "message", {"text": text}, r)
        with writing(r) as w:
            if w.state(r) != "open":
                raise Refusal("closed", "")
            return w.append(r, "message", PREPARES["message"](req.d), seat=req.seat, c=req.c, digest=req.digest)

    def offer(self, who: str) -> str:
        """The newest offer in a member's inbox."""
        made = [e for e in self.inbox(who) if e["k"] == "offer.made"]
        return str(made[-1]["d"]["offer"])

    def accept(self, who: str) -> Reply:
        """Take the newest offer."""
        return self.do(who, "offer.accept", {"offer": self.offer(who)})

    def open(self, asker: str, answerer: str, **fields: str) -> str:
        """A consult that was asked and taken."""
        r = self.ask(asker, **fields)
        self.accept(answerer)
        return r

    def inbox(self, who: str) -> list[dict[str, Any]]:
        """The events of a member's inbox."""
        return read_events(vault.inbox_of(self.member(who))[0], limit=500)

    def events(self, r: str) -> list[dict[str, Any]]:
        """The events of a consult."""
        return read_events(r, limit=500)

    def kinds(self, r: str) -> list[str]:
        """What happened in a consult, by kind."""
        return [str(e["k"]) for e in self.events(r)]

    def wait(self, **span: float) -> None:
        """Let time pass, with every timer run when it is due."""
        until = timezone.now() + timedelta(**span)
        while (due := Timer.objects.filter(due_at__lte=until).order_by("due_at").first()) is not None:
            self.clock.move_to(max(due.due_at, timezone.now()), tick=False)
            assert timers.work_off(TIMERS), "a timer is due and nobody runs it"
        self.clock.move_to(until, tick=False)

    def sleep(self, **span: float) -> None:
        """Let time pass with no process running; then one starts and works off what is due."""
        self.clock.shift(timedelta(**span))
        while timers.work_off(TIMERS):
            pass


def code_of(refusal: Refusal) -> str:
    """The code that goes out on the wire."""
    return refusal.code


def last(events: Iterable[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The last event of a kind."""
    return [e for e in events if e["k"] == kind][-1]

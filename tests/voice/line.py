"""A line for tests: calls made as the dispatcher makes them, and the call loop worked by hand on a clock of its own.

Everything is the service's own but the threads and the passing of time: `pass_s` moves the clock from one instant at
which something is due to the next, and works off what is due there, as `voice.loop.Loop.step` does.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import time_machine
from django.utils import timezone

from members import vault
from realtime import timers
from realtime.commands import Reply, Request
from realtime.dispatch import run
from realtime.log import digest_of, read_events
from realtime.models import Timer
from realtime.protocol import Refusal
from tests.voice.riverside import Riverside
from voice import outbox, sweep
from voice.asking import perform
from voice.carriers import carrier_of
from voice.carriers.loopback import Loopback
from voice.commands import OWN, SERVICES
from voice.models import Action, Call, CallRecord, LoopbackLeg
from voice.services import take_events
from voice.timers import TIMERS

START: Final = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SWEPT_EVERY: Final = timedelta(seconds=2)


class Line(Riverside):
    """Riverside Clinic with a telephone line. `clock` moves the time."""

    def __init__(self, clock: time_machine.Traveller) -> None:
        super().__init__()
        self.clock = clock
        self.loop_runs = True
        self.asked: list[str] = []
        self.swept_at = timezone.now()

    # --- commands ----------------------------------------------------------------------------------------------------

    def request(self, kind: str, d: dict[str, Any], r: str = "me", c: str | None = None) -> Request:
        """The request as the consumer makes it for Amara. Raises Refusal for a stream that she may not see."""
        stream, seat, name = "", "", "You"
        if r == "me":
            stream, seat = vault.inbox_of(self.member)
        else:
            [found] = vault.find_seats([(self.member, r)])
            if found is None:
                raise Refusal("not_found", "")
            stream, seat, name = found.stream, found.id, found.name
        return Request(self.member, stream, seat, name, c or str(uuid.uuid4()), kind, d, digest_of(kind, d))

    def do(self, kind: str, d: dict[str, Any] | None = None, r: str = "me", c: str | None = None) -> Reply:
        """Carry a command out as the dispatcher does. Raises its Refusal."""
        reply = run((OWN if r == "me" else SERVICES)[kind], self.request(kind, d or {}, r, c), nullcontext())
        if isinstance(reply, Refusal):
            raise reply
        return reply

    def wish(self, **d: Any) -> dict[str, Any]:
        """What Amara asks for when she calls Maria, or with `number` somebody else."""
        whom = {} if "number" in d else {"patient": self.maria.pk, "looked": True}
        return {"clinic": self.id, "caller_id": self.own.pk, **whom, **d}

    def call(self, c: str | None = None, **d: Any) -> str:
        """Start a call; its stream."""
        made = self.do("call.start", self.wish(**d), c=c).made
        assert made is not None
        return made

    # --- what happens by itself --------------------------------------------------------------------------------------

    def work(self) -> None:
        """Do everything that is due at this instant."""
        for _ in range(50):
            done = self._work_once()
            if not done:
                return
        raise AssertionError("the loop does not come to rest")

    def _work_once(self) -> bool:
        now = timezone.now()
        done = bool(timers.work_off(TIMERS))
        if not self.loop_runs:
            return done
        if self.swept_at + SWEPT_EVERY <= now:
            self.swept_at = now
            outbox.find_lost(now)
            sweep.sweep(now)
        events = loopback().play(now)
        if events:
            take_events("loopback", events)
        claimed = outbox.claim(100, now)
        for action in claimed:
            self.asked.append(action.kind)
            perform(action)
        return done or bool(events) or bool(claimed)

    def pass_s(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass, from one thing that is due to the next, or until something holds."""
        end = timezone.now() + timedelta(seconds=seconds)
        self.work()
        while not until() and (at := self._next()) is not None and at <= end:
            self.clock.move_to(max(at, timezone.now()), tick=False)
            self.work()
        if not until():
            self.clock.move_to(max(end, timezone.now()), tick=False)

    def _next(self) -> datetime | None:
        timer = Timer.objects.filter(kind__in=list(TIMERS)).order_by("due_at").values_list("due_at", flat=True).first()
        wanted = [timer]
        if self.loop_runs:
            open_claims = Action.objects.filter(state__in=["claimed", "unknown"])
            silent = Call.objects.filter(ended_at=None).exists() or open_claims.exists()
            wanted += [outbox.next_due(), loopback().next_at(), self.swept_at + SWEPT_EVERY if silent else None]
        return min((at for at in wanted if at is not None), default=None)

    def pass_to(self, r: str, stage: str, seconds: float = 120.0) -> None:
        """Let time pass until the call stands there."""
        self.pass_s(seconds, lambda: Call.objects.get(pk=r).stage == stage)
        assert Call.objects.get(pk=r).stage == stage, Call.objects.get(pk=r).stage

    # --- what is seen ------------------------------------------------------------------------------------------------

    def events(self, r: str) -> list[dict[str, Any]]:
        """The events of a call."""
        return read_events(r, limit=500)

    def kinds(self, r: str) -> list[str]:
        """What happened in a call: kinds, and for a leg its side and level."""
        return [
            f"{e['d']['side']} {e['d']['leg']}" if e["k"] == "call.leg" else str(e["k"]) for e in self.events(r)
        ]

    def inbox(self) -> list[dict[str, Any]]:
        """The events of Amara's inbox."""
        return read_events(vault.inbox_of(self.member)[0], limit=500)

    def record(self, r: str) -> CallRecord:
        """The one record of a call."""
        return CallRecord.objects.get(call=r)

    def legs(self) -> int:
        """How many legs the carrier has ever dialled."""
        return LoopbackLeg.objects.count()


def loopback() -> Loopback:
    """The carrier as the service knows it."""
    carrier = carrier_of("loopback")
    assert isinstance(carrier, Loopback)
    return carrier

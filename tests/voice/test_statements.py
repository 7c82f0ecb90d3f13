"""What the steps of a call ask of the database: the statements of each, its BEGIN and COMMIT among them.

They are held because they are the cost of a call, under its locks and those of its clinic. On PostgreSQL what a step
stores is one statement; SQLite, which is not across a wire, is asked for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any, Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from realtime import rows
from realtime.dispatch import run
from tests.voice.line import Line, loopback
from voice import outbox
from voice.asking import perform
from voice.commands import OWN, SERVICES
from voice.models import Attempt, Call, HeardEvent
from voice.services import take_events
from voice.standing import check_leg

# step -> statements on PostgreSQL, on SQLite
MOST: Final = {
    "call.start": (10, 21),
    "a claim": (1, 7),
    "dial clinician": (7, 11),
    "clinician ringing": (5, 9),
    "clinician answered": (5, 10),
    "clinician key": (5, 13),
    "prompt clinician": (1, 1),
    "dial patient": (8, 12),
    "patient ringing": (5, 9),
    "patient answered": (7, 14),
    "bridge clinician": (4, 4),
    "call.hang_up": (6, 10),
    "hangup clinician": (2, 2),
    "hangup patient": (2, 2),
    "clinician ended": (5, 9),
    "patient ended": (7, 16),
}


class Counted:
    """A line on which one step after the other is done and counted. A step that comes again counts with its most."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.found: dict[str, int] = {}

    def count(self, step: str, work: Callable[[], Any]) -> Any:
        with CaptureQueriesContext(connection) as asked:
            done = work()
        self.found[step] = max(self.found.get(step, 0), len(asked))
        return done

    def command(self, kind: str, d: dict[str, Any], r: str = "me") -> Any:
        request = self.line.request(kind, d, r)
        return self.count(kind, lambda: run((OWN if r == "me" else SERVICES)[kind], request, nullcontext()))

    def work(self) -> None:
        """Do what is due now, as the call loop does."""
        now = timezone.now()
        with CaptureQueriesContext(connection) as asked:
            claimed = outbox.claim(10, now)
        if claimed:
            self.found["a claim"] = max(self.found.get("a claim", 0), len(asked))
        for action in claimed:
            assert action.attempt is not None
            self.count(f"{action.kind} {action.attempt.side}", partial(perform, action))
        for event in loopback().play(now):
            check_leg("loopback", event.reference)  # known by now, as after a leg's first webhook
            side = Attempt.objects.get(reference=event.reference).side
            self.count(f"{side} {event.kind}", partial(take_events, "loopback", [event]))

    def until(self, r: str, stage: str) -> None:
        """Let time pass from one thing that is due to the next."""
        for _ in range(40):
            if Call.objects.get(pk=r).stage == stage:
                return
            at = min(at for at in (outbox.next_due(), loopback().next_at()) if at is not None)
            self.line.clock.move_to(max(at, timezone.now()), tick=False)
            self.work()
        raise AssertionError(f"the call never came to {stage}")



@pytest.fixture
def counted(open_line: Line) -> Iterator[Counted]:
    """A line that has made a call before: what is asked once for a member or a process is not a step's."""
    r = open_line.call()
    open_line.do("call.hang_up", {}, r)
    open_line.pass_to(r, "ended")
    open_line.clock.shift(300)
    yield Counted(open_line)


@pytest.mark.databases
def test_every_step_of_a_call_asks_the_database_no_more_than_it_must(counted: Counted) -> None:
    r = counted.command("call.start", counted.line.wish()).made
    counted.until(r, "connected")
    counted.command("call.hang_up", {}, r)
    counted.until(r, "ended")
    place = 0 if connection.vendor == "postgresql" else 1
    found = {step: (asked, MOST.get(step, (0, 0))[place]) for step, asked in counted.found.items()}
    assert {step: both for step, both in found.items() if both[0] != both[1]} == {}
    assert found.keys() == MOST.keys()
    assert counted.line.record(r).cause == "completed"


@pytest.mark.databases
def test_statements_that_are_sent_together_are_one_on_postgresql_and_all_of_them_are_done(counted: Counted) -> None:
    parts = [rows.Part("DELETE FROM voice_heardevent"), rows.Part("UPDATE voice_call SET purpose = %s", ["billing"])]
    counted.count("both", lambda: rows.send(parts))
    counted.count("none", lambda: rows.send([]))
    assert counted.found == {"both": 1 if connection.vendor == "postgresql" else 2, "none": 0}
    assert set(Call.objects.values_list("purpose", flat=True)) == {"billing"} and not HeardEvent.objects.exists()

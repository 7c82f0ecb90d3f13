"""What all rows of a benchmark share: the peers, the people, the report, and words on how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from bench.load import Load, LoadError, Outcome
from bench.node import NodeMissing
from bench.plan import Plan
from bench.report import Report
from bench.systems import Bed, Template, start

TRIES = 5
SLOWER = 0.6


class Stage:
    """One benchmark's surroundings."""

    def __init__(self, plan: Plan, bed: Bed, report: Report) -> None:
        self.plan, self.bed, self.report = plan, bed, report
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """Tell whoever waits how far it is."""
        print(f"  {time.monotonic() - self._began:4.0f} s  {text}", file=sys.stderr, flush=True)

    @cached_property
    def template(self) -> Template:
        """The database with all people in it, made on first use."""
        self.say("making members, consults and tickets")
        plan = self.plan
        return Template(self.bed, hall=plan.hall, pairs=max(plan.pairs, plan.idle // 2), web=max(plan.web))

    @contextmanager
    def system(self, name: str) -> Iterator[Any]:
        """Start a system under test, and kill it at the end; None where its parts are not on this machine."""
        try:
            system = start(name, self.template)
        except NodeMissing as missing:
            remark = f"Socket.IO was not compared: {missing}."
            if remark not in self.report.remarks:
                self.report.remarks.append(remark)
            yield None
            return
        try:
            yield system
        finally:
            system.stop()

    def sustained(self, load: Load, system: Any, rate: float, seconds: float) -> tuple[float, Outcome]:
        """Find a rate that the system sustains, from `rate` downwards, and return it with what came of it.

        Sustained: everything was delivered to everybody, and the p99 stays under a second. Raises LoadError.
        """
        for _ in range(TRIES):
            outcome = load.run(rate, seconds, patience_s=5.0)
            if outcome.whole and outcome.p99_ms < 1000:
                return rate, outcome
            self.say(f"{system.name} does not sustain {rate:.0f}/s (p99 {outcome.p99_ms:.0f} ms, "
                     f"{outcome.delivered} of {outcome.expected} delivered)")
            if outcome.lost:
                load.reopen()
            rate *= SLOWER
        raise LoadError(f"{system.name} sustains no rate that was tried")

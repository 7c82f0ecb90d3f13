"""The rows of the table that go through sockets. Each measures its systems in turn, round after round."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from bench.load import Load, LoadError
from bench.measure import Meter, memory
from bench.stage import Stage

MICRO = 1e6
P99_MS = 100.0
CLOSE_ENOUGH = 1.06
STEP = 1.35
IDLE_UNITS = {
    "memory a socket": "KiB",
    "memory, collected": "KiB",
    "CPU to join": "µs",
    "CPU to join, all": "µs",
}


class Lane:
    """One system in one row: its crowd, the rate that it sustains, and its runs."""

    def __init__(self, stage: Stage, system: Any, load: Load) -> None:
        self.stage, self.system, self.load = stage, system, load
        self.rate = 0.0
        self.runs: dict[str, list[float]] = {}
        self.peers = (stage.bed.postgres.process.pid, stage.bed.redis.process.pid)

    def warm(self, rate: float) -> None:
        """Warm up, and find the rate."""
        self.rate, _ = self.stage.sustained(self.load, self.system, rate, self.stage.plan.warm_s)

    def measure(self) -> None:
        """One window. One that is not whole is measured again, slower."""
        window_s = self.stage.plan.window_s
        meter = Meter(self.system.pid, *self.peers)
        outcome = self.load.run(self.rate, window_s)
        used = meter.read()
        if not outcome.whole:
            if outcome.lost:
                self.load.reopen()
            self.warm(self.rate * 0.8)
            meter = Meter(self.system.pid, *self.peers)
            outcome = self.load.run(self.rate, window_s)
            used = meter.read()
        delivered, sent = max(1, outcome.delivered), max(1, outcome.sent)
        for what, value in (
            ("CPU a delivery", used[0] / delivered * MICRO),
            ("CPU a message", used[0] / sent * MICRO),
            ("CPU a message, all", sum(used) / sent * MICRO),
            ("p50", outcome.p50_ms),
            ("p99", outcome.p99_ms),
            ("generator", outcome.generator_cpu * 100),
        ):
            self.runs.setdefault(what, []).append(value)

    def report(self, row: str, wanted: Mapping[str, str]) -> None:
        """Hand the figures that the row shows to the report; `wanted` names their units."""
        for what, unit in wanted.items():
            self.stage.report.add(row, self.system.name, what, unit, self.runs.get(what, []), f"{self.rate:.0f}/s")


def through_sockets(stage: Stage) -> None:
    """The rows `hall`, `pairs` and `climb`: the same servers serve all three."""
    for together in stage.plan.systems:
        _through_sockets(stage, together)


def _through_sockets(stage: Stage, names: Sequence[str]) -> None:
    plan = stage.plan
    with ExitStack() as stack:
        systems = {}
        for name in names:
            stage.say(f"starting {name}")
            systems[name] = stack.enter_context(stage.system(name))
        here = {name: system for name, system in systems.items() if system is not None}
        _row(stage, here, "hall", plan.hall, plan.hall_rates,
             {"CPU a delivery": "µs", "p50": "ms", "p99": "ms", "generator": "% of a core"})
        _row(stage, here, "pairs", plan.pairs * 2, plan.pairs_rates,
             {"CPU a message": "µs", "CPU a message, all": "µs", "p50": "ms", "p99": "ms",
              "generator": "% of a core"}, climb=True)


def _row(stage: Stage, systems: Mapping[str, Any], group: str, count: int, rates: Mapping[str, float],
         wanted: Mapping[str, str], *, climb: bool = False) -> None:
    with ExitStack() as stack:
        lanes = _open(stage, stack, systems, group, count, rates)
        for turn in range(stage.plan.runs):
            stage.say(f"{group}: run {turn + 1} of {stage.plan.runs}")
            for name, lane in list(lanes.items()):
                if turn >= stage.plan.runs_of(name):
                    continue
                try:
                    lane.measure()
                except LoadError as failure:
                    stage.report.remarks.append(f"{group}: {lane.system.name} gave up in run {turn + 1}: {failure}.")
                    lane.report(group, wanted)
                    del lanes[name]
        for lane in lanes.values():
            lane.report(group, wanted)
        if climb:
            _climb(stage, lanes)


def _open(stage: Stage, stack: ExitStack, systems: Mapping[str, Any], group: str, count: int,
          rates: Mapping[str, float]) -> dict[str, Lane]:
    """Connect a crowd to each system and find the rate that it sustains; those that sustain none are left out."""
    lanes: dict[str, Lane] = {}
    for name, system in systems.items():
        load = Load(system.dialect, system.port)
        stack.callback(load.stop)
        stage.say(f"{group}: {system.name} takes {count} sockets")
        lane = Lane(stage, system, load)
        try:
            load.open(stage.bed.few(system.people[group], count))
            lane.warm(rates[name])
        except LoadError as failure:
            stage.report.remarks.append(f"{group}: {system.name} was not measured: {failure}.")
        else:
            lanes[name] = lane
    return lanes


def _climb(stage: Stage, lanes: Mapping[str, Lane]) -> None:
    starts = dict(stage.plan.climb_from)
    found: dict[str, list[float]] = {name: [] for name in starts if name in lanes}
    for turn in range(stage.plan.runs):
        for name, runs in found.items():
            wanted = stage.plan.climb_runs[name]
            if turn >= wanted:
                continue
            stage.say(f"climb: run {turn + 1} of {wanted}, {lanes[name].system.name}")
            best = highest(lanes[name], starts[name], stage.plan.climb_steps if turn == 0 else 4)
            runs.append(best)
            starts[name] = best or starts[name] / 2
    for name, runs in found.items():
        stage.report.add("climb", lanes[name].system.name, "messages", "/s", runs, f"p99 ≤ {P99_MS:.0f} ms")


def highest(lane: Lane, rate: float, steps: int) -> float:
    """Return the highest rate found at which everything arrives and the p99 stays within the bound; 0.0 for none."""
    good, bad = 0.0, float("inf")
    for _ in range(steps):
        outcome = lane.load.run(rate, lane.stage.plan.window_s, patience_s=5.0)
        if outcome.whole and outcome.p99_ms <= P99_MS:
            good = max(good, rate)
        else:
            bad = min(bad, rate)
            if outcome.lost:
                lane.load.reopen()
        if good and bad / good < CLOSE_ENOUGH:
            break
        if bad == float("inf"):
            rate *= STEP
        else:
            rate = (good * bad) ** 0.5 if good else bad / STEP
    return good


def idle(stage: Stage) -> None:
    """The row `idle`: many sockets that have joined their stream and are silent."""
    runs: dict[str, dict[str, list[float]]] = {}
    plan = stage.plan
    for turn in range(max(plan.idle_runs.values())):
        for name, wanted in plan.idle_runs.items():
            if turn >= wanted:
                continue
            with stage.system(name) as system:
                if system is None:
                    continue
                stage.say(f"idle: run {turn + 1} of {wanted}, {system.name}")
                try:
                    _join(stage, system, runs.setdefault(system.name, {}))
                except LoadError as failure:
                    stage.report.remarks.append(f"{system.name} did not take {plan.idle} sockets: {failure}.")
    for name, measured in runs.items():
        for what, unit in IDLE_UNITS.items():
            stage.report.add("idle", name, what, unit, measured.get(what, []))


def _join(stage: Stage, system: Any, runs: dict[str, list[float]]) -> None:
    """Join once with a few, so that what is made on first use is not counted, then with all."""
    count = stage.plan.idle
    load = Load(system.dialect, system.port)
    crowd = Load(system.dialect, system.port)
    try:
        load.open(stage.bed.few(system.people["hall"], 4))
        system.settle()
        before = memory(system.pid)
        meter = Meter(system.pid, stage.bed.postgres.process.pid, stage.bed.redis.process.pid)
        crowd.open(stage.bed.few(system.people["pairs"], count))
        time.sleep(stage.plan.settle_s)
        used = meter.read()
        runs.setdefault("memory a socket", []).append((memory(system.pid) - before) / count / 1024)
        system.settle()
        runs.setdefault("memory, collected", []).append((memory(system.pid) - before) / count / 1024)
        runs.setdefault("CPU to join", []).append(used[0] / count * MICRO)
        runs.setdefault("CPU to join, all", []).append(sum(used) / count * MICRO)
    finally:
        load.stop()
        crowd.stop()


"""Another server than those that the benchmark starts: latency and rates of a Curbside that runs anywhere.

Its people are made beside it (`python -m bench.seed > people.json` with its settings; tickets last as long as its
CURBSIDE_LIMIT_TICKET_S says), and its limits for one member apply. CPU and memory are not seen from here.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from bench.load import Load
from bench.plan import Plan
from bench.report import Report


def measure(server: str, people: Path, plan: Plan, report: Report) -> None:
    """The rows `hall` and `pairs` against the server at this address. Raises LoadError."""
    address = urlsplit(server)
    groups = json.loads(people.read_text("utf-8"))
    for row, rate in (("hall", plan.hall_rates["curbside"]), ("pairs", plan.pairs_rates["curbside"])):
        members = people.with_name(f"{people.stem}-{row}.json")
        members.write_text(json.dumps(groups[row]), "utf-8")
        load = Load("curbside", address.port or 80, address.hostname or "127.0.0.1")
        try:
            load.open(members)
            load.run(rate, plan.warm_s)
            outcomes = [load.run(rate, plan.window_s) for _ in range(plan.runs)]
        finally:
            load.stop()
            members.unlink()
        report.add(row, server, "p50", "ms", [outcome.p50_ms for outcome in outcomes], f"{rate:.0f}/s")
        report.add(row, server, "p99", "ms", [outcome.p99_ms for outcome in outcomes], f"{rate:.0f}/s")
        delivered = [100 * outcome.delivered / max(1, outcome.expected) for outcome in outcomes]
        report.add(row, server, "delivered", "%", delivered, f"{rate:.0f}/s")

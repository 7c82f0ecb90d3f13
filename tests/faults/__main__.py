"""`python -m tests.faults`: plays every fault that the protocol lists, under load, on each stack that can have it.

Everything that it starts listens on loopback and ends with it. Exits with 1 where anything was violated or a limit
missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from _pytest.outcomes import Failed, Skipped

from tests.faults import pages, soak
from tests.faults.report import Report, Soak
from tests.faults.scene import FULL, SHORT, play
from tests.faults.stacks import STACKS, Ground, Stage
from tests.faults.table import FAULTS
from tests.peers.curbside import ROOT, Templates, make_directory

RESULT = ROOT / "var" / "faults" / "faults.json"


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {"Python": platform.python_version(), "Linux": platform.release(), "cores": psutil.cpu_count(),
            "load before": round(os.getloadavg()[0], 1)}


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", action="append", help="faults whose name contains this; may be given again")
    parser.add_argument("--stack", action="append", choices=list(STACKS), help="a stack; may be given again")
    parser.add_argument("--short", action="store_true", help="few people and short faults, as in the tests")
    parser.add_argument("--soak", nargs="?", const=1800, type=float, metavar="SECONDS",
                        help="a long run with churn instead, half an hour unless told otherwise")
    parser.add_argument("--doc", action="store_true", help="write what was found into docs/reliability.md")
    parser.add_argument("--again", action="store_true", help="keep the other rows of the last result")
    parser.add_argument("--from", dest="stored", type=Path, help="show a stored result instead of running")
    return parser.parse_args()


def say(words: str) -> None:
    """Tell whoever waits how far it is."""
    print(words, file=sys.stderr, flush=True)


@contextmanager
def ground() -> Iterator[Ground]:
    """What the stacks stand on; it goes at the end."""
    for place in make_directory():
        below = Ground(Templates(place), place)
        try:
            yield below
        finally:
            below.close()


async def run(asked: argparse.Namespace) -> Report:
    """Play what was asked for."""
    report = Report(machine(), short=asked.short)
    began = time.monotonic()
    chosen = [fault for fault in FAULTS if not asked.only or any(part in fault.name for part in asked.only)]
    with ground() as below:
        for name in asked.stack or STACKS:
            stack = STACKS[name]
            faults = [fault for fault in chosen if stack in fault.stacks]
            if not faults:
                continue
            say(f"{time.monotonic() - began:5.0f} s  {stack.name}: {stack.words}")
            stage = await asyncio.to_thread(Stage, stack, below)
            try:
                for fault in faults:
                    row = await play(stage, fault, SHORT if asked.short else FULL)
                    report.rows.append(row)
                    say(f"{time.monotonic() - began:5.0f} s    {fault.name}: "
                        + (row.skipped or f"{row.acknowledged} acknowledged, {len(row.violations)} violations"))
                    for words in row.violations:
                        say(f"             {words}")
            finally:
                await asyncio.to_thread(stage.close)
    report.seconds = time.monotonic() - began
    return report


def interrupt(number: int, frame: object) -> None:
    """A run that is told to end takes its peers with it, as after Ctrl-C."""
    raise KeyboardInterrupt


def main() -> int:
    """Run, print, store."""
    signal.signal(signal.SIGTERM, interrupt)
    asked = parse()
    try:
        stored = json.loads(asked.stored.read_text("utf-8")) if asked.stored else None
        if stored and "samples" in stored:
            return soak.show(Soak.from_json(stored), asked.doc)
        if asked.soak:
            with ground() as below:
                return soak.show(soak.run(asked.soak, below, say), asked.doc)
        report = Report.from_json(stored) if stored else asyncio.run(run(asked))
    except (Skipped, Failed) as missing:
        print(f"The faults could not be played: {missing.msg}", file=sys.stderr)
        return 1
    if asked.again:
        report = Report.from_json(json.loads(RESULT.read_text("utf-8"))).renewed(report)
    print(pages.printed(report))
    if not asked.stored:
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(json.dumps(report.to_json(), indent=1), "utf-8")
    if asked.doc:
        pages.write(pages.DOCUMENT, "faults", pages.document(report))
    missed = [limit for row in report.rows for limit in row.limits if not limit.met]
    return 1 if report.violations or missed else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m bench`: measures Curbside beside Socket.IO and stock Channels, prints a table, writes JSON.

Everything that it starts listens on loopback and ends with it; its results and what it installs lie under var/bench.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psutil
from _pytest.outcomes import Failed, Skipped

from bench import alone, brought, calls, curves, drawing, elsewhere, engine, profile, rows, soaksound, sound
from bench.load import LoadError
from bench.places import CACHE, DOCUMENT
from bench.plan import FULL, SHORT
from bench.report import ROWS, Report
from bench.stage import Stage
from bench.systems import Bed
from bench.table import printed, write_document

FAILED: Final = "not measured to its end"
SECTIONS: Final[dict[str, Callable[[Stage], None]]] = {
    "sockets": rows.through_sockets,
    "log": alone.log_alone,
    "idle": rows.idle,
    "streams": curves.by_streams,
    "events": curves.by_events,
    "calls": calls.calls,
    "sound": sound.sound,
    "twilio": brought.brought,
    "engine": engine.engine,
}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "Python": platform.python_version(),
        "Linux": platform.release(),
        "cores": psutil.cpu_count(),
        "memory GiB": round(psutil.virtual_memory().total / 2**30),
        "load before": round(os.getloadavg()[0], 1),
    }


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="only prove that it works, in under a minute")
    parser.add_argument("--only", action="append", choices=[*SECTIONS, soaksound.NAME],
                        help=f"a section; may be given again. {soaksound.NAME} takes half an hour and runs by itself")
    parser.add_argument("--minutes", type=float, default=30.0, help=f"how long {soaksound.NAME} takes")
    parser.add_argument("--again", action="store_true", help="with --only: keep the other sections of the last result")
    parser.add_argument("--profile", action="store_true", help="draw where the server's time goes, into docs/")
    parser.add_argument("--server", help="measure the server at this address instead (needs --people)")
    parser.add_argument("--people", type=Path, help="who may sign in there: the output of `python -m bench.seed`")
    parser.add_argument("--doc", action="store_true", help="write the tables and curves into docs/performance.md")
    parser.add_argument("--from", dest="stored", type=Path, help="show a stored result instead of measuring")
    parser.add_argument("--json", type=Path, help="where the result goes (default: var/bench/<plan>.json)")
    asked = parser.parse_args()
    if bool(asked.server) != bool(asked.people):
        parser.error("--server and --people go together")
    if asked.only and soaksound.NAME in asked.only and len(asked.only) > 1:
        parser.error(f"{soaksound.NAME} runs by itself")
    if asked.again and not asked.only:
        parser.error("--again needs --only")
    return asked


def run(asked: argparse.Namespace) -> Report:
    """Measure what was asked for, or read what was stored."""
    if asked.stored:
        return Report.from_json(json.loads(asked.stored.read_text("utf-8")))
    plan = SHORT if asked.short else FULL
    report = Report(plan.name, machine())
    began = time.monotonic()
    if asked.server:
        elsewhere.measure(asked.server, asked.people, plan, report)
    else:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # the servers inherit it
        bed = Bed()
        try:
            stage = Stage(plan, bed, report)
            if asked.profile:
                profile.profile(stage)
            else:
                for name in asked.only or SECTIONS:
                    _measure(name, stage)
        finally:
            bed.close()
    report.seconds = time.monotonic() - began
    return report


def _measure(name: str, stage: Stage) -> None:
    """Measure one section. What the others found is kept where one fails; the report says that it did."""
    try:
        SECTIONS[name](stage)
    except (LoadError, RuntimeError, OSError, ExceptionGroup) as failure:
        stage.say(f"{name} failed: {failure}")
        stage.report.remarks.append(f"{name}: {FAILED}.")


def _soak(asked: argparse.Namespace) -> int:
    """Soak the sound, or show a stored run. It has a place of its own in the document."""
    if asked.stored:
        return soaksound.show(soaksound.Soaked.from_json(json.loads(asked.stored.read_text("utf-8"))), asked.doc)
    began = time.monotonic()
    size = soaksound.full(asked.minutes * 60)
    found = soaksound.run(
        size, lambda text: print(f"  {time.monotonic() - began:4.0f} s  {text}", file=sys.stderr, flush=True),
        asked.json or soaksound.STORED,
    )
    return soaksound.show(found, asked.doc)


def draw_curves(report: Report, folder: Path) -> None:
    """Draw the two curves, where they were measured."""
    for row, across in (("streams", "streams"), ("events", "stored events")):
        points = {float(f.what.replace(",", "")): f.value for f in report.figures if f.row == row}
        if points:
            picture = drawing.curve(points, ROWS[row], across, "µs of CPU a message")
            (folder / f"performance-{row}.svg").write_text(picture, "utf-8")


def main() -> int:
    """Measure, print, store."""
    asked = parse()
    if asked.only == [soaksound.NAME]:
        return _soak(asked)
    try:
        report = run(asked)
    except (Skipped, Failed) as missing:
        print(f"The benchmark could not run: {missing.msg}", file=sys.stderr)
        return 1
    if asked.profile:
        return 0
    path = asked.json or CACHE / f"{report.plan}.json"
    if asked.again and path.exists():
        report = Report.from_json(json.loads(path.read_text("utf-8"))).renewed(report)
    print(printed(report))
    if not asked.stored:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report.to_json(), indent=1), "utf-8")
        print(f"\n{report.seconds:.0f} s; stored in {path}")
    if asked.doc:
        write_document(report, DOCUMENT)
        draw_curves(report, DOCUMENT.parent)
    return 1 if any(FAILED in remark for remark in report.remarks) else 0


if __name__ == "__main__":
    raise SystemExit(main())

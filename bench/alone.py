"""The row `log`: how many messages a second the log commits, on PostgreSQL and on SQLite with synchronous=FULL."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench.places import ROOT
from bench.stage import Stage
from tests.peers.curbside import environment, manage

SENDERS = 128


def log_alone(stage: Stage) -> None:
    """Both databases, run after run in turn."""
    folder = stage.bed.path("log")
    folder.mkdir()
    postgres = stage.bed.database(stage.template.name)
    places = {"PostgreSQL": postgres, "SQLite FULL": f"sqlite:///{folder / 'log.sqlite3'}"}
    runs: dict[str, dict[str, list[float]]] = {name: {} for name in places}
    envs = {name: environment(url, folder) for name, url in places.items()}
    manage(envs["SQLite FULL"], "migrate", "-v0")
    for turn in range(stage.plan.runs):
        for name, env in envs.items():
            stage.say(f"log: run {turn + 1} of {stage.plan.runs}, {name}")
            done = _once(stage, env)
            found = runs[name]
            found.setdefault("committed", []).append(done["committed"] / done["seconds"])
            found.setdefault("batch", []).append(done["committed"] / max(1, done["batches"]))
            found.setdefault("CPU a message", []).append(done["cpu_s"] / max(1, done["committed"]) * 1e6)
    units = {"committed": "/s", "batch": "messages", "CPU a message": "µs"}
    for name, found in runs.items():
        for what, values in found.items():
            stage.report.add("log", name, what, units[what], values, f"{SENDERS} senders")


def _once(stage: Stage, env: dict[str, str]) -> dict[str, Any]:
    argv = [sys.executable, "-m", "bench.logalone", "--senders", str(SENDERS), "--seconds", str(stage.plan.log_s),
            "--warm", str(min(0.5, stage.plan.log_s))]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"the log could not be driven:\n{done.stderr[-3000:]}")
    read: dict[str, Any] = json.loads(done.stdout)
    return read

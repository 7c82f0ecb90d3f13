"""What the rows of the section `calls` share: the service on a database of its own with people in it, percentiles."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import Any, Final

import psycopg

from bench.places import ROOT
from bench.stage import Stage
from bench.systems import LIMITS
from tests.peers.curbside import CurbsideServer, environment, manage
from tests.peers.process import Process

_TEMPLATE: Final = "calls_template"
GENEROUS: Final = {
    f"CALL_{name.upper()}": 1_000_000_000
    for name in ("concurrent_calls", "trunk_calls", "attempts_minute", "attempts_hour", "attempts_day",
                 "destinations_hour", "minutes_day", "cents_day")
}  # fmt: skip


def _migrated(stage: Stage) -> str:
    """Return the name of a migrated database without anybody in it, made on first use."""
    if not stage.bed.directory.joinpath(_TEMPLATE).exists():
        env = environment(stage.bed.postgres.create_database(_TEMPLATE), stage.bed.directory)
        manage(env, "migrate", "-v0")
        stage.bed.directory.joinpath(_TEMPLATE).touch()
    return _TEMPLATE


class Service:
    """A web server and, where it is wanted, a call loop, on a database of their own with people in it."""

    def __init__(self, stage: Stage, members: int, connected: int = 0, **variables: object) -> None:
        bed = stage.bed
        self.url = bed.database(_migrated(stage))
        self.env = environment(self.url, bed.directory, REDIS_URL=bed.redis.url, **LIMITS, **GENEROUS, **variables)
        argv = ["-m", "bench.callseed", f"--members={members}", f"--connected={connected}"]
        made = subprocess.run([sys.executable, *argv], cwd=ROOT, env=self.env, capture_output=True, text=True,
                              check=False)
        if made.returncode != 0:
            raise RuntimeError(f"the callers could not be made:\n{made.stderr[-3000:]}")
        self.people: list[dict[str, Any]] = json.loads(made.stdout)
        self._bed, self.postgres = bed, bed.postgres.process.pid
        self.web = CurbsideServer(self.env, bed.path("web.log"))
        self.loop: Process | None = None

    def start_loop(self) -> None:
        """Start the call loop."""
        argv = [sys.executable, "manage.py", "runcalls"]
        self.loop = Process(argv, self._bed.path("loop.log"), env=self.env, cwd=ROOT)

    def query(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(text, values).fetchall()

    def stop(self) -> None:
        """Kill both."""
        self.web.process.kill()
        if self.loop is not None:
            self.loop.kill()


@contextmanager
def service(stage: Stage, members: int, connected: int = 0, **variables: object) -> Iterator[Service]:
    """A service for one row, killed at its end."""
    made = Service(stage, members, connected, **variables)
    try:
        yield made
    finally:
        made.stop()


def p(values: list[float], percent: int) -> float:
    """A percentile; of one value, that."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]

"""The near end of a load generator's process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.places import ROOT


class LoadError(Exception):
    """The generator could not do what it was told: the system under test refused it, or did not answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one window. Latencies in milliseconds, `generator_cpu` as a share of one core."""

    sent: int
    acked: int
    refused: int
    expected: int
    delivered: int
    p50_ms: float
    p99_ms: float
    seconds: float
    late_ms: float
    generator_cpu: float
    lost: int

    @property
    def whole(self) -> bool:
        """Whether all that was sent was delivered to all."""
        return self.delivered >= self.expected and self.refused == 0


class Load:
    """One generator and its crowd."""

    def __init__(self, dialect: str, port: int, address: str = "127.0.0.1") -> None:
        """Start the process; nobody is connected yet."""
        self._people: Path | None = None
        self._where = {"dialect": dialect, "port": port, "address": address}
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "bench.generator"], cwd=ROOT, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)

    def open(self, people: Path, *, at_once: int = 32) -> float:
        """Connect everybody in the file and return how many seconds it took. Raises LoadError."""
        self._people = people
        answer = self._order({"do": "open", "people": str(people), "at_once": at_once, **self._where})
        return float(answer["seconds"])

    def run(self, rate: float, seconds: float, *, streams: int | None = None, patience_s: float = 3.0) -> Outcome:
        """Send for a while and wait for what is under way. Raises LoadError."""
        answer = self._order({"do": "run", "rate": rate, "seconds": seconds, "streams": streams,
                              "patience_s": patience_s})
        return Outcome(**answer)

    def reopen(self) -> None:
        """Connect everybody anew, after a server has sent some away. Raises LoadError."""
        self.close()
        if self._people is not None:
            self.open(self._people)

    def close(self) -> None:
        """End all sockets; others may be opened. Raises LoadError."""
        self._order({"do": "close"})

    def stop(self) -> None:
        """End all sockets and the process."""
        if self._popen.stdin:
            self._popen.stdin.close()
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        print(json.dumps(order), file=self._popen.stdin, flush=True)
        line = self._popen.stdout.readline()
        if not line:
            raise LoadError("the load generator ended")
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise LoadError(answer["failed"])
        return answer

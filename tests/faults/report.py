"""What a run of the faults found: a row for each fault, and the limits that were measured on the way. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound of the specification and what was reached; at most `bound`, or at least."""

    what: str
    stack: str
    reached: float
    bound: float
    unit: str
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether it is kept."""
        return self.reached >= self.bound if self.at_least else self.reached <= self.bound


@dataclass(slots=True)
class Row:
    """One fault on one stack. `delivered` counts each message at each of its readers."""

    fault: str
    stack: str
    sent: int = 0
    acknowledged: int = 0
    stored: int = 0
    delivered: int = 0
    reconnects: int = 0
    ack_p99_ms: float = 0.0
    recovery_s: float | None = None
    violations: list[str] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    seconds: float = 0.0
    skipped: str = ""


@dataclass(slots=True)
class Sample:
    """A look at one server process: bytes that it holds for itself alone, and counts."""

    at_s: float
    server: int
    memory: int
    tasks: int
    descriptors: int
    threads: int
    connections: int


@dataclass(slots=True)
class Soak:
    """A long run with churn."""

    seconds: float
    clients: int
    rows: list[Row] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Soak:
        """Read what was stored."""
        limits = [Limit(**limit) for limit in stored["limits"]]
        samples = [Sample(**one) for one in stored["samples"]]
        return cls(stored["seconds"], stored["clients"], [Row(**row) for row in stored["rows"]], samples, limits)


@dataclass(slots=True)
class Report:
    """All of one run."""

    machine: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    short: bool = False

    @property
    def violations(self) -> int:
        """How many there are in all."""
        return sum(len(row.violations) for row in self.rows)

    def limits(self) -> list[Limit]:
        """All that were measured."""
        return [limit for row in self.rows for limit in row.limits]

    def renewed(self, newer: Report) -> Report:
        """This report with the rows that a later one has played again, in their old places."""
        again = {(row.fault, row.stack): row for row in newer.rows}
        rows = [again.pop((row.fault, row.stack), row) for row in self.rows]
        return Report(self.machine, [*rows, *again.values()], self.seconds, self.short)

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Report:
        """Read what `to_json` gave."""
        rows = [Row(**{**row, "limits": [Limit(**limit) for limit in row["limits"]]}) for row in stored["rows"]]
        return cls(stored["machine"], rows, stored["seconds"], stored["short"])


def slope(points: list[tuple[float, float]]) -> float:
    """The slope of the straight line nearest to the points (least squares); 0.0 where there is none."""
    if not points:
        return 0.0
    mid_x = sum(x for x, _ in points) / len(points)
    mid_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mid_x) ** 2 for x, _ in points)
    return sum((x - mid_x) * (y - mid_y) for x, y in points) / spread if spread else 0.0

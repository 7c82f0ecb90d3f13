"""The figures: what was measured, in which unit, in how many runs; and what they are held against. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final

# Row of the table -> what is done in it.
ROWS: Final = {
    "hall": "500 members in one stream, 100 messages/s",
    "pairs": "250 consults of two, 2,000 committed messages/s",
    "climb": "the same, the highest rate with p99 within 100 ms",
    "log": "the log alone, 128 senders, no gate",
    "idle": "5,000 idle sockets",
    "streams": "cost of a message by the number of streams",
    "events": "cost of a message by the number of stored events",
    "calls": "masked calls: set-up at 20 calls/s, webhooks at 20/s, 1,000 in progress",
    "sound": "50 calls between browsers and a trunk through one media worker",
    "twilio": "50 calls between browsers and Twilio's Media Streams through one media worker",
    "engine": "40 calls of G.711 between telephones through one rtpengine",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity of one system: all its runs, of which the median counts."""

    row: str
    system: str
    what: str
    unit: str
    runs: tuple[float, ...]
    note: str = ""

    @property
    def value(self) -> float:
        """The median."""
        return median(self.runs)


@dataclass(frozen=True, slots=True)
class Target:
    """What a row must reach: a figure of ours, divided by another's or as it is, at most or at least `bound`."""

    row: str
    what: str
    bound: float
    against: str = ""
    at_least: bool = False
    system: str = "Curbside"

    def words(self) -> str:
        """As a reader wants it."""
        sign = "≥" if self.at_least else "≤"
        number = f"{self.bound:,.3g}" if self.bound < 1000 else f"{self.bound:,.0f}"
        return f"{sign} {number} × {self.against}" if self.against else f"{sign} {number}"


TARGETS: Final = (
    Target("hall", "CPU a delivery", 0.6, "Socket.IO"),
    Target("hall", "CPU a delivery", 0.05, "stock Channels"),
    Target("hall", "p99", 1.0, "Socket.IO"),
    Target("pairs", "CPU a message, all", 0.7, "Socket.IO"),
    Target("pairs", "CPU a message, all", 1 / 6, "stock Channels"),
    Target("climb", "messages", 1.5, "Socket.IO", at_least=True),
    Target("log", "committed", 10_000, at_least=True, system="PostgreSQL"),
    Target("log", "committed", 10_000, at_least=True, system="SQLite FULL"),
    Target("idle", "memory a socket", 28),
    Target("idle", "memory a socket", 0.6, "Socket.IO"),
    Target("idle", "CPU to join", 0.8, "Socket.IO"),
    Target("calls", "machine", 50_000, at_least=True),
    Target("calls", "set-up p99", 150),
    Target("calls", "webhook p99", 100),
    Target("calls", "timers", 5),
    Target("sound", "CPU a call", 0.8),
    Target("sound", "p50", 1),
    Target("sound", "p99", 20),
    Target("sound", "lost", 0),
    Target("sound", "offer to sound p95", 300),
    Target("twilio", "CPU a call", 2.5),
    Target("engine", "CPU a call", 0.3),
    Target("engine", "lost", 0),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and what was reached; None where something was not measured."""

    target: Target
    reached: float | None

    @property
    def met(self) -> bool | None:
        """Whether it is met."""
        if self.reached is None:
            return None
        return self.reached >= self.target.bound if self.target.at_least else self.reached <= self.target.bound


@dataclass(slots=True)
class Report:
    """All of one benchmark."""

    plan: str
    machine: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, row: str, system: str, what: str, unit: str, runs: list[float], note: str = "") -> None:
        """Keep a figure; one that was not measured at all is left out."""
        if runs:
            self.figures.append(Figure(row, system, what, unit, tuple(runs), note))

    def find(self, row: str, system: str, what: str) -> Figure | None:
        """Return a figure, if it was measured."""
        return next((f for f in self.figures if (f.row, f.system, f.what) == (row, system, what)), None)

    def renewed(self, newer: Report) -> Report:
        """Return this report with the rows that a later one has measured again, and a remark that says so."""
        again = {figure.row for figure in newer.figures}
        figures = [figure for figure in self.figures if figure.row not in again] + newer.figures
        figures.sort(key=lambda figure: list(ROWS).index(figure.row))
        kept = [remark for remark in self.remarks if remark.partition(":")[0] not in again]
        said = [f"{row}: measured again later, by itself." for row in ROWS if row in again]
        return Report(self.plan, self.machine, figures, [*kept, *newer.remarks, *said], self.seconds)

    def verdicts(self) -> list[Verdict]:
        """Hold the figures against the targets."""
        return [Verdict(target, self._reached(target)) for target in TARGETS]

    def _reached(self, target: Target) -> float | None:
        ours = self.find(target.row, target.system, target.what)
        if ours is None or not target.against:
            return None if ours is None else ours.value
        other = self.find(target.row, target.against, target.what)
        return ours.value / other.value if other is not None and other.value else None

    def to_json(self) -> dict[str, Any]:
        """As it is stored: the figures with their medians, and the verdicts."""
        return {
            "plan": self.plan,
            "machine": self.machine,
            "seconds": self.seconds,
            "figures": [asdict(figure) | {"median": figure.value} for figure in self.figures],
            "verdicts": [
                {"row": v.target.row, "what": v.target.what, "target": v.target.words(), "reached": v.reached,
                 "met": v.met}
                for v in self.verdicts()
            ],
            "remarks": self.remarks,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Report:
        """Read what `to_json` gave."""
        figures = [
            Figure(f["row"], f["system"], f["what"], f["unit"], tuple(f["runs"]), f["note"])
            for f in stored["figures"]
        ]
        return cls(stored["plan"], stored["machine"], figures, stored["remarks"], stored["seconds"])

"""How much is measured: the whole, and a short form that only proves that everything works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Messages a second at which each system is measured: below what it sustains, lowered further where it does not.
HALL_RATES: Final = {"curbside": 100, "socketio": 100, "stock": 8, "curbside-daphne": 20, "stock-daphne": 4}
PAIRS_RATES: Final = {
    "curbside": 2_000,
    "socketio": 2_000,
    "stock": 200,
    "curbside-daphne": 1_000,
    "stock-daphne": 100,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes, rates (a second) and spans (seconds) of one benchmark.

    `systems` that stand together are measured in turn, with nothing of the others beside them: sockets of Daphne and of
    stock Channels cost processor time and caches while they are silent, too.
    """

    name: str
    runs: int
    daphne_runs: int
    window_s: float
    warm_s: float
    settle_s: float
    systems: tuple[tuple[str, ...], ...]
    hall: int
    hall_rates: Mapping[str, float]
    pairs: int
    pairs_rates: Mapping[str, float]
    climb_from: Mapping[str, float]
    climb_runs: Mapping[str, int]
    climb_steps: int
    log_s: float
    idle: int
    idle_runs: Mapping[str, int]
    web: tuple[int, ...]
    events: tuple[int, ...]
    curve_rate: float

    def runs_of(self, system: str) -> int:
        """How often a system is measured: what is only printed beside the others, less often."""
        return self.daphne_runs if system.endswith("daphne") else self.runs


FULL: Final = Plan(
    name="full",
    runs=5,
    daphne_runs=1,
    window_s=3.0,
    warm_s=2.0,
    settle_s=3.0,
    systems=(("curbside", "socketio"), ("stock", "curbside-daphne", "stock-daphne")),
    hall=500,
    hall_rates=HALL_RATES,
    pairs=250,
    pairs_rates=PAIRS_RATES,
    climb_from={"curbside": 3_000, "socketio": 2_000, "curbside-daphne": 1_000},
    climb_runs={"curbside": 5, "socketio": 5, "curbside-daphne": 1},
    climb_steps=6,
    log_s=2.0,
    idle=5_000,
    idle_runs={"curbside": 5, "socketio": 5, "stock": 1, "curbside-daphne": 1},
    web=(10, 300, 10_000),
    events=(1_000, 30_000, 1_000_000),
    curve_rate=1_000,
)
SHORT: Final = Plan(
    name="short",
    runs=1,
    daphne_runs=1,
    window_s=0.5,
    warm_s=0.2,
    settle_s=0.3,
    systems=(("curbside", "socketio"), ("stock",)),
    hall=20,
    hall_rates=dict.fromkeys(HALL_RATES, 5.0),
    pairs=10,
    pairs_rates=dict.fromkeys(PAIRS_RATES, 40.0),
    climb_from={"curbside": 100},
    climb_runs={"curbside": 1},
    climb_steps=1,
    log_s=0.3,
    idle=40,
    idle_runs={"curbside": 1, "socketio": 1},
    web=(10, 40),
    events=(1_000,),
    curve_rate=50,
)

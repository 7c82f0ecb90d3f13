"""What flat means in a long run: how much a process grew, by the samples of its second half. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.faults import drawing
from tests.faults.report import Limit, Sample, slope

# What is sampled -> unit, divisor, and by how much it may grow over the second half.
CURVES: Final = {
    "memory": ("MiB", 2**20, 1.0),
    "tasks": ("tasks", 1, 5.0),
    "descriptors": ("descriptors", 1, 5.0),
    "threads": ("threads", 1, 1.0),
}


def growth(samples: Sequence[Sample], seconds: float, stack: str) -> list[Limit]:
    """By how much each process grew over the second half: the slope of the samples, times that half."""
    limits = []
    half = seconds / 2
    for number in sorted({one.server for one in samples}):
        late = [one for one in samples if one.server == number and one.at_s >= half]
        for what, (unit, divisor, bound) in CURVES.items():
            points = [(one.at_s, getattr(one, what) / divisor) for one in late]
            level = sum(y for _, y in points) / max(1, len(points))
            limits.append(Limit(f"growth of {what} over the second half, process {number + 1}", stack,
                                slope(points) * half, bound, unit, note=f"at {level:,.1f} on average"))
    return limits


def draw(samples: Sequence[Sample], title: str) -> str:
    """The four curves as a picture."""
    panels = []
    for what, (unit, divisor, _) in CURVES.items():
        lines = [[(one.at_s / 60, getattr(one, what) / divisor) for one in samples if one.server == number]
                 for number in sorted({one.server for one in samples})]
        panels.append(drawing.Panel(f"{what} ({unit})" if unit != what else what, lines))
    return drawing.picture(panels, title, "minutes")

"""Curves over time as SVG, written by hand: a panel for each quantity, a line for each process. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

COLOURS = ("#0969da", "#bc4c00", "#1a7f37")
LEFT, TOP, WIDTH, HEIGHT, GAP = 70, 60, 420, 150, 90
STYLE = ("<style>text{font:11px sans-serif;fill:#1b1f24}.t{font-size:14px;font-weight:600}svg{background:#fff}"
         "polyline{fill:none;stroke-width:1.6}</style>")


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity: its name, and for each process its points."""

    title: str
    lines: Sequence[Sequence[tuple[float, float]]]


def picture(panels: Sequence[Panel], title: str, across: str) -> str:
    """Draw the panels two in a row; each upward axis begins at 0."""
    rows = -(-len(panels) // 2)
    wide, high = LEFT + 2 * (WIDTH + GAP), TOP + rows * (HEIGHT + GAP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}">', STYLE,
             f'<text class="t" x="{LEFT}" y="24">{escape(title)}</text>']
    for number, panel in enumerate(panels):
        left, top = LEFT + number % 2 * (WIDTH + GAP), TOP + number // 2 * (HEIGHT + GAP)
        parts += _panel(panel, left, top, across)
    return "\n".join([*parts, "</svg>\n"])


def _panel(panel: Panel, left: int, top: int, across: str) -> list[str]:
    points = [point for line in panel.lines for point in line]
    last = max((x for x, _ in points), default=1.0) or 1.0
    most = max((y for _, y in points), default=1.0) * 1.15 or 1.0
    parts = [
        f'<text x="{left}" y="{top - 8}">{escape(panel.title)}</text>',
        f'<path d="M{left},{top}V{top + HEIGHT}H{left + WIDTH}" fill="none" stroke="#57606a"/>',
        f'<text x="{left}" y="{top + HEIGHT + 16}">0</text>',
        f'<text x="{left + WIDTH - 60}" y="{top + HEIGHT + 16}">{last:,.0f} {escape(across)}</text>',
    ]
    for share in (0.5, 1.0):
        value, y = most / 1.15 * share, top + HEIGHT * (1 - share / 1.15)
        parts.append(f'<text x="{left - 60}" y="{y + 4:.1f}">{value:,.1f}</text>'
                     f'<path d="M{left},{y:.1f}h{WIDTH}" stroke="#d0d7de" stroke-dasharray="3 3"/>')
    for number, line in enumerate(panel.lines):
        placed = " ".join(f"{left + x / last * WIDTH:.1f},{top + HEIGHT * (1 - y / most):.1f}" for x, y in line)
        parts.append(f'<polyline points="{placed}" stroke="{COLOURS[number % len(COLOURS)]}"/>')
    return parts

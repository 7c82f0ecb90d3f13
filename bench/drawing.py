"""Pictures for the documentation, written as SVG by hand: where a message's time goes, and the curves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import log10
from typing import Final

WIDTH: Final = 1200
LINE: Final = 17
LEAST: Final = 0.004  # of the width: what is narrower is left out
STYLE: Final = (
    "<style>text{font:11px sans-serif;fill:#1b1f24}.t{font-size:14px;font-weight:600}"
    "rect{stroke:#fff;stroke-width:.5}svg{background:#fff}</style>"
)
# The part of a file's path that tells whose code it is -> its colour.
COLOURS: Final = {
    "realtime/": "#7fb3d5",
    "privacy/": "#a3d9a5",
    "consults/": "#c7e59b",
    "members/": "#d6e685",
    "psycopg": "#f5b7b1",
    "django/": "#f9e79f",
    "uvicorn/": "#d7bde2",
    "websockets/": "#d2b4de",
    "redis/": "#f5cba7",
}


@dataclass
class Node:
    """One function in one place of the stack, with all that it calls."""

    count: int = 0
    children: dict[str, Node] = field(default_factory=dict)

    def depth(self) -> int:
        """How many lines it takes to draw."""
        return 1 + max((child.depth() for child in self.children.values()), default=0)


def tree(stacks: Iterable[tuple[Sequence[str], int]]) -> Node:
    """Put stacks (outermost first) with their counts together."""
    root = Node()
    for frames, count in stacks:
        root.count += count
        node = root
        for frame in frames:
            node = node.children.setdefault(frame, Node())
            node.count += count
    return root


def flames(root: Node, title: str) -> str:
    """Draw a tree from the top down; a box's width is its share of the samples, its tooltip says how much."""
    height = root.depth() * LINE + 40
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">', STYLE,
             f'<text class="t" x="6" y="20">{escape(title)}</text>']
    _draw(root, 0.0, 0, root.count, parts)
    return "\n".join([*parts, "</svg>\n"])


def _draw(node: Node, left: float, level: int, total: int, parts: list[str]) -> None:
    for name, child in sorted(node.children.items(), key=lambda item: -item[1].count):
        share = child.count / total
        if share >= LEAST:
            x, y, width = left * WIDTH, 32 + level * LINE, share * WIDTH
            room = int(width / 6.2)
            label = escape(name[:room]) if room > 3 else ""
            parts.append(f'<g><title>{escape(name)}: {share:.1%}</title><rect x="{x:.1f}" y="{y}" '
                         f'width="{width:.1f}" height="{LINE - 1}" fill="{_colour(name)}"/>'
                         f'<text x="{x + 3:.1f}" y="{y + 12}">{label}</text></g>')
            _draw(child, left, level + 1, total, parts)
        left += share


def _colour(name: str) -> str:
    return next((colour for part, colour in COLOURS.items() if part in name), "#d5d8dc")


def curve(points: Mapping[float, float], title: str, across: str, up: str) -> str:
    """Draw one line over a logarithmic axis; the upward axis begins at 0."""
    left, top, width, height = 60, 40, 520, 200
    first, last = log10(min(points)), log10(max(points))
    most = max(points.values()) * 1.2 or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        part = (log10(x) - first) / ((last - first) or 1.0)
        return left + part * width, top + height * (1 - y / most)

    placed = [(x, y, *place(x, y)) for x, y in sorted(points.items())]
    line = " ".join(f"{px:.1f},{py:.1f}" for _, _, px, py in placed)
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 300">', STYLE,
        f'<text class="t" x="{left}" y="22">{escape(title)}</text>',
        f'<path d="M{left},{top}V{top + height}H{left + width}" fill="none" stroke="#57606a"/>',
        f'<polyline points="{line}" fill="none" stroke="#0969da" stroke-width="2"/>',
        f'<text x="{left}" y="{top + height + 38}">{escape(across)}</text>',
        f'<text x="{left + 4}" y="{top + 8}">{escape(up)}</text>',
    ]
    for x, y, px, py in placed:
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.5" fill="#0969da"/>'
                     f'<text x="{px - 10:.1f}" y="{py - 9:.1f}">{y:,.0f}</text>'
                     f'<text x="{px - 10:.1f}" y="{top + height + 16}">{x:,.0f}</text>')
    return "\n".join([*parts, "</svg>\n"])

"""The figures as a person reads them: on the terminal, and in docs/performance.md between two marks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.report import ROWS, Figure, Report, Verdict

BEGIN: Final = "<!-- bench: begin -->"
END: Final = "<!-- bench: end -->"
OURS: Final = "Curbside"


def number(value: float) -> str:
    """A quantity with three digits or so."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _ratio(report: Report, figure: Figure) -> str:
    """The figure as a multiple of Socket.IO's, where there is one."""
    other = report.find(figure.row, "Socket.IO", figure.what)
    if other is None or other is figure or not other.value:
        return ""
    return f"{figure.value / other.value:.2f}"


def rows(report: Report) -> Iterator[tuple[str, ...]]:
    """All figures: work, system, what, median, unit, least to most, multiple of Socket.IO, at."""
    for row, work in ROWS.items():
        for figure in (f for f in report.figures if f.row == row):
            spread = f"{number(min(figure.runs))} – {number(max(figure.runs))}" if len(figure.runs) > 1 else ""
            yield (work, figure.system, figure.what, number(figure.value), figure.unit, spread,
                   _ratio(report, figure), figure.note)


def _met(verdict: Verdict) -> str:
    return {True: "met", False: "not met", None: "not measured"}[verdict.met]


def _verdicts(report: Report) -> Iterator[tuple[str, ...]]:
    for verdict in report.verdicts():
        target = verdict.target
        reached = "" if verdict.reached is None else number(verdict.reached)
        what = target.what if target.system == OURS else f"{target.what}, {target.system}"
        yield (ROWS[target.row], what, target.words(), reached, _met(verdict))


FIGURES_HEAD: Final = ("work", "system", "what", "median", "unit", "least – most", "× Socket.IO", "at")
VERDICTS_HEAD: Final = ("work", "what", "must reach", "reached", "")


def printed(report: Report) -> str:
    """Both tables for a terminal."""
    parts = [_columns([FIGURES_HEAD, *rows(report)])]
    if report.plan == "short":
        parts.append("The short form proves that the benchmark works. Its figures mean nothing.")
    else:
        parts.append(_columns([VERDICTS_HEAD, *_verdicts(report)]))
    return "\n\n".join([*parts, *report.remarks])


def _columns(lines: list[tuple[str, ...]]) -> str:
    """Aligned columns; a work that stands in the line above is not said again."""
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    said, out = "", []
    for line in lines:
        first = "" if line[0] == said else line[0]
        said = line[0]
        cells = [first, *line[1:]]
        out.append("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    return "\n".join(out)


def document(report: Report) -> str:
    """Both tables in Markdown, and where they come from."""
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    head = f"Measured by `make bench` in {report.seconds / 60:.0f} minutes on: {machine}."
    parts = [head, _markdown([VERDICTS_HEAD, *_verdicts(report)]), _markdown([FIGURES_HEAD, *rows(report)])]
    return "\n\n".join([*parts, *report.remarks])


def _markdown(lines: list[tuple[str, ...]]) -> str:
    head, *body = ("| " + " | ".join(line) + " |" for line in lines)
    return "\n".join([head, "|" + "---|" * len(lines[0]), *body])


def write_document(report: Report, path: Path) -> None:
    """Replace what stands between the marks. Raises ValueError where they are missing."""
    text = path.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or END not in rest:
        raise ValueError(f"{path.name} has no place for the tables")
    path.write_text(f"{before}{BEGIN}\n\n{document(report)}\n\n{END}{after}", "utf-8")

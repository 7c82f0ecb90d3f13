"""What a run found as a person reads it: on the terminal, and in docs/reliability.md between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.faults.report import Limit, Report, Row, Soak
from tests.faults.stacks import STACKS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
FAULTS_HEAD = ("fault", "stack", "sent", "acked", "stored", "delivered", "reconnects", "ack p99 ms", "recovery s",
               "violations")
LIMITS_HEAD = ("limit", "stack", "must be", "reached", "", "")

Line = tuple[str, ...]


def row_line(row: Row) -> Line:
    """One fault."""
    if row.skipped:
        return (row.fault, row.stack, *[""] * 7, f"not run: {row.skipped}")
    recovery = "" if row.recovery_s is None else f"{row.recovery_s:.1f}"
    counts = (row.sent, row.acknowledged, row.stored, row.delivered, row.reconnects)
    return (row.fault, row.stack, *(f"{count:,}" for count in counts), f"{row.ack_p99_ms:,.0f}", recovery,
            str(len(row.violations)))


def limit_line(limit: Limit) -> Line:
    """One limit."""
    sign = "≥" if limit.at_least else "≤"
    unit = f" {limit.unit}" if limit.unit else ""
    return (limit.what, limit.stack, f"{sign} {_number(limit.bound)}{unit}", f"{_number(limit.reached)}{unit}",
            "met" if limit.met else "not met", limit.note)


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def columns(lines: Sequence[Line]) -> str:
    """Aligned, for a terminal."""
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
                     for line in lines)


def markdown(lines: Sequence[Line]) -> str:
    """A Markdown table."""
    head, *body = ("| " + " | ".join(line) + " |" for line in lines)
    return "\n".join([head, "|" + "---|" * len(lines[0]), *body])


def printed(report: Report) -> str:
    """The tables for a terminal, and every violation in words."""
    parts = [columns([FAULTS_HEAD, *map(row_line, report.rows)])]
    if report.limits():
        parts.append(columns([LIMITS_HEAD, *map(limit_line, report.limits())]))
    parts += [f"{row.fault}, {row.stack}: {violation}" for row in report.rows for violation in row.violations]
    parts.append(f"{len(report.rows)} faults, {report.violations} violations, {report.seconds:.0f} s")
    return "\n\n".join(parts)


def document(report: Report) -> str:
    """The same in Markdown, a table for each stack."""
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    parts = [f"Measured by `make faults` in {report.seconds / 60:.0f} minutes on: {machine}. "
             f"{len(report.rows)} rows, {report.violations} violations."]
    for stack in STACKS.values():
        rows = [row for row in report.rows if row.stack == stack.name]
        if rows:
            parts.append(f"**{stack.name}**: {stack.words}.\n\n"
                         + markdown([(line[0], *line[2:]) for line in (FAULTS_HEAD, *map(row_line, rows))]))
    parts.append("**Limits.**\n\n" + markdown([LIMITS_HEAD, *map(limit_line, report.limits())]))
    parts += [f"Violation: {row.fault}, {row.stack}: {words}" for row in report.rows for words in row.violations]
    return "\n\n".join(parts)


def soak_document(soak: Soak) -> str:
    """What the long run came to."""
    head = (f"Measured by `make faults FAULTS=\"--soak {soak.seconds:.0f}\"`: {soak.seconds / 60:.0f} minutes, "
            f"{soak.clients} clients that come and go, {len(soak.samples)} samples.")
    return "\n\n".join([head, markdown([FAULTS_HEAD, *map(row_line, soak.rows)]),
                        markdown([LIMITS_HEAD, *map(limit_line, soak.limits)]),
                        "![Memory, tasks, descriptors and threads of both processes](reliability-soak.svg)",
                        *(f"Violation: {words}" for row in soak.rows for words in row.violations)])


def write(path: Path, part: str, text: str) -> None:
    """Put text between the two marks of a part. Raises ValueError where they are missing."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    before, found, rest = path.read_text("utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{path.name} has no place for {part}")
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")

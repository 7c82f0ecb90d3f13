"""The page of what was broken shows every fault of the table, on every stack that can have it, and nothing violated."""

from __future__ import annotations

import re

from tests.faults.pages import DOCUMENT
from tests.faults.stacks import STACKS
from tests.faults.table import FAULTS

PAGE = DOCUMENT.read_text("utf-8")


def rows_of(stack: str) -> dict[str, list[str]]:
    """The rows of one stack's table by fault."""
    found = re.search(rf"\*\*{stack}\*\*:.*?\n\n(\|.*?)\n\n", PAGE, re.DOTALL)
    assert found, f"no table of {stack}: make faults FAULTS=--doc"
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()[2:]]
    return {row[0]: row[1:] for row in cells}


def test_every_fault_stands_in_the_tables_with_nothing_lost() -> None:
    for stack in STACKS.values():
        rows = rows_of(stack.name)
        assert set(rows) == {fault.name for fault in FAULTS if stack in fault.stacks}
        for fault, (sent, acked, stored, *_, violations) in rows.items():
            assert (violations, sent) == ("0", acked), fault
            assert sent == stored, fault


def test_the_soak_was_as_long_as_it_has_to_be_and_is_drawn() -> None:
    measured = re.search(r"make faults FAULTS=\"--soak (\d+)\"`: (\d+) minutes", PAGE)
    assert measured
    assert int(measured[1]) >= 1800
    assert (DOCUMENT.parent / "reliability-soak.svg").exists()
    assert "![" in PAGE

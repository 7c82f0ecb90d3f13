"""Every fault of the table, each on one of its stacks, with few people and for a moment: nothing is lost.

`make faults` plays all of them on all their stacks, with more people and for longer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.scene import SHORT, Fault, play
from tests.faults.stacks import STACKS, Ground, Stage
from tests.faults.table import FAULTS
from tests.peers.curbside import Templates

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]
PLAYED = sorted(((fault.stacks[number % len(fault.stacks)].name, fault) for number, fault in enumerate(FAULTS)),
                key=lambda played: played[0])  # one stack runs at a time


@pytest.fixture(scope="module")
def stage_of(templates: Templates, peers_directory: Path) -> Iterator[Callable[[str], Stage]]:
    """Gives a stack by its name, on peers that are broken and mended; the one before it ends."""
    directory = peers_directory / "faults"
    directory.mkdir()
    ground = Ground(templates, directory)
    running: list[Stage] = []

    def stage_of(name: str) -> Stage:
        if not running or running[-1].stack.name != name:
            while running:
                running.pop().close()
            running.append(Stage(STACKS[name], ground))
        return running[-1]

    try:
        yield stage_of
    finally:
        for stage in running:
            stage.close()
        ground.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("stack", "fault"), PLAYED, ids=[f"{fault.name} ({stack})" for stack, fault in PLAYED]
)
async def test_nothing_is_lost(stage_of: Callable[[str], Stage], stack: str, fault: Fault) -> None:
    stage = await asyncio.to_thread(stage_of, stack)
    row = await play(stage, fault, SHORT)
    if row.skipped:
        pytest.skip(row.skipped)
    assert row.violations == []
    assert row.acknowledged == row.sent == row.stored > 0
    assert row.delivered >= row.stored * 2
    assert [limit for limit in row.limits if not limit.met] == []


def test_every_stack_is_played_and_every_fault_has_one() -> None:
    assert {stack for stack, _ in PLAYED} == set(STACKS)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)

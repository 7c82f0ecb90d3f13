"""A line for the tests of calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from tests.voice.line import START, Line


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The time, which stands still until a test moves it."""
    with time_machine.travel(START, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def line(db: None, clock: time_machine.Traveller) -> Line:
    """Riverside Clinic and its loopback line."""
    return Line(clock)


@pytest.fixture
def open_line(transactional_db: None, clock: time_machine.Traveller) -> Line:
    """The same with real commits, for threads."""
    return Line(clock)

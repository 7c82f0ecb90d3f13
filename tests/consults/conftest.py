"""A ward with someone who asks and two cardiologists who are available, on a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from tests.consults.ward import START, Ward


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The time, which stands still until a test moves it."""
    with time_machine.travel(START, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def ward(db: None, clock: time_machine.Traveller) -> Ward:
    """Okafor asks; Lind and Berg are available cardiologists."""
    return _filled(clock)


@pytest.fixture
def open_ward(transactional_db: None, clock: time_machine.Traveller) -> Ward:
    """The same with real commits, for threads and for what happens after a commit."""
    return _filled(clock)


def _filled(clock: time_machine.Traveller) -> Ward:
    ward = Ward(clock)
    ward.add("okafor")
    ward.add_available("lind")
    ward.add_available("berg")
    return ward

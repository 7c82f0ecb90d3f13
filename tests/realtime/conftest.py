"""Streams and seats without any app, so that the wire is tested alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from realtime import bus
from realtime.log import create_stream
from realtime.models import Seat


@dataclass
class Thread:
    """A stream with two seats."""

    id: str
    seats: list[str]


@pytest.fixture
def thread() -> Callable[[str], Thread]:
    """Make streams with seats in them."""

    def make(kind: str = "consult") -> Thread:
        stream = create_stream(kind)
        seats = [Seat.objects.create(stream_id=stream, name=f"Seat {n}") for n in range(2)]
        return Thread(stream, [seat.pk for seat in seats])

    return make


@pytest.fixture
def rings() -> Iterator[list[bus.Ring]]:
    """What the doorbell was told."""
    heard: list[bus.Ring] = []
    hear = heard.extend
    bus.attach(hear)
    yield heard
    bus.detach(hear)

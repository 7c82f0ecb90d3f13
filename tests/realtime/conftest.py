"""Streams and seats without any app, so that the wire is tested alone."""

from collections.abc import Callable, Iterator, Sequence
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

    class Ears:
        """A hub that only listens."""

        def __init__(self) -> None:
            self.rings: list[bus.Ring] = []

        def heard(self, rings: Sequence[bus.Ring]) -> None:
            self.rings.extend(rings)

        def told(self, note: bus.Note) -> None:
            raise AssertionError("nobody tells anything here")

    ears = Ears()
    bus.attach(ears)
    yield ears.rings
    bus.detach(ears)

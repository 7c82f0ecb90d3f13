"""The two planes: what a test says of a plane holds over both, where it is asked to (`over_both`)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.voice.media.browser import HERE
from voice.media.engine_plane import EnginePlane
from voice.media.plane import Plane
from voice.media.rtpengine import Address, Engines
from voice.media.shapes import Told


def over_both(fixture: str) -> pytest.MarkDecorator:
    """Have a test run over the worker's own plane and over a real rtpengine."""
    return pytest.mark.parametrize(fixture, ["worker", "rtpengine"], indirect=True)


def make_plane(request: pytest.FixtureRequest, tell: Callable[[Told], None]) -> Plane:
    """The plane that a fixture was asked for; of itself the worker's own."""
    if getattr(request, "param", "worker") == "worker":
        return Plane(HERE, tell)
    return EnginePlane(Engines([Address("127.0.0.1", request.getfixturevalue("engine").port)]), tell)

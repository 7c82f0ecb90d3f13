"""Engines that the tests of this directory share: started once for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.rtpengine import Rtpengine


@pytest.fixture(scope="module")
def engine() -> Iterator[Rtpengine]:
    """A real rtpengine."""
    made = Rtpengine()
    yield made
    made.close()

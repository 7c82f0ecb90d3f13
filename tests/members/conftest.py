"""Fixtures of the members' tests."""

from collections.abc import Iterator

import pytest

from members import badges


@pytest.fixture(autouse=True)
def fresh_badges() -> Iterator[None]:
    """No badge class outlives the test whose members it counted."""
    badges.forget_classes()
    yield
    badges.forget_classes()

"""Who is told that something was said: what cannot be told now waits, with what was said meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError

from realtime.commands import Written
from realtime.keeping import tell


class Desk:
    """As much of a hub as telling asks for; its database is away at first."""

    def __init__(self) -> None:
        self.told: list[dict[str, Written]] = []
        self.wire = SimpleNamespace(appended=self.told.append)
        self.publishing = SimpleNamespace(appended={"a": Written(3, {"x"})})
        self.away = True

    async def write(self, work: Callable[[], Any]) -> Any:
        """Fail once; somebody writes meanwhile."""
        if self.away:
            self.publishing.appended = {"a": Written(5, {"y"}), "b": Written(1, {"z"})}
            raise OperationalError
        return work()


@pytest.mark.asyncio
async def test_what_the_database_did_not_take_is_told_later_with_what_came_since() -> None:
    desk = Desk()
    await tell(desk)  # type: ignore[arg-type]  # a part of a hub
    assert desk.told == []
    desk.away = False
    await tell(desk)  # type: ignore[arg-type]  # as above
    await tell(desk)  # type: ignore[arg-type]  # as above
    [told] = desk.told
    assert (told["a"].seq, told["a"].seats, told["b"].seq) == (5, {"x", "y"}, 1)

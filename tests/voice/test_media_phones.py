"""A worker that loses its calls while it dials rings nobody for them: they have been ended by others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from voice import dialling
from voice.carriers.base import DialOrder
from voice.media_phones import NoLines, Phones
from voice.models import Action

ORDER = DialOrder("leg", "+16175550101", "+16175550102", 30, False, "room", 60, "en")
ACTION = cast("Action", SimpleNamespace(
    kind="dial", call_id="call", key="k", attempt=SimpleNamespace(reference="leg", side="patient", n=1)))  # fmt: skip


class Trunk(NoLines):
    """Says what it was asked."""

    def __init__(self, before: Callable[[], None]) -> None:
        self.asked: list[str] = []
        self._before = before

    async def dial(self, order: DialOrder) -> str:
        self.asked.append(f"dial {order.reference}")
        self._before()
        return order.reference

    def hang_up(self, carrier_id: str) -> None:
        self.asked.append(f"hang up {carrier_id}")


async def dialled(monkeypatch: pytest.MonkeyPatch, lost: str) -> tuple[list[str], list[str]]:
    """Dial, and lose all calls at some moment; what the trunk was asked, and what was stored."""
    stored: list[str] = []
    monkeypatch.setattr(dialling, "prepare", lambda action: ORDER)
    monkeypatch.setattr(dialling, "taken", lambda *_: stored.append("taken"))
    tasks: list[asyncio.Task[Any]] = []

    async def in_thread(work: Callable[[], Any]) -> Any:
        if lost == "before":
            phones.hang_up_all()
        return work()

    async def nobody_is_heard(*_: Any) -> None:
        raise AssertionError

    def in_turn(r: str, work: Callable[[], Awaitable[Any]]) -> None:
        tasks.append(asyncio.ensure_future(work()))

    phones = Phones(in_turn, in_thread, nobody_is_heard)
    trunk = Trunk(lambda: phones.hang_up_all() if lost == "while it is dialled" else None)
    phones.lines = trunk
    phones.take(ACTION)
    await asyncio.gather(*tasks)
    return trunk.asked, stored


@pytest.mark.parametrize(("lost", "asked", "stored"), [
    ("never", ["dial leg"], ["taken"]),
    ("before", [], []),
    ("while it is dialled", ["dial leg", "hang up leg", "hang up leg"], []),
])  # fmt: skip
async def test_nobody_is_rung_on_for_a_call_that_was_lost(
    lost: str, asked: list[str], stored: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await dialled(monkeypatch, lost) == (asked, stored)

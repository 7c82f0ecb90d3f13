"""Wishes for rooms: one question for many, an answer for each, and nothing left of who went or waited too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from django.db import OperationalError

from realtime import subscribing as tested
from realtime.connection import Connection
from realtime.protocol import Limits, Position
from realtime.reader import Room
from realtime.subscribing import Rooms, Subscribing

pytestmark = pytest.mark.asyncio


@dataclass(eq=False)
class Peer:
    """A socket as far as a wish knows it."""

    member: str
    gone: bool = False
    asked: set[str] = field(default_factory=set)
    rooms: dict[str, Any] = field(default_factory=dict)


class Desk:
    """A hub whose database answers when the test lets it; `questions` are what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, busy_s: float = 5.0) -> None:
        self.limits = replace(Limits(), busy_s=busy_s)
        self.loop = asyncio.get_running_loop()
        self.streams, self.wire, self.find_seats = self, self, None
        self.registered: set[tuple[str, str]] = set()
        self.questions: list[list[tuple[str, str]]] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.fails = False
        monkeypatch.setattr(tested, "read_rooms", lambda pairs, seats, limits: pairs)

    def register(self, conn: Peer, stream: str) -> None:
        self.registered.add((conn.member, stream))

    def forget(self, conn: Peer, stream: str) -> None:
        self.registered.discard((conn.member, stream))

    async def read(self, work: Callable[[], Sequence[tuple[str, Position]]]) -> list[Room | None]:
        asked = [(member, position.r) for member, position in work()]
        self.questions.append(asked)
        await self.answering.wait()
        if self.fails:
            raise OperationalError
        return cast("list[Room | None]", asked)


async def turns(subscribing: Subscribing, until: Callable[[], bool]) -> None:
    task = asyncio.ensure_future(subscribing.run())
    async with asyncio.timeout(5):
        while not until():
            await asyncio.sleep(0.005)
    task.cancel()


def wish(subscribing: Subscribing, peer: Peer, *streams: str, told: list[Rooms | None]) -> None:
    subscribing.open_rooms(cast("Connection", peer), [Position(stream) for stream in streams], told.append)


async def test_many_wishes_are_one_question_and_each_has_its_own_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    subscribing = Subscribing(desk)  # type: ignore[arg-type]  # a part of a hub
    told: dict[str, list[Any]] = {name: [] for name in "abc"}
    for name, own in told.items():
        wish(subscribing, Peer(name), f"{name}1", f"{name}2", told=own)
    await turns(subscribing, lambda: all(told.values()))
    assert len(desk.questions) == 1
    assert told == {name: [[(name, f"{name}1"), (name, f"{name}2")]] for name in "abc"}
    assert len(desk.registered) == 6


class Clock:
    """A loop whose time the test sets; it has one timer, as `Subscribing` has."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: tuple[float, Callable[[], None]] | None = None

    def time(self) -> float:
        return self.now

    def call_later(self, pause: float, work: Callable[[], None]) -> object:
        return self.call_at(self.now + pause, work)

    def call_at(self, at: float, work: Callable[[], None]) -> object:
        assert self.due is None, "a timer for each wish"
        self.due = (at, work)
        return self.due

    def call_soon(self, work: Callable[..., None], *about: Any) -> None:
        work(*about)

    def go_to(self, now: float) -> None:
        self.now = now
        while self.due is not None and self.due[0] <= now:
            (_, work), self.due = self.due, None
            work()


async def test_who_waits_too_long_is_told_so_once_and_is_registered_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, clock = Desk(monkeypatch, busy_s=5.0), Clock()
    desk.loop = clock  # type: ignore[assignment]  # as much of a loop as is asked for
    desk.answering.clear()
    subscribing = Subscribing(desk)  # type: ignore[arg-type]  # as above
    first: list[Rooms | None] = []
    second: list[Rooms | None] = []
    wish(subscribing, Peer("a"), "s", told=first)
    running = asyncio.ensure_future(subscribing.run())
    while not desk.questions:
        await asyncio.sleep(0)
    clock.go_to(3.0)
    wish(subscribing, Peer("b"), "s", told=second)  # its question waits behind the first
    clock.go_to(5.0)
    assert (first, second) == ([None], []) and desk.registered == {("b", "s")}
    clock.go_to(8.0)
    assert second == [None] and not desk.registered
    desk.answering.set()
    while subscribing._waiting:
        await asyncio.sleep(0.005)
    running.cancel()
    assert (first, second) == ([None], [None])
    assert desk.questions == [[("a", "s")]]  # for whom was given up nothing is asked


async def test_for_who_has_gone_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    subscribing = Subscribing(desk)  # type: ignore[arg-type]  # as above
    gone, stays = Peer("a", gone=True), Peer("b")
    told: list[Any] = []
    wish(subscribing, gone, "s", told=told)
    wish(subscribing, stays, "s", told=told)
    await turns(subscribing, lambda: len(told) == 2)
    assert desk.questions == [[("b", "s")]] and told == [None, [("b", "s")]] and desk.registered == {("b", "s")}


async def test_a_database_that_fails_is_told_to_all_who_asked_together(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    desk.fails = True
    subscribing = Subscribing(desk)  # type: ignore[arg-type]  # as above
    told: list[Any] = []
    for name in "ab":
        wish(subscribing, Peer(name), "s", told=told)
    await turns(subscribing, lambda: len(told) == 2)
    assert told == [None, None] and not desk.registered

"""The call loop itself: a slow carrier holds up nobody else, and a lost database connection is not kept."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from tests.voice.twilio_line import looping, wait_until
from voice import outbox
from voice.loop import Loop
from voice.models import Action

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def put(key: str, kind: str = "hangup") -> None:
    """Something to ask of a carrier that is nobody's call."""
    outbox.put(kind=kind, key=key, call=None, args={"carrier_id": key}, due_at=timezone.now())


def is_over(key: str) -> bool:
    """Whether it was claimed and settled."""
    return Action.objects.get(key=key).state not in ("waiting", "claimed")


@pytest.fixture
def perform(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the loop does with a claim here: settle it, and note by which connection."""
    by: list[int] = []

    def settle(action: Action) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_backend_pid()")
                by.append(cursor.fetchone()[0])
        outbox.settle(action, "done", timezone.now())

    monkeypatch.setattr("voice.loop.perform", settle)
    return by


def test_a_sweep_that_waits_for_its_carrier_holds_up_no_action_and_is_not_begun_twice(
    perform: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice.loop.SWEEP_S", 0.05)
    waiting, enough = threading.Event(), threading.Event()
    begun: list[Any] = []

    def slow(now: Any, stopped: Any) -> int:
        begun.append(now)
        waiting.set()
        enough.wait(20)
        return 0

    monkeypatch.setattr("voice.sweep.sweep", slow)
    with looping(2):
        assert waiting.wait(10)
        put("one")
        wait_until(lambda: is_over("one"))
        assert len(begun) == 1
        enough.set()


def test_a_sweep_that_fails_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice.loop.SWEEP_S", 0.05)
    begun: list[Any] = []

    def broken(now: Any, stopped: Any) -> int:
        begun.append(now)
        raise RuntimeError

    monkeypatch.setattr("voice.sweep.sweep", broken)
    with looping(2):
        wait_until(lambda: len(begun) > 2)


def test_a_loop_that_drains_waits_for_what_it_has_asked_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice.loop.TIMEOUT_S", 0.1)
    asking, enough = threading.Event(), threading.Event()

    def stuck(action: Action) -> None:
        asking.set()
        enough.wait(20)

    monkeypatch.setattr("voice.loop.perform", stuck)
    put("one")
    loop = Loop(1)
    loop.step()
    assert asking.wait(10)
    loop.drain()
    assert Action.objects.get(key="one").state == "claimed", "it is found again by its claim"
    enough.set()


@pytest.mark.parametrize("chore", ["voice.budgets.forget", "voice.number_timers.wait_alone", "voice.outbox.forget"])
def test_the_loop_does_what_no_request_asks_for(monkeypatch: pytest.MonkeyPatch, chore: str) -> None:
    done: list[Any] = []
    monkeypatch.setattr(chore, done.append)
    loop = Loop(1)
    loop.step()
    loop.drain()
    assert len(done) == 1


def test_a_carrier_that_is_slow_to_take_dials_holds_up_no_hang_up(monkeypatch: pytest.MonkeyPatch) -> None:
    enough, dialled = threading.Event(), list[str]()

    def slow_dials(action: Action) -> None:
        if action.kind == "dial":
            dialled.append(action.key)
            enough.wait(20)
        outbox.settle(action, "done", timezone.now())

    monkeypatch.setattr("voice.loop.perform", slow_dials)
    for n in range(5):
        put(f"dial {n}", "dial")
    with looping(2):
        wait_until(lambda: len(dialled) == 2)
        for n in range(9):
            put(f"hang-up {n}")
        put("unavailable", "prompt")
        wait_until(lambda: all(is_over(key) for key in (*(f"hang-up {n}" for n in range(9)), "unavailable")))
        assert len(dialled) == 2, "the threads that are kept for hang-ups dial nobody"
        enough.set()
        wait_until(lambda: all(is_over(f"dial {n}") for n in range(5)))


class Interrupted(threading.Event):
    """An event whose waiting is interrupted by a signal while the thread holds its lock."""

    def __init__(self, handler: Callable[[], None]) -> None:
        super().__init__()
        self.handler = handler
        self.came = False

    def wait(self, timeout: float | None = None) -> bool:
        with self._cond:  # type: ignore[attr-defined]  # CPython's own; `wait`, `set` and `clear` hold it
            self.came = True
            self.handler()
        return super().wait(timeout)


def test_a_signal_that_comes_while_the_loop_waits_or_wakes_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(1)
    event = Interrupted(loop.stop)
    monkeypatch.setattr(loop, "_freed", event)
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    thread.join(10)
    assert event.came and not thread.is_alive()


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no connection to lose")
def test_a_database_that_went_away_and_came_back_fails_no_action_of_later(perform: list[int]) -> None:
    with looping(1):
        put("one")
        wait_until(lambda: is_over("one"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY(%s)", [perform])
        put("two")
        wait_until(lambda: is_over("two"))
    assert perform[0] != perform[1]


@pytest.mark.timeout(30)
def test_a_loop_whose_parent_ended_before_it_had_started_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(os, "getppid", lambda: 1)  # as whoever was left behind is given to
    call_command("runcalls", "--with-parent", "4321")

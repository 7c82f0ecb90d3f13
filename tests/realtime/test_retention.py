"""Text goes after its time; numbers stay. What is unread or held stays too. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from realtime import holds, retention
from realtime.commands import SeatRef
from realtime.log import read_events, writing
from realtime.models import Event, Hold, Pulse, Purge, Revocation, Seat, Stream, Timer
from realtime.protocol import Limits, Position
from realtime.reader import read_rooms
from tests.realtime.conftest import Thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
Make = Callable[..., Thread]


@pytest.fixture(autouse=True)
def reading(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> set[str]:
    """Seats without any app: those named here have nobody any more. A consult is kept for ten days."""
    gone: set[str] = set()
    keeping = retention.Keeping(reading=lambda seats: set(seats) - gone)
    monkeypatch.setattr(retention, "keepings", lambda: [keeping])
    settings.CURBSIDE_KEEP_DAYS = {"consult": 10, "case": 20, "call": 0}
    return gone


@pytest.fixture
def ended(thread: Make) -> Callable[..., Thread]:
    """Makes a thread of two messages and an end, read by both, some days ago."""

    def make(kind: str = "consult", days: float = 11, read: int = 3) -> Thread:
        made = thread(kind)
        ts = int((timezone.now() - timedelta(days=days)).timestamp() * 1000)
        with writing(made.id) as log:
            log.append(made.id, "message", {"text": "first words"}, seat=made.seats[0], ts=ts)
            log.append(made.id, "message", {"text": "second words"}, seat=made.seats[1], ts=ts)
            log.append(made.id, "ended", {}, ts=ts)
            log.set_state(made.id, "final")
        Seat.objects.filter(stream=made.id).update(read_seq=read)
        return made

    return make


def run() -> Purge:
    return retention.purge(lambda run: None)


def said(made: Thread) -> list[dict[str, Any]]:
    return [event["d"] for event in read_events(made.id)]


GONE = [{"erased": True}, {"erased": True}, {}]
THERE = [{"text": "first words"}, {"text": "second words"}, {}]


def test_what_is_past_its_time_is_erased_and_the_numbers_stay(ended: Make) -> None:
    old, young = ended(), ended(days=9)
    done = run()
    assert (done.streams, done.events) == (1, 2) and done.ended_at is not None
    assert (said(old), said(young)) == (GONE, THERE)
    assert [event["s"] for event in read_events(old.id)] == [1, 2, 3]
    assert Stream.objects.get(pk=old.id).seq == 3


def test_a_client_that_resumes_over_it_finds_no_hole(ended: Make) -> None:
    made = ended()
    run()
    seat = SeatRef(made.seats[0], made.id, "Seat 0", "")
    [room] = read_rooms([("member", Position(made.id, p=0, e=None))], lambda pairs: [seat], Limits())
    assert room is not None and room.recovered and [seq for seq, _ in room.missed] == [1, 2, 3]
    assert b"words" not in b"".join(frame for _, frame in room.missed)


def test_each_kind_of_thread_has_a_time_of_its_own_and_none_at_all_is_kept(ended: Make) -> None:
    case, old_case, call = ended("case", 15), ended("case", 21), ended("call", 5000)
    run()
    assert (said(case), said(old_case), said(call)) == (THERE, GONE, THERE)


def test_a_thread_that_somebody_may_still_write_to_is_left_alone(ended: Make) -> None:
    made = ended(days=400)
    Stream.objects.filter(pk=made.id).update(state="closed")
    assert run().streams == 0 and said(made) == THERE


def test_what_is_unread_stays_until_it_was_read_or_nobody_can_read_it(ended: Make, reading: set[str]) -> None:
    made = ended(read=1)
    assert run().kept_unread == 1 and said(made) == THERE
    Seat.objects.filter(pk=made.seats[0]).update(read_seq=2)
    assert run().kept_unread == 0 and said(made) == GONE
    left, deserted = ended(read=0), ended(read=0)
    Seat.objects.filter(stream=left.id).update(left_seq=2)
    reading |= set(deserted.seats)
    assert (run().streams, said(left), said(deserted)) == (2, GONE, GONE)


def test_a_second_run_finds_nothing_to_do(ended: Make) -> None:
    made = ended()
    run()
    at = Stream.objects.get(pk=made.id).erased_at
    again = run()
    assert (again.streams, again.events) == (0, 0) and Stream.objects.get(pk=made.id).erased_at == at


def test_a_run_that_was_broken_off_goes_on_where_it_was(ended: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    threads = [ended() for _ in range(5)]

    def break_off(run: Purge) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retention.purge(break_off)
    assert sum(said(made) == GONE for made in threads) == 2
    assert run().streams == 3 and all(said(made) == GONE for made in threads)
    assert [row.ended_at is None for row in Purge.objects.order_by("pk")] == [True, False]


def test_a_message_that_its_author_took_away_stays_what_it_was(thread: Make) -> None:
    made = thread("consult")
    with writing(made.id) as log:
        log.append(made.id, "message", {"text": "words"}, seat=made.seats[0], ts=1)
        log.rewrite(made.id, 1, None, seat=made.seats[0])
        log.set_state(made.id, "final")
    Event.objects.filter(stream=made.id).update(ts=1)
    assert run().events == 0 and said(made)[0] == {"redacted": True}


# --- legal hold --------------------------------------------------------------------------------------------------


def test_a_hold_beats_the_retention_time_until_it_is_lifted(ended: Make) -> None:
    held, free = ended(), ended()
    hold = holds.place(held.id, by="Counsel", why="Claim 14")
    done = run()
    assert (done.kept_held, said(held), said(free)) == (1, THERE, GONE)
    holds.lift(hold.pk, by="Counsel", why="Settled")
    run()
    assert said(held) == GONE
    row = Hold.objects.get()
    assert (row.placed_by, row.why, row.lifted_by, row.lifted_why) == ("Counsel", "Claim 14", "Counsel", "Settled")


def test_a_hold_on_everything_holds_everything_and_one_with_an_end_ends(ended: Make) -> None:
    made = ended()
    holds.place(None, by="Counsel", why="Inquiry", until=timezone.now() + timedelta(days=1))
    assert run().kept_held == 1 and said(made) == THERE
    Hold.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert run().kept_held == 0 and said(made) == GONE


def test_a_hold_wants_a_person_a_reason_and_a_thread_whose_text_is_there(ended: Make) -> None:
    made = ended()
    run()
    wrong = ((made.id, "Counsel", "Late"), ("nowhere", "Counsel", "x"), (None, " ", "x"), (None, "x", ""))
    for stream, by, why in wrong:
        with pytest.raises(holds.HoldError):
            holds.place(stream, by=by, why=why)
    with pytest.raises(holds.HoldError):
        holds.lift(4711, by="Counsel", why="none")


def command(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_holds_are_placed_lifted_and_listed_from_the_command_line(ended: Make) -> None:
    made = ended()
    command("hold", "place", "--thread", made.id, "--by", "Counsel", "--why", "Claim 14", "--until", "2099-01-31")
    number = str(Hold.objects.get().pk)
    assert "stands until 2099-01-31" in command("hold", "list")
    assert "1 kept under a hold" in command("purge")
    command("hold", "lift", number, "--by", "Judge", "--why", "Settled")
    assert "by Judge: Settled" in command("hold", "list")
    with pytest.raises(CommandError):
        command("hold", "lift", number, "--by", "Judge", "--why", "Again")


# --- rows that nothing needs -------------------------------------------------------------------------------------


def test_rows_that_had_their_day_go_and_others_stay() -> None:
    now = timezone.now()
    for days in (0, 1):
        Revocation.objects.create(subject="s", revoked_at=now - timedelta(days=days))
    pulse(now - timedelta(hours=2), seen_at=now)
    pulse(now - timedelta(days=9), seen_at=now - timedelta(hours=2))
    for kind, days in (("due", 1), ("forsaken", 31)):
        Timer.objects.create(kind=kind, subject="x", due_at=now - timedelta(days=days))
    assert run().rows == 3
    assert Timer.objects.get().kind == "due"
    assert (Revocation.objects.count(), Pulse.objects.count()) == (1, 1)


def test_after_a_long_rest_a_timer_is_late_and_not_forsaken() -> None:
    Timer.objects.create(kind="ring", subject="x", due_at=timezone.now() - timedelta(days=90))
    assert run().rows == 0 and Timer.objects.count() == 1


def pulse(began_at: datetime, seen_at: datetime) -> None:
    Pulse.objects.create(name="web", pid=1, began_at=began_at, seen_at=seen_at, state="ready", samples=[])


# --- the file itself ---------------------------------------------------------------------------------------------


def test_nothing_of_it_is_left_in_the_files_of_sqlite(ended: Make) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL overwrites its pages in its own time")
    name = connection.settings_dict["NAME"]
    made = ended()

    def files() -> bytes:
        found = b""
        for end in ("", "-wal"):
            try:
                found += Path(f"{name}{end}").read_bytes()
            except FileNotFoundError:
                continue
        return found

    assert b"second words" in files()
    command("purge")
    assert said(made) == GONE
    assert b"second words" not in files() and b"first words" not in files()

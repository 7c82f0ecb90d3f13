"""Group commit: what is reported as stored is stored, once, in each sender's order, and refused one by one."""

import queue
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection

from realtime.log import SEALED_KINDS, digest_of, writing
from realtime.models import Event, Seat, Stream
from realtime.protocol import Refusal, refuse
from realtime.storing import Outcome, Pending, Stored
from realtime.writer import Writer
from tests.realtime.conftest import Thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
Make = Callable[..., Thread]


def gate(d: dict[str, Any]) -> dict[str, Any]:
    if "forbidden" in d["text"]:
        raise Refusal("gate", "No.")
    return {"text": d["text"]}


class Desk:
    """A writer and what it reported."""

    def __init__(self, most: int = 1_000) -> None:
        self.reported: queue.Queue[Outcome] = queue.Queue()
        guard = threading.Lock() if connection.vendor == "sqlite" else nullcontext()
        self.writer = Writer({"message": gate}, self._report, guard, most=most)

    def _report(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.reported.put(outcome)

    def put(self, thread: Thread, text: str, *, n: int = 0, c: str = "") -> Pending:
        d = {"text": text}
        pending = Pending(thread.id, thread.seats[n], f"Seat {n}", c or str(uuid.uuid4()), "message", d,
                          digest_of("message", d))
        self.writer.put(pending)
        return pending

    def answers(self, count: int) -> list[Outcome]:
        return [self.reported.get(timeout=10) for _ in range(count)]


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    if made.writer._thread.is_alive():
        made.writer.stop()


def test_what_waits_is_stored_together_in_order(thread: Make, desk: Desk) -> None:
    made, other = thread(), thread()
    put = [desk.put(made if n % 2 else other, str(n)) for n in range(40)]
    desk.writer.start()
    answers = desk.answers(40)
    assert [pending for pending, _ in answers] == put
    assert desk.writer.batches == 1
    for stream in (made, other):
        seqs = [out.seq for pending, out in answers if isinstance(out, Stored) and pending.stream == stream.id]
        assert seqs == list(range(1, 21))
        assert Stream.objects.get(pk=stream.id).seq == 20
    stored = Event.objects.filter(stream=made.id).order_by("seq").values_list("body", flat=True)
    assert [bytes(body) for body in stored] == [b'{"text":"%d"}' % n for n in range(1, 40, 2)]


def test_a_repeat_gets_the_same_number_and_other_content_is_a_conflict(thread: Make, desk: Desk) -> None:
    made = thread()
    desk.writer.start()
    for text in ("one", "one", "two"):
        desk.put(made, text, c="c1")
        desk.put(made, "between")
    outcomes: dict[str, list[Stored | Refusal]] = {}
    for pending, outcome in desk.answers(6):
        outcomes.setdefault(pending.d["text"], []).append(outcome)
    again, first = sorted(outcomes["one"], key=lambda outcome: isinstance(outcome, Stored) and bool(outcome.frame))
    assert isinstance(first, Stored)
    if isinstance(again, Refusal):  # both came in one batch: the second is told to come again
        assert (again.code, again.retry) == ("busy", True)
        desk.put(made, "one", c="c1")
        again = desk.answers(1)[0][1]
    assert isinstance(again, Stored)
    assert (again.seq, again.frame) == (first.seq, None)
    (other,) = outcomes["two"]
    assert isinstance(other, Refusal)
    assert other.code in ("conflict", "busy")
    assert Event.objects.filter(stream=made.id, c="c1").count() == 1
    assert len([out for out in outcomes["between"] if isinstance(out, Stored)]) == 3


def test_single_items_of_a_batch_are_refused_and_the_rest_is_stored(thread: Make, desk: Desk) -> None:
    made, closed, left = thread(), thread(), thread()
    with writing(closed.id, left.id) as log:
        log.set_state(closed.id, "closed")
        log.remove_seat(left.seats[0], log.append(left.id, "consult.left", {}, seat=left.seats[0]))
    desk.put(closed, "x")
    desk.put(left, "x")
    desk.put(made, "forbidden")
    desk.put(made, "fine")
    desk.put(Thread("nowhere", ["nobody"]), "x")
    desk.writer.start()
    codes = {(pending.stream, pending.d["text"]): outcome.code if isinstance(outcome, Refusal) else outcome.seq
             for pending, outcome in desk.answers(5)}
    assert codes == {(closed.id, "x"): "closed", (left.id, "x"): "not_found", (made.id, "forbidden"): "gate",
                     (made.id, "fine"): 1, ("nowhere", "x"): "not_found"}


def test_a_full_queue_is_busy_at_once(thread: Make) -> None:
    made, desk = thread(), Desk(most=2)
    desk.put(made, "1")
    desk.put(made, "2")
    with pytest.raises(Refusal) as refusal:
        desk.put(made, "3")
    assert (refusal.value.code, refusal.value.retry) == ("busy", True)


def test_what_was_given_up_before_its_turn_is_not_stored(thread: Make, desk: Desk) -> None:
    made = thread()
    desk.put(made, "given up").dropped = True
    desk.put(made, "kept")
    desk.writer.start()
    ((pending, outcome),) = desk.answers(1)
    assert (pending.d["text"], isinstance(outcome, Stored)) == ("kept", True)
    assert Event.objects.filter(stream=made.id).count() == 1


def test_stopping_stores_what_waits(thread: Make) -> None:
    made, desk = thread(), Desk()
    for n in range(600):
        desk.put(made, str(n))
    desk.writer.start()
    desk.writer.stop()
    assert Event.objects.filter(stream=made.id).count() == 600


def test_a_database_that_fails_is_busy_and_nothing_is_half_stored(thread: Make, desk: Desk,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from realtime import sql, storing

    made = thread()

    def fail(numbers: dict[str, int]) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:  # the events are in, and what follows them fails
        patch.setattr(sql, "set_heads", fail)
        patch.setattr(storing, "HEADS", "SELECT 1 / 0, %(ids)b::text[], %(seqs)b::int8[]")
        desk.put(made, "lost")
        desk.writer.start()
        ((_, outcome),) = desk.answers(1)
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.retry) == ("busy", True)
    assert not Event.objects.filter(stream=made.id).exists()
    desk.put(made, "again")
    ((_, stored),) = desk.answers(1)
    assert isinstance(stored, Stored)
    assert stored.seq == 1


def test_a_database_that_fails_while_a_repeat_is_looked_up_ends_no_thread(thread: Make, desk: Desk,
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from realtime import sql

    made, c = thread(), str(uuid.uuid4())
    desk.writer.start()
    desk.put(made, "once", c=c)
    desk.answers(1)

    def fail(*of: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(sql, "find", fail)
        desk.put(made, "once", c=c)
        ((_, busy),) = desk.answers(1)
    assert isinstance(busy, Refusal) and busy.code == "busy"
    desk.put(made, "once", c=c)
    ((_, stored),) = desk.answers(1)
    assert isinstance(stored, Stored) and stored.seq == 1


def test_two_writers_with_the_same_c_at_once_store_it_once(thread: Make) -> None:
    made = thread()
    desks = [Desk(), Desk()]
    for desk in desks:
        desk.writer.start()
    for round_ in range(20):
        c = str(uuid.uuid4())
        for desk in desks:
            desk.put(made, f"round {round_}", c=c)
        outcomes = [desk.answers(1)[0][1] for desk in desks]
        seqs = {outcome.seq if isinstance(outcome, Stored) else None for outcome in outcomes}
        assert len(seqs) == 1
        assert None not in seqs
    for desk in desks:
        desk.writer.stop()
    assert Event.objects.filter(stream=made.id).count() == 20


def test_a_writer_and_a_service_on_one_stream_leave_no_hole(thread: Make, desk: Desk) -> None:
    made = thread()
    desk.writer.start()
    for n in range(30):
        desk.put(made, str(n))
        with desk.writer._guard, writing(made.id) as log:
            log.append(made.id, "consult.invited", {}, seat=made.seats[1])
    desk.answers(30)
    assert list(Event.objects.filter(stream=made.id).order_by("seq").values_list("seq", flat=True)) == list(
        range(1, 61))
    assert Seat.objects.filter(stream=made.id).count() == 2
    assert refuse("busy").retry


@pytest.mark.parametrize("kind", sorted(SEALED_KINDS))
def test_no_message_enters_a_stream_that_services_alone_write_sealed(thread: Make, desk: Desk, kind: str) -> None:
    made = thread()
    Stream.objects.filter(pk=made.id).update(kind=kind)
    desk.put(made, "in the clear")
    desk.writer.start()
    ((_, outcome),) = desk.answers(1)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "not_found"
    assert not Event.objects.filter(stream=made.id).exists()

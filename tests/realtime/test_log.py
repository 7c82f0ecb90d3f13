"""The log as services use it: numbers without holes, once per `c`, edits that leave no text behind, seats that end."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from realtime import bus
from realtime.commands import SeatRef
from realtime.log import REDACTED, create_stream, digest_of, read_events, writing
from realtime.models import Event, Seat, Stream
from realtime.protocol import Limits, Position, Refusal
from realtime.reader import read_rooms, read_tails
from tests.realtime.conftest import Thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
Make = Callable[..., Thread]


def say(thread: Thread, text: str, n: int = 0, **more: Any) -> int:
    with writing(thread.id) as log:
        return log.append(thread.id, "message", {"text": text}, seat=thread.seats[n], **more)


def test_numbers_start_at_one_and_have_no_holes(thread: Make) -> None:
    made = thread()
    assert [say(made, str(n)) for n in range(3)] == [1, 2, 3]
    assert [event["s"] for event in read_events(made.id)] == [1, 2, 3]


def test_a_transaction_that_fails_uses_no_number_and_rings_nobody(thread: Make, rings: list[bus.Ring]) -> None:
    made = thread()
    with pytest.raises(RuntimeError), writing(made.id) as log:
        log.append(made.id, "message", {"text": "lost"})
        raise RuntimeError
    assert say(made, "kept") == 1
    assert rings == [(made.id, 1)]


def test_nobody_hears_of_an_event_before_it_is_committed(thread: Make, rings: list[bus.Ring]) -> None:
    made = thread()
    with transaction.atomic():
        say(made, "one")
        assert rings == []
    assert rings == [(made.id, 1)]


def test_the_same_c_of_a_seat_is_stored_once(thread: Make) -> None:
    made = thread()
    say(made, "one", c="c1")
    with pytest.raises(IntegrityError):
        say(made, "one", c="c1")
    assert say(made, "another's", 1, c="c1") == 2


def test_many_writers_at_once_leave_no_hole_and_no_double(thread: Make) -> None:
    made = thread()

    def write(n: int) -> None:
        try:
            for k in range(10):
                say(made, f"{n}-{k}", n % 2)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for running in threads:
        running.start()
    for running in threads:
        running.join()
    assert list(Event.objects.filter(stream=made.id).order_by("seq").values_list("seq", flat=True)) == list(
        range(1, 61))
    assert Stream.objects.get(pk=made.id).seq == 60


def test_an_edit_shows_the_new_text_and_keeps_the_old_one_nowhere(thread: Make) -> None:
    made = thread()
    say(made, "planted secret")
    with writing(made.id) as log:
        assert log.rewrite(made.id, 1, {"text": "better"}, seat=made.seats[0]) == 2
    first, second = read_events(made.id)
    assert first["d"] == {"text": "better"}
    assert (second["k"], second["d"]) == ("edit", {"target": 1, "text": "better"})
    assert not any(b"planted" in bytes(body) for body in Event.objects.values_list("body", flat=True))


def test_a_removed_text_is_served_to_no_one_not_even_by_an_earlier_edit(thread: Make) -> None:
    made = thread()
    say(made, "planted secret")
    with writing(made.id) as log:
        log.rewrite(made.id, 1, {"text": "planted again"}, seat=made.seats[0])
        log.rewrite(made.id, 1, None, seat=made.seats[0])
    assert [event["d"] for event in read_events(made.id)] == [
        {"redacted": True}, {"target": 1, "redacted": True}, {"target": 1}]
    assert bytes(Event.objects.get(stream=made.id, seq=1).body) == REDACTED


@pytest.mark.parametrize("who", [1, 0])
def test_only_its_author_rewrites_a_message_and_only_while_it_is_there(thread: Make, who: int) -> None:
    made = thread()
    say(made, "mine")
    with writing(made.id) as log:
        if who == 0:
            log.rewrite(made.id, 1, None, seat=made.seats[0])
        with pytest.raises(Refusal) as refusal:
            log.rewrite(made.id, 1, {"text": "changed"}, seat=made.seats[who])
    assert refusal.value.code == "not_found"


def test_an_inbox_is_sealed_at_rest_and_open_to_its_reader(thread: Make) -> None:
    made = thread("inbox")
    with writing(made.id) as log:
        log.append(made.id, "offer.made", {"question": "planted question"}, seat=made.seats[0])
    assert b"planted" not in bytes(Event.objects.get(stream=made.id).body)
    assert read_events(made.id)[0]["d"] == {"question": "planted question"}


def test_writing_to_what_does_not_exist_is_not_found() -> None:
    with pytest.raises(Refusal) as refusal, writing("nowhere"):
        pass
    assert refusal.value.code == "not_found"


def test_pages_go_backwards_and_forwards(thread: Make) -> None:
    made = thread()
    for n in range(1, 8):
        say(made, str(n))
    assert [e["s"] for e in read_events(made.id, limit=3, newest_first=True)] == [5, 6, 7]
    assert [e["s"] for e in read_events(made.id, before=5, limit=3, newest_first=True)] == [2, 3, 4]
    assert [e["s"] for e in read_events(made.id, after=2, limit=2)] == [3, 4]


def find(thread: Thread) -> Any:
    ref = SeatRef(thread.seats[0], thread.id, "Seat 0", "")
    return lambda pairs: [ref if stream == thread.id else None for _, stream in pairs]


@pytest.mark.parametrize(("p", "e", "recovered", "missed"), [
    (0, None, True, [1, 2, 3]), (2, "same", True, [3]), (3, "same", True, []), (None, None, True, []),
    (4, "same", False, []), (1, "another", False, []), (3, "another", False, []),
])
def test_a_position_is_recovered_whole_or_not_at_all(
    thread: Make, p: int | None, e: str | None, recovered: bool, missed: list[int]) -> None:
    made = thread()
    for n in range(3):
        say(made, str(n))
    epoch = Stream.objects.get(pk=made.id).epoch if e == "same" else e
    (room,) = read_rooms([("member", Position(made.id, p, epoch))], find(made), Limits())
    assert room is not None
    assert (room.recovered, [seq for seq, _ in room.missed], room.head) == (recovered, missed, 3)


@pytest.mark.parametrize("limits", [Limits(resume_events=2), Limits(resume_bytes=300)])
def test_too_much_missing_is_not_recovered_by_the_socket(thread: Make, limits: Limits) -> None:
    made = thread()
    for _ in range(3):
        say(made, "x" * 100)
    (room,) = read_rooms([("member", Position(made.id, 0))], find(made), limits)
    assert room is not None
    assert (room.recovered, room.missed) == (False, ())


def test_many_subscriptions_cost_a_few_queries(thread: Make, django_assert_max_num_queries: Any) -> None:
    all_made = [thread() for _ in range(20)]
    for made in all_made:
        say(made, "hej")
    refs = {made.id: SeatRef(made.seats[0], made.id, "n", "") for made in all_made}
    wanted = [("member", Position(made.id, 0)) for made in all_made]
    with django_assert_max_num_queries(2):
        rooms = read_rooms(wanted, lambda pairs: [refs[stream] for _, stream in pairs], Limits())
    assert all(room is not None and len(room.missed) == 1 for room in rooms)


def test_a_stream_that_is_not_ours_and_one_that_is_not_are_answered_alike(thread: Make) -> None:
    made = thread()
    wanted = [("member", Position(create_stream("consult"))), ("member", Position("nowhere"))]
    assert read_rooms(wanted, find(made), Limits()) == [None, None]


def test_a_tail_says_which_seat_an_event_has_ended(thread: Make) -> None:
    made = thread()
    with writing(made.id) as log:
        seq = log.append(made.id, "consult.left", {}, seat=made.seats[0])
        log.remove_seat(made.seats[0], seq)
        log.append(made.id, "message", {"text": "later"}, seat=made.seats[1])
    assert [(tail.seq, tail.left) for tail in read_tails([(made.id, 0)])] == [(1, made.seats[0]), (2, None)]
    assert Seat.objects.get(pk=made.seats[0]).left_seq == 1


def test_the_digest_of_a_command_does_not_depend_on_the_order_of_its_keys() -> None:
    assert digest_of("k", {"a": 1, "b": 2}) == digest_of("k", {"b": 2, "a": 1})
    assert digest_of("k", {"a": 1}) != digest_of("k", {"a": 2})
    assert digest_of("k", {}) != digest_of("l", {})

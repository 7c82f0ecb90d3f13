"""The hub's streams against a model: whatever the order of rings, frames, joins and losses, each socket sees pos+1."""

from collections.abc import Callable
from typing import Any, cast

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from realtime.commands import SeatRef
from realtime.connection import Connection
from realtime.streams import HELD_BYTES, HELD_S, Streams

STREAM = "stream"


class FakeConnection:
    """A socket that keeps what it was sent."""

    def __init__(self, seat: str) -> None:
        self.seat = SeatRef(seat, STREAM, "name", "")
        self.rooms: dict[str, SeatRef] = {}
        self.seen: list[int] = []
        self.since: int | None = None
        self.dismissed = False

    def push(self, frame: Any) -> None:
        self.seen += map(int, frame.data.split(b"\n"))

    def dismiss(self, code: Any) -> None:
        self.dismissed = True


class StreamsMachine(RuleBasedStateMachine):
    """A log that only grows, and one process that hears of it in any order, doubled, late or never."""

    @initialize()
    def begin(self) -> None:
        self.head = 0
        self.behind: set[str] = set()
        self.removed: list[FakeConnection] = []
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.streams = Streams(self.behind.add, lambda conn, stream: self._removed(cast("Any", conn)),
                               clock=lambda: self.now, later=self._later, crowd=2)
        self.joining: list[tuple[FakeConnection, int, int]] = []
        self.live: list[FakeConnection] = []
        self.undelivered: list[int] = []
        self.seats = 0
        self.read = 0
        self.ended: dict[str, int] = {}

    def _removed(self, conn: FakeConnection) -> None:
        self.removed.append(conn)
        conn.rooms.pop(STREAM)
        self.streams.forget(cast("Connection", conn), STREAM)
        if conn in self.live:
            self.live.remove(conn)

    def _later(self, pause: float, work: Callable[[], None]) -> None:
        assert 0 < pause <= HELD_S + 1e-9
        self.timers.append((self.now + pause, work))

    @rule(ms=st.integers(1, 30))
    def time_passes(self, ms: int) -> None:
        self.now += ms / 1000
        due = [work for at, work in self.timers if at <= self.now]
        self.timers = [(at, work) for at, work in self.timers if at > self.now]
        for work in due:
            work()

    @rule()
    def an_event_is_committed(self) -> None:
        self.head += 1
        self.undelivered.append(self.head)

    @rule(data=st.data())
    def the_writer_hands_over_any_of_what_is_new(self, data: Any) -> None:
        if self.undelivered:
            seq = self.undelivered.pop(data.draw(st.integers(0, len(self.undelivered) - 1)))
            self.streams.fan_out(STREAM, seq, str(seq).encode())

    @rule(seq=st.integers(1, 30))
    def a_ring_comes_true_stale_or_doubled(self, seq: int) -> None:
        self.streams.rung([(STREAM, min(seq, self.head))])

    @rule()
    def a_ring_is_lost(self) -> None:
        self.undelivered.clear()

    @rule()
    def the_tail_is_read(self) -> None:
        self.behind.clear()
        for stream, after in self.streams.behind([STREAM]):
            for seq in range(after + 1, self.head + 1):
                self.streams.fan_out(stream, seq, str(seq).encode())

    @rule(at=st.integers(0, 30))
    def a_socket_asks_for_the_stream(self, at: int) -> None:
        self.seats += 1
        conn = FakeConnection(f"seat{self.seats}")
        self.streams.register(cast("Connection", conn), STREAM)
        self.joining.append((conn, min(at, self.head), self.head))

    @rule(data=st.data())
    def a_socket_is_answered_with_what_was_read_then_or_later(self, data: Any) -> None:
        if not self.joining:
            return
        conn, pos, read = self.joining.pop(0)
        read = max(read, self.read)  # one thread reads, in the order of asking
        ended = self.ended.get(conn.seat.id)  # its seat was found before that
        head = data.draw(st.integers(min(read, self.head if ended is None else ended - 1),
                                     self.head if ended is None else ended - 1))
        self.read = head
        conn.since = pos
        conn.rooms[STREAM] = conn.seat
        self.live.append(conn)
        missed = [str(seq).encode() for seq in range(pos + 1, head + 1)]
        assert self.streams.step_in(cast("Connection", conn), STREAM, "epoch", head, missed)

    @rule(data=st.data())
    def a_socket_goes(self, data: Any) -> None:
        if self.live:
            conn = self.live.pop(data.draw(st.integers(0, len(self.live) - 1)))
            self.streams.forget(cast("Connection", conn), STREAM)

    @rule(data=st.data())
    def a_seat_is_ended_by_the_next_event(self, data: Any) -> None:
        self.the_audit_finds_what_was_lost()
        self.undelivered.clear()
        sitting = self.live + [conn for conn, _, _ in self.joining if conn.seat.id not in self.ended]
        if not self.live or not sitting:
            return
        conn = data.draw(st.sampled_from(sitting))
        self.head += 1
        self.ended[conn.seat.id] = self.head
        was_live = conn in self.live
        self.streams.fan_out(STREAM, self.head, str(self.head).encode(), left=conn.seat.id)
        if was_live:
            assert conn.seen[-1] == self.head
            assert conn in self.removed

    @rule()
    def the_audit_finds_what_was_lost(self) -> None:
        self.streams.rung([(STREAM, self.head)])
        self.the_tail_is_read()
        for conn in self.live:
            assert conn.since is not None
            stands = (conn.seen or [conn.since])[-1]
            assert stands == self.streams.heads([STREAM])[STREAM], "a heartbeat says how far everybody was sent"
        self.time_passes(ms=21)
        for conn in self.live:
            assert conn.since is not None
            assert (conn.seen or [conn.since])[-1] == self.head, "after an audit everybody stands at the head"

    @invariant()
    def everybody_sees_strictly_the_next_number(self) -> None:
        for conn in [*self.live, *self.removed]:
            assert conn.since is not None
            assert conn.seen == list(range(conn.since + 1, conn.since + 1 + len(conn.seen)))

    @invariant()
    def nothing_later_reaches_a_seat_that_has_ended(self) -> None:
        for conn in [*self.live, *self.removed]:
            assert conn.seen[-1:] <= [self.ended.get(conn.seat.id, self.head)]

    @invariant()
    def nobody_is_sent_away(self) -> None:
        assert not any(conn.dismissed for conn in [*self.live, *self.removed])

    @invariant()
    def nothing_is_kept_of_a_stream_that_nobody_reads(self) -> None:
        if not self.live and not self.joining:
            assert not self.streams.known


class Crowd:
    """Two live sockets, for whom a stream of two is a crowd; `writes` counts what was written to the first."""

    def __init__(self) -> None:
        self.now = 10.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.streams = Streams(lambda stream: None, lambda conn, stream: None, clock=lambda: self.now,
                               later=lambda pause, work: self.timers.append((self.now + pause, work)), crowd=2)
        self.writes: list[bytes] = []
        for seat in ("one", "two"):
            conn = FakeConnection(seat)
            conn.rooms[STREAM] = conn.seat
            conn.push = (lambda frame: self.writes.append(frame.data)) if seat == "one" else lambda frame: None  # type: ignore[method-assign]
            self.streams.register(cast("Connection", conn), STREAM)
            self.streams.step_in(cast("Connection", conn), STREAM, "epoch", 0, [])

    def say(self, *frames: bytes) -> None:
        """The next events."""
        for frame in frames:
            self.streams.fan_out(STREAM, (self.streams.known[STREAM].head or 0) + 1, frame)


def test_a_crowd_gets_the_first_event_at_once_and_what_follows_it_in_one_message() -> None:
    crowd = Crowd()
    crowd.say(b"1", b"2", b"3")
    assert crowd.writes == [b"1"]
    [(at, work)] = crowd.timers
    assert at == 10.0 + HELD_S
    work()
    assert crowd.writes == [b"1", b"2\n3"]
    crowd.now = 10.0 + 3 * HELD_S
    crowd.say(b"4")
    assert crowd.writes[2:] == [b"4"], "a stream that is not hot keeps nothing back"


def test_what_was_kept_back_is_sent_in_messages_of_bounded_size() -> None:
    crowd = Crowd()
    frame = b"x" * (HELD_BYTES // 2 - 10)
    crowd.say(b"1", *[frame] * 5)
    crowd.timers[0][1]()
    assert [len(data) // (HELD_BYTES // 2 - 10) for data in crowd.writes[1:]] == [2, 2, 1]


def test_a_reader_that_is_too_slow_leaves_while_it_is_written_to_and_nobody_behind_it_misses_anything() -> None:
    for leaves_by_itself in (False, True):
        crowd = Crowd()
        [slow] = [conn for conn in crowd.streams.known[STREAM].live if conn.seat.id == "two"]  # type: ignore[attr-defined]  # a fake
        third = FakeConnection("three")
        third.rooms[STREAM] = third.seat
        crowd.streams.register(cast("Connection", third), STREAM)
        crowd.streams.step_in(cast("Connection", third), STREAM, "epoch", 0, [])
        crowd.say(b"1", b"2", b"3")
        slow.push = lambda frame, slow=slow, crowd=crowd: crowd.streams.forget(slow, STREAM)  # type: ignore[misc,method-assign]
        if leaves_by_itself:
            crowd.streams.forget(slow, STREAM)
        else:
            crowd.timers[0][1]()
        assert crowd.writes == [b"1", b"2\n3"] and third.seen == [1, 2, 3]
        assert slow not in crowd.streams.known[STREAM].live
        crowd.say(b"4")
        crowd.timers[-1][1]()
        assert third.seen[-1] == 4 and crowd.writes[-1] == b"4"


StreamsMachine.TestCase.settings = hypothesis_settings(max_examples=150, stateful_step_count=40, deadline=None)
TestStreams = StreamsMachine.TestCase

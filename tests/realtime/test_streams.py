"""The hub's streams against a model: whatever the order of rings, frames, joins and losses, each socket sees pos+1."""

from typing import Any, cast

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from realtime.commands import SeatRef
from realtime.connection import Connection
from realtime.streams import Streams

STREAM = "stream"


class FakeConnection:
    """A socket that keeps what it was sent."""

    def __init__(self, seat: str) -> None:
        self.rooms: dict[str, SeatRef] = {STREAM: SeatRef(seat, STREAM, "name", "")}
        self.seen: list[int] = []
        self.since: int | None = None
        self.dismissed = False

    def push(self, frame: Any) -> None:
        self.seen.append(int(frame.data))

    def dismiss(self, code: Any) -> None:
        self.dismissed = True


class StreamsMachine(RuleBasedStateMachine):
    """A log that only grows, and one process that hears of it in any order, doubled, late or never."""

    @initialize()
    def begin(self) -> None:
        self.head = 0
        self.behind: set[str] = set()
        self.removed: list[FakeConnection] = []
        self.streams = Streams(self.behind.add, lambda conn, stream: self._removed(cast(Any, conn)))
        self.joining: list[tuple[FakeConnection, int, int]] = []
        self.live: list[FakeConnection] = []
        self.undelivered: list[int] = []

    def _removed(self, conn: FakeConnection) -> None:
        self.removed.append(conn)
        self.streams.forget(cast(Connection, conn), STREAM)
        self.live.remove(conn)

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
        conn = FakeConnection(f"seat{len(self.live)}")
        self.streams.register(cast(Connection, conn), STREAM)
        self.joining.append((conn, min(at, self.head), self.head))

    @rule(data=st.data())
    def a_socket_is_answered_with_what_was_read_then_or_later(self, data: Any) -> None:
        if not self.joining:
            return
        conn, pos, read = self.joining.pop(data.draw(st.integers(0, len(self.joining) - 1)))
        head = data.draw(st.integers(read, self.head))
        conn.since = pos
        missed = [str(seq).encode() for seq in range(pos + 1, head + 1)]
        assert self.streams.step_in(cast(Connection, conn), STREAM, "epoch", head, missed)
        self.live.append(conn)

    @rule(data=st.data())
    def a_socket_goes(self, data: Any) -> None:
        if self.live:
            conn = self.live.pop(data.draw(st.integers(0, len(self.live) - 1)))
            self.streams.forget(cast(Connection, conn), STREAM)

    @rule(data=st.data())
    def a_seat_is_ended_by_the_next_event(self, data: Any) -> None:
        self.the_audit_finds_what_was_lost()
        self.undelivered.clear()
        if not self.live:
            return
        conn = data.draw(st.sampled_from(self.live))
        self.head += 1
        self.streams.fan_out(STREAM, self.head, str(self.head).encode(), left=conn.rooms[STREAM].id)
        assert conn.seen[-1] == self.head
        assert conn in self.removed

    @rule()
    def the_audit_finds_what_was_lost(self) -> None:
        self.streams.rung([(STREAM, self.head)])
        self.the_tail_is_read()
        for conn in self.live:
            assert conn.since is not None
            assert (conn.seen or [conn.since])[-1] == self.head, "after an audit everybody stands at the head"

    @invariant()
    def everybody_sees_strictly_the_next_number(self) -> None:
        for conn in [*self.live, *self.removed]:
            assert conn.since is not None
            assert conn.seen == list(range(conn.since + 1, conn.since + 1 + len(conn.seen)))

    @invariant()
    def nothing_is_kept_of_a_stream_that_nobody_reads(self) -> None:
        if not self.live and not self.joining:
            assert not self.streams.known


StreamsMachine.TestCase.settings = hypothesis_settings(max_examples=150, stateful_step_count=40, deadline=None)
TestStreams = StreamsMachine.TestCase

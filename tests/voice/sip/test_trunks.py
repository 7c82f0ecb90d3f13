"""Several trunks: the next is asked where one cannot be reached, is silent or says 503, and never after an answer."""

from __future__ import annotations

import pytest

from tests.voice.sip.far_end import ANSWER, CONTACT, SHOWN, TO, FarEnd
from voice.call_events import Cause
from voice.sip.events import Answered, Ended, Event, Order, Ringing
from voice.sip.line import TRUNK
from voice.sip.message import Request
from voice.sip.sdp import Direction, Sound
from voice.sip.trunks import Trunks

ORDER = Order(TO, SHOWN, Sound("192.0.2.1", 5000), 30.0)


class Line:
    """A far end as one of several lines; what its agent tells is handed on after everything that is done."""

    def __init__(self, number: int, lines: Lines) -> None:
        self.far, self.up = FarEnd(), True
        self._number, self._lines = number, lines

    def call(self, order: Order) -> str:
        leg = self.far.agent.call(order, self.far.now)
        self.tell()
        return leg

    def hang_up(self, leg: str, cause: Cause = Cause.CANCELLED) -> None:
        self.far.agent.hang_up(leg, self.far.now, cause)
        self.tell()

    def change(self, leg: str, direction: Direction) -> None:
        self.far.agent.change(leg, direction, self.far.now)

    def tell(self) -> None:
        for event in self.far.events():
            self._lines.trunks.heard(self._number, event, self.far.now)

    def invited(self) -> Request:
        return self.far.request("INVITE")

    def says(self, request: Request, status: int) -> None:
        self.far.reply(request, status, CONTACT, body=ANSWER if status == 200 else b"")
        self.tell()


class Lines:
    """Two trunks and what is told of calls over them."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Event]] = []
        self.one, self.two = Line(0, self), Line(1, self)
        self.trunks = Trunks([self.one, self.two], lambda name, event: self.told.append((name, event)))

    def dial(self) -> None:
        self.trunks.dial("call", ORDER, self.one.far.now)


def test_the_first_trunk_is_asked_and_its_events_have_the_name_of_the_call() -> None:
    lines = Lines()
    lines.dial()
    invite = lines.one.invited()
    lines.one.says(invite, 180)
    lines.one.says(invite, 200)
    assert [name for name, _ in lines.told] == ["call", "call"]
    assert lines.told[0][1] == Ringing("call") and isinstance(lines.told[1][1], Answered)
    assert lines.trunks.trunk_of("call") == 0 and lines.two.far.sent() == []


def test_after_503_the_same_call_goes_over_the_next_trunk() -> None:
    lines = Lines()
    lines.dial()
    first = lines.one.invited()
    lines.one.says(first, 503)
    second = lines.two.invited()
    assert lines.told == [] and lines.trunks.trunk_of("call") == 1
    for name in ("p-asserted-identity", "to"):
        assert second.headers.get(name) == first.headers.get(name)
    assert second.headers.get("call-id") != first.headers.get("call-id")
    lines.two.says(second, 486)
    assert lines.told == [("call", Ended("call", Cause.BUSY, 486))]
    assert lines.trunks.trunk_of("call") is None


def test_a_silent_trunk_is_left_with_what_is_left_of_the_time() -> None:
    lines = Lines()
    lines.dial()
    lines.one.invited()
    lines.one.far.wait(6.1)
    lines.two.far.now = lines.one.far.now
    lines.one.tell()
    invite = lines.two.invited()
    lines.two.says(invite, 180)
    lines.two.far.wait(23.5)
    assert lines.two.far.sent() == []
    lines.two.far.wait(0.5)
    lines.two.far.request("CANCEL")


def test_a_trunk_that_is_down_is_passed_over() -> None:
    lines = Lines()
    lines.one.up = False
    lines.dial()
    lines.two.invited()
    assert lines.one.far.sent() == []


def test_a_trunk_that_falls_silent_between_two_looks_is_passed_over_too() -> None:
    lines = Lines()
    lines.one.far.agent.connection_lost(TRUNK, lines.one.far.now)  # `up` has not heard of it
    lines.dial()
    lines.two.invited()
    assert lines.told == []


def test_a_trunk_that_tells_of_another_call_while_it_is_asked_mixes_up_nothing() -> None:
    lines = Lines()
    lines.trunks.dial("other", ORDER, lines.one.far.now)
    other = lines.one.invited()
    lines.one.far.reply(other, 503)  # not told yet: that comes with the next call
    for line in (lines.one, lines.two):
        line.far.agent.connection_lost(TRUNK, line.far.now)  # `up` has not heard of it
    lines.dial()
    assert lines.told == [(name, Ended(name, Cause.FAILED, 0)) for name in ("other", "call")]


def test_where_all_are_down_or_refuse_the_call_ends_once_and_nobody_is_asked_again() -> None:
    lines = Lines()
    lines.one.up = lines.two.up = False
    lines.dial()
    assert lines.told == [("call", Ended("call", Cause.FAILED, 0))]
    lines = Lines()
    lines.dial()
    lines.one.says(lines.one.invited(), 503)
    lines.two.says(lines.two.invited(), 503)
    assert lines.told == [("call", Ended("call", Cause.FAILED, 503))]
    assert [m.method for m in lines.one.far.sent() if isinstance(m, Request)] == ["ACK"]


@pytest.mark.parametrize("status", [302, 403, 404, 480, 486, 500, 603])
def test_no_other_refusal_is_tried_elsewhere(status: int) -> None:
    lines = Lines()
    lines.dial()
    lines.one.says(lines.one.invited(), status)
    assert len(lines.told) == 1 and lines.two.far.sent() == []


def test_whoever_has_hung_up_is_not_connected_over_another_trunk() -> None:
    lines = Lines()
    lines.dial()
    invite = lines.one.invited()
    lines.trunks.hang_up("call")
    lines.trunks.hang_up("call")
    lines.one.says(invite, 503)
    assert lines.told == [("call", Ended("call", Cause.CANCELLED, 0))] and lines.two.far.sent() == []
    lines.trunks.hang_up("call")


def test_with_too_little_time_left_nobody_else_is_rung() -> None:
    lines = Lines()
    lines.dial()
    invite = lines.one.invited()
    lines.one.far.reply(invite, 100)
    lines.one.far.wait(26)
    lines.one.says(invite, 503)
    assert lines.two.far.sent() == [] and len(lines.told) == 1

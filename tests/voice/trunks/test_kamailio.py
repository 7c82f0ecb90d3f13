"""A real Kamailio as it is shipped, between TCP and UDP trunks: who is asked, what is passed on, who is not heard."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from tests.peers.kamailio import Kamailio
from tests.peers.process import free_port
from tests.peers.sipp import ANSWERS, HANGS_UP, RINGS, Sipp, replies
from tests.voice.trunks.caller import HEADERS, URI, Caller, Message

NUMBERS = re.compile(r"617555|drlind")
Start = Callable[..., tuple[Kamailio, list[Sipp]]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Trunks with these scenarios, the first preferred ("" says nothing at all), and a Kamailio before them."""
    with ExitStack() as stack:

        def begin(*scenarios: str) -> tuple[Kamailio, list[Sipp]]:
            trunks = [stack.enter_context(closing(Sipp(one))) if one else None for one in scenarios]
            ports = [trunk.port if trunk else stack.enter_context(closing(deaf())).getsockname()[1] for trunk in trunks]
            kamailio = stack.enter_context(closing(Kamailio(ports)))
            return kamailio, [trunk for trunk in trunks if trunk]

        yield begin


def deaf() -> socket.socket:
    """A trunk that takes everything and answers nothing."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))
    return line


def until(true: Callable[[], object], within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_call_reaches_the_trunk_as_it_was_written_and_ends_there(start: Start) -> None:
    kamailio, [trunk] = start(ANSWERS)
    with closing(Caller(kamailio.port)) as caller:
        caller.send("INVITE")
        answered = caller.final()
        assert answered.status == 200
        contact = answered.all("Contact")[0].strip("<>")
        caller.send("ACK", contact, branch="z9hG4bKack", within=answered)
        caller.send("BYE", contact, branch="z9hG4bKbye", cseq=2, within=answered)
        assert caller.final().status == 200
        until(lambda: trunk.heard("BYE") and trunk.heard("ACK"))
        invite = Message.read(trunk.heard("INVITE")[0])
        assert invite.first == f"INVITE {URI} SIP/2.0"
        for name, value in HEADERS.items():
            if name not in {"Contact", "Max-Forwards"}:
                assert invite.all(name) == [value.format(tag=caller.tag)]
        added = {name for name, _ in invite.headers} - set(HEADERS)
        assert added == {"Via", "Record-Route", "Call-ID", "CSeq", "Content-Length"}
        assert not NUMBERS.search(" ".join(invite.all("Via") + invite.all("Record-Route") + invite.all("Contact")))


@pytest.mark.parametrize("first", [replies("503 Service Unavailable"), ""], ids=["503", "silent"])
def test_the_next_trunk_is_asked_when_one_cannot_or_says_nothing(start: Start, first: str) -> None:
    kamailio, trunks = start(first, ANSWERS)
    with closing(Caller(kamailio.port)) as caller:
        caller.send("INVITE")
        assert caller.final().status == 200
        assert len(trunks[-1].heard("INVITE")) == 1


@pytest.mark.parametrize(
    "says",
    [("302 Moved",), ("401 Unauthorized",), ("407 Proxy",), ("404 Not Found",), ("486 Busy Here",), ("500 Error",),
     ("603 Decline",), ("180 Ringing", "503 Service Unavailable")],
    ids=lambda says: says[-1][:3] + ("-rang" if len(says) > 1 else ""),
)  # fmt: skip
def test_whatever_else_a_trunk_says_is_passed_on_and_nobody_else_is_asked(start: Start, says: tuple[str, ...]) -> None:
    kamailio, [_, second] = start(replies(*says), ANSWERS)
    with closing(Caller(kamailio.port)) as caller:
        caller.send("INVITE")
        # A proxy may not pass a 503 on: who gets it would take the proxy itself to be down (RFC 3261, section 16.7).
        assert caller.final().status == (500 if len(says) > 1 else int(says[0][:3]))
        assert not second.heard("INVITE")


def test_when_no_trunk_can_or_says_anything_the_caller_may_ask_elsewhere(start: Start) -> None:
    kamailio, _ = start(replies("503 Service Unavailable"), "")
    with closing(Caller(kamailio.port)) as caller:
        caller.send("INVITE")
        assert caller.final().status == 503


def test_a_call_that_is_taken_back_while_it_rings_stops_ringing(start: Start) -> None:
    kamailio, [trunk] = start(RINGS)
    with closing(Caller(kamailio.port)) as caller:
        caller.send("INVITE")
        while caller.receive().status != 180:
            pass
        caller.send("CANCEL")
        assert {caller.final().status, caller.final().status} == {200, 487}
        until(lambda: trunk.heard("CANCEL"))


def test_a_patient_who_hangs_up_is_heard_on_the_connection_that_called(start: Start) -> None:
    kamailio, _ = start(HANGS_UP)
    with closing(Caller(kamailio.port)) as caller:
        caller.send("INVITE")
        answered = caller.final()
        caller.send("ACK", answered.all("Contact")[0].strip("<>"), branch="z9hG4bKack", within=answered)
        hung_up = caller.receive()
        assert hung_up.first.startswith("BYE ")
        caller.answer(hung_up)


def ask(port: int, outer: int, method: str) -> bytes:
    """Send a request from a loopback port over UDP and return the answer; nothing after half a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", port))
        line.settimeout(0.5)
        line.sendto(
            f"{method} sip:+16175550142@127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKx;rport\r\n"
            f"From: <sip:x@x.example>;tag=1\r\nTo: <sip:x@x.example>\r\nCall-ID: x\r\nCSeq: 1 {method}\r\n"
            "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n".encode(), ("127.0.0.1", outer),
        )  # fmt: skip
        try:
            return line.recv(4000)
        except TimeoutError:
            return b""


def test_a_stranger_is_not_even_told_that_somebody_is_here_and_no_trunk_calls_in() -> None:
    port = free_port()
    with closing(Kamailio([port])) as kamailio:
        assert ask(0, kamailio.outer, "INVITE") == ask(0, kamailio.outer, "OPTIONS") == b""
        assert ask(port, kamailio.outer, "OPTIONS").startswith(b"SIP/2.0 200 ")
        called = ask(port, kamailio.outer, "INVITE")
        assert called.startswith(b"SIP/2.0 480 ") and b"Server:" not in called and b"kamailio" not in called.lower()


def test_no_line_of_the_log_holds_a_number(start: Start) -> None:
    kamailio, _ = start(replies("486 Busy Here"))
    with closing(Caller(kamailio.port)) as caller:
        caller.send("INVITE")
        caller.final()
        caller.say("INVITE sip:+16175550142@x SIP/2.0\r\nVia: \x01\r\nFrom: +16175550100\r\nContent-Length: 0\r\n\r\n")
        time.sleep(0.2)
    assert "+1617" not in kamailio.process.said()

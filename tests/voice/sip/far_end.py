"""A far end of the tests: it reads what an agent sends, message by message, and says back what a test wants."""

from __future__ import annotations

import itertools
from typing import Any

from voice.call_events import Cause
from voice.sip.agent import Agent
from voice.sip.events import Ended, Event, Order, Timing, Trunk
from voice.sip.framing import Framer
from voice.sip.line import TRUNK
from voice.sip.message import Request, Response
from voice.sip.sdp import Sound
from voice.sip.values import parse_address

TO, SHOWN = "+46850000001", "+46850000002"
HERE = "192.0.2.1:5060"
ANSWER = (
    b"v=0\r\no=- 5 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
)
HELD = ANSWER.replace(b"sendrecv", b"sendonly")
CONTACT = ("Contact", "<sip:far@198.51.100.7:5070;transport=tcp>")
SDP = ("Content-Type", "application/sdp")


class FarEnd:
    """An agent with a connection, and the other end of it. `now` is the agent's time; `all` is what it ever sent."""

    def __init__(self, timing: Timing | None = None, **trunk: Any) -> None:
        self.agent = Agent(Trunk("one", "trunk.example", **trunk), timing or Timing())
        self.now = 100.0
        self.all = b""
        self._framer = Framer()
        self._sequence = itertools.count(1)
        self.said: list[bytes] | None = None
        self.agent.connection_made(TRUNK, HERE)

    def call(self, timeout_s: float = 60.0) -> str:
        return self.agent.call(Order(TO, SHOWN, Sound("192.0.2.1", 5000), timeout_s), self.now)

    def sent(self) -> list[Request | Response]:
        """What the agent has sent since the last look."""
        data = b"".join(data for connection, data in self.agent.to_send() if connection == TRUNK)
        self.all += data
        pieces = self._framer.feed(data)
        assert all(isinstance(piece, Request | Response) for piece in pieces)
        return [piece for piece in pieces if isinstance(piece, Request | Response)]

    def request(self, method: str) -> Request:
        """The one request that it has sent."""
        [request] = self.sent()
        assert isinstance(request, Request) and request.method == method
        return request

    def response(self) -> Response:
        """The one response that it has sent."""
        [response] = self.sent()
        assert isinstance(response, Response)
        return response

    def events(self) -> list[Event]:
        out = []
        while (event := self.agent.next_event()) is not None:
            out.append(event)
        return out

    def ended(self) -> Ended:
        """The one thing that it has told: an end."""
        [event] = self.events()
        assert isinstance(event, Ended)
        return event

    def say(self, data: bytes) -> None:
        """Send bytes; where `said` is a list, only keep them for the test to send."""
        if self.said is not None:
            self.said.append(data)
            return
        self.agent.data_received(TRUNK, data, self.now)

    def reply(
        self, request: Request, status: int, *fields: tuple[str, str], tag: str = "far", body: bytes = b""
    ) -> None:
        to = request.headers.one("to")
        if status > 100 and "tag=" not in to:
            to += f";tag={tag}"
        copied = [("Via", request.headers.one("via")), ("To", to)]
        copied += [(name, request.headers.one(name.lower())) for name in ("From", "Call-ID", "CSeq")]
        self.say(message(f"SIP/2.0 {status} Because", [*copied, *fields, *([SDP] if body else [])], body))

    def ask(self, invite: Request, method: str, *fields: tuple[str, str], body: bytes = b"", tag: str = "far",
            sequence: int | None = None) -> None:  # fmt: skip
        """Send a request within the dialog that `invite` has made."""
        number = next(self._sequence) if sequence is None else sequence
        uri = parse_address(invite.headers.one("contact")).uri
        head = [
            ("Via", f"SIP/2.0/TCP 198.51.100.7:5070;branch=z9hG4bKfar{number}{method}"), ("Max-Forwards", "70"),
            ("From", f"<sip:{TO}@trunk.example>;tag={tag}"), ("To", invite.headers.one("from")),
            ("Call-ID", invite.headers.one("call-id")), ("CSeq", f"{number} {method}"), *fields,
        ]  # fmt: skip
        self.say(message(f"{method} {uri} SIP/2.0", [*head, *([SDP] if body else [])], body))

    def wait(self, seconds: float) -> None:
        """Let time pass, waking the agent as often as it wants to be woken."""
        until = self.now + seconds
        for _ in range(1000):
            at = self.agent.get_timer()
            if at is None or at > until:
                break
            self.now = max(self.now, at)
            self.agent.handle_timer(self.now)
        else:
            raise AssertionError("the agent does not come to rest")
        self.now = until

    def talk(self, *fields: tuple[str, str]) -> tuple[str, Request]:
        """Make a call and answer it; what was sent and told is taken."""
        leg = self.call()
        invite = self.request("INVITE")
        self.reply(invite, 200, CONTACT, *fields, body=ANSWER)
        self.request("ACK")
        self.events()
        return leg, invite

    def forgets(self, leg: str) -> bool:
        """Whether nothing is left of the only leg once everything that may come late has had its time."""
        self.wait(100.0)
        self.agent.handle_timer(self.now)
        return leg not in self.agent.legs() and self.agent.get_timer() is None


def message(first: str, fields: list[tuple[str, str]], body: bytes = b"") -> bytes:
    """The bytes of a message of the far end, with any headers."""
    lines = [first, *(f"{name}: {value}" for name, value in fields), f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def end(leg: str, cause: Cause, status: int, **more: bool) -> Ended:
    return Ended(leg, cause, status, **more)

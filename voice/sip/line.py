"""What all legs of one trunk share: who we are to it, what goes out, what is told, and requests that wait. Sans-IO.

The client's side of transactions over reliable transports: nothing is sent again but after a lost connection, and
what is left of the timers is how long an answer may take. Source: RFC 3261, sections 17.1 and 18.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from voice.sip.digest import Digest, Tries
from voice.sip.events import Event, Timing, Trunk
from voice.sip.message import REASONS, Headers, Request, Response

TRUNK: Final = 0
"""The connection that we open to the trunk; those that it opens to us have other numbers."""
MAGIC: Final = "z9hG4bK"
ALLOW: Final = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE")
AGENT: Final = "Curbside"
AGAIN: Final = frozenset({"BYE", "CANCEL"})
"""What is sent once more over a new connection: an end that got lost would leave somebody connected."""
COPIED: Final = frozenset({"via", "from", "to", "call-id", "cseq", "record-route"})
"""What a response has from its request."""
WAITING_MOST: Final = 500

Field = tuple[str, str]


class Asker(Protocol):
    """Who has sent a request, and hears what becomes of it."""

    def answered(self, asked: Asked, response: Response, now: float) -> None:
        """A response came, provisional or final."""

    def unanswered(self, asked: Asked, now: float, *, lost: bool) -> None:
        """None came in time; or, with `lost`, the connection was lost and nobody knows whether it arrived."""


@dataclass(eq=False, slots=True)
class Asked:
    """A request of ours and until when its answer is waited for, None: as long as it takes.

    `written`: it was handed to a connection; `provisional`: some answer came; `over`: it only waits for what is late.
    """

    request: Request
    asker: Asker
    deadline: float | None
    tries: Tries
    written: bool = False
    provisional: bool = False
    over: bool = False


@dataclass(slots=True)
class Line:
    """One trunk as its legs see it. `here` is our host and port as they stand in ``Via`` and ``Contact``."""

    trunk: Trunk
    timing: Timing
    digest: Digest
    here: str = ""
    up: bool = False
    out: list[tuple[int, bytes]] = field(default_factory=list)
    told: deque[Event] = field(default_factory=deque)
    asked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    waiting: list[tuple[Asked | None, bytes]] = field(default_factory=list)

    @property
    def contact(self) -> str:
        """Our address for this call; it names nobody."""
        return f"<sip:{self.here};transport={self.trunk.transport}>"

    def request(self, method: str, uri: str, fields: Sequence[Field], body: bytes = b"", via: str = "") -> Request:
        """Return a request with a ``Via`` of its own, or with the one that is given."""
        via = via or f"SIP/2.0/{self.trunk.transport.upper()} {self.here};branch={MAGIC}{secrets.token_hex(8)};rport"
        head = [("via", via), ("max-forwards", "70"), *fields, ("user-agent", AGENT)]
        if body:
            head.append(("content-type", "application/sdp"))
        return Request(method, uri, Headers(head), body)

    def ask(self, request: Request, asker: Asker, deadline: float, tries: Tries | None = None) -> Asked:
        """Send a request and wait for what comes of it."""
        asked = Asked(request, asker, deadline, tries or Tries())
        self.asked[_key(request)] = asked
        self._send(request, asked)
        return asked

    def send(self, request: Request) -> None:
        """Send what is never answered: an ACK."""
        self._send(request, None)

    def drop(self, asked: Asked) -> None:
        """Forget a request."""
        self.asked.pop(_key(asked.request), None)

    def acknowledge_refusal(self, asked: Asked, response: Response) -> None:
        """Send the ACK of a final response that is no 2xx, and forget the request. Source: RFC 3261, 17.1.1.3."""
        self.drop(asked)
        headers = asked.request.headers
        sequence = headers.one("cseq").split()[0]
        fields = [*((name, value) for name, value in headers.fields if name in ("route", "from", "call-id")),
                  ("to", response.headers.get("to") or headers.one("to")), ("cseq", f"{sequence} ACK")]  # fmt: skip
        self.send(self.request("ACK", asked.request.uri, fields, via=headers.one("via")))

    def answer(
        self, connection: int, request: Request, status: int, fields: Sequence[Field] = (), body: bytes = b"",
        tag: str = "",
    ) -> bytes:
        """Answer a request over the connection that it came by, and return what was sent. Source: RFC 3261, 8.2.6."""
        copied = [
            (name, value + (f";tag={tag}" if name == "to" and tag else ""))
            for name, value in request.headers.fields if name in COPIED
        ]
        head = [*copied, *fields, ("user-agent", AGENT)]
        if body:
            head.append(("content-type", "application/sdp"))
        data = bytes(Response(status, REASONS[status], Headers(head), body))
        self.out.append((connection, data))
        return data

    def connected(self, here: str) -> None:
        """There is a connection to the trunk: what waited goes out."""
        self.here, self.up = here, True
        waiting, self.waiting = self.waiting, []
        for asked, data in waiting:
            if asked is None or _key(asked.request) in self.asked:
                self._write(asked, data)

    def disconnected(self, now: float) -> None:
        """The connection to the trunk is gone: what can be sent again waits, the rest is lost."""
        self.up = False
        self.out = [(connection, data) for connection, data in self.out if connection != TRUNK]
        for asked in list(self.asked.values()):
            if not asked.written or asked.over:
                continue
            if asked.request.method in AGAIN:
                asked.written = False
                self.waiting.append((asked, bytes(asked.request)))
            elif not asked.provisional:
                asked.asker.unanswered(asked, now, lost=True)

    def due(self, now: float) -> None:
        """Tell who asked that no answer came in time."""
        for asked in [one for one in self.asked.values() if one.deadline is not None and one.deadline <= now]:
            if asked.over:
                self.drop(asked)
            else:
                asked.asker.unanswered(asked, now, lost=False)

    def next_due(self) -> float | None:
        """When an answer will be late."""
        return min((asked.deadline for asked in self.asked.values() if asked.deadline is not None), default=None)

    def linger(self, asked: Asked, now: float) -> None:
        """Wait for what may come late or twice, as long as it may come."""
        asked.over, asked.deadline = True, now + self.timing.transaction_s

    def _send(self, request: Request, asked: Asked | None) -> None:
        if self.up:
            self._write(asked, bytes(request))
        elif len(self.waiting) < WAITING_MOST:
            self.waiting.append((asked, bytes(request)))

    def _write(self, asked: Asked | None, data: bytes) -> None:
        if asked is not None:
            asked.written = True
        self.out.append((TRUNK, data))


def _key(request: Request) -> tuple[str, str]:
    """Branch and method, by which responses are matched. Source: RFC 3261, section 17.1.3."""
    return request.headers.one("via").partition(f"branch={MAGIC}")[2].partition(";")[0], request.method

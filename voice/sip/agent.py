"""A user agent for one trunk over TCP or TLS. Sans-IO: bytes and the time in, bytes and events out.

Whoever drives it hands over what a connection reads (`data_received`), asks for what is to be sent (`to_send`), what
is told (`next_event`) and when it wants to be woken (`get_timer`, then `handle_timer`), after every call. Times are
seconds of any clock that never goes back. Nothing that a far end sends raises out of it.
"""

from __future__ import annotations

import secrets
from typing import Final

from voice.call_events import Cause
from voice.sip.causes import NEXT_TRUNK
from voice.sip.checking import Refused, check_request, check_response
from voice.sip.digest import Digest
from voice.sip.events import Event, Incoming, Order, Pinged, Timing, Trunk
from voice.sip.framing import PONG, Framer, Ping
from voice.sip.leg import Leg, Phase
from voice.sip.line import ALLOW, MAGIC, TRUNK, Asked, Field, Line
from voice.sip.message import Malformed, Request, Response
from voice.sip.sdp import Direction
from voice.sip.values import parse_address

DEFAULT: Final = Timing()
ABILITIES: Final[list[Field]] = [
    ("allow", ", ".join(ALLOW)), ("accept", "application/sdp"), ("supported", "timer"),
]  # fmt: skip


class Agent:
    """One trunk, its connections and its legs."""

    def __init__(self, trunk: Trunk, timing: Timing = DEFAULT) -> None:
        self.trunk = trunk
        self.malformed = 0
        self._line = Line(trunk, timing, Digest(trunk.username, trunk.password, trunk.realm))
        self._framers: dict[int, Framer] = {}
        self._legs: dict[str, Leg] = {}
        self._closing: list[int] = []

    # --- what we ask for ------------------------------------------------------------------------------------------

    def call(self, order: Order, now: float) -> str:
        """Make a call and return the id of its leg. Without a connection it has ended at once."""
        leg = Leg(self._line, order)
        self._legs[leg.id] = leg
        leg.begin(now)
        self._forget()
        return leg.id

    def hang_up(self, leg: str, now: float, cause: Cause = Cause.CANCELLED) -> None:
        """End a leg, however far it has come; `cause` is why, where it was not answered yet."""
        if found := self._legs.get(leg):
            found.hang_up(now, cause)

    def change(self, leg: str, direction: Direction, now: float) -> None:
        """Hold (``sendonly``, ``inactive``) or resume (``sendrecv``) a leg that was answered."""
        if found := self._legs.get(leg):
            found.change(direction, now)

    def ping(self, now: float) -> None:
        """Ask the trunk whether it is there, by OPTIONS; `Pinged` tells."""
        uri, line = f"sip:{self.trunk.domain}", self._line
        fields: list[Field] = [
            ("from", f"<sip:{self.trunk.ours or self.trunk.domain}>;tag={secrets.token_hex(8)}"), ("to", f"<{uri}>"),
            ("call-id", secrets.token_hex(16)), ("cseq", "1 OPTIONS"), ("contact", line.contact),
            *ABILITIES, *line.digest.credentials("OPTIONS", uri),
        ]  # fmt: skip
        line.ask(line.request("OPTIONS", uri, fields), self, now + line.timing.first_s)

    # --- what comes in ----------------------------------------------------------------------------------------------

    def connection_made(self, connection: int, here: str = "") -> None:
        """A connection stands; `here` is our host and port on the one to the trunk (`TRUNK`).

        Calls that were answered while these were others tell their far ends, or those could not hang up any more.
        """
        self._framers[connection] = Framer()
        if connection == TRUNK:
            moved = self._line.here not in ("", here)
            self._line.connected(here)
            for leg in self._legs.values() if moved else ():
                leg.moved()

    def connection_lost(self, connection: int, now: float) -> None:
        """A connection is gone. Calls that were answered go on, as their sound does."""
        self._framers.pop(connection, None)
        if connection == TRUNK:
            self._line.disconnected(now)

    def data_received(self, connection: int, data: bytes, now: float) -> None:
        """Take what a connection has read."""
        framer = self._framers.get(connection)
        if framer is None:
            return
        for piece in framer.feed(data):
            if isinstance(piece, Ping):
                self._line.out.append((connection, PONG))
            elif isinstance(piece, Request):
                self._requested(connection, piece, now)
            elif isinstance(piece, Response):
                self._responded(piece, now)
            else:
                self._unreadable(connection, piece)
        if framer.broken and connection not in self._closing:
            self._closing.append(connection)
        self._forget()

    # --- what goes out ----------------------------------------------------------------------------------------------

    def to_send(self) -> list[tuple[int, bytes]]:
        """Return what is to be sent now, with the number of its connection."""
        out, self._line.out = self._line.out, []
        return out

    def to_close(self) -> list[int]:
        """Return the connections to be closed, as nobody knows any more where a message begins in them."""
        closing, self._closing = self._closing, []
        return closing

    def next_event(self) -> Event | None:
        """Return what is told next."""
        return self._line.told.popleft() if self._line.told else None

    def legs(self) -> dict[str, Phase]:
        """Return how far each leg has come that is not over."""
        return {leg.id: leg.phase for leg in self._legs.values()}

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        times = [at for leg in self._legs.values() if (at := leg.next_due()) is not None]
        if (late := self._line.next_due()) is not None:
            times.append(late)
        return min(times, default=None)

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        self._line.due(now)
        for leg in self._legs.values():
            leg.due(now)
        self._forget()

    # --- as the one who asks with OPTIONS -----------------------------------------------------------------------------

    def answered(self, asked: Asked, response: Response, now: float) -> None:
        """The trunk has answered OPTIONS: it is there, whatever it says, unless it takes no calls."""
        if response.status >= 200:
            self._line.drop(asked)
            self._line.told.append(Pinged(response.status not in NEXT_TRUNK, response.status))

    def unanswered(self, asked: Asked, now: float, *, lost: bool) -> None:
        """The trunk has not answered OPTIONS."""
        self._line.drop(asked)
        self._line.told.append(Pinged(alive=False, status=0))

    # --- inside -----------------------------------------------------------------------------------------------------

    def _responded(self, response: Response, now: float) -> None:
        try:
            branch, method = check_response(response)
        except Malformed:
            self.malformed += 1
            return
        asked = self._line.asked.get((branch.removeprefix(MAGIC), method))
        if asked is not None and response.headers.get("call-id") == asked.request.headers.get("call-id"):
            asked.asker.answered(asked, response, now)

    def _requested(self, connection: int, request: Request, now: float) -> None:
        try:
            check_request(request)
            self._take(connection, request, now)
        except Malformed as wrong:
            self._refuse(connection, request, wrong)

    def _take(self, connection: int, request: Request, now: float) -> None:
        tag = parse_address(request.headers.one("to")).tag
        leg = self._legs.get(request.headers.one("call-id"))
        if leg is not None and tag:
            leg.take(connection, request, now)
        elif request.method == "ACK":
            return
        elif tag or request.method in ("BYE", "CANCEL", "UPDATE"):
            self._line.answer(connection, request, 481, tag="" if tag else secrets.token_hex(8))
        elif request.method == "OPTIONS":
            self._line.answer(connection, request, 200, ABILITIES, tag=secrets.token_hex(8))
        else:
            caller = parse_address(request.headers.one("from")).uri
            self._line.told.append(Incoming(request.uri, caller))
            self._line.answer(connection, request, 480, tag=secrets.token_hex(8))

    def _refuse(self, connection: int, request: Request, wrong: Malformed) -> None:
        """Answer what may not be acted on, where there is enough of it to answer."""
        self.malformed += 1
        answerable = request.headers.get("via") and request.headers.get("cseq")
        if not wrong.status or request.method == "ACK" or not answerable:
            return
        fields = wrong.fields if isinstance(wrong, Refused) else []
        tag = "" if "tag" in (request.headers.get("to") or "") else secrets.token_hex(8)
        self._line.answer(connection, request, wrong.status, fields, tag=tag)

    def _unreadable(self, connection: int, wrong: Malformed) -> None:
        """Answer a request whose first line is wrong; of a response, or of what has no headers, there is nothing to."""
        if wrong.headers is None:
            self.malformed += 1
        else:
            self._refuse(connection, Request("", "", wrong.headers), wrong)

    def _forget(self) -> None:
        """Let legs go that are over; what may still come late is awaited by the requests that are kept."""
        for leg in [leg for leg in self._legs.values() if leg.phase is Phase.OVER]:
            del self._legs[leg.id]

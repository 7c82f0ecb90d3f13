"""What is said on one socket, whatever server it came through. In the event loop only.

Each message goes to the session; what is to be done comes back and is done.

The servers' ends are `server.py` (uvicorn) and `consumers.py` (any ASGI server); both make a `Socket` for each peer,
call `take` with each message and `lost` when the peer is gone.
"""

import random
import time
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from realtime.connection import Connection, Outlet
from realtime.protocol import Code, Position, error, refuse, reply
from realtime.reader import Room
from realtime.session import Action, Authenticate, Ephemeral, Publish, Session, Subscribe
from realtime.subscribing import Rooms
from realtime.tally import count_refused_login
from realtime.tickets import Ticket, TicketError, read_ticket

if TYPE_CHECKING:
    from realtime.hub import Hub

PATH: Final = "/ws"
BACKLOG: Final = 64  # messages that may wait behind one that asks the database


def origin_allowed(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a page of this origin may open the socket. No Origin at all is a program, which sends no cookies."""
    origins = [value.decode("latin-1") for name, value in headers if name.lower() == b"origin"]
    return not origins or (len(origins) == 1 and urlsplit(origins[0])[:2] in _allowed(tuple(settings.CURBSIDE_ORIGINS)))


@lru_cache(maxsize=4)
def _allowed(origins: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(urlsplit(origin)[:2] for origin in origins)


class Socket:
    """One client from accept to close."""

    __slots__ = ("_backlog", "_follows", "_waiting", "conn", "hub")

    def __init__(self, hub: "Hub", outlet: Outlet, *, speaks: bool) -> None:
        """The socket was accepted; `speaks` tells whether the client offered our subprotocol, or none at all."""
        session = Session(hub.limits, hub.loop.time(), random.uniform(0.9, 1.1))
        self.hub = hub
        self.conn = Connection(hub, session, outlet)
        self._waiting = False
        self._follows: Sequence[Action] = ()
        self._backlog: deque[str | None] | None = None
        hub.enter(self.conn)
        if hub.draining:
            self.conn.dismiss(Code.DRAIN, after=random.uniform(0.5, 5.0))
        elif not speaks:
            self.conn.dismiss(Code.VERSION)

    def lost(self) -> None:
        """The peer is gone."""
        self.conn.lost()

    def take(self, message: str | None) -> None:
        """Take one message (None for a binary one), or keep it while an earlier one waits for the database."""
        if not self._waiting:
            self._do_all(self.conn.session.receive(message, self.hub.loop.time()))
            return
        if self._backlog is None:
            self._backlog = deque()
        if len(self._backlog) < BACKLOG:
            self._backlog.append(message)
        else:
            self.conn.dismiss(Code.TOO_MANY, after=1.0)

    def _do_all(self, actions: Sequence[Action]) -> None:
        for n, action in enumerate(actions):
            if self.conn.gone:
                return  # whoever is gone, or was sent away, is registered nowhere any more
            self._do(action)
            if self._waiting:
                self._follows = actions[n + 1 :]
                return

    def _do(self, action: Action) -> None:
        match action:
            case Publish():
                self.hub.publishing.take(self.conn, action)
            case Ephemeral():
                self.hub.presence.say(self.conn, action.r, action.k, action.d)
            case Authenticate():
                self._authenticate(action)
            case Subscribe():
                for stream in action.un:
                    self.hub.subscribing.close_room(self.conn, stream)
                self._open(action.i, action.subs, {})
            case _:
                self.conn.carry_out([action])

    def _authenticate(self, action: Authenticate) -> None:
        """Check the ticket. The first admits the socket, a later one of the same member renews it."""
        conn, hub = self.conn, self.hub
        try:
            ticket = read_ticket(action.tok, time.time())
        except TicketError as failure:
            count_refused_login("ticket")
            conn.dismiss(Code.TICKET_EXPIRED if failure.expired else Code.NOT_SIGNED_IN)
            return
        if not hub.revocations.stands(ticket) or (conn.member and conn.member != ticket.member):
            count_refused_login("ticket")
            conn.dismiss(Code.NOT_SIGNED_IN)
            return
        if not hub.admit(conn, ticket.member):
            conn.dismiss(Code.TOO_MANY_CONNECTIONS)
            return
        self._admit(ticket)
        self._open(action.i, action.subs, {"d": {"expires_at": ticket.expires_at, **hub.limits_told}})

    def _admit(self, ticket: Ticket) -> None:
        conn, now = self.conn, self.hub.loop.time()
        conn.ticket_session, conn.issued_at = ticket.session, ticket.issued_at
        conn.session.admit(now, expires_in=ticket.expires_at - time.time(), pubs=self.hub.bucket_of(ticket.member))
        conn.slot = conn.session.due()

    def _open(self, i: Any, wanted: tuple[Position, ...], told: dict[str, Any]) -> None:
        """Ask for the rooms of the wanted subscriptions; where there are any, all that follows waits for the answer."""
        conn, hub = self.conn, self.hub
        positions = list({position.r: position for position in wanted}.values())
        if len({*conn.rooms, *(position.r for position in positions)}) > hub.limits.subscriptions:
            conn.write(error(i, refuse("too_many")))
        elif positions:
            self._waiting = True
            hub.subscribing.open_rooms(conn, positions, partial(self._opened, i, positions, told))
        else:
            conn.write(reply(i, **told) if told else reply(i, rooms=[]))

    def _opened(self, i: Any, positions: list[Position], told: dict[str, Any], rooms: Rooms | None) -> None:
        """Answer, send what was missed, and go on with what came behind."""
        try:
            if rooms is None:
                self.conn.write(error(i, refuse("busy", after=1.0)))
            else:
                self._enter(i, positions, told, rooms)
        finally:
            self._waiting = False
            follows, self._follows = self._follows, ()
            self._do_all(follows)
            backlog, self._backlog = self._backlog, None
            while backlog:
                if self._waiting:
                    self._backlog = backlog
                    break
                self.take(backlog.popleft())

    def _enter(self, i: Any, positions: list[Position], told: dict[str, Any], rooms: Rooms) -> None:
        conn, subscribing = self.conn, self.hub.subscribing
        conn.write(reply(i, **told, rooms=[shown_room(room) for room in rooms if room is not None]))
        for position, room in zip(positions, rooms, strict=True):
            if room is None:
                subscribing.withdraw(conn, position.r, Code.WITHDRAWN)
            else:
                subscribing.enter(conn, room)


def shown_room(room: Room) -> dict[str, Any]:
    """One entry of ``rooms``: stream, epoch, head, whether all that was missed follows, and one's own pseudonym."""
    return {"r": room.stream, "e": room.epoch, "s": room.head, "rec": int(room.recovered), "me": room.seat.name}

"""What is said on one socket, whatever server it came through. In the event loop only.

Each message goes to the session; what is to be done comes back and is done.

The servers' ends are `server.py` (uvicorn) and `consumers.py` (any ASGI server); both make a `Socket` for each peer,
call `take` with each message and `lost` when the peer is gone.
"""

import random
import time
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from realtime.connection import Connection, Outlet
from realtime.protocol import Code, Position, Refusal, error, refuse, reply
from realtime.reader import Room
from realtime.session import Action, Authenticate, Ephemeral, Publish, Session, Subscribe
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

    __slots__ = ("_backlog", "_waiting", "conn", "hub")

    def __init__(self, hub: "Hub", outlet: Outlet, *, speaks: bool) -> None:
        """The socket was accepted; `speaks` tells whether the client offered our subprotocol, or none at all."""
        session = Session(hub.limits, hub.loop.time(), random.uniform(0.9, 1.1))
        self.hub = hub
        self.conn = Connection(hub, session, outlet)
        self._waiting = False
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

    def _do_all(self, actions: list[Action]) -> None:
        for n, action in enumerate(actions):
            if self.conn.gone:
                return  # whoever is gone, or was sent away, is registered nowhere any more
            if isinstance(action, Authenticate | Subscribe):
                self._waiting = True
                self.hub.spawn(self._wait(action, actions[n + 1 :]))
                return
            self._do(action)

    def _do(self, action: Action) -> None:
        match action:
            case Publish():
                self.hub.publishing.take(self.conn, action)
            case Ephemeral():
                self.hub.presence.say(self.conn, action.r, action.k, action.d)
            case _:
                self.conn.carry_out([action])

    async def _wait(self, action: Authenticate | Subscribe, follows: list[Action]) -> None:
        """Do what asks the database, then what came behind it."""
        if self.conn.gone:
            return
        try:
            if isinstance(action, Authenticate):
                await self._authenticate(action)
            else:
                for stream in action.un:
                    self.hub.subscribing.close_room(self.conn, stream)
                await self._open(action.i, action.subs, {})
        finally:
            self._waiting = False
        self._do_all(follows)
        backlog, self._backlog = self._backlog, None
        while backlog:
            if self._waiting:
                self._backlog = backlog
                return
            self.take(backlog.popleft())

    async def _authenticate(self, action: Authenticate) -> None:
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
        await self._open(action.i, action.subs, {"d": {"expires_at": ticket.expires_at, **hub.limits_told}})

    def _admit(self, ticket: Ticket) -> None:
        conn, now = self.conn, self.hub.loop.time()
        conn.ticket_session, conn.issued_at = ticket.session, ticket.issued_at
        conn.session.admit(now, expires_in=ticket.expires_at - time.time(), pubs=self.hub.bucket_of(ticket.member))
        conn.slot = conn.session.due()

    async def _open(self, i: Any, wanted: tuple[Position, ...], told: dict[str, Any]) -> None:
        """Answer with the rooms of the wanted subscriptions, then send what was missed."""
        conn, hub = self.conn, self.hub
        positions = list({position.r: position for position in wanted}.values())
        if len({*conn.rooms, *(position.r for position in positions)}) > hub.limits.subscriptions:
            conn.write(error(i, refuse("too_many")))
            return
        try:
            rooms = await hub.subscribing.open_rooms(conn, positions) if positions else []
        except Refusal as refusal:
            conn.write(error(i, refusal))
            return
        shown = [shown_room(room) for room in rooms if room is not None]
        conn.write(reply(i, **told, rooms=shown) if positions or not told else reply(i, **told))
        for position, room in zip(positions, rooms, strict=True):
            if room is None:
                hub.subscribing.withdraw(conn, position.r, Code.WITHDRAWN)
            else:
                hub.subscribing.enter(conn, room)


def shown_room(room: Room) -> dict[str, Any]:
    """One entry of ``rooms``: stream, epoch, head, whether all that was missed follows, and one's own pseudonym."""
    return {"r": room.stream, "e": room.epoch, "s": room.head, "rec": int(room.recovered), "me": room.seat.name}

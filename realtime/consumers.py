"""The Channels consumer: one socket, one session, one table of commands.

It is a consumer like any other to the router, but runs its own loop: `AsyncConsumer.dispatch` hops to another
thread for each message to close old database connections, and there are none here (docs/decisions.md).
"""

import random
import time
from collections import deque
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from channels.consumer import AsyncConsumer
from django.conf import settings

from realtime.connection import Connection
from realtime.process import current_hub
from realtime.protocol import SUBPROTOCOL, Code, Position, Refusal, error, refuse, reply
from realtime.reader import Room
from realtime.server import EXTENSION
from realtime.session import Action, Authenticate, Ephemeral, Publish, Session, Subscribe
from realtime.tally import count_refused_login
from realtime.tickets import Ticket, TicketError, read_ticket

BACKLOG: Final = 64  # messages that may wait behind one that asks the database


def origin_allowed(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a page of this origin may open the socket. No Origin at all is a program, which sends no cookies."""
    origins = [value.decode("latin-1") for name, value in headers if name.lower() == b"origin"]
    return not origins or (len(origins) == 1 and urlsplit(origins[0])[:2] in _allowed(tuple(settings.CURBSIDE_ORIGINS)))


@lru_cache(maxsize=4)
def _allowed(origins: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(urlsplit(origin)[:2] for origin in origins)


class SocketConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """One client's socket from accept to close."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the socket until either side ends it."""
        await receive()  # websocket.connect
        if not origin_allowed(scope["headers"]):
            await send({"type": "websocket.close", "code": 4403})  # before accept: the server answers 403
            return
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", []) else None
        self.hub = await current_hub()
        limits = self.hub.limits
        session = Session(limits, self.hub.loop.time(), random.uniform(0.9, 1.1))
        raw = (scope.get("extensions") or {}).get(EXTENSION)
        self.conn = Connection(self.hub, session, limits, send, raw)
        self.waiting = False
        self.backlog: deque[str | None] = deque()
        if raw is not None:
            raw.take = self._take  # before accept, so that the first message already comes this way
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        self.hub.enter(self.conn)
        try:
            if self.hub.draining:
                self.conn.dismiss(Code.DRAIN, after=random.uniform(0.5, 5.0))
            elif subprotocol is None and scope.get("subprotocols"):
                self.conn.dismiss(Code.VERSION)
            await self._serve(receive)
        finally:
            if raw is not None:
                raw.take = None
            self.conn.lost()

    async def _serve(self, receive: Any) -> None:
        """Take messages until the peer is gone; after our own close the server says so once the peer has heard it."""
        while (message := await receive())["type"] != "websocket.disconnect":
            self._take(message.get("text"))

    def _take(self, message: str | None) -> None:
        """Take one message, or keep it while an earlier one waits for the database."""
        if not self.waiting:
            self._do_all(self.conn.session.receive(message, self.hub.loop.time()))
        elif len(self.backlog) < BACKLOG:
            self.backlog.append(message)
        else:
            self.conn.dismiss(Code.TOO_MANY, after=1.0)

    def _do_all(self, actions: list[Action]) -> None:
        for n, action in enumerate(actions):
            if isinstance(action, Authenticate | Subscribe):
                self.waiting = True
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
        try:
            if isinstance(action, Authenticate):
                await self._authenticate(action)
            else:
                for stream in action.un:
                    self.hub.subscribing.close_room(self.conn, stream)
                await self._open(action.i, action.subs, {})
        finally:
            self.waiting = False
        self._do_all(follows)
        while self.backlog and not self.waiting:
            self._take(self.backlog.popleft())

    async def _authenticate(self, action: Authenticate) -> None:
        """Check the ticket. The first admits the socket, a later one of the same member renews it."""
        conn = self.conn
        try:
            ticket = read_ticket(action.tok, time.time())
        except TicketError as failure:
            count_refused_login("ticket")
            conn.dismiss(Code.TICKET_EXPIRED if failure.expired else Code.NOT_SIGNED_IN)
            return
        if not self.hub.revocations.stands(ticket) or (conn.member and conn.member != ticket.member):
            count_refused_login("ticket")
            conn.dismiss(Code.NOT_SIGNED_IN)
            return
        if not self.hub.admit(conn, ticket.member):
            conn.dismiss(Code.TOO_MANY_CONNECTIONS)
            return
        self._admit(ticket)
        limits = self.hub.limits
        told = {
            "expires_at": ticket.expires_at,
            "hb_s": limits.silence_s,
            "limits": {"frame_bytes": limits.frame_bytes, "pub_bytes": limits.pub_bytes,
                       "pub_rate": limits.pub_rate, "pub_burst": limits.pub_burst,
                       "pub_in_flight": limits.pub_in_flight, "frame_rate": limits.frame_rate,
                       "frame_burst": limits.frame_burst, "subscriptions": limits.subscriptions},
        }
        await self._open(action.i, action.subs, {"d": told})

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

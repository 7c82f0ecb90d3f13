"""Publishing: messages go to the writer, other commands to their services. In the event loop only.

One connection's commands are carried out in the order in which they came: messages follow each other through the
writer's queue; a service waits for the messages before it, and what comes behind a service waits for it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.db import Error, connection

from realtime import dispatch
from realtime.commands import Reply, Request, SeatRef, Service, Written, note_written
from realtime.connection import Connection
from realtime.log import digest_of
from realtime.protocol import ME, Refusal, error, refuse, reply
from realtime.session import Publish
from realtime.sql import live_seats
from realtime.storing import Outcome, Pending
from realtime.writer import Writer

if TYPE_CHECKING:
    from realtime.hub import Hub

log = logging.getLogger(__name__)
SERVICES_WAITING: Final = 256

Answer = Callable[[Reply | Refusal], None]


class Publishing:
    """Takes commands from sockets and answers each once."""

    def __init__(self, hub: "Hub", guard: AbstractContextManager[Any]) -> None:
        """`guard` is held around whatever writes to the database."""
        self._hub, self._guard = hub, guard
        self._due: list[tuple[float, Pending]] = []
        self._services = 0
        self.writer = Writer(hub.wire.prepares, self._report, guard, most=hub.limits.write_queue)
        self.appended: dict[str, Written] = {}

    def take(self, conn: Connection, command: Publish) -> None:
        """Carry out a command when those before it on this connection are done, and answer it."""
        ready = partial(self._begin, conn, command)
        if conn.held or conn.serving or (conn.in_flight and not self._is_message(command)):
            if conn.held is None:
                conn.held = deque()
            conn.held.append(ready)
        else:
            ready()

    def _is_message(self, command: Publish) -> bool:
        return command.k in self._hub.wire.prepares

    def _begin(self, conn: Connection, command: Publish) -> None:
        conn.in_flight += 1
        answer = partial(self._answer, conn, command)
        seat = conn.rooms.get(command.r)
        if self._is_message(command) and seat is not None:
            self._store(seat, command, answer)
            return
        conn.serving = True
        task = asyncio.ensure_future(self._serve(conn.member, seat, command))
        task.add_done_callback(lambda done: answer(done.result()))

    def _answer(self, conn: Connection, command: Publish, outcome: Reply | Refusal) -> None:
        conn.in_flight -= 1
        conn.serving = False
        conn.session.settled()
        if isinstance(outcome, Refusal):
            conn.write(error(command.i, outcome))
        elif outcome.made is None:
            conn.write(reply(command.i, s=outcome.seq))
        else:
            conn.write(reply(command.i, s=outcome.seq, d={"r": outcome.made}))
        while conn.held and not conn.serving:
            follows = conn.held[0]
            command_behind: Publish = follows.args[1]  # type: ignore[attr-defined]  # a partial of `_begin`
            if conn.in_flight and not self._is_message(command_behind):
                break
            conn.held.popleft()
            follows()

    # --- messages ----------------------------------------------------------------------------------------------------

    def _store(self, seat: SeatRef, command: Publish, answer: Answer) -> None:
        """Hand a message to the writer. It is answered in `busy_s` at the latest."""
        pending = Pending(seat.stream, seat.id, seat.name, command.c, command.k, command.d,
                          digest_of(command.k, command.d), answer)
        try:
            self.writer.put(pending)
        except Refusal as refusal:
            self._hub.loop.call_soon(answer, refusal)
            return
        self._due.append((self._hub.loop.time() + self._hub.limits.busy_s, pending))

    def _report(self, outcomes: list[Outcome]) -> None:
        """The writer's thread: a batch is committed."""
        self._hub.loop.call_soon_threadsafe(self._committed, outcomes)

    def _committed(self, outcomes: list[Outcome]) -> None:
        rings: dict[str, int] = {}
        with self._hub.cork():
            for pending, outcome in outcomes:
                answer, pending.context = pending.context, None
                if answer is not None:
                    answer(outcome if isinstance(outcome, Refusal) else Reply(outcome.seq))
                if isinstance(outcome, Refusal) or outcome.frame is None:
                    continue
                rings[pending.stream] = outcome.seq
                self._hub.streams.fan_out(pending.stream, outcome.seq, outcome.frame)
                note_written(self.appended, pending.stream, outcome.seq, {pending.seat})
        if rings:
            self._hub.doorbell.ring(list(rings.items()))

    async def run(self) -> None:
        """Answer ``busy`` where the writer has not answered in time. What it stores later is known by its `c`."""
        while True:
            await asyncio.sleep(0.1)
            now = self._hub.loop.time()
            late = 0
            for when, pending in self._due:
                if when > now:
                    break
                late += 1
                if pending.context is not None:
                    answer, pending.context = pending.context, None
                    pending.dropped = True
                    answer(refuse("busy", after=1.0))
            del self._due[:late]

    # --- services ----------------------------------------------------------------------------------------------------

    async def _serve(self, member: str, seat: SeatRef | None, command: Publish) -> Reply | Refusal:
        wire = self._hub.wire
        service = (wire.own if command.r == ME else wire.services).get(command.k)
        if service is None and (command.r == ME or command.k not in wire.prepares):
            return refuse("unknown_command")
        if self._services >= SERVICES_WAITING:
            return refuse("busy", after=1.0)
        self._services += 1
        future = self._hub.loop.run_in_executor(self._hub.pool, self._work, service, member, seat, command)
        future.add_done_callback(self._served)
        try:
            async with asyncio.timeout(self._hub.limits.busy_s):
                answer = await asyncio.shield(future)
        except TimeoutError:
            return refuse("busy", after=1.0)
        if isinstance(answer, SeatRef):  # a message to a stream that this socket does not read
            stored: asyncio.Future[Reply | Refusal] = self._hub.loop.create_future()
            self._store(answer, command, stored.set_result)
            return await stored
        return answer

    def _served(self, future: "asyncio.Future[Any]") -> None:
        self._services -= 1
        if not future.cancelled():
            future.exception()

    def _work(self, service: Service | None, member: str, seat: SeatRef | None,
              command: Publish) -> Reply | Refusal | SeatRef:
        """In a database thread: find the seat, and run the service from it."""
        try:
            found = self._seat(member, seat, command.r)
        except Error:
            connection.close()
            return refuse("busy", after=1.0)
        except Exception:
            log.exception("a seat could not be found", extra={"kind": command.k})
            return refuse("internal")
        if found is None:
            return refuse("not_found")
        if service is None:
            return found
        request = Request(member, found.stream, found.id, found.name, command.c, command.k, command.d,
                          digest_of(command.k, command.d))
        return dispatch.run(service, request, self._guard)

    def _seat(self, member: str, seat: SeatRef | None, stream: str) -> SeatRef | None:
        if stream == ME:
            with self._guard:
                inbox, inbox_seat = self._hub.wire.inbox_of(member)
            return SeatRef(inbox_seat, inbox, "", "")
        if seat is not None:
            return seat if live_seats([seat.id]) else None
        return self._hub.wire.find_seats([(member, stream)])[0]

"""The asyncio shell around `Session`: dials, sends, reads, and wakes who waits. All rules are in the session."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from curbside import frames
from curbside.dialling import NotDialled, dial, socket_address
from curbside.happenings import Event, Final, Happening, Json, Lost, Missing, Ready, Stale, Subscribed, TicketWanted
from curbside.http import Api, ApiError
from curbside.listener import Listener
from curbside.outbox import Store
from curbside.pacing import Timing
from curbside.session import Session
from curbside.tickets import TicketAtHand, Tickets
from curbside.waiting import Disconnected, Receipt, Waiting

ROOM = 1000
"""Happenings that may wait for one listener."""
TICKET_EXPIRED = 4014


class Client:
    """One member's connection. Use it as `async with Client(url, token=...) as client:`."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        ticket: Tickets | None = None,
        store: Store | None = None,
        device: str = "program",
        timing: Timing | None = None,
        randomness: random.Random | None = None,
        session: Session | None = None,
    ) -> None:
        """`url` is the address of the installation. A ticket is fetched with `token`, or by an own `ticket`.

        A `session` of one's own takes the place of `store`, `device`, `timing` and `randomness`.
        """
        self.api = Api(url, token)
        self.session = session or Session(device=device, store=store, timing=timing, randomness=randomness)
        self._ticket = TicketAtHand(ticket or self.api.ticket, self._now)
        self._socket_url = socket_address(url)
        self._listeners: list[Listener[Any]] = []
        self._waiting = Waiting()
        self._relief = asyncio.Event()
        self._ready = asyncio.Event()
        self._wake = asyncio.Event()
        self._ended: tuple[int, str] | None = None
        self._task: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Begin to connect; nothing is waited for."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Close the socket and end all iterations. What is unacknowledged stays in the store."""
        tasks = [task for task in (self._task, *self._errands) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._end(1000, "closed")

    async def ready(self) -> None:
        """Wait until the server has greeted back.

        Raises: Disconnected when it never will.
        """
        await self._ready.wait()
        self._check_alive()

    async def subscribe(self, stream: str, *, position: int | None = None, epoch: str | None = None) -> Subscribed:
        """Follow a stream after `position` (or from now on), over all reconnects; returns with its head.

        Raises: Disconnected; StreamUnavailable when it is not there for this member.
        """
        self._check_alive()
        answer = self._waiting.for_subscription(stream)
        self.session.subscribe(stream, self._now(), position=position, epoch=epoch)
        self._wake_up()
        return await asyncio.shield(answer)

    def unsubscribe(self, stream: str) -> None:
        """Follow it no longer."""
        self.session.unsubscribe(stream, self._now())
        self._wake_up()

    async def publish(self, stream: str, kind: str, d: Json, *, c: str | None = None) -> Receipt:
        """Send one operation and return when it is committed, however often the connection is lost meanwhile.

        To be cancelled or timed out is no failure: the outbox goes on; publish the same `c` again to wait again.
        Raises: PublishRefused, Disconnected.
        """
        self._check_alive()
        c = self.session.publish(stream, kind, d, self._now(), c=c)
        answer = self._waiting.for_receipt(c)
        self._wake_up()
        return await asyncio.shield(answer)

    def typing(self, stream: str) -> None:
        """Say that someone types; throttled."""
        self.session.typing(stream, self._now())
        self._wake_up()

    def read(self, stream: str, seq: int) -> None:
        """Say how far one has read; throttled, the furthest counts."""
        self.session.read(stream, seq, self._now())
        self._wake_up()

    def events(self, stream: str | None = None, *, room: int = ROOM) -> Listener[Event]:
        """Iterate over durable events (of one stream) from now on, each once and in order."""

        def wanted(happening: object) -> Event | None:
            if isinstance(happening, Event) and stream in (None, happening.stream):
                return happening
            return None

        return self._listen(Listener(wanted, room, self._drained))

    def happenings(self, *, room: int = ROOM) -> Listener[Happening]:
        """Iterate over all that happens: events, ephemerals, subscriptions, answers, losses of the connection."""

        def wanted(happening: object) -> Happening | None:
            return happening if isinstance(happening, Happening) else None

        return self._listen(Listener(wanted, room, self._drained))

    async def history(
        self, stream: str, *, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> list[Event]:
        """A page of older events by HTTP, oldest first."""
        return await self.api.history(stream, after=after, before=before, limit=limit)

    # The connection

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _check_alive(self) -> None:
        if self._ended is not None:
            raise Disconnected(*self._ended)

    async def _run(self) -> None:
        while not self.session.is_final:
            due = self.session.connect_at
            if due is not None and due > self._now():
                await asyncio.sleep(due - self._now())
            self.session.dialling()
            code, message = await self._connect_once()
            self.session.lost(code, message, self._now())
            self._ready.clear()
            self._hand_on()

    async def _connect_once(self) -> tuple[int, str]:
        """Dial, greet and converse until the connection ends; say with which code it did."""
        try:
            ticket = await self._ticket.take()
            socket = await dial(self._socket_url)
        except ApiError as error:
            return (frames.NOT_SIGNED_IN if error.status in (401, 403) else frames.CLOSE_ABNORMAL), "no ticket"
        except NotDialled as failure:
            return failure.code, failure.message
        except (OSError, KeyError, ValueError, TypeError, EOFError):
            return frames.CLOSE_ABNORMAL, "the server cannot be reached"
        async with socket:
            self.session.opened(ticket.value, ticket.lifetime_s, self._now())
            return await self._converse(socket)

    async def _converse(self, socket: ClientConnection) -> tuple[int, str]:
        reader = asyncio.create_task(self._read(socket))
        writer = asyncio.create_task(self._write(socket))
        try:
            done, _ = await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
            with suppress(ConnectionClosed):
                for task in done:
                    await task
        finally:
            reader.cancel()
            writer.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)
            if not socket.close_code:
                socket.transport.abort()
        return socket.close_code or frames.CLOSE_ABNORMAL, socket.close_reason or ""

    async def _read(self, socket: ClientConnection) -> None:
        async for message in socket:
            if isinstance(message, str):
                self.session.received(message, self._now())
                self._wake_up()
                if self._hand_on():
                    return
                await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        """Read no further while a listener is behind; but who waits for an answer could never catch up, so go on."""
        while not self._waiting and any(listener.is_full for listener in self._listeners):
            self._relief.clear()
            await self._relief.wait()

    async def _write(self, socket: ClientConnection) -> None:
        while True:
            self._wake.clear()
            self.session.tick(self._now())
            for message in self.session.take_frames():
                await socket.send(message)
            if self._hand_on():
                return
            due = self.session.next_at()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):  # wait_for() of Python 3.11 can swallow a cancellation
                    await self._wake.wait()

    # What has happened

    def _hand_on(self) -> bool:
        """Give all that has happened to those who wait for it; True when the connection is to be abandoned."""
        stale = False
        for happening in self.session.take_happenings():
            for listener in self._listeners:
                listener.offer(happening)
            self._waiting.answer(happening)
            match happening:
                case Stale():
                    stale = True
                case Ready():
                    self._ready.set()
                case Missing():
                    self._begin(self._fill(happening))
                case TicketWanted():
                    self._begin(self._renew())
                case Lost() if happening.code == TICKET_EXPIRED:
                    self._ticket.drop()
                case Final():
                    self._end(happening.code, happening.message)
        return stale

    def _begin(self, errand: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _fill(self, missing: Missing) -> None:
        """Fetch page by page what the socket does not give again, and hand it to the session."""
        events: list[Event] = []
        after = missing.after
        with suppress(ApiError, OSError, KeyError, ValueError, TypeError):
            while page := await self.history(missing.stream, after=after, limit=200):
                events += page
                after = page[-1].seq
        self.session.filled(missing.stream, events, self._now())
        self._wake_up()
        self._hand_on()

    async def _renew(self) -> None:
        """A renewal that fails is left: the server closes with 4014, and the next connection has a new ticket."""
        with suppress(ApiError, OSError, KeyError, ValueError, TypeError):
            ticket = await self._ticket.renew()
            self.session.renewed(ticket.value, ticket.lifetime_s, self._now())
            self._wake_up()

    def _listen(self, listener: Listener[Any]) -> Listener[Any]:
        self._listeners.append(listener)
        return listener

    def _drained(self, listener: Listener[Any]) -> None:
        if listener.closed and listener in self._listeners:
            self._listeners.remove(listener)
        self._relief.set()

    def _wake_up(self) -> None:
        self._wake.set()
        self._relief.set()

    def _end(self, code: int, message: str) -> None:
        if self._ended is None:
            self._ended = (code, message)
        self._waiting.end(code, message)
        self._ready.set()
        for listener in list(self._listeners):
            listener.close()

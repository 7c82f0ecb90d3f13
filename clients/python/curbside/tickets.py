"""The ticket at hand: fetched when it is wanted and used again while it lasts, so that all who come back ask nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from curbside.http import Ticket

Tickets = Callable[[], Awaitable[Ticket]]
LEAST_S = 10.0
"""A ticket with less left than this might end before the greeting."""


class TicketAtHand:
    """Keeps one ticket. `now` is seconds of a clock that only goes forward."""

    def __init__(self, fetch: Tickets, now: Callable[[], float]) -> None:
        """Begin without any."""
        self._fetch, self._now = fetch, now
        self._ticket: Ticket | None = None
        self._until = 0.0

    async def take(self) -> Ticket:
        """The one of before while it lasts; else a new one. Raises what fetching one does."""
        left = self._until - self._now()
        if self._ticket is not None and left > LEAST_S:
            return Ticket(self._ticket.value, left)
        return await self.renew()

    async def renew(self) -> Ticket:
        """A new one. Raises what fetching one does."""
        ticket = await self._fetch()
        self._ticket, self._until = ticket, self._now() + (ticket.lifetime_s or 0.0)
        return ticket

    def drop(self) -> None:
        """Use it no more: the server has said that it is over."""
        self._ticket = None

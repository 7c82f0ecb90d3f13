"""Tickets that no longer count: each process reads the short table once a second and closes whom it names."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.utils import timezone

from realtime.models import Revocation
from realtime.protocol import Code
from realtime.tickets import Ticket, subject_of

if TYPE_CHECKING:
    from realtime.hub import Hub

EVERY_S: Final = 1.0
OVERLAP: Final = 20  # rows: those of transactions that were committed later than they began


class Revocations:
    """Who was revoked during the life of a ticket, as this process knows it."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._revoked: dict[str, float] = {}
        self._read_to = 0  # by number, since the clock of whoever wrote a row may have been an hour off

    def stands(self, ticket: Ticket) -> bool:
        """Whether a ticket still counts: neither its member nor its session was revoked after it was issued."""
        if not self._revoked:  # as a rule: nobody was, in the last quarter of an hour
            return True
        subjects = (subject_of(member=ticket.member), subject_of(session=ticket.session))
        return all(ticket.issued_at > self._revoked.get(subject, 0.0) for subject in subjects)

    async def run(self) -> None:
        """Read what is new, once a second. The first read takes all that matters for tickets of before the start."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Read what is new now, and close the sockets that it names."""
        since = self._read_to - OVERLAP
        rows: Sequence[tuple[int, str, datetime]] = await self._hub.read(
            lambda: list(Revocation.objects.filter(pk__gt=since).values_list("pk", "subject", "revoked_at")))
        oldest = timezone.now().timestamp() - settings.CURBSIDE_LIMITS.ticket_s - 60
        fresh = False
        for number, subject, at in rows:
            self._read_to = max(self._read_to, number)
            if at.timestamp() > max(oldest, self._revoked.get(subject, 0.0)):
                self._revoked[subject], fresh = at.timestamp(), True
        if fresh:
            self._close()
        self._revoked = {subject: at for subject, at in self._revoked.items() if at > oldest}

    def _close(self) -> None:
        for conn in list(self._hub.connections):
            ticket = Ticket(conn.member, conn.ticket_session, conn.issued_at, 0)
            if conn.member and not self.stands(ticket):
                conn.dismiss(Code.NOT_SIGNED_IN)

"""What consults offers to others: every service by its name, and the wake for what is unread.

The rules of each stand beside it in the file of its meaning; nothing else writes to this app's tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from consults import people
from consults.answering import hand_back, invite, leave
from consults.asking import ask, withdraw
from consults.changing import edit, redact
from consults.ending import close, reopen
from consults.offering import accept, decline
from consults.reporting import report
from realtime.commands import Reply, Request, Written
from realtime.models import Seat

__all__ = [
    "TimedService",
    "accept",
    "ask",
    "close",
    "decline",
    "edit",
    "hand_back",
    "invite",
    "leave",
    "redact",
    "reopen",
    "report",
    "wake_unread",
    "withdraw",
]


class TimedService(Protocol):
    """A service of `realtime` that can also be told the time, for the demo."""

    def __call__(self, req: Request, now: datetime | None = None, /) -> Reply:
        """Carry the command out as of `now`, by default the present."""
        ...


def wake_unread(written: Mapping[str, Written]) -> None:
    """Wake the devices of those in consults who have not read what was written there, with no content.

    Two queries, whatever the number of streams.
    """
    seats = Seat.objects.filter(stream__in=written, stream__kind="consult", left_seq=None, muted=False)
    unread = [
        seat
        for seat, stream, read in seats.values_list("pk", "stream", "read_seq")
        if read < written[stream].seq and seat not in written[stream].seats
    ]
    if unread:
        people.wake_on_commit(people.owners_of_seats(unread).values())

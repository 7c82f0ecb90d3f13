"""What consults offers to others: every service by its name, and the wake for what is unread.

The rules of each stand beside it in the file of its meaning; nothing else writes to this app's tables.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from consults import people
from consults.answering import hand_back, invite, leave
from consults.asking import ask, withdraw
from consults.changing import edit, redact
from consults.ending import close, reopen
from consults.models import Consult
from consults.offering import accept, decline
from consults.reporting import report
from realtime.commands import Reply, Request
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


def wake_unread(stream: str, wrote: list[str]) -> None:
    """Wake the devices of those who sit in a consult and have not read it to its head, with no content."""
    consult = Consult.objects.select_related("stream").filter(pk=stream).first()
    if consult is None:
        return
    seats = Seat.objects.filter(stream=stream, left_seq=None, muted=False, read_seq__lt=consult.stream.seq).exclude(
        pk__in=wrote
    )
    people.wake_on_commit(people.owners_of_seats([seat.pk for seat in seats]).values())

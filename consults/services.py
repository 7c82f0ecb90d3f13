"""What consults offers to others: every service by its name, and the wake for what is unread.

The rules of each stand beside it in the file of its meaning; nothing else writes to this app's tables.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.db.models import Max

from consults import people
from consults.answering import hand_back, invite, leave
from consults.asking import ask, withdraw
from consults.changing import edit, redact
from consults.ending import close, reopen
from consults.models import Consult
from consults.offering import accept, decline
from consults.reporting import report
from realtime.commands import Reply, Request
from realtime.models import Event, Seat

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
    """Wake the devices of those in a consult who have not read what these seats wrote, with no content."""
    if not Consult.objects.filter(pk=stream).exists():
        return
    messages = Event.objects.filter(stream=stream, kind="message", seat__in=wrote)
    newest = messages.aggregate(seq=Max("seq"))["seq"] or 0
    seats = Seat.objects.filter(stream=stream, left_seq=None, muted=False, read_seq__lt=newest).exclude(pk__in=wrote)
    people.wake_on_commit(people.owners_of_seats([seat.pk for seat in seats]).values())

"""What of members ``manage.py purge`` asks and removes: who can still read, and rows that have had their day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.contrib.sessions.models import Session

from members import vault
from members.models import Account, Interruption, Token
from realtime.retention import Keeping

COUNTED: Final = timedelta(days=2)  # a daily budget looks at one day of the member's own, wherever on earth


def reading(seats: Sequence[str]) -> set[str]:
    """Return the seats whose member still has an account; one that is suspended may come back."""
    owners = vault.owners_of_seats(seats)
    there = {str(pk) for pk in Account.objects.filter(pk__in=set(owners.values())).values_list("pk", flat=True)}
    return {seat for seat, owner in owners.items() if owner in there}


def remove_expired(now: datetime) -> int:
    """Remove tokens and sessions that have ended, and offers that no budget counts any more; how many."""
    old = [Token.objects.filter(expires_at__lt=now), Interruption.objects.filter(at__lt=now - COUNTED),
           Session.objects.filter(expire_date__lt=now)]
    return sum(rows.delete()[0] for rows in old)


KEEPING: Final = Keeping(reading=reading, expired=remove_expired)

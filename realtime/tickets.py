"""Who is speaking: short-lived signed tickets, and the list of those that no longer count.

A ticket is made over HTTP for whoever is signed in there (a browser by its session, a program by its token) and is
said in ``hello``, never in a URL. Checking one reads no table, so that all clients may come back at once; what was
revoked during a ticket's life is kept in a short table that each process reads once a second.
"""

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

import msgspec
from django.conf import settings
from django.utils import timezone

from realtime.models import Revocation


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """Member, session (both opaque words), and the instants of issue and end in Unix seconds."""

    member: str
    session: str
    issued_at: float
    expires_at: int


@dataclass(frozen=True, slots=True)
class TicketError(Exception):
    """The ticket does not count: `expired` tells the two reasons apart."""

    expired: bool


_decoder = msgspec.json.Decoder(Ticket)


def _mac(data: bytes) -> bytes:
    return blake2b(data, digest_size=24, key=settings.CURBSIDE_KEYS["ticket"]).digest()


def issue_ticket(member: str, session: str, now: float | None = None) -> tuple[str, int]:
    """Return (ticket, Unix second at which it ends) for a member's session."""
    now = time.time() if now is None else now
    expires_at = int(now) + settings.CURBSIDE_LIMITS.ticket_s
    data = msgspec.json.encode(Ticket(member, session, now, expires_at))
    return urlsafe_b64encode(_mac(data) + data).decode().rstrip("="), expires_at


def read_ticket(ticket: str, now: float) -> Ticket:
    """Return what a ticket says. Raises TicketError for one that is forged, malformed or past its end."""
    try:
        raw = urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
    except ValueError:
        raise TicketError(expired=False) from None
    if not hmac.compare_digest(raw[:24], _mac(raw[24:])):
        raise TicketError(expired=False)
    read = _decoder.decode(raw[24:])
    if read.expires_at <= now:
        raise TicketError(expired=True)
    return read


def subject_of(*, member: str | None = None, session: str | None = None) -> str:
    """Return the keyed digest under which a member or a session stands in the table."""
    word = f"member:{member}" if member is not None else f"session:{session}"
    return urlsafe_b64encode(blake2b(word.encode(), digest_size=32, key=settings.CURBSIDE_KEYS["ticket"]).digest()
                             ).decode().rstrip("=")


def revoke(*, member: str | None = None, session: str | None = None) -> None:
    """End a member's or one session's tickets: every process closes their sockets within two seconds.

    Tickets issued later count again. Rows older than a ticket's life are removed on the way.
    """
    now = timezone.now()
    life = timedelta(seconds=settings.CURBSIDE_LIMITS.ticket_s + 60)
    Revocation.objects.filter(revoked_at__lt=now - life).delete()
    Revocation.objects.create(subject=subject_of(member=member, session=session), revoked_at=now)

"""Streams and their events, seats, inboxes, timers and revocations. The rules stand in ``log.py``.

No row here holds a key of a member: whatever concerns a member in a stream hangs on a seat, and only
``members.vault`` knows whose seat it is.
"""

import secrets
from typing import Final

from django.db import models

ID_LENGTH: Final = 22
EPOCH_LENGTH: Final = 12


def new_id() -> str:
    """Return a random id: 128 bits, 22 characters of base64url."""
    return secrets.token_urlsafe(16)


def new_epoch() -> str:
    """Return a short random name for one life of a stream's numbers."""
    return secrets.token_urlsafe(6)


class Stream(models.Model):
    """An append-only log. ``open``: members append. ``closed``: only services do. ``final``: nobody."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    kind = models.CharField(max_length=16)
    epoch = models.CharField(max_length=EPOCH_LENGTH, default=new_epoch)
    seq = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, default="open", choices=[(s, s) for s in ("open", "closed", "final")])


class Seat(models.Model):
    """A place in one stream: its pseudonym and badge there, and how far it has read."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    stream = models.ForeignKey(Stream, models.CASCADE, related_name="seats")
    name = models.CharField(max_length=64)
    badge = models.CharField(max_length=120, blank=True)
    joined_seq = models.BigIntegerField(default=0)
    left_seq = models.BigIntegerField(null=True)
    read_seq = models.BigIntegerField(default=0)
    muted = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "name"], name="realtime_seat_name")]


class Event(models.Model):
    """One durable event. `gid` grows with every row; `ts` is Unix milliseconds, for display only.

    `body` is JSON, sealed where the stream is an inbox. `digest` is keyed and taken of the original command, so
    that the same `c` with other content is known even after an edit.
    """

    gid = models.BigAutoField(primary_key=True)
    stream = models.ForeignKey(Stream, models.CASCADE, related_name="events", db_index=False)
    seq = models.BigIntegerField()
    seat = models.ForeignKey(Seat, models.CASCADE, null=True, related_name="events", db_index=False)
    c = models.CharField(max_length=36, null=True)
    kind = models.CharField(max_length=32)
    target = models.BigIntegerField(null=True)
    body = models.BinaryField()
    digest = models.BinaryField(null=True, max_length=16)
    ts = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "seq"], name="realtime_event_seq"),
            models.UniqueConstraint(fields=["stream", "seat", "c"], name="realtime_event_once"),
        ]


class Inbox(models.Model):
    """The stream of one member, its owner sealed."""

    stream = models.OneToOneField(Stream, models.CASCADE, primary_key=True)
    owner = models.BinaryField()


class Timer(models.Model):
    """Something that is due at an instant, kept over restarts. One of a kind and subject."""

    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=64)
    due_at = models.DateTimeField(db_index=True)
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="realtime_timer_once")]


class Revocation(models.Model):
    """A member or a session whose tickets no longer count. `subject` is a keyed digest; kept for a ticket's life."""

    subject = models.CharField(max_length=43)
    revoked_at = models.DateTimeField(db_index=True)

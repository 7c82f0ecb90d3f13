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
    """Return a random id: 22 characters of base64url, close to 128 bits.

    It begins with a letter or a digit, so that a spreadsheet takes it for no formula and a shell for no option.
    """
    while not (drawn := secrets.token_urlsafe(16))[0].isalnum():
        pass
    return drawn


def new_epoch() -> str:
    """Return a short random name for one life of a stream's numbers."""
    return secrets.token_urlsafe(6)


class Stream(models.Model):
    """An append-only log. ``open``: members append. ``closed``: only services do. ``final``: nobody.

    `erased_at` tells when its text was erased after its retention time; the events keep their numbers.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    kind = models.CharField(max_length=16)
    epoch = models.CharField(max_length=EPOCH_LENGTH, default=new_epoch)
    seq = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, default="open", choices=[(s, s) for s in ("open", "closed", "final")])
    erased_at = models.DateTimeField(null=True)


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

    `body` is JSON, sealed in inboxes and calls. `digest` is keyed and taken of the original command, so
    that the same `c` with other content is known even after an edit.
    """

    gid = models.BigAutoField(primary_key=True)
    # No foreign keys in the database: whoever writes an event holds its stream's lock and has looked at the seat under
    # it, and PostgreSQL would look both up again for every row, which cost more than the row itself.
    stream = models.ForeignKey(Stream, models.CASCADE, related_name="events", db_index=False, db_constraint=False)
    seq = models.BigIntegerField()
    seat = models.ForeignKey(Seat, models.CASCADE, null=True, related_name="events", db_index=False,
                             db_constraint=False)
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


class Hold(models.Model):
    """A legal hold: the text of one stream, or where `stream` is empty of all, is not erased while it stands.

    Rows are never deleted: they tell who placed it and why, and who lifted it and why. `until` is null for one
    without an end of its own.
    """

    stream = models.ForeignKey(Stream, models.PROTECT, null=True, related_name="holds")
    placed_by = models.CharField(max_length=120)
    why = models.TextField()
    placed_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=120, blank=True)
    lifted_why = models.TextField(blank=True)
    lifted_at = models.DateTimeField(null=True)


class Purge(models.Model):
    """One run of ``manage.py purge``: what it erased and what it kept. `ended_at` is null while it runs or if it died.

    `inbox_gid` is the last event that was looked at for previews in inboxes; the next run goes on behind it.
    """

    began_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
    streams = models.PositiveIntegerField(default=0)
    events = models.PositiveIntegerField(default=0)
    previews = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    kept_unread = models.PositiveIntegerField(default=0)
    inbox_gid = models.BigIntegerField(default=0)
    kept_held = models.PositiveIntegerField(default=0)


class Pulse(models.Model):
    """What one process did in its last minutes, for the platform team's page: numbers, and the process's name."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    name = models.CharField(max_length=60)
    pid = models.PositiveIntegerField()
    build = models.CharField(max_length=60, blank=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=8)
    samples = models.JSONField()

"""Consults and what hangs on them. The rules stand in ``domain.py``; ``services.py`` is the only writer.

No row here holds a key of a member: whoever takes part does so by a seat, whoever is offered something by a
sealed inbox that is deleted with the offer. No row holds what was said: the text lies in the stream's events
alone, so that what is taken away there is gone.
"""

from django.db import models

from consults.clock import Clock
from consults.domain import State, Urgency
from realtime.models import ID_LENGTH, Seat, Stream, new_id


class Consult(models.Model):
    """One question to one specialty, on the stream of the same id. `end` and `outcome` are empty until it ends."""

    stream = models.OneToOneField(Stream, models.CASCADE, primary_key=True)
    specialty = models.CharField(max_length=64)
    language = models.CharField(max_length=16)
    urgency = models.CharField(max_length=8)
    state = models.CharField(max_length=8, default=State.WAITING)
    end = models.CharField(max_length=9, blank=True)
    outcome = models.CharField(max_length=10, blank=True)
    ring = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    clock_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    first_taken_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    reply_due_at = models.DateTimeField(null=True)
    word_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reopen_until = models.DateTimeField(null=True)
    reopen_asked_by = models.ForeignKey(Seat, models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["specialty", "-first_taken_at"], name="consults_usual_wait")]

    def clock(self) -> Clock:
        """Return the times of this consult as a value for the rules (without those of its invitations)."""
        return Clock(
            state=State(self.state),
            urgency=Urgency(self.urgency),
            clock_at=self.clock_at,
            ends_at=self.ends_at,
            ring=self.ring,
            opened_at=self.opened_at,
            reply_due_at=self.reply_due_at,
            word_at=self.word_at,
            final_at=self.reopen_until,
        )

    def set_clock(self, clock: Clock) -> None:
        """Take the times from a value of the rules; the caller saves."""
        self.state, self.ring = clock.state, clock.ring
        self.clock_at, self.ends_at = clock.clock_at, clock.ends_at
        self.opened_at, self.reply_due_at, self.word_at = clock.opened_at, clock.reply_due_at, clock.word_at


class Participant(models.Model):
    """A seat of a consult and its role there. Whether it has left is told by the seat."""

    seat = models.OneToOneField(Seat, models.CASCADE, primary_key=True)
    consult = models.ForeignKey(Consult, models.CASCADE, related_name="participants")
    role = models.CharField(max_length=8)
    joined_at = models.DateTimeField()


class Offer(models.Model):
    """A consult offered to one inbox, which is sealed. All offers of a consult are deleted when it ends.

    `ring` is 0 for an invitation, whose event is `invited_seq`. `state`: standing, accepted, declined, gone.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    consult = models.ForeignKey(Consult, models.CASCADE, related_name="offers")
    inbox = models.BinaryField()
    specialty = models.CharField(max_length=64)
    ring = models.PositiveSmallIntegerField()
    invited_seq = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, default="standing")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()


class Report(models.Model):
    """A participant's report of a consult to the platform team; `about` is the number of one event."""

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="+")
    reason = models.TextField()
    about = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()


class Summary(models.Model):
    """One issue of a consult's summary: what it was made of, never its text.

    `upto` is the last number of the stream that it covers, `digest` the SHA-256 of its text.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    consult = models.ForeignKey(Consult, models.CASCADE, related_name="summaries")
    n = models.PositiveIntegerField()
    upto = models.BigIntegerField()
    digest = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consult", "n"], name="consults_summary_once")]


class ChangedAfterRead(models.Model):
    """One seat had read the message `target` before the event `seq` changed or withdrew it."""

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="+")
    target = models.BigIntegerField()
    seq = models.BigIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seat", "seq"], name="consults_changed_once")]

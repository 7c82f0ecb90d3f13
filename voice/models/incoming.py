"""Calls that come in: a clinic's rule for them, who is on call, who offered to take one call back, and slips.

``voice.routing``, ``voice.incoming`` and ``voice.slips`` are the only writers. Numbers that must be dialled lie sealed;
callers are kept as a keyed index of their clinic and a mask, which is enough to find a slip by and to call nobody with.
"""

from django.conf import settings
from django.db import models

from realtime.models import ID_LENGTH, new_id
from voice.models.calls import WORD
from voice.models.rights import INDEX_LENGTH


class IncomingRule(models.Model):
    """Where calls to a clinic's held numbers go. A clinic without a row has the message alone.

    `route`: desk, on_call, hours (the desk while it is open, else `after_hours`: on_call or message), or message.
    `hours` are [day, from, to] on the clinic's own wall clock, Monday is 0, as 0, "08:00", "17:00".
    """

    clinic = models.OneToOneField("members.Clinic", models.CASCADE, primary_key=True, related_name="incoming_rule")
    route = models.CharField(max_length=WORD, default="message")
    after_hours = models.CharField(max_length=WORD, default="message")
    hours = models.JSONField(default=list)
    desk = models.BinaryField(null=True)
    desk_mask = models.CharField(max_length=32, blank=True)
    language = models.CharField(max_length=16, default="en")
    changed_at = models.DateTimeField()


class OnCallTurn(models.Model):
    """A member of a clinic is on call from `starts_at` to `ends_at`, on a phone of the clinic: never on their own."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    clinic = models.ForeignKey("members.Clinic", models.CASCADE, related_name="on_call_turns")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    number = models.BinaryField()
    mask = models.CharField(max_length=32)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["clinic", "ends_at"], name="voice_on_call_now")]


class CallBackOffer(models.Model):
    """Who made a call takes its call back on their own phone until `until`: for this call alone, and never longer."""

    call = models.CharField(primary_key=True, max_length=ID_LENGTH)
    clinic = models.ForeignKey("members.Clinic", models.CASCADE, related_name="+")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    caller_id = models.CharField(max_length=ID_LENGTH)
    number_index = models.CharField(max_length=INDEX_LENGTH)
    until = models.DateTimeField()
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["clinic", "number_index"], name="voice_offer_of_caller")]


class Slip(models.Model):
    """Somebody was not reached, or was not answered: what the desk must know, and nothing clinical.

    `kind`: ``outgoing`` (our call was not answered) or ``incoming`` (theirs was not). `call` is the stream of the
    outgoing call, the latest of the `attempts` for which the slip stands; `their_calls` are those that left it or came
    while it stood, at `called_back_at` the last. A patient has one live slip of a number, so has who is not known
    (`patient` is "", never null, so that both databases know equal ones), and so have all callers together who withhold
    theirs. `state`: open, claimed, closed, expired.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    clinic = models.ForeignKey("members.Clinic", models.CASCADE, related_name="slips")
    kind = models.CharField(max_length=WORD, default="outgoing")
    call = models.CharField(max_length=ID_LENGTH, blank=True)
    caller_id = models.CharField(max_length=ID_LENGTH, blank=True)
    mode = models.CharField(max_length=WORD)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    patient = models.CharField(max_length=ID_LENGTH, blank=True, db_index=True)
    mask = models.CharField(max_length=32)
    number_index = models.CharField(max_length=INDEX_LENGTH, blank=True)
    cause = models.CharField(max_length=WORD, blank=True)
    state = models.CharField(max_length=WORD, default="open")
    attempts = models.PositiveIntegerField(default=0, db_default=0)  # the version before names neither
    their_calls = models.PositiveIntegerField(default=0, db_default=0)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    called_back_at = models.DateTimeField(null=True)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    how = models.CharField(max_length=WORD, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "state", "-made_at"], name="voice_slip_list"),
            models.Index(fields=["clinic", "number_index"], name="voice_slip_number"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["call"], name="voice_slip_once", condition=~models.Q(call="")),
            models.UniqueConstraint(
                fields=["clinic", "number_index", "patient"], name="voice_slip_live_of_patient",
                condition=models.Q(state__in=("open", "claimed")) & ~models.Q(number_index="")),
        ]


class ReturnCall(models.Model):
    """A call that came in on a held number, once by the carrier's id of it. `step` is how many places were tried.

    `went` is the place that rings or rang: offer, desk, on_call, message. The id is the only name that the carrier
    is given. `older_indexes` are those of the caller's number under the keys before that of `number_index`: the number
    itself is not kept, and slips keep the index of their day.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    carrier = models.CharField(max_length=WORD)
    carrier_id = models.CharField(max_length=64)
    clinic = models.ForeignKey("members.Clinic", models.CASCADE, related_name="return_calls")
    caller_id = models.CharField(max_length=ID_LENGTH)
    number_index = models.CharField(max_length=INDEX_LENGTH, blank=True)
    older_indexes = models.JSONField(null=True)  # null: a version that did not keep them
    mask = models.CharField(max_length=32)
    slip = models.ForeignKey(Slip, models.SET_NULL, null=True, related_name="return_calls")
    step = models.PositiveSmallIntegerField(default=0)
    went = models.CharField(max_length=WORD, blank=True)
    answered = models.BooleanField(default=False)
    came_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["carrier", "carrier_id"], name="voice_return_once")]
        indexes = [models.Index(fields=["clinic", "-came_at"], name="voice_return_list")]

    @property
    def indexes(self) -> list[str]:
        """All indexes of the caller's number, the last under the key of its day; [] where it was withheld."""
        return [*(self.older_indexes or []), self.number_index] if self.number_index else []

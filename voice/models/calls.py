"""Calls, their attempts, what is to be asked of the carrier, what it said, and the record that stays.

``voice.services`` and ``voice.outbox`` are the only writers. No row here holds a telephone number in clear: the
two that are dialled lie sealed in `CallNumber`, erased after its retention time, and everywhere else stands a mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import models

from realtime.models import ID_LENGTH, Stream, new_id

WORD: Final = 16


class Call(models.Model):
    """One masked call, on the stream of the same id. `machine` is the state of ``voice.call.Call`` as JSON.

    `account` and `clinic` are ids of `members`, `caller_id` and `patient` of this app; no foreign key, so that a call
    outlives whom it names. `decisions` are the rules that were asked before it was dialled, with their counters.
    `worker` is the media worker that carries the clinician's sound, null while none does; its rows may be gone.
    """

    stream = models.OneToOneField(Stream, models.CASCADE, primary_key=True)
    account = models.UUIDField()
    clinic = models.UUIDField()
    caller_id = models.CharField(max_length=36)
    mode = models.CharField(max_length=WORD)
    attestation = models.CharField(max_length=1)
    evidence = models.CharField(max_length=64, blank=True)
    way = models.CharField(max_length=WORD)
    carrier = models.CharField(max_length=WORD)
    room = models.CharField(max_length=ID_LENGTH, default=new_id)
    patient = models.CharField(max_length=36, blank=True)
    which = models.CharField(max_length=WORD, blank=True)
    patient_mask = models.CharField(max_length=32)
    clinician_mask = models.CharField(max_length=32)
    language = models.CharField(max_length=16, default="en")
    purpose = models.CharField(max_length=64, blank=True)
    decisions = models.JSONField(default=list)
    machine = models.JSONField()
    stage = models.CharField(max_length=24)
    started_at = models.DateTimeField()
    bridged_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    talked_s = models.PositiveIntegerField(default=0)
    by = models.CharField(max_length=WORD, blank=True)
    cause = models.CharField(max_length=WORD, blank=True)
    reason = models.CharField(max_length=48, blank=True)
    worker = models.CharField(max_length=ID_LENGTH, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-started_at"], name="voice_call_own"),
            models.Index(fields=["clinic", "-started_at"], name="voice_call_clinic"),
            models.Index(fields=["ended_at"], name="voice_call_live"),
        ]


class CallNumber(models.Model):
    """A number of a call, sealed; `role`: ``clinician``, ``patient`` or ``shown``. Erased by `purge`."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    call = models.ForeignKey(Call, models.CASCADE, related_name="numbers")
    role = models.CharField(max_length=WORD)
    sealed = models.BinaryField()
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "role"], name="voice_number_once")]


class Attempt(models.Model):
    """One leg that is tried: side and number of the attempt, and what the carrier calls it.

    `reference` is random and is all that the carrier learns of us. `heard_at` is when the carrier last said anything.
    `media`: how the sound was that passed through a worker, as `MEDIA` of `voice.records` names it.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="attempts")
    side = models.CharField(max_length=WORD)
    n = models.PositiveSmallIntegerField()
    way = models.CharField(max_length=WORD)
    carrier = models.CharField(max_length=WORD)
    reference = models.CharField(max_length=ID_LENGTH, unique=True, default=new_id)
    carrier_id = models.CharField(max_length=64, blank=True, db_index=True)
    dialing_at = models.DateTimeField(null=True)
    ringing_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cause = models.CharField(max_length=WORD, blank=True)
    provider_code = models.CharField(max_length=32, blank=True)
    heard_at = models.DateTimeField()
    media = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "side", "n"], name="voice_attempt_once")]
        indexes = [
            models.Index(fields=["heard_at"], name="voice_attempt_silent", condition=models.Q(ended_at=None)),
        ]


class Action(models.Model):
    """Something to ask of a carrier or, on the plane `media`, of the media worker that owns the call. One claims it.

    Claimed by compare-and-set; a dial is asked once at most.

    `state`: waiting, claimed, done, failed, cancelled, or unknown (a dial whose answer was lost). A ``proof`` is the
    dial of a proving call, which is no call between two sides. No columns, and None unless they were read with it:
    `numbers` of its call that a dial needs, by their role; `languages` of who hears a clinician's leg.
    """

    numbers: Mapping[str, CallNumber] | None = None
    languages: Sequence[str] | None = None
    key = models.CharField(max_length=64, unique=True)
    call = models.ForeignKey(Call, models.CASCADE, null=True, related_name="actions")
    attempt = models.ForeignKey(Attempt, models.CASCADE, null=True, related_name="actions")
    kind = models.CharField(max_length=WORD)
    plane = models.CharField(max_length=WORD, default="carrier", db_default="carrier")
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=WORD, default="waiting")
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["plane", "due_at"], name="voice_action_waiting", condition=models.Q(state="waiting")
            ),
            models.Index(
                fields=["lease_until"], name="voice_action_open", condition=models.Q(state__in=["claimed", "unknown"])
            ),
        ]


class HeardEvent(models.Model):
    """One event of a carrier, taken once by its key. Digits that were pressed are not kept."""

    carrier = models.CharField(max_length=WORD)
    key = models.CharField(max_length=120)
    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="heard")
    kind = models.CharField(max_length=WORD)
    provider_code = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField()
    heard_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["carrier", "key"], name="voice_heard_once")]


class AppendOnly(Exception):
    """A record is written once; nobody changes or removes it."""


class CallRecord(models.Model):
    """What stays of a call, written once when it ends, with masks only. No foreign key: it outlives the rest.

    `legs` are the attempts with their instants, causes and provider codes; `decisions` the rules that were asked;
    `cents` what it cost by our own prices, in hundredths of the currency, null for calls from before there were any.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    call = models.CharField(max_length=ID_LENGTH, unique=True)
    account = models.UUIDField()
    clinic = models.UUIDField()
    caller_id = models.CharField(max_length=36)
    mode = models.CharField(max_length=WORD)
    attestation = models.CharField(max_length=1)
    evidence = models.CharField(max_length=64, blank=True)
    way = models.CharField(max_length=WORD)
    carrier = models.CharField(max_length=WORD)
    patient = models.CharField(max_length=36, blank=True)
    patient_mask = models.CharField(max_length=32)
    clinician_mask = models.CharField(max_length=32)
    purpose = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()
    bridged_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField()
    talked_s = models.PositiveIntegerField()
    by = models.CharField(max_length=WORD)
    cause = models.CharField(max_length=WORD)
    reason = models.CharField(max_length=48)
    legs = models.JSONField()
    decisions = models.JSONField()
    cents = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "-started_at"], name="voice_record_clinic"),
            models.Index(fields=["carrier", "started_at"], name="voice_record_carrier"),
        ]

    def save(self, *args: Any, **options: Any) -> None:
        """Write it once. Raises AppendOnly for a second time."""
        if not self._state.adding:
            raise AppendOnly
        options["force_insert"] = True
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Raise AppendOnly."""
        raise AppendOnly


class CallOutcome(models.Model):
    """How a call went, said once by who made it, and what follows; `retry_done_at`: when they took that back."""

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="outcome")
    how = models.CharField(max_length=WORD)
    then = models.CharField(max_length=WORD, blank=True)
    retry_at = models.DateTimeField(null=True)
    retry_done_at = models.DateTimeField(null=True)
    said_at = models.DateTimeField()


class CallRefusal(models.Model):
    """A call that was not begun, and by which rule. `mask` is of the number that was to be dialled."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    account = models.UUIDField()
    clinic = models.UUIDField(null=True)
    patient = models.CharField(max_length=36, blank=True)
    mask = models.CharField(max_length=32, blank=True)
    code = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-at"], name="voice_refusal_own"),
            models.Index(fields=["clinic", "-at"], name="voice_refusal_clinic"),
        ]


class LoopbackLeg(models.Model):
    """A leg of the loopback carrier: which script it plays and how far. It holds no number.

    `ends_at` is when it ends by itself, and of one that has ended when that was.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    reference = models.CharField(max_length=ID_LENGTH, db_index=True)
    script = models.CharField(max_length=WORD)
    state = models.CharField(max_length=WORD, default="dialing")
    max_s = models.PositiveIntegerField()
    room = models.CharField(max_length=ID_LENGTH)
    bridged = models.BooleanField(default=False)
    cause = models.CharField(max_length=WORD, blank=True)
    steps = models.JSONField()
    said = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, db_index=True)
    dialed_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField()

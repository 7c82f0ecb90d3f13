"""The right to show a number: clinic numbers, the calls that prove them, who may use them, and members' own phones.

``voice.rights``, ``voice.proofs`` and ``voice.phones`` are the only writers. Numbers lie sealed and are found again by
keyed indexes; `number_index` is the same for all clinics, since a number has one holder.
"""

from typing import Final

from django.conf import settings
from django.db import models

from realtime.models import ID_LENGTH, new_id
from voice.models.calls import WORD

INDEX_LENGTH: Final = 43
LONGEST_WHY: Final = 200


class ClinicNumber(models.Model):
    """A number that a clinic shows. `state`: proving, approving, live, expired, revoked.

    `mode`: ``own``, proved by a call, or ``held`` by the service. `holder` is the row of the clinic that lets this one
    use its number. `single_until` is when the approval of a clinic with one administrator comes by itself; it begins
    to run, too, when the others leave.
    `carrier_at` is when the carrier said that it shows the number, where it wants to be asked. Revoked rows stay, and
    keep their mask alone in `number` once their time is over, without an index; who revoked and why is empty where it
    was the clinic that lent the number.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    clinic = models.ForeignKey("members.Clinic", models.CASCADE, related_name="numbers")
    number = models.BinaryField()
    number_index = models.CharField(max_length=INDEX_LENGTH, db_index=True)
    extension = models.BinaryField(null=True)
    mode = models.CharField(max_length=WORD)
    attestation = models.CharField(max_length=1)
    evidence = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=WORD, default="proving")
    holder = models.ForeignKey("self", models.CASCADE, null=True, related_name="lent")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    proved_at = models.DateTimeField(null=True)
    single_until = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    carrier_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    revoked_why = models.CharField(max_length=LONGEST_WHY, blank=True, db_default="")
    reminded_days = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "number_index"],
                name="voice_number_once_in_a_clinic",
                condition=~models.Q(state="revoked"),
            ),
            # Two clinics that prove one number at once: the database lets one of them hold it.
            models.UniqueConstraint(
                fields=["number_index"],
                name="voice_number_has_one_holder",
                condition=models.Q(holder=None, state__in=["approving", "live", "expired"]),
            ),
        ]


class OwnPhone(models.Model):
    """A phone on which a member is rung first. Used once it is proved, and from `usable_at` after a change."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="phones")
    number = models.BinaryField()
    number_index = models.CharField(max_length=INDEX_LENGTH, db_index=True)
    added_at = models.DateTimeField()
    proved_at = models.DateTimeField(null=True)
    usable_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)


class Proof(models.Model):
    """One call that speaks a code to who answers a number. `state`: waiting, calling, proved, failed.

    The code is sealed and is gone with the proof's end. `reference` is our name of it,
    `carrier_id` the carrier's, empty until the carrier said it.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    clinic_number = models.ForeignKey(ClinicNumber, models.CASCADE, null=True, related_name="proofs")
    phone = models.ForeignKey(OwnPhone, models.CASCADE, null=True, related_name="proofs")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    number_index = models.CharField(max_length=INDEX_LENGTH)
    code = models.BinaryField(null=True)
    state = models.CharField(max_length=WORD, default="waiting")
    cause = models.CharField(max_length=WORD, blank=True)
    reference = models.CharField(max_length=ID_LENGTH, unique=True, default=new_id)
    carrier_id = models.CharField(max_length=64, blank=True, db_default="", default="")
    attempts_left = models.PositiveSmallIntegerField()
    call_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["number_index", "call_at"], name="voice_proof_week"),
            models.Index(fields=["asked_by", "call_at"], name="voice_proof_day"),
        ]


class Grant(models.Model):
    """A clinic number that a member may show, until it ends."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    clinic_number = models.ForeignKey(ClinicNumber, models.CASCADE, related_name="grants")
    membership = models.ForeignKey("members.ClinicMembership", models.CASCADE, related_name="grants")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    given_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic_number", "membership"], name="voice_grant_once", condition=models.Q(ended_at=None)
            )
        ]

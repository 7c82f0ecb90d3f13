"""Where a call may go and how much: limits and regions of a clinic, pauses, and the rows that reserve a budget.

The platform team writes limits, regions and pauses; ``voice.budgets`` alone writes reservations.
"""

from typing import Final

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from realtime.models import ID_LENGTH
from voice.models.calls import WORD
from voice.models.rights import INDEX_LENGTH

LONGEST_REASON: Final = 200


class ClinicLimits(models.Model):
    """A clinic's own limits; what is empty is as everywhere (settings). Hours are those of who is called.

    Equal hours mean the whole day.
    """

    clinic = models.OneToOneField("members.Clinic", models.CASCADE, primary_key=True, related_name="limits")
    concurrent_calls = models.PositiveIntegerField(null=True, blank=True)
    attempts_minute = models.PositiveIntegerField(null=True, blank=True)
    attempts_hour = models.PositiveIntegerField(null=True, blank=True)
    attempts_day = models.PositiveIntegerField(null=True, blank=True)
    destinations_hour = models.PositiveIntegerField(null=True, blank=True)
    minutes_day = models.PositiveIntegerField(null=True, blank=True)
    cents_day = models.PositiveIntegerField(null=True, blank=True)
    longest_call_s = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(60), MaxValueValidator(14_400)]
    )
    hours_from = models.TimeField(null=True, blank=True)
    hours_to = models.TimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "clinic limits"


class RegionException(models.Model):
    """A region besides its own country that a clinic may call until a day, and why."""

    clinic = models.ForeignKey("members.Clinic", models.CASCADE, related_name="regions")
    region = models.CharField(max_length=2)
    until = models.DateTimeField()
    reason = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "region"], name="voice_region_once")]


class CallPause(models.Model):
    """A time in which no call begins: of one clinic, or of all where `clinic` is empty. Rows stay: they are the audit.

    `by` and `ended_by` are empty where the operator's command did it. Clinicians read the `reason`.
    """

    clinic = models.ForeignKey("members.Clinic", models.CASCADE, null=True, blank=True, related_name="pauses")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=LONGEST_REASON, blank=True, db_default="")
    since = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")


class BudgetScope(models.Model):
    """One who has a budget (an account, a clinic, a trunk): its row is locked while a call is weighed."""

    key = models.CharField(primary_key=True, max_length=64)


class Reservation(models.Model):
    """What one call takes from the budgets: all that it may last until it ends, then what it lasted.

    `destination` is a keyed index of the clinic alone, so that distinct destinations can be counted and nobody learns
    that two clinics call one person. Erased by `purge` and the call loop once no budget looks back so far.
    """

    call = models.CharField(primary_key=True, max_length=ID_LENGTH)
    account = models.UUIDField()
    clinic = models.UUIDField()
    trunk = models.CharField(max_length=WORD)
    destination = models.CharField(max_length=INDEX_LENGTH)
    seconds = models.PositiveIntegerField()
    cents = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "made_at"], name="voice_reserved_account"),
            models.Index(fields=["clinic", "made_at"], name="voice_reserved_clinic"),
            models.Index(fields=["trunk"], name="voice_reserved_live", condition=models.Q(released_at=None)),
        ]

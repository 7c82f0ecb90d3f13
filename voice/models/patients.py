"""A clinic's patients, sealed, and who looked at them. ``voice.patients`` is the only writer."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from realtime.models import ID_LENGTH, new_id
from voice.models.calls import WORD
from voice.models.rights import INDEX_LENGTH


class Patient(models.Model):
    """Somebody in a clinic's address book: name, birth date and numbers sealed, the numbers with keyed indexes.

    `message`: what may be left on a machine: ``yes``, ``name_only`` or ``no``. `guardian` is who speaks for them.
    `wrong_at` and `second_wrong_at`: somebody else answered there.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    clinic = models.ForeignKey("members.Clinic", models.CASCADE, related_name="patients")
    name = models.BinaryField()
    born = models.BinaryField(null=True)
    number = models.BinaryField(null=True)
    number_index = models.CharField(max_length=INDEX_LENGTH, blank=True)
    second = models.BinaryField(null=True)
    second_index = models.CharField(max_length=INDEX_LENGTH, blank=True)
    guardian = models.BinaryField(null=True)
    message = models.CharField(max_length=9, default="name_only")
    hide_clinic = models.BooleanField(default=False)
    language = models.CharField(max_length=16, default="en")
    interpreter = models.BooleanField(default=False)
    do_not_call = models.BooleanField(default=False)
    wrong_at = models.DateTimeField(null=True)
    second_wrong_at = models.DateTimeField(null=True)
    added_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "number_index"], name="voice_patient_number"),
            models.Index(fields=["clinic", "second_index"], name="voice_patient_second"),
        ]


class DoNotCall(models.Model):
    """A number that a clinic does not call, as a keyed index: it is kept when the patient is erased."""

    clinic = models.ForeignKey("members.Clinic", models.CASCADE, related_name="+")
    number_index = models.CharField(max_length=INDEX_LENGTH)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "number_index"], name="voice_do_not_call_once")]


class PatientWord(models.Model):
    """The beginning of a word of a patient's name as a keyed index of the clinic: finds, and tells nothing."""

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="words")
    index = models.CharField(max_length=INDEX_LENGTH, db_index=True)


class PatientLook(models.Model):
    """Somebody saw a patient's name beside the number. `why`: found, opened, dialling, changed or erased.

    No foreign key to the patient, so that the record of looks outlives them.
    """

    patient = models.CharField(max_length=ID_LENGTH, db_index=True)
    clinic = models.ForeignKey("members.Clinic", models.CASCADE, related_name="+")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=WORD)
    at = models.DateTimeField(db_index=True)

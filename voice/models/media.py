"""What passes between a browser and the worker that carries its sound, and the workers themselves."""

from __future__ import annotations

from typing import Final

from django.db import models

from realtime.models import ID_LENGTH, new_id
from voice.models.calls import Attempt, Call

ERROR_LENGTH: Final = 32
URL_LENGTH: Final = 200


class MediaSignal(models.Model):
    """The offer of one peer connection of a clinician's attempt, and its answer. Erased when it expires.

    `offer` and `answer` are sealed, as an SDP holds the addresses of the member's device; the worker takes the offer
    away when it has answered. `error` is the media plane's word where there is no answer.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    call = models.ForeignKey(Call, models.CASCADE, related_name="signals")
    n = models.PositiveSmallIntegerField()
    peer = models.PositiveIntegerField()
    offer = models.BinaryField(null=True)
    answer = models.BinaryField(null=True)
    error = models.CharField(max_length=ERROR_LENGTH, blank=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "n", "peer"], name="voice_signal_once")]


class MediaWorker(models.Model):
    """A media worker that lives as long as `beat_at` is young. `draining`: it takes no more calls.

    `stream_url`: where a carrier opens a socket to it, empty where none can. `trunks` is how many SIP trunks it has,
    `trunks_up` how many of them it was connected to at its last beat.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id)
    name = models.CharField(max_length=64, blank=True)
    began_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)
    draining = models.BooleanField(default=False)
    calls = models.PositiveIntegerField(default=0)
    stream_url = models.CharField(max_length=URL_LENGTH, blank=True, default="", db_default="")
    trunks = models.PositiveSmallIntegerField(default=0, db_default=0)
    trunks_up = models.PositiveSmallIntegerField(default=0, db_default=0)


class StreamToken(models.Model):
    """What lets the stream of a patient's attempt in, once and for a minute. The token itself is kept nowhere."""

    digest = models.CharField(primary_key=True, max_length=64)
    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(db_index=True)

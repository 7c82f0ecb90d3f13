"""How the sound of a patient's leg comes to the worker that carries its call: where to, and the token that lets it in.

A carrier that brings sound (``documents.BringsSound``) is told an address and a token, which is good once, for a
minute, for one leg, and with the worker that owns the call alone. Kept is its digest: it is random, and needs no key.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db import transaction

from voice.call import Call as Machine
from voice.call import Side, Way
from voice.holding import alone
from voice.models import Action, Attempt, MediaWorker, StreamToken
from voice.planes import BROWSER

LIFE: Final = timedelta(seconds=60)
BYTES: Final = 32


def is_over_browser(call: Machine) -> bool:
    """Return whether the patient of a call hears a browser: of the clinician's attempts the one that is bridged."""
    bridged = call.memory.bridged
    attempt = None if bridged is None else call.attempt(Side.CLINICIAN, bridged[0])
    return (call.way if attempt is None else attempt.way) is Way.WEBRTC


def issue(patient: Attempt, now: datetime) -> tuple[str, str] | None:
    """Return where the sound of a patient's leg goes, and a token; None where no worker could take it."""
    url = MediaWorker.objects.filter(pk=patient.call.worker).values_list("stream_url", flat=True).first()
    if not url:
        return None
    token = secrets.token_urlsafe(BYTES)
    with alone():
        StreamToken.objects.create(digest=_digest(token), attempt=patient, expires_at=now + LIFE)
    return url, token


def admit(token: str, carrier_id: str, worker: str, now: datetime) -> str | None:
    """Take a token, and return the reference of the leg whose stream it lets in; None where it is good for nothing.

    `carrier_id`: the carrier's name of the leg, by its own word.
    """
    with alone(), transaction.atomic():
        row = StreamToken.objects.select_related("attempt__call").filter(pk=_digest(token)).first()
        if row is None or not StreamToken.objects.filter(pk=row.pk).delete()[0]:
            return None
    attempt = row.attempt
    good = row.expires_at > now and attempt.ended_at is None and attempt.call.ended_at is None
    return attempt.reference if good and attempt.call.worker == worker and attempt.carrier_id == carrier_id else None


def was_bridged(call: str, *, over_browser: bool) -> bool:
    """Return whether the patient of a call was ever bridged to a clinician over a browser, or over a phone."""
    bridges = Action.objects.filter(call=call, kind="bridge")
    phones = bridges.exclude(attempt__carrier=BROWSER)
    return (bridges.filter(attempt__carrier=BROWSER) if over_browser else phones).exists()


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()

"""The sweep: asks the carrier about dials whose answer was lost, and about legs of which it has been silent."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from voice.asking import order_of
from voice.carriers import carrier_of
from voice.carriers.base import CarrierError, CarrierEvent
from voice.models import Action, Attempt
from voice.services import take_events

log = logging.getLogger(__name__)
BATCH: Final = 50
SILENT: Final = timedelta(seconds=20)
SILENT_UP: Final = timedelta(seconds=120)
"""How long a leg may be silent before it is asked about: until it is up, and from then on."""
LOOKED_FOR: Final = timedelta(minutes=10)
NEARBY: Final = timedelta(minutes=15)


def sweep(now: datetime) -> int:
    """Ask about everything that is due, at most a batch of each. Returns how many legs were asked about."""
    return _look_for_unknown(now) + _ask_silent(now)


def _look_for_unknown(now: datetime) -> int:
    """Dials of which nobody knows: the carrier is asked until it knows the leg, or for some minutes."""
    rows = Action.objects.filter(state="unknown", kind="dial", made_at__gt=now - LOOKED_FOR, done_at__isnull=False)
    found = list(rows.select_related("attempt__call").order_by("done_at")[:BATCH])
    for action in found:
        attempt = action.attempt
        assert attempt is not None
        if attempt.carrier_id:
            Action.objects.filter(pk=action.pk, state="unknown").update(state="done")
            continue
        _fetch(attempt, now)
    return len(found)


def _ask_silent(now: datetime) -> int:
    up = Q(confirmed_at__isnull=False) | Q(side="patient", answered_at__isnull=False)
    silent = (~up & Q(heard_at__lt=now - SILENT)) | (up & Q(heard_at__lt=now - SILENT_UP))
    rows = Attempt.objects.filter(silent, ended_at=None).exclude(carrier_id="").select_related("call")
    found = list(rows.order_by("heard_at")[:BATCH])
    for attempt in found:
        Attempt.objects.filter(pk=attempt.pk).update(heard_at=now)
        _fetch(attempt, now)
    return len(found)


def _fetch(attempt: Attempt, now: datetime) -> None:
    order = None
    known: list[str] = []
    if not attempt.carrier_id:
        try:
            order = order_of(attempt)
        except LookupError:
            return
        others = Attempt.objects.filter(heard_at__gt=now - NEARBY).exclude(carrier_id="")
        known = list(others.values_list("carrier_id", flat=True))
    try:
        events = carrier_of(attempt.carrier).fetch(attempt.reference, attempt.carrier_id or None,
                                                   order=order, known=known)
    except CarrierError as error:
        log.warning("a carrier could not be asked about a leg", extra={"reason_code": error.provider_code})
        return
    news = [event for event in events if not _is_known(attempt, event)]
    if news:
        take_events(attempt.carrier, news)


def _is_known(attempt: Attempt, event: CarrierEvent) -> bool:
    """Whether a leg stands where the carrier says that it does, so that no lock has to be taken."""
    return event.kind not in ("key", "ended") and getattr(attempt, f"{event.kind}_at") is not None

"""The sweep: asks the carrier about dials whose answer was lost, legs of which it is silent, and calls that came in.

It also ends the calls of who may not call any more, where whoever took the standing away died before it did.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from members.clinics import places_that_stand
from voice import incoming, lost_dials
from voice.call import By, Stage
from voice.carriers import carrier_of
from voice.carriers.base import CarrierError, CarrierEvent
from voice.ending import end_calls, end_shown, end_taken_back
from voice.holding import alone
from voice.models import Action, Attempt, Call, ClinicNumber, ReturnCall
from voice.services import take_events

log = logging.getLogger(__name__)
BATCH: Final = 50
MOST_S: Final = 10.0
"""For how long one sweep begins new questions: a slow carrier shall not keep what is lost now from being found."""
SILENT: Final = timedelta(seconds=20)
SILENT_UP: Final = timedelta(seconds=120)
"""How long a leg may be silent before it is asked about: until it is up, and from then on."""
LOOKED_FOR: Final = timedelta(minutes=10)
CAME_IN: Final = timedelta(minutes=1)
CAME_IN_MOST: Final = timedelta(hours=3)
"""How long after it came in a call is asked about, and is over whatever its carrier says."""


def sweep(now: datetime, enough: Callable[[], bool] = lambda: False) -> int:
    """Ask about everything that is due, at most a batch of each, until there is `enough`. Returns how many legs."""
    ends = monotonic() + MOST_S
    asked = 0
    for look in (_look_for_unknown, _ask_silent):
        for attempt, question in look(now):
            if enough() or monotonic() >= ends:
                return asked
            _safely(_take, attempt, question)
            asked += 1
    return asked


def close_incoming(now: datetime, enough: Callable[[], bool] = lambda: False) -> int:
    """End the calls that came in and whose end nobody told, as their carrier says. Returns how many were ended.

    The slip of a call back stands only once its call has ended.
    """
    ends = monotonic() + MOST_S
    closed = 0
    for row in ReturnCall.objects.filter(ended_at=None, came_at__lt=now - CAME_IN).order_by("?")[:BATCH]:
        if enough() or monotonic() >= ends:
            break
        if row.came_at < now - CAME_IN_MOST or _safely(_is_over, row):
            with alone(), transaction.atomic():
                incoming.end(row.carrier, row.carrier_id, now)
            closed += 1
    return closed


def end_unstanding(now: datetime, enough: Callable[[], bool] = lambda: False) -> int:
    """End the calls that go on for members or clinics that lost their standing, or under a right that was taken away.

    Returns of how many places and calls.
    """
    going = Call.objects.filter(ended_at=None).exclude(stage=Stage.ENDING)
    places = set(going.order_by().values_list("account", "clinic").distinct())
    ended = 0
    for account, clinic in places - places_that_stand({account for account, _ in places}):
        if enough():
            break
        end_calls(account, clinic, now, By.SERVICE)
        ended += 1
    shown = going.order_by().values_list("caller_id", flat=True)
    revoked = ClinicNumber.objects.filter(pk__in=shown.distinct(), state="revoked").values_list("pk", flat=True)
    return ended + end_shown(list(revoked), now) + end_taken_back(now)


def _is_over(row: ReturnCall) -> bool:
    return any(event.kind == "ended" for event in carrier_of(row.carrier).fetch(row.pk, row.carrier_id))


Questions = list[tuple[Attempt, Callable[[], list[CarrierEvent]]]]


def _look_for_unknown(now: datetime) -> Questions:
    """Dials of which nobody knows: the carrier is asked until it knows the leg, or for some minutes.

    Those whose call still waits come first, at random: where only a few can be asked, no call is always the last.
    """
    rows = Action.objects.filter(state="unknown", kind="dial", made_at__gt=now - LOOKED_FOR, done_at__isnull=False)
    waiting_first = F("attempt__call__ended_at").desc(nulls_first=True)
    questions: Questions = []
    for action in rows.select_related("attempt__call").order_by(waiting_first, "?")[:BATCH]:
        assert action.attempt is not None
        if action.attempt.carrier_id:
            Action.objects.filter(pk=action.pk, state="unknown").update(state="done")
        else:
            questions.append((action.attempt, _finding(action)))
    return questions


def _finding(action: Action) -> Callable[[], list[CarrierEvent]]:
    return lambda: lost_dials.find(action)


def _ask_silent(now: datetime) -> Questions:
    up = Q(confirmed_at__isnull=False) | Q(side="patient", answered_at__isnull=False)
    silent = (~up & Q(heard_at__lt=now - SILENT)) | (up & Q(heard_at__lt=now - SILENT_UP))
    rows = Attempt.objects.filter(silent, ended_at=None).exclude(carrier_id="").select_related("call")
    return [(attempt, _asking(attempt, now)) for attempt in rows.order_by("heard_at")[:BATCH]]


def _asking(attempt: Attempt, now: datetime) -> Callable[[], list[CarrierEvent]]:
    def ask() -> list[CarrierEvent]:
        Attempt.objects.filter(pk=attempt.pk).update(heard_at=now)
        return carrier_of(attempt.carrier).fetch(attempt.reference, attempt.carrier_id)

    return ask


def _take(attempt: Attempt, question: Callable[[], list[CarrierEvent]]) -> bool:
    news = [event for event in question() if not _is_known(attempt, event)]
    if news:
        take_events(attempt.carrier, news)
    return bool(news)


def _safely(look: Callable[..., bool], *of: object) -> bool:
    """Look at one leg. Never raises: one that cannot be asked about holds up no other."""
    try:
        return look(*of)
    except CarrierError as error:
        log.warning("a carrier could not be asked about a leg", extra={"reason_code": error.provider_code})
    except Exception:
        log.exception("a leg could not be asked about")
    return False


def _is_known(attempt: Attempt, event: CarrierEvent) -> bool:
    """Whether a leg stands where the carrier says that it does, so that no lock has to be taken."""
    return event.kind not in ("key", "ended") and getattr(attempt, f"{event.kind}_at") is not None

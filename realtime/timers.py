"""Timers that outlive the process: rows, claimed by compare-and-set, worked off by one loop a process.

A handler runs in its own transactions and may run again after a crash, so it must look at the state it finds.
"""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from realtime import rows
from realtime.commands import TimerHandler
from realtime.models import Timer
from realtime.rows import Part

LEASE = timedelta(seconds=30)
BATCH = 50
LONGEST_BACKOFF_S = 300

log = logging.getLogger(__name__)


def set_timer(kind: str, subject: str, due_at: datetime) -> None:
    """Set or move the timer of this kind and subject, in the caller's transaction."""
    rows.send([setting(kind, subject, due_at)])


def setting(kind: str, subject: str, due_at: datetime) -> Part:
    """Return what sets or moves a timer, to be sent with other statements."""
    return rows.insert(
        Timer(kind=kind, subject=subject, due_at=due_at),
        also="ON CONFLICT (kind, subject) DO UPDATE SET due_at = EXCLUDED.due_at, lease_until = EXCLUDED.lease_until, "
        "tries = EXCLUDED.tries")


def clear_timer(kind: str, subject: str) -> None:
    """Remove the timer of this kind and subject, if there is one."""
    rows.send([clearing(kind, subject)])


def clearing(kind: str, subject: str) -> Part:
    """Return what removes a timer, to be sent with other statements."""
    return Part("DELETE FROM realtime_timer WHERE kind = %s AND subject = %s", [kind, subject])


def work_off(handlers: Mapping[str, TimerHandler], guard: AbstractContextManager[Any] | None = None) -> int:
    """Run the handlers of all timers that are due, at most a batch, and return how many ran.

    A timer that its handler set anew stays; one whose handler fails is tried again, later each time. `guard` is
    held around each, where the database has one writer.
    """
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    due = Timer.objects.filter(free, due_at__lte=now, kind__in=list(handlers)).order_by("due_at")[:BATCH]
    ran = 0
    for timer in due:
        with guard or nullcontext():
            ran += _run(handlers[timer.kind], timer, now)
    return ran


def _run(handler: TimerHandler, timer: Timer, now: datetime) -> bool:
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    row = Timer.objects.filter(free, pk=timer.pk, due_at=timer.due_at)
    if not row.update(lease_until=now + LEASE, tries=F("tries") + 1):
        return False
    try:
        handler(timer.subject, now)
    except Exception:
        log.exception("a timer failed and is tried again", extra={"timer": timer.kind})
        again = now + timedelta(seconds=min(2**timer.tries, LONGEST_BACKOFF_S))
        Timer.objects.filter(pk=timer.pk, due_at=timer.due_at).update(due_at=again, lease_until=None)
        return False
    with transaction.atomic():
        Timer.objects.filter(pk=timer.pk, due_at=timer.due_at, lease_until=now + LEASE).delete()
    return True

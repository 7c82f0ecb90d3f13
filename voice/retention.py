"""What of calls ``manage.py purge`` removes: sealed numbers, refusals, unused patients, codes that are over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from realtime.retention import Keeping
from voice import proofs, slips
from voice.address_book import forget_unused
from voice.models import CallRefusal
from voice.records import erase_numbers

PROOFS_KEPT: Final = timedelta(days=30)  # a week of them is counted


def remove_expired(now: datetime) -> int:
    """Erase what its retention time is over for; records of calls stay, with their masks. Returns how many rows."""
    removed = proofs.forget(now - PROOFS_KEPT)
    for days, erase in ((settings.CURBSIDE_KEEP_NUMBER_DAYS, erase_numbers),
                        (settings.CURBSIDE_KEEP_NUMBER_DAYS, slips.forget),
                        (settings.CURBSIDE_KEEP_NUMBER_DAYS, _forget_refusals),
                        (settings.CURBSIDE_KEEP_PATIENT_DAYS, forget_unused)):
        if days:
            removed += erase(now - timedelta(days=days))
    return removed


def _forget_refusals(before: datetime) -> int:
    """Forget calls that were not begun."""
    count, _ = CallRefusal.objects.filter(at__lt=before).delete()
    return count


KEEPING: Final = Keeping(expired=remove_expired)

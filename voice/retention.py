"""What of calls ``manage.py purge`` removes: sealed numbers, refusals, unused patients, codes and counts that are over.

And what the first event of a call says of the patient; records stay, with their masks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings

from realtime import holds
from realtime.models import Seat
from realtime.retention import Keeping
from voice import budgets, owning, phones, proofs, slips
from voice.address_book import forget_unused
from voice.clinic_numbers import forget_digits
from voice.models import CallRefusal
from voice.outcomes import close_forgotten
from voice.records import erase_numbers

PROOFS_KEPT: Final = timedelta(days=30)  # a week of them is counted
WHOM: Final = ("patient_ref", "patient_mask", "abroad", "purpose")


def remove_expired(now: datetime) -> int:
    """Erase what its retention time is over for; records of calls stay, with their masks. Returns how many rows."""
    close_forgotten(now)  # nothing is erased of them yet: this only says that they are over
    removed = proofs.forget(now - PROOFS_KEPT) + budgets.forget(now) + owning.forget(now)
    held = holds.standing(now)
    if held.everything:
        return removed
    removed += phones.forget(now - phones.REMEMBERED)
    for days, erase in ((settings.CURBSIDE_KEEP_NUMBER_DAYS, partial(erase_numbers, held=held.streams)),
                        (settings.CURBSIDE_KEEP_NUMBER_DAYS, slips.forget),
                        (settings.CURBSIDE_KEEP_NUMBER_DAYS, forget_digits),
                        (settings.CURBSIDE_KEEP_NUMBER_DAYS, _forget_refusals),
                        (settings.CURBSIDE_KEEP_PATIENT_DAYS, forget_unused)):
        if days:
            removed += erase(now - timedelta(days=days))
    return removed


def _forget_refusals(before: datetime) -> int:
    """Forget calls that were not begun."""
    count, _ = CallRefusal.objects.filter(at__lt=before).delete()
    return count


def erase_whom(body: dict[str, Any]) -> dict[str, Any]:
    """What is left of a call's first event: all but whom it was for and why."""
    rest = {name: value for name, value in body.items() if name not in WHOM}
    return {**rest, "erased": True} if rest != body else body


def reading(seats: Sequence[str]) -> set[str]:
    """Return the seats that are not of a call: who makes one sees what happens in it, and nothing is marked as read."""
    return set(Seat.objects.filter(pk__in=seats).exclude(stream__kind="call").values_list("pk", flat=True))


KEEPING: Final = Keeping(text={"call": {"call.started": erase_whom}}, reading=reading, expired=remove_expired)

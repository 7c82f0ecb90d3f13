"""What is due by itself for clinics' numbers: an approval that nobody else can give, reminders, and the end."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from members.clinics import administrators_of, locked
from members.notices import tell
from realtime.commands import TimerHandler
from voice.clinic_numbers import REMIND_DAYS, TIMER, keep_timer, make_live, told_of
from voice.models import ClinicNumber


@transaction.atomic
def advance(number_id: str, now: datetime) -> None:
    """Do what is due for a number; safe to repeat, and to run late."""
    found = ClinicNumber.objects.filter(pk=number_id).values_list("clinic", flat=True).first()
    if found is None:
        return
    locked(found)
    row = ClinicNumber.objects.select_for_update().select_related("clinic").get(pk=number_id)
    if row.state == "approving" and row.single_until is not None and row.single_until <= now:
        _end_waiting(row, now)
    elif row.state == "live" and row.expires_at is not None:
        _remind(row, row.expires_at, now)
    keep_timer(row)


def _end_waiting(row: ClinicNumber, now: datetime) -> None:
    """Whoever asked was alone for a day; an administrator who joined meanwhile has to approve after all."""
    others = [account for account in administrators_of(row.clinic_id) if account != str(row.asked_by_id)]
    if not others:
        make_live(row, now)
        return
    row.single_until = None
    row.save(update_fields=["single_until"])
    for account in others:
        tell(account, "number.approve", **told_of(row))


def _remind(row: ClinicNumber, expires_at: datetime, now: datetime) -> None:
    if expires_at <= now:
        row.state = "expired"
        row.save(update_fields=["state"])
        for account in administrators_of(row.clinic_id):
            tell(account, "number.expired", **told_of(row))
        return
    due = [days for days in REMIND_DAYS if now >= expires_at - timedelta(days=days)]
    if due and (row.reminded_days is None or due[-1] < row.reminded_days):
        row.reminded_days = due[-1]  # the nearest of those that were slept through
        row.save(update_fields=["reminded_days"])
        for account in administrators_of(row.clinic_id):
            tell(account, "number.expires", days=due[-1], **told_of(row))


TIMERS: Final[dict[str, TimerHandler]] = {TIMER: advance}

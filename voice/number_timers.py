"""What is due by itself for clinics' numbers: an approval that nobody else can give, reminders, and the end."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from members.clinics import ADMINISTRATOR, administrators_of
from members.models import ClinicMembership
from members.notices import tell
from realtime.commands import TimerHandler
from voice import approvals
from voice.approvals import REMIND_DAYS, TIMER, keep_timer, locked_number, make_live, told_of
from voice.models import ClinicNumber


@transaction.atomic
def advance(number_id: str, now: datetime) -> None:
    """Do what is due for a number; safe to repeat, and to run late."""
    row = locked_number(number_id)
    if row is None:
        return
    if row.state == "approving" and row.single_until is not None and row.single_until <= now:
        _end_waiting(row, now)
    elif row.state == "live" and row.expires_at is not None:
        _remind(row, row.expires_at, now)
    keep_timer(row)


def wait_alone(now: datetime) -> int:
    """Begin the day of the single administrator for numbers that nobody else can approve any more; return how many.

    Looked for, not told: an administrator may leave, be given another role or be suspended, here or in the admin.
    """
    administrators = ClinicMembership.objects.filter(
        clinic=OuterRef("clinic"), role=ADMINISTRATOR, left_at=None, account__is_active=True)
    waiting = ClinicNumber.objects.filter(
        Exists(administrators.filter(account=OuterRef("asked_by"))),
        ~Exists(administrators.exclude(account=OuterRef("asked_by"))),
        state="approving", single_until=None)
    found = list(waiting.values_list("pk", flat=True))
    for number in found:
        approvals.wait_alone(number, now)
    return len(found)


def _end_waiting(row: ClinicNumber, now: datetime) -> None:
    """Whoever asked was alone for a day; an administrator who joined meanwhile has to approve after all.

    So has one who comes later, where who asked administers the clinic no more.
    """
    administrators = administrators_of(row.clinic_id)
    others = [account for account in administrators if account != str(row.asked_by_id)]
    if not others and (row.asked_by_id is None or administrators):
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

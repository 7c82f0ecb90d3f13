"""How a clinic's number comes to be shown: approved by somebody else, or by itself where nobody else is there.

And what is next due for a number by itself. ``clinic_numbers`` and ``number_timers`` call this.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from members.clinics import administrators_of, locked
from members.notices import tell
from realtime.timers import clear_timer, set_timer
from voice.models import ClinicNumber
from voice.numbers import formatted
from voice.sealed import open_in

LIVES: Final = timedelta(days=90)
REMIND_DAYS: Final = (14, 3, 1)
SINGLE_WAITS: Final = timedelta(hours=24)
TIMER: Final = "voice.number"


def await_approval(row: ClinicNumber, now: datetime) -> None:
    """Have a number wait for somebody else's approval, or a day where there is nobody else; the caller saves."""
    row.state = "approving"
    others = [account for account in administrators_of(row.clinic_id) if account != str(row.asked_by_id)]
    row.single_until = None if others else now + SINGLE_WAITS
    for account in others or ([str(row.asked_by_id)] if row.asked_by_id else []):
        tell(account, "number.approve" if others else "number.waits", **told_of(row))


@transaction.atomic
def wait_alone(number_id: str, now: datetime) -> None:
    """Begin the day of the single administrator where who asked is the only one left; safe to repeat.

    Whoever could have approved left, was given another role or was suspended.
    """
    row = locked_number(number_id)
    if row is None or row.state != "approving" or row.single_until is not None:
        return
    if administrators_of(row.clinic_id) == [str(row.asked_by_id)]:
        await_approval(row, now)
        row.save(update_fields=["state", "single_until"])
        keep_timer(row)


def locked_number(number_id: str) -> ClinicNumber | None:
    """Return a number, its clinic and itself locked in this order to the end of the caller's transaction."""
    clinic = ClinicNumber.objects.filter(pk=number_id).values_list("clinic", flat=True).first()
    if clinic is None:
        return None
    locked(clinic)
    return ClinicNumber.objects.select_for_update().select_related("clinic").get(pk=number_id)


def make_live(row: ClinicNumber, now: datetime) -> None:
    """Let a number be shown from now on, in the caller's transaction."""
    row.state, row.approved_at, row.single_until = "live", now, None
    if row.mode == "own" and row.holder_id is None and row.proved_at is not None:
        row.expires_at = row.proved_at + LIVES
    row.save()
    keep_timer(row)
    if row.asked_by_id is not None:
        tell(str(row.asked_by_id), "number.live", **told_of(row))


def next_due(row: ClinicNumber) -> datetime | None:
    """Return when something is next to be done for a number by itself: an approval, a reminder, its end."""
    if row.state == "approving":
        return row.single_until
    if row.state != "live" or row.expires_at is None:
        return None
    to_come = [days for days in REMIND_DAYS if row.reminded_days is None or days < row.reminded_days]
    return row.expires_at - timedelta(days=to_come[0]) if to_come else row.expires_at


def keep_timer(row: ClinicNumber) -> None:
    """Set the number's timer to what is due next, or clear it."""
    due_at = next_due(row)
    if due_at is None:
        clear_timer(TIMER, row.pk)
    else:
        set_timer(TIMER, row.pk, due_at)


def told_of(row: ClinicNumber) -> dict[str, str]:
    """Return what a notice about a number says of it."""
    return {"clinic": str(row.clinic_id), "name": row.clinic.name, "number": row.pk,
            "shown": formatted(open_in(row, "number"))}

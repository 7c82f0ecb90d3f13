"""Whose call back it is that comes in to a number that the service holds: its holder's, or of who borrows the number.

Several clinics may show one number. A patient who calls it wants who called them: the desk of another department has no
slip of it and could not say why. Where nobody called, it is the holder's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from voice.models import Attempt, Call, ClinicNumber, Reservation, Slip
from voice.sealed import EVERYWHERE, blind_indexes
from voice.slips import LIVE


def called_number(called: str, caller: str, now: datetime) -> ClinicNumber | None:
    """Return the row, with its clinic, of the number that `caller` (E.164, "" where withheld) calls; None: nobody's.

    A borrower's where it has a live slip of the caller under this number, or rang them from it within the life of a
    slip, and nobody else who shows it did so later; else the holder's.
    """
    numbers = ClinicNumber.objects.filter(mode="held", state="live", clinic__state="verified").select_related("clinic")
    held = numbers.filter(number_index__in=blind_indexes(EVERYWHERE, called), holder=None).first()
    if held is None or not caller:
        return held
    shown = {row.pk: row for row in numbers.filter(Q(pk=held.pk) | Q(holder=held.pk))}
    if len(shown) == 1:
        return held
    last = max([*_slips(shown, caller), *_calls(shown, caller, now)], default=None)
    return held if last is None else shown[last[1]]


def _slips(shown: Mapping[str, ClinicNumber], caller: str) -> Iterable[tuple[datetime, str]]:
    """When each live slip of the caller was left, and under which of the rows."""
    mine = Q()
    for row in shown.values():
        mine |= Q(caller_id=row.pk, clinic=row.clinic_id, number_index__in=blind_indexes(str(row.clinic_id), caller))
    return Slip.objects.filter(mine, state__in=LIVE).values_list("made_at", "caller_id")


def _calls(shown: Mapping[str, ClinicNumber], caller: str, now: datetime) -> Iterable[tuple[datetime, str]]:
    """When each call rang the caller within the life of a slip, and which of the rows it showed."""
    since = now - timedelta(hours=settings.CURBSIDE_SLIP_HOURS)
    theirs = Q()
    for clinic in {row.clinic_id for row in shown.values()}:
        theirs |= Q(clinic=clinic, destination__in=blind_indexes(str(clinic), caller))
    reserved = Reservation.objects.filter(theirs, made_at__gt=since)
    rang = Attempt.objects.filter(call=OuterRef("pk"), side="patient", dialing_at__isnull=False)
    calls = Call.objects.filter(Exists(rang), pk__in=reserved.values("call"), caller_id__in=shown)
    return calls.annotate(at=Coalesce("ended_at", "started_at")).values_list("at", "caller_id")

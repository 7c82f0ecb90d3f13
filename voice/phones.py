"""A member's own phone, on which they are rung before the patient is. Proved by a code before its first use.

A change is told to the member and cools down for a day, so that a stolen session cannot redirect calls at once; the
phone that was proved before stays in use until then. Removing one and adding another is a change too.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from voice.models import OwnPhone
from voice.refusals import refuse
from voice.sealed import open_in

COOLING: Final = timedelta(hours=24)
REMEMBERED: Final = timedelta(days=30)  # how long after its end a phone still makes the next one a change


def own_phone(account_id: str) -> str:
    """Return the E.164 number on which a member is rung. Raises Refusal `call.no_phone`, `call.phone_cooling`."""
    now = timezone.now()
    phone = usable_phone(account_id, now)
    if phone is not None:
        return open_in(phone, "number")
    cooling = _kept(account_id).filter(usable_at__gt=now).order_by("usable_at").first()
    if cooling is None or cooling.usable_at is None:
        raise refuse("call.no_phone")
    raise refuse("call.phone_cooling", after=(cooling.usable_at - now).total_seconds())


def usable_phone(account_id: str, now: datetime) -> OwnPhone | None:
    """Return the phone that is rung now: the newest of those that are proved and have cooled down."""
    return _kept(account_id).filter(usable_at__lte=now).order_by("-usable_at", "-pk").first()


def _kept(account_id: str) -> QuerySet[OwnPhone]:
    return OwnPhone.objects.filter(account=UUID(account_id), removed_at=None)

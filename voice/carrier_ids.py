"""The carrier's own look at a clinic's number, where a carrier shows only what it has called itself (Twilio).

It comes beside our proof and replaces none of it: the carrier calls the number, and whoever answers types the code that
the administrator sees. Source: Twilio, "Validating a Caller ID".
"""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction

from members.models import Account
from realtime.protocol import Refusal
from voice import proofs
from voice.carriers import carrier_of
from voice.carriers.base import CarrierError
from voice.carriers.documents import ValidatesCallerIds
from voice.models import ClinicNumber
from voice.refusals import refuse
from voice.sealed import open_in

log = logging.getLogger(__name__)


def _validating() -> ValidatesCallerIds | None:
    carrier = carrier_of(settings.CURBSIDE_CARRIER)
    return carrier if isinstance(carrier, ValidatesCallerIds) else None


def needs_carrier(number: ClinicNumber) -> bool:
    """Return whether the carrier in use would not show this number yet."""
    root = number.holder or number
    return root.mode == "own" and root.carrier_at is None and _validating() is not None


def validate(number: ClinicNumber, by: Account, now: datetime) -> str:
    """Have the carrier call the number, and return the code that is to be typed on that phone.

    Counts as one of the calls that a number may get. Raises Refusal `number.state`, `number.carrier`, `proof.week`,
    `proof.day`, `call.paused`.
    """
    carrier = _validating()
    if carrier is None or number.state not in ("approving", "live") or number.holder_id or not needs_carrier(number):
        raise refuse("number.state")
    with transaction.atomic():
        proofs.count_call(number, by, now)
    try:
        # The name in the carrier's list is our id: it knows the number, and needs nothing else of us.
        return carrier.validate(open_in(number, "number"), number.pk, open_in(number, "extension"))
    except CarrierError as error:
        raise _away(error) from None


def look(number: ClinicNumber, now: datetime) -> bool:
    """Ask the carrier whether it shows the number now, and remember a yes. Raises Refusal `number.carrier`."""
    carrier = _validating()
    if carrier is None or not needs_carrier(number) or number.holder_id:
        return not needs_carrier(number)
    try:
        shown = open_in(number, "number") in carrier.validated()
    except CarrierError as error:
        raise _away(error) from None
    if shown:
        ClinicNumber.objects.filter(pk=number.pk).update(carrier_at=now)
    return shown


def withdraw(number: ClinicNumber) -> None:
    """Have the carrier forget a number that was revoked; one that is away is asked by the operator."""
    carrier = _validating()
    if carrier is None or number.mode != "own" or number.holder_id or number.carrier_at is None:
        return
    try:
        carrier.withdraw(open_in(number, "number"))
    except CarrierError as error:
        log.warning("the carrier still lists a number that was revoked", extra={"code": error.provider_code})


def _away(error: CarrierError) -> Refusal:
    log.warning("the carrier did not check a number", extra={"code": error.provider_code})
    return refuse("number.carrier", after=None if error.permanent else 10)

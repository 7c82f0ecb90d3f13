"""The one call of a proof, whoever dials it: a call loop by a request to a carrier, a media worker over its trunks."""

from __future__ import annotations

from django.utils import timezone

from voice import dialling, outbox, proofs
from voice.call import Cause
from voice.carriers.base import CarrierError, DialOrder
from voice.models import Action


def prepare(action: Action) -> DialOrder | None:
    """Return what is to be ordered; None where nothing is asked any more, and that was stored."""
    order = proofs.order_of(action.args["proof"])
    if order is None:
        dialling.settle(action, "cancelled", None)
        return None
    return None if dialling.is_late(action) else order


def taken(action: Action, carrier_id: str) -> None:
    """Store that a carrier took the call, and its id of the leg."""
    dialling.settle(action, "done", None)
    proofs.called(action.args["proof"], carrier_id)


def refused(action: Action, error: CarrierError) -> None:
    """Store that a carrier did not take it: it is asked again, or nobody hears the code."""
    if error.cause is Cause.UNCERTAIN or error.permanent or not outbox.again(action, timezone.now()):
        dialling.settle(action, "failed", None)
        proofs.failed(action.args["proof"], error.cause.value)

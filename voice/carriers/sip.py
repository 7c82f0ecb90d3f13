"""The carrier ``sip`` as every process knows it: its legs live in the media worker that rings them, and nowhere else.

What is asked about a leg goes to that worker through the outbox (``voice.planes``), and what its trunk says is taken
there. So in all other processes there is nobody to ask: nothing is dialled, and of a leg is known what is stored.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from voice.call_events import Cause, PromptKind
from voice.carriers.base import CarrierError, CarrierEvent, DialOrder, NoWebhooks
from voice.models import Attempt
from voice.planes import SIP


class Sip(NoWebhooks):
    """Trunks of the operator's own. `SipCalls` beside a media plane is its other half."""

    name = SIP

    def dial(self, order: DialOrder) -> str:
        """Refuse: every call is dialled by a media worker."""
        raise CarrierError("only a media worker dials over SIP", permanent=True, cause=Cause.REFUSED)

    def answer(self, carrier_id: str) -> None:
        """Refuse: trunks are told 480 where somebody calls in."""
        raise CarrierError("nobody calls in over SIP", permanent=True, cause=Cause.REFUSED)

    def prompt(self, carrier_id: str, what: PromptKind, language: str) -> None:
        """Refuse: only its media worker can say something on a leg."""
        raise CarrierError("only a media worker says something over SIP", permanent=True, cause=Cause.REFUSED)

    def bridge(self, clinician_id: str, patient_id: str, room: str) -> None:
        """Refuse: only their media worker can bridge two legs."""
        raise CarrierError("only a media worker bridges legs over SIP", permanent=True, cause=Cause.REFUSED)

    def hangup(self, carrier_id: str) -> None:
        """End nothing: a leg that no media worker knows has ended with the one that rang it."""

    def fetch(
        self, reference: str, carrier_id: str | None, *, order: DialOrder | None = None,
        asked: tuple[datetime, datetime] | None = None, known: Collection[str] = (),
    ) -> list[CarrierEvent]:
        """Return the end of a leg whose media worker is gone; of one that lives its worker tells all by itself.

        A dial of which nobody knows whether it was asked is known to nobody: a trunk keeps no list that we could read.
        """
        if not carrier_id:
            return []
        leg = Attempt.objects.filter(reference=reference, carrier=SIP, call__worker=None).first()
        if leg is None:
            return []
        cause = Cause.LOST if leg.ended_at is None else Cause(leg.cause or Cause.COMPLETED)
        return [CarrierEvent(reference, leg.carrier_id, f"{reference}:gone", "ended", timezone.now(), cause)]

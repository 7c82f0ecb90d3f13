"""A carrier for tests that does what it is told: it takes a dial, refuses it, loses the answer, or dies on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from voice.call import Cause, PromptKind
from voice.carriers.base import CarrierError, CarrierEvent, DialOrder, Forged, Kind, WebhookRequest
from voice.models import Attempt
from voice.services import take_events


class Killed(BaseException):
    """The process dies here: nothing catches it, and what was not committed is gone."""


@dataclass
class Scripted:
    """`die_before`, `die_after`: the request around which the process dies; `failing`: what the next ones raise.

    `by_order`: it keeps no name of ours, so that a leg is found by its numbers and by when it was made alone.
    """

    name: str = "scripted"
    dialled: dict[str, DialOrder] = field(default_factory=dict)
    dials: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    made: dict[str, datetime] = field(default_factory=dict)
    knows: bool = True
    by_order: bool = False
    failing: list[CarrierError] = field(default_factory=list)
    die_before: str = ""
    die_after: str = ""
    said: int = 0

    def _step(self, what: str) -> Iterator[None]:
        self.asked.append(what)
        if self.die_before == what:
            self.die_before = ""
            raise Killed
        if self.failing:
            raise self.failing.pop(0)
        yield
        if self.die_after == what:
            self.die_after = ""
            raise Killed

    def dial(self, order: DialOrder) -> str:
        steps = self._step(f"dial {'clinician' if order.confirm else 'patient'}")
        next(steps)
        self.dials.append(order.reference)
        leg = f"leg-{len(self.dials)}"
        self.dialled[leg], self.made[leg] = order, timezone.now()
        for _ in steps:
            pass
        return leg

    def answer(self, carrier_id: str) -> None:
        raise CarrierError("nobody calls in", permanent=True, cause=Cause.FAILED)

    def prompt(self, carrier_id: str, what: PromptKind, language: str) -> None:
        for _ in self._step(f"prompt {what}"):
            pass

    def bridge(self, clinician_id: str, patient_id: str, room: str) -> None:
        for _ in self._step("bridge"):
            pass

    def hangup(self, carrier_id: str) -> None:
        for _ in self._step(f"hangup {carrier_id}"):
            pass

    def verify(self, request: WebhookRequest) -> None:
        raise Forged

    def parse(self, request: WebhookRequest) -> list[CarrierEvent]:
        return []

    def fetch(self, reference: str, carrier_id: str | None, *, order: DialOrder | None = None,
              asked: tuple[datetime, datetime] | None = None, known: Collection[str] = ()) -> list[CarrierEvent]:
        self.asked.append("fetch")
        if not self.by_order or carrier_id:
            found = [leg for leg, made in self.dialled.items() if made.reference == reference and leg not in known]
        elif order is None or asked is None:
            found = []
        else:
            found = [
                leg for leg, made in self.dialled.items() if leg not in known
                and (made.to, made.shown) == (order.to, order.shown) and asked[0] <= self.made[leg] <= asked[1]
            ]  # fmt: skip
            found = found if len(found) == 1 else []
        return [self.event(reference, "ringing", leg) for leg in found] if self.knows else []

    # --- what it says ------------------------------------------------------------------------------------------------

    def event(self, reference: str, kind: Kind, leg: str = "", at: datetime | None = None, **more: Any) -> CarrierEvent:
        """An event of its own, with a key that it has not used."""
        self.said += 1
        leg = leg or next((name for name, order in self.dialled.items() if order.reference == reference), "")
        return CarrierEvent(reference=reference, carrier_id=leg, key=f"event-{self.said}", kind=kind,
                            at=at or timezone.now(), **more)

    def say(self, r: str, side: str, kind: Kind, n: int = 1, **more: Any) -> CarrierEvent:
        """Have the service hear of a leg, and return what was said."""
        reference = Attempt.objects.get(call=r, side=side, n=n).reference
        event = self.event(reference, kind, **more)
        take_events(self.name, [event])
        return event

    def again(self, event: CarrierEvent, **changed: Any) -> None:
        """Say the same once more."""
        take_events(self.name, [replace(event, **changed)])

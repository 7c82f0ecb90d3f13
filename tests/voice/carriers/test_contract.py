"""The loopback carrier and Twilio keep the contract of carriers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import override_settings
from django.utils import timezone

from tests.voice.carriers.contract import Far, ListingContract
from tests.voice.carriers.receiver import Receiver
from tests.voice.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, Phone
from voice.carriers.base import CarrierEvent
from voice.carriers.documents import Instruction
from voice.carriers.loopback import Loopback
from voice.carriers.twilio import Twilio
from voice.models import LoopbackLeg

SHOWN = "+16175550199"


class LoopbackBench:
    """Time passes from one thing that is due to the next."""

    LAST_DIGITS: dict[Far, str] = {
        "answers": "55", "busy": "63", "no_answer": "62", "unreachable": "65", "refused": "66", "rings": "62"
    }  # fmt: skip

    def __init__(self, clock: time_machine.Traveller) -> None:
        self.carrier = Loopback()
        self.clock = clock
        self.said: list[CarrierEvent] = []

    def number(self, far: Far) -> str:
        return "+161755501" + self.LAST_DIGITS[far]

    def shown(self) -> str:
        return SHOWN

    def events(self, reference: str) -> list[CarrierEvent]:
        return [event for event in self.said if event.reference == reference]

    def wait_for(self, reference: str, kind: str) -> CarrierEvent:
        for _ in range(50):
            for event in self.events(reference):
                if event.kind == kind:
                    return event
            due = self.carrier.next_at()
            assert due is not None, f"nothing is due, and {reference} was not {kind}"
            self._pass_to(due)
        raise AssertionError(f"{reference} was not {kind}")

    def settle(self, seconds: float) -> None:
        end = timezone.now() + timedelta(seconds=seconds)
        while (due := self.carrier.next_at()) is not None and due <= end:
            self._pass_to(due)
        self._pass_to(end)

    def hear_each_other(self, one: str, other: str) -> bool:
        rooms = LoopbackLeg.objects.filter(pk__in=[one, other], bridged=True).values_list("room", flat=True)
        return len(rooms) == 2 and len(set(rooms)) == 1

    def _pass_to(self, at: datetime) -> None:
        self.clock.move_to(max(timezone.now(), at))
        self.said += self.carrier.play(timezone.now())


class TestLoopback(ListingContract):
    """No network, no webhooks."""

    @pytest.fixture
    def bench(self, db: None, clock: time_machine.Traveller) -> LoopbackBench:
        return LoopbackBench(clock)


class TwilioBench:
    """Real requests both ways; a second of Twilio is a hundredth."""

    FARS: dict[Far, Phone] = {
        "answers": Phone(rings_s=3.0),
        "busy": Phone(then="busy"),
        "no_answer": Phone(then="silent"),
        "unreachable": Phone(then="unreachable"),
        "refused": Phone(then="invalid"),
        "rings": Phone(rings_s=500.0),
    }

    def __init__(self, fake: FakeTwilio, receiver: Receiver) -> None:
        self.carrier = receiver.adapter = Twilio()
        self.fake, self.receiver = fake, receiver
        fake.exchange.owned.add(SHOWN)

    def number(self, far: Far) -> str:
        number = f"+1617555010{list(self.FARS).index(far)}"
        wanted = self.FARS[far]
        self.fake.phone(number, Phone(rings_s=wanted.rings_s, then=wanted.then))
        return number

    def shown(self) -> str:
        return SHOWN

    def events(self, reference: str) -> list[CarrierEvent]:
        return self.receiver.of(reference)

    def wait_for(self, reference: str, kind: str) -> CarrierEvent:
        return self.receiver.wait_for(reference, kind, 10.0)

    def settle(self, seconds: float) -> None:
        self.fake.rest.stop.wait(seconds * self.fake.exchange.pace + 0.1)

    def hear_each_other(self, one: str, other: str) -> bool:
        rooms = self.fake.exchange.rooms.values()
        return any(set(room.members) == {one, other} and room.status == "in-progress" for room in rooms)


def by_side(reference: str, events: list[CarrierEvent]) -> Instruction:
    """What voice.standing says of the contract's two legs."""
    if "clinician" in reference and not any(event.kind == "key" and event.digits == "1" for event in events):
        return Instruction("press_one")
    return Instruction("join", room="a-room", waits="clinician" in reference)


class TestTwilio(ListingContract):
    """Against the fake Twilio, and each request against Twilio's published document where that is at hand."""

    @pytest.fixture
    def bench(self) -> Iterator[TwilioBench]:
        with FakeTwilio(pace=0.01) as fake, Receiver(by_side) as receiver:
            configured = override_settings(
                CURBSIDE_TWILIO_ACCOUNT=ACCOUNT, CURBSIDE_TWILIO_TOKENS=[TOKEN], CURBSIDE_TWILIO_URL=fake.url,
                CURBSIDE_WEBHOOK_URL=receiver.url,
            )  # fmt: skip
            with configured:
                yield TwilioBench(fake, receiver)
            assert fake.violations == []

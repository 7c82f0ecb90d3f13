"""A whole Curbside in one process, its call loop, and a Twilio that it calls through: for tests of calls end to end."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Final

from django.db import connection
from django.test import override_settings
from django.utils import timezone

from members import vault
from realtime.commands import Request
from realtime.dispatch import run
from realtime.log import digest_of, read_events
from realtime.models import Stream
from realtime.protocol import Refusal
from tests.voice.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, Phone
from tests.voice.riverside import HELD, OWN, PATIENT, PHONE, Riverside
from voice import carriers
from voice.call import Leg
from voice.loop import Loop
from voice.models import Call, CallRecord, ClinicNumber
from voice.services import hang_up, outcome, start

PACE: Final = 1.0
SPANS: Final = {"clinician_answer": 3.0, "press_one": 1.5, "patient_answer": 3.0, "teardown": 0.6, "max_duration": 60.0,
                "dial_uncertain": 1.5, "media_warn": 10.0, "media_lost": 20.0}
SERVICE: Final = "+16175550199"


class TwilioLine:
    """The clinic of tests, on a line to the fake Twilio. Times are short on both sides."""

    def __init__(self, fake: FakeTwilio, public: str) -> None:
        self.fake = fake
        self.public = public
        self.riverside = Riverside()
        fake.exchange.owned |= {SERVICE, HELD}
        fake.exchange.validated[OWN] = "PN" + "1" * 32
        ClinicNumber.objects.filter(pk=self.riverside.own.pk).update(carrier_at=timezone.now())
        self.doctor = fake.phone(PHONE, Phone(rings_s=0.15, presses_after_s=0.1))
        self.patient = fake.phone(PATIENT, Phone(rings_s=0.15, keys=[]))

    def request(self, kind: str, d: dict[str, Any], r: str = "") -> Request:
        """What the consumer makes of a command of the physician."""
        member = self.riverside.member
        if r:
            [seat] = vault.find_seats([(member, r)])
            assert seat is not None
            return Request(member, r, seat.id, seat.name, str(uuid.uuid4()), kind, d, digest_of(kind, d))
        stream, inbox_seat = vault.inbox_of(member)
        return Request(member, stream, inbox_seat, "You", str(uuid.uuid4()), kind, d, digest_of(kind, d))

    def call(self, held: bool = True, **more: Any) -> str:
        """Call the patient as the clinic, and return the call's stream."""
        return self.begin(self.request("call.start", self.wish(held, **more)))

    def wish(self, held: bool = True, **more: Any) -> dict[str, Any]:
        """What the client sends to call the patient."""
        number = self.riverside.held if held else self.riverside.own
        return {"clinic": self.riverside.id, "caller_id": number.pk, "patient": self.riverside.maria.pk,
                "looked": True, "way": "callback", **more}

    def begin(self, request: Request) -> str:
        """Carry `call.start` out as the dispatcher does, a repeat too. Raises its Refusal."""
        reply = run(start, request, nullcontext())
        if isinstance(reply, Refusal):
            raise reply
        assert reply.made is not None
        return reply.made

    def hang_up(self, r: str) -> None:
        """The physician ends it on the screen."""
        hang_up(self.request("call.hang_up", {}, r))

    def say_outcome(self, r: str, how: str, then: str = "done") -> None:
        """The physician says how it went."""
        outcome(self.request("call.outcome", {"how": how, "then": then}, r))

    def row(self, r: str) -> Call:
        """The call as it stands."""
        return Call.objects.get(pk=r)

    def stage(self, r: str) -> str:
        """Its stage."""
        return str(Call.objects.values_list("stage", flat=True).get(pk=r))

    def ended(self, r: str, within_s: float = 12.0) -> CallRecord:
        """Wait for the end and return the one record."""
        wait_until(lambda: self.row(r).ended_at is not None, within_s)
        [record] = CallRecord.objects.filter(call=r)
        return record

    def told(self, r: str) -> list[tuple[str, dict[str, Any]]]:
        """What the call's stream says, in order."""
        assert Stream.objects.get(pk=r).kind == "call"
        return [(event["k"], event["d"]) for event in read_events(r, limit=200)]

    def legs(self, r: str, side: str) -> list[str]:
        """How far a side has come, step by step, each step higher than the one before."""
        steps = [d["leg"] for kind, d in self.told(r) if kind == "call.leg" and d["side"] == side]
        heights = [Leg[step.upper()] for step in steps]
        assert heights == sorted(set(heights)), f"a leg only rises: {steps}"
        return steps


def wait_until(true: Callable[[], bool], within_s: float = 8.0) -> None:
    """Wait until a function says yes."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


@contextmanager
def looping(threads: int = 4) -> Iterator[Loop]:
    """A call loop in a thread, as `manage.py runcalls` has it."""
    loop = Loop(threads)
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.stop()
        thread.join(20)
        connection.close()
        if connection.vendor == "postgresql":
            # The loop's threads end with their connections, which a process does once and these tests do often.
            connection.close_pool()  # type: ignore[attr-defined]  # of PostgreSQL alone


@contextmanager
def through_twilio(fake: FakeTwilio, public: str, **spans: float) -> Iterator[None]:
    """The settings under which Twilio carries calls."""
    carriers.carrier_of.cache_clear()
    with override_settings(
        CURBSIDE_CARRIER="twilio", CURBSIDE_TWILIO_ACCOUNT=ACCOUNT, CURBSIDE_TWILIO_TOKENS=[TOKEN],
        CURBSIDE_TWILIO_URL=fake.url, CURBSIDE_WEBHOOK_URL=public, CURBSIDE_SERVICE_NUMBER=SERVICE,
        CURBSIDE_CALL_SPANS={**SPANS, **spans},
    ):  # fmt: skip
        yield
    carriers.carrier_of.cache_clear()

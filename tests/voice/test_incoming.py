"""Webhooks of a call that comes in, repeated as carriers repeat them: no place is skipped, and an end stays one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.voice.riverside import HELD, PATIENT, Riverside
from voice import incoming, routing
from voice.carriers.documents import IncomingCall, Route
from voice.models import ReturnCall, Slip

DESK, DUTY = "+16175550170", "+16175550171"
CALL = IncomingCall("CA" + "1" * 32, PATIENT, HELD)


@pytest.fixture
def riverside(db: None) -> Riverside:
    """Amara is on call, and after her the desk rings."""
    made, now = Riverside(), timezone.now()
    routing.change_rule(made.rosa.account, made.id, route="on_call", after_hours="message", openings=[],
                        desk_number=DESK, language="en")
    routing.add_turn(made.rosa.account, made.id, made.amara.pk, DUTY, now, now + timedelta(hours=1))
    return made


def come_in() -> Route:
    return incoming.receive("twilio", CALL, timezone.now())


def after(route: Route) -> Route:
    return incoming.go_on(route.reference, route.step, CALL, timezone.now())


def test_a_repeat_of_what_comes_after_a_place_gives_the_same_place_again(riverside: Riverside) -> None:
    first = come_in()
    assert first.to == DUTY and come_in() == first
    second = after(first)
    assert second.to == DESK
    assert after(first) == second and come_in() == second and ReturnCall.objects.get().ended_at is None
    message = after(second)
    assert message.to == "" and "noted" in message.text
    assert after(second) == after(first) == come_in() == message
    assert Slip.objects.count() == 1


def test_a_call_that_came_in_and_is_over_gives_no_number_to_dial(riverside: Riverside) -> None:
    first = come_in()
    incoming.end("twilio", CALL.carrier_id, timezone.now())
    ended = ReturnCall.objects.values().get()
    assert come_in().to == "" and after(first).to == ""
    assert ReturnCall.objects.values().get() == ended


def test_a_call_that_was_taken_is_taken_by_no_second_phone(riverside: Riverside) -> None:
    first = come_in()
    assert incoming.let_through(first.reference, first.step, "1") == (True, "en")
    assert come_in().text == "Goodbye."
    assert ReturnCall.objects.get().ended_at is None
    assert after(first).text == "Goodbye." and ReturnCall.objects.get().ended_at is not None

"""Webhooks of a call that comes in, repeated as carriers repeat them: no place is skipped, and an end stays one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.voice.riverside import HELD, PATIENT, Riverside
from voice import incoming, routing
from voice.carriers.documents import IncomingCall, Route
from voice.models import ReturnCall, Slip
from voice.sealed import blind_index

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


# --- while the key of numbers is rotated -----------------------------------------------------------------------------


def add_key(settings: Settings) -> None:
    settings.CURBSIDE_NUMBER_KEYS = {**settings.CURBSIDE_NUMBER_KEYS, 2: bytes(range(32))}


def nobody_takes(n: int) -> Route:
    """One more call of the same caller, who hangs up when it rings; where it went first."""
    call = IncomingCall(f"CA{n:032}", PATIENT, HELD)
    route = incoming.receive("twilio", call, timezone.now())
    incoming.end("twilio", call.carrier_id, timezone.now())
    return route


def test_a_call_back_finds_the_slip_that_was_left_under_an_older_key(riverside: Riverside, settings: Settings) -> None:
    now = timezone.now()
    left = Slip.objects.create(
        clinic=riverside.clinic, mode="held", mask="•• 55", made_at=now, expires_at=now + timedelta(hours=1),
        patient=riverside.maria.pk, number_index=blind_index(riverside.id, PATIENT))
    add_key(settings)
    nobody_takes(1)
    slip = Slip.objects.get()
    assert slip.pk == left.pk and slip.called_back_at is not None


def test_a_caller_is_named_whose_row_is_not_renewed_yet_and_the_slip_is_of_the_key_of_today(
    riverside: Riverside, settings: Settings
) -> None:
    add_key(settings)
    nobody_takes(1)
    nobody_takes(2)
    slip = Slip.objects.get()
    assert (slip.patient, slip.their_calls) == (riverside.maria.pk, 2)
    assert slip.number_index == blind_index(riverside.id, PATIENT) != riverside.maria.number_index


def test_a_new_key_gives_nobody_more_calls_that_ring(riverside: Riverside, settings: Settings) -> None:
    assert all(nobody_takes(n).to for n in range(incoming.CALLS_MOST))
    add_key(settings)
    assert nobody_takes(incoming.CALLS_MOST).to == ""

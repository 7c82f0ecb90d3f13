"""A patient calls back: the clinic's rule decides which phone rings, and no physician's own without an offer for it."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.utils import timezone

from tests.voice.fake_twilio import Call, Phone
from tests.voice.fake_twilio.calls import ENDED
from tests.voice.fake_twilio.world import every
from tests.voice.riverside import HELD, OWN, PATIENT, PHONE, join
from tests.voice.twilio_line import TwilioLine, wait_until
from voice import offers, routing
from voice.models import CallBackOffer, ReturnCall, Slip
from voice.sweep import CAME_IN, CAME_IN_MOST, close_incoming

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
DESK, DUTY = "+16175550170", "+16175550171"


@pytest.fixture
def desk(line: TwilioLine) -> Phone:
    """The desk's phone, where calls ring."""
    change_rule(line, "desk", desk_number=DESK)
    return line.fake.phone(DESK, Phone(rings_s=0.1, keys=[]))


def change_rule(line: TwilioLine, route: str, **other: object) -> None:
    """Rosa says where calls go."""
    wanted: dict[str, object] = {"after_hours": "message", "openings": [], "desk_number": None, "language": "en"}
    routing.change_rule(line.riverside.rosa.account, line.riverside.id, route=route, **(wanted | other))  # type: ignore[arg-type]  # a table of values for a test


def call_back(line: TwilioLine, number: str = PATIENT, to: str = HELD) -> Call:
    """Somebody calls a number; returns once the call is over or talks."""
    call = line.fake.exchange.call_in(
        number, to, line.public + "/voice/twilio/incoming", line.public + "/voice/twilio/ended"
    )
    wait_until(lambda: call.status in ENDED or frozenset({number}) < frozenset().union(*line.fake.talked()))
    return call


def missed_call(line: TwilioLine) -> str:
    """The physician called, and nobody answered."""
    line.fake.phone(PATIENT, Phone(rings_s=0.1, then="silent", keys=[]))
    r = line.call()
    line.ended(r)
    wait_until(lambda: all(call.status in ENDED for call in line.fake.calls))
    line.doctor = line.fake.phone(PHONE, Phone(rings_s=0.1, presses_after_s=0.1))
    return r


def test_the_desk_takes_a_call_back_and_sees_who_calls(line: TwilioLine, desk: Phone) -> None:
    missed_call(line)
    call = call_back(line)
    assert line.fake.talked() == {frozenset({PATIENT, DESK})}
    assert desk.saw == [PATIENT]
    assert desk.heard == []
    call.hang_up()
    wait_until(lambda: ReturnCall.objects.filter(ended_at__isnull=False).exists())
    [row] = ReturnCall.objects.all()
    [slip] = Slip.objects.all()
    assert (row.went, row.answered, row.slip) == ("desk", True, slip)
    assert slip.called_back_at is not None and slip.state == "open"


def test_where_nobody_takes_it_a_message_names_no_one_and_the_slip_says_so(line: TwilioLine, desk: Phone) -> None:
    desk.then = "busy"
    missed_call(line)
    call = call_back(line)
    [said] = call.heard
    assert "noted" in said and "emergency" in said
    assert not any(name in said for name in ("Riverside", "Lopez", "Maria", "Okafor", line.riverside.rosa.account.name))
    assert not any(character.isdigit() for character in said)
    [slip] = Slip.objects.all()
    assert slip.called_back_at is not None
    assert ReturnCall.objects.get().answered is False


def test_a_clinic_without_a_rule_has_the_message_alone(line: TwilioLine) -> None:
    call = call_back(line)
    assert len(call.heard) == 1 and len(line.fake.calls) == 1
    [slip] = Slip.objects.all()
    assert (slip.kind, slip.patient, slip.mode) == ("incoming", line.riverside.maria.pk, "held")


def test_a_caller_who_is_not_known_leaves_a_slip_with_the_last_digits_alone(line: TwilioLine) -> None:
    call_back(line, "+16175550188")
    [slip] = Slip.objects.all()
    assert slip.patient == ""
    assert "88" in slip.mask and "555" not in slip.mask


@pytest.mark.parametrize("withheld", ["+266696687", "anonymous", ""])
def test_a_caller_who_withholds_the_number_is_heard_too(line: TwilioLine, withheld: str) -> None:
    call = call_back(line, withheld)
    assert len(call.heard) == 1
    [row] = ReturnCall.objects.all()
    assert (row.mask, row.number_index) == ("", "")


def test_who_is_on_call_is_rung_on_the_clinics_phone_and_presses_1(line: TwilioLine) -> None:
    now = timezone.now()
    desk = join(line.riverside.clinic, "desk")
    routing.add_turn(line.riverside.rosa.account, line.riverside.id, desk.pk, DUTY, now,
                     now + timedelta(hours=8))
    change_rule(line, "on_call")
    duty = line.fake.phone(DUTY, Phone(rings_s=0.1, presses_after_s=0.1))
    call_back(line)
    assert line.fake.talked() == {frozenset({PATIENT, DUTY})}
    assert duty.saw == [HELD], "a phone that is carried does not learn the patient's number"
    assert "Press 1" in duty.heard[0]


def test_a_voicemail_box_on_call_is_not_taken_for_somebody_and_the_desk_rings_next(
    line: TwilioLine, desk: Phone
) -> None:
    now = timezone.now()
    routing.add_turn(line.riverside.rosa.account, line.riverside.id, line.riverside.amara.pk, DUTY, now,
                     now + timedelta(hours=8))
    change_rule(line, "on_call")
    line.fake.exchange.pace = 0.05
    line.fake.phone(DUTY, Phone(rings_s=0.1, voicemail=True))
    call_back(line)
    assert line.fake.talked() == {frozenset({PATIENT, DESK})}
    assert line.fake.calls_to(DUTY)[0].heard


def test_outside_of_its_hours_the_desk_is_not_rung(line: TwilioLine, desk: Phone) -> None:
    never = [routing.Opening(day, time(0, 0), time(0, 1)) for day in range(7)]
    change_rule(line, "hours", openings=never, desk_number=DESK)
    call = call_back(line)
    assert call.heard and desk.saw == []


def test_a_physicians_own_phone_is_never_rung_without_an_offer_for_that_call(line: TwilioLine, desk: Phone) -> None:
    missed_call(line)
    desk.then = "busy"
    call_back(line)
    assert line.fake.calls_to(PHONE)[1:] == []


def test_who_offered_to_take_this_call_back_is_rung_and_the_caller_stays_masked(
    line: TwilioLine, desk: Phone
) -> None:
    r = missed_call(line)
    offers.offer_call_back(line.riverside.amara.account, r, timezone.now() + timedelta(hours=2))
    call_back(line)
    assert line.fake.talked() == {frozenset({PATIENT, PHONE})}
    assert line.doctor.saw == [HELD] and desk.saw == []
    assert ReturnCall.objects.get().went == "offer"


def test_an_offer_that_has_ended_or_is_of_another_patient_rings_the_clinic(line: TwilioLine, desk: Phone) -> None:
    r = missed_call(line)
    offers.offer_call_back(line.riverside.amara.account, r, timezone.now() + timedelta(hours=2))
    call_back(line, "+16175550188").hang_up()
    wait_until(lambda: all(call.status in ENDED for call in line.fake.calls))
    CallBackOffer.objects.update(until=timezone.now())
    call_back(line)
    assert line.doctor.saw == [] and desk.saw == ["+16175550188", PATIENT]


def test_who_offered_and_does_not_press_1_lets_the_desk_take_it(line: TwilioLine, desk: Phone) -> None:
    r = missed_call(line)
    offers.offer_call_back(line.riverside.amara.account, r, timezone.now() + timedelta(hours=2))
    line.fake.exchange.pace = 0.05
    line.fake.phone(PHONE, Phone(rings_s=0.1, voicemail=True))
    call_back(line)
    assert line.fake.talked() == {frozenset({PATIENT, DESK})}


def test_calls_to_a_clinics_own_number_or_a_strangers_are_not_taken(line: TwilioLine, desk: Phone) -> None:
    for number in (OWN, "+16175550133"):
        call = call_back(line, to=number)
        assert "does not take calls" in call.heard[0]
    assert ReturnCall.objects.count() == 0 and desk.saw == []


def test_the_webhook_of_a_call_that_comes_twice_is_one_call(line: TwilioLine, desk: Phone) -> None:
    call_back(line).hang_up()
    wait_until(lambda: ReturnCall.objects.filter(ended_at__isnull=False).exists())
    before = list(ReturnCall.objects.values()), list(Slip.objects.values())
    for posted in list(line.fake.poster.posted):
        assert line.fake.poster.post_once(posted.url, posted.form, posted.signature).status in (200, 404)
    assert (list(ReturnCall.objects.values()), list(Slip.objects.values())) == before


def test_a_place_that_is_done_twice_skips_none(line: TwilioLine, desk: Phone) -> None:
    now = timezone.now()
    routing.add_turn(line.riverside.rosa.account, line.riverside.id, line.riverside.amara.pk, DUTY, now,
                     now + timedelta(hours=8))
    change_rule(line, "on_call")
    r = missed_call(line)
    offers.offer_call_back(line.riverside.amara.account, r, now + timedelta(hours=2))
    line.fake.phone(PHONE, Phone(rings_s=0.1, then="busy"))
    line.fake.phone(DUTY, Phone(rings_s=20.0))
    call = line.fake.exchange.call_in(PATIENT, HELD, line.public + "/voice/twilio/incoming",
                                      line.public + "/voice/twilio/ended")
    wait_until(lambda: bool(line.fake.calls_to(DUTY)))
    done = next(posted for posted in line.fake.poster.posted if "/after/" in posted.url)
    again = [line.fake.poster.post_once(done.url, done.form, done.signature) for _ in range(2)]
    assert [posted.body for posted in again] == [done.body] * 2
    assert (ReturnCall.objects.get().step, ReturnCall.objects.get().went) == (1, "on_call")
    call.hang_up()


def test_a_phone_that_answers_when_the_next_place_rings_already_is_not_taken_for_it(
    line: TwilioLine, desk: Phone
) -> None:
    r = missed_call(line)
    offers.offer_call_back(line.riverside.amara.account, r, timezone.now() + timedelta(hours=2))
    line.fake.exchange.pace = 0.05
    line.fake.phone(PHONE, Phone(rings_s=0.1, voicemail=True))
    desk.rings_s = 300.0
    call = line.fake.exchange.call_in(PATIENT, HELD, line.public + "/voice/twilio/incoming",
                                      line.public + "/voice/twilio/ended")
    wait_until(lambda: bool(line.fake.calls_to(DESK)))
    asked = next(posted for posted in line.fake.poster.posted if "/accept/" in posted.url)
    late = line.fake.poster.post_once(asked.url, asked.form, asked.signature)
    assert "<Gather" in late.body and ReturnCall.objects.get().answered is False
    call.hang_up()


def test_the_webhook_of_a_call_that_is_over_names_no_phone(line: TwilioLine, desk: Phone) -> None:
    call_back(line).hang_up()
    wait_until(lambda: ReturnCall.objects.filter(ended_at__isnull=False).exists())
    first = next(posted for posted in line.fake.poster.posted if posted.url.endswith("/incoming"))
    assert DESK in first.body
    again = line.fake.poster.post_once(first.url, first.form, first.signature)
    assert again.status == 200 and "<Dial" not in again.body


@pytest.mark.parametrize("gone", [False, True], ids=["its carrier knows", "its carrier knows nothing"])
def test_a_call_that_came_in_and_whose_end_nobody_told_ends_and_is_on_its_slip(
    line: TwilioLine, desk: Phone, gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice.sweep.close_incoming", lambda now, enough: 0)  # the loop's own
    missed_call(line)
    line.fake.faults.lose = every
    call = call_back(line)
    ReturnCall.objects.update(came_at=timezone.now() - CAME_IN * 2)
    assert close_incoming(timezone.now()) == 0, "they talk"
    call.hang_up()
    wait_until(lambda: call.status in ENDED)
    assert ReturnCall.objects.get().ended_at is None and Slip.objects.get().called_back_at is None
    if gone:
        del line.fake.exchange.calls[call.sid]
        assert close_incoming(timezone.now()) == 0
        ReturnCall.objects.update(came_at=timezone.now() - CAME_IN_MOST * 2)
    assert close_incoming(timezone.now()) == 1
    assert ReturnCall.objects.get().ended_at is not None and Slip.objects.get().called_back_at is not None


def test_one_phone_cannot_keep_the_desk_ringing(line: TwilioLine, desk: Phone) -> None:
    desk.then = "busy"
    for _ in range(8):
        call_back(line)
    assert len(desk.saw) == 6
    assert Slip.objects.count() == 1


def test_no_address_of_a_call_that_came_in_holds_a_number(line: TwilioLine, desk: Phone) -> None:
    call_back(line)
    urls = [posted.url for posted in line.fake.poster.posted]
    assert urls and not any(number[2:] in url for url in urls for number in (PATIENT, HELD, DESK))

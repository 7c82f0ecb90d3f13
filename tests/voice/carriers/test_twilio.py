"""The Twilio adapter against the fake Twilio, without a database: what it asks, what it makes of what it hears."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from tests.peers.process import free_port
from tests.voice.carriers.contract import lately
from tests.voice.carriers.receiver import ROOM, Receiver
from tests.voice.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, Phone
from tests.voice.fake_twilio.callbacks import Posted, signature
from tests.voice.fake_twilio.world import every, of_status
from voice.call import Cause
from voice.carriers.base import CarrierError, DialOrder, Forged, WebhookRequest
from voice.carriers.documents import Document, IncomingCall, Instruction, Route
from voice.carriers.twilio import Twilio
from voice.carriers.twilio.codes import ERRORS, SIP, end_of, meaning_of
from voice.carriers.twilio.twiml import PROMPTS_MOST

DOCTOR, PATIENT = "+16175550142", "+16175550155"
SERVICE, CLINIC = "+16175550199", "+16175550101"
DIGITS = [number[2:] for number in (DOCTOR, PATIENT, SERVICE, CLINIC)]


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    """A Twilio with a doctor's and a patient's phone; what its published document does not allow fails the test."""
    with FakeTwilio(pace=0.01) as made:
        made.exchange.owned |= {SERVICE, CLINIC}
        made.phone(DOCTOR)
        made.phone(PATIENT, Phone(keys=[]))
        yield made
        assert made.violations == []


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def twilio(fake: FakeTwilio, receiver: Receiver) -> Iterator[Twilio]:
    with configured(fake.url, receiver.url):
        receiver.adapter = Twilio()
        yield receiver.adapter


def configured(rest: str, public: str) -> override_settings:
    """The settings of an operator who uses Twilio."""
    return override_settings(
        CURBSIDE_TWILIO_ACCOUNT=ACCOUNT, CURBSIDE_TWILIO_TOKENS=[TOKEN], CURBSIDE_TWILIO_URL=rest,
        CURBSIDE_WEBHOOK_URL=public,
    )  # fmt: skip


def order(side: str, **other: object) -> DialOrder:
    """A leg of a side, whose reference is the side's name."""
    wanted: dict[str, object] = {
        "reference": f"{side}-leg", "to": DOCTOR if side == "clinician" else PATIENT,
        "shown": SERVICE if side == "clinician" else CLINIC, "timeout_s": 25, "confirm": side == "clinician",
        "room": ROOM, "max_s": 600, "language": "en",
    }  # fmt: skip
    return DialOrder(**(wanted | other))  # type: ignore[arg-type]  # a table of values for a test


def connect(twilio: Twilio, receiver: Receiver) -> tuple[str, str]:
    """A whole call up to the two who talk; returns the carrier's ids of both legs."""
    clinician = twilio.dial(order("clinician"))
    receiver.wait_for("clinician-leg", "key")
    patient = twilio.dial(order("patient"))
    receiver.wait_for("patient-leg", "answered")
    twilio.bridge(clinician, patient, ROOM)
    return clinician, patient


def test_the_clinician_presses_a_key_and_both_talk_in_one_room(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    clinician, patient = connect(twilio, receiver)
    assert fake.talked() == {frozenset({DOCTOR, PATIENT})}
    twilio.hangup(patient)
    receiver.wait_for("patient-leg", "ended")
    receiver.wait_for("clinician-leg", "ended")
    fake.poster.settle()
    # In whatever order: a callback and the question what to do next come over connections of their own.
    assert set(receiver.kinds("clinician-leg")) == {"dialing", "ringing", "answered", "key", "ended"}
    assert set(receiver.kinds("patient-leg")) == {"dialing", "ringing", "answered", "ended"}
    assert {event.carrier_id for event in receiver.of("clinician-leg")} == {clinician}
    assert fake.exchange.application_errors == []


def test_each_side_sees_only_the_number_that_it_may(fake: FakeTwilio, receiver: Receiver, twilio: Twilio) -> None:
    connect(twilio, receiver)
    assert fake.exchange.phones[DOCTOR].saw == [SERVICE]
    assert fake.exchange.phones[PATIENT].saw == [CLINIC]
    heard = " ".join(fake.exchange.phones[DOCTOR].heard + fake.exchange.phones[PATIENT].heard)
    assert not any(character.isdigit() for character in heard.replace("Press 1", ""))


def test_no_address_that_twilio_is_given_or_asked_at_holds_a_number(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    clinician, _ = connect(twilio, receiver)
    twilio.fetch("clinician-leg", clinician)
    twilio.fetch("patient-leg", None, order=order("patient"), asked=lately(), known=[clinician])
    assert len(list(twilio.listed(*lately()))) == 2
    fake.phone("+16175550100")
    twilio.validate("+16175550100", "Riverside Clinic")
    twilio.validated()
    addresses = [asked.path + str(asked.query) for asked in fake.asked] + receiver.paths
    addresses += [str(asked.form.get("Url", "")) + str(asked.form.get("StatusCallback", "")) for asked in fake.asked]
    assert len(addresses) > 12
    assert [address for address in addresses if any(number in address for number in [*DIGITS, "6175550100"])] == []


def test_nothing_is_recorded(fake: FakeTwilio, receiver: Receiver, twilio: Twilio) -> None:
    connect(twilio, receiver)
    documents = [posted.body for posted in fake.poster.posted if "<Conference" in posted.body]
    assert len(documents) == 2
    assert all('record="do-not-record"' in document for document in documents)
    assert {str(asked.form["Record"]).lower() for asked in fake.asked if "To" in asked.form} == {"false"}


def test_who_leaves_the_room_ends_it_even_when_nobody_hangs_the_other_up(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    connect(twilio, receiver)
    fake.exchange.pace = 0.3
    fake.calls_to(PATIENT)[0].hang_up()
    receiver.wait_for("patient-leg", "ended")
    assert receiver.kinds("clinician-leg")[-1] != "ended", "the end of the one who hung up is told first"
    assert receiver.wait_for("clinician-leg", "ended").cause is Cause.COMPLETED


def test_a_leg_that_missed_the_room_is_taken_in(fake: FakeTwilio, receiver: Receiver, twilio: Twilio) -> None:
    receiver.policy = lambda side, events: Instruction("join", room=ROOM if side == "patient-leg" else "elsewhere")
    clinician, patient = twilio.dial(order("clinician")), twilio.dial(order("patient"))
    receiver.wait_for("clinician-leg", "answered")
    receiver.wait_for("patient-leg", "answered")
    assert fake.talked() == set()
    twilio.bridge(clinician, patient, ROOM)
    wait_until(lambda: fake.talked() == {frozenset({DOCTOR, PATIENT})})


def test_who_waits_in_the_room_is_left_there_when_the_other_is_taken_in(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    receiver.policy = lambda side, events: Instruction(
        "join", room=ROOM if side == "clinician-leg" else "elsewhere", waits=side == "clinician-leg")  # fmt: skip
    clinician, patient = twilio.dial(order("clinician")), twilio.dial(order("patient"))
    wait_until(lambda: ROOM in fake.exchange.rooms and "elsewhere" in fake.exchange.rooms)
    twilio.bridge(clinician, patient, ROOM)
    wait_until(lambda: fake.talked() == {frozenset({DOCTOR, PATIENT})})
    assert [asked.path.split("/")[-1] for asked in fake.asked if "Twiml" in asked.form] == [f"{patient}.json"]


def test_nobody_is_taken_into_a_room_that_the_other_has_left(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    clinician, patient = twilio.dial(order("clinician")), twilio.dial(order("patient"))
    wait_until(lambda: fake.talked() == {frozenset({DOCTOR, PATIENT})})
    fake.exchange.pace = 1.0  # the clinician's leg is still there while the bridge looks
    fake.calls_to(PATIENT)[0].hang_up()
    wait_until(lambda: fake.calls_to(PATIENT)[0].status == "completed")
    twilio.bridge(clinician, patient, ROOM)
    assert receiver.wait_for("clinician-leg", "ended").cause is Cause.COMPLETED


def test_a_voicemail_box_of_the_clinician_is_never_let_through(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    fake.phone(DOCTOR, Phone(voicemail=True))
    twilio.dial(order("clinician"))
    receiver.wait_for("clinician-leg", "ended")
    assert receiver.kinds("clinician-leg") == ["dialing", "ringing", "answered", "ended"]
    assert fake.exchange.rooms == {}


def test_a_wrong_key_is_asked_for_again_each_press_under_a_key_of_its_own(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    fake.phone(DOCTOR, Phone(keys=["5", "9", "1"]))
    twilio.dial(order("clinician"))
    wait_until(lambda: bool(fake.exchange.rooms))
    pressed = [event for event in receiver.of("clinician-leg") if event.kind == "key"]
    assert [event.digits for event in pressed] == ["5", "9", "1"]
    assert len({event.key for event in pressed}) == 3


def test_wrong_keys_are_not_asked_for_without_end(fake: FakeTwilio, receiver: Receiver, twilio: Twilio) -> None:
    fake.phone(DOCTOR, Phone(keys=["5"]))
    twilio.dial(order("clinician"))
    receiver.wait_for("clinician-leg", "ended")
    assert [event.digits for event in receiver.of("clinician-leg") if event.kind == "key"] == ["5"] * PROMPTS_MOST
    assert fake.exchange.rooms == {}


@pytest.mark.parametrize(
    ("then", "cause"),
    [
        ("busy", Cause.BUSY),
        ("silent", Cause.NO_ANSWER),
        ("unreachable", Cause.UNREACHABLE),
    ],
)
def test_why_a_patient_was_not_reached(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio, then: str, cause: Cause
) -> None:
    fake.phone(PATIENT, Phone(then=then))
    twilio.dial(order("patient"))
    assert receiver.wait_for("patient-leg", "ended").cause is cause


def test_a_ringing_leg_is_hung_up_and_one_that_has_ended_is_no_error(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    fake.phone(PATIENT, Phone(rings_s=500))
    patient = twilio.dial(order("patient", timeout_s=600))
    receiver.wait_for("patient-leg", "ringing")
    twilio.hangup(patient)
    assert receiver.wait_for("patient-leg", "ended").cause is Cause.CANCELLED
    twilio.hangup(patient)
    twilio.hangup("CA" + "0" * 32)
    twilio.prompt(patient, "unavailable", "en")


def test_the_clinician_is_told_that_nobody_was_reached_and_hung_up(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    clinician = twilio.dial(order("clinician"))
    wait_until(lambda: bool(fake.exchange.rooms))
    twilio.prompt(clinician, "one_moment", "sv")
    twilio.prompt(clinician, "unavailable", "sv")
    receiver.wait_for("clinician-leg", "ended")
    assert "kunde inte nås" in fake.exchange.phones[DOCTOR].heard[-1]


def test_a_code_is_spoken_after_an_extension_was_dialled(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    receiver.policy = lambda side, events: Instruction("say", text="Your code is four, two.")
    twilio.dial(order("patient", say="Your code is four, two.", digits="17"))
    receiver.wait_for("patient-leg", "ended")
    assert fake.exchange.phones[PATIENT].heard == ["Your code is four, two."] * 3
    assert fake.asked[0].form["SendDigits"] == "WW17"


def test_callbacks_doubled_late_and_backwards_are_the_same_events(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    fake.faults.double = every
    fake.faults.late = of_status("ringing")
    fake.faults.late_s = 0.1
    clinician, _ = connect(twilio, receiver)
    twilio.hangup(clinician)
    receiver.wait_for("patient-leg", "ended")
    fake.poster.settle()
    keys = [event.key for event in receiver.of("clinician-leg") if event.order is not None]
    assert sorted(set(keys)) == [f"{clinician}:{n}" for n in range(4)]
    assert len(keys) == 7, "each but the late one came twice"
    assert {event.order for event in receiver.of("patient-leg") if event.order is not None} == {0, 1, 2, 3}


def test_what_the_list_of_calls_knows_of_a_dial_whose_answer_was_lost(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    fake.phone(PATIENT, Phone(rings_s=500))
    fake.faults.rest, fake.faults.rest_left, fake.faults.lose = "cut", 1, every
    with pytest.raises(CarrierError) as raised:
        twilio.dial(order("patient"))
    assert raised.value.cause is Cause.UNCERTAIN
    wait_until(lambda: fake.calls[0].status == "ringing")
    lost, asked = order("patient"), lately()
    [event] = twilio.fetch("patient-leg", None, order=lost, asked=asked)
    assert (event.carrier_id, event.kind, event.reference) == (fake.calls[0].sid, "ringing", "patient-leg")
    assert twilio.fetch("patient-leg", None, order=lost, asked=asked, known=[fake.calls[0].sid]) == []
    assert twilio.fetch("patient-leg", None, order=order("patient", shown=SERVICE), asked=asked) == []
    assert twilio.fetch("patient-leg", None) == []


def test_a_lost_dial_is_found_behind_many_newer_calls_and_none_of_before_is_read(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice.carriers.twilio.LISTED_MOST", 2)
    for number in (PATIENT, DOCTOR):
        fake.phone(number, Phone(rings_s=500))
    for n in range(5):
        twilio.dial(order("clinician", reference=f"older-{n}"))
    for call in fake.calls:
        call.created -= 60
    lost = twilio.dial(order("patient"))
    for n in range(4):
        twilio.dial(order("clinician", reference=f"newer-{n}"))
    wait_until(lambda: all(call.status != "queued" for call in fake.calls))
    [event] = twilio.fetch("patient-leg", None, order=order("patient"), asked=lately())
    assert event.carrier_id == lost
    assert [asked.method for asked in fake.asked].count("GET") == 3, "five calls of that time, two on a page"
    monkeypatch.setattr("voice.carriers.twilio.LOST_AMONG_MOST", 4)
    assert twilio.fetch("patient-leg", None, order=order("patient"), asked=lately()) == [], "the list was cut off"


def test_the_list_is_read_page_by_page_and_one_without_an_end_is_no_list(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice.carriers.twilio.own_list.PAGE", 2)
    fake.phone(PATIENT, Phone(rings_s=500))
    dialled = {twilio.dial(order("patient", reference=f"patient-{n}")) for n in range(5)}
    wait_until(lambda: all(call.status != "queued" for call in fake.calls))
    listed = list(twilio.listed(*lately()))
    assert {leg.carrier_id for leg in listed} == dialled and len(listed) == 5
    assert [asked.method for asked in fake.asked].count("GET") == 3
    monkeypatch.setattr("voice.carriers.twilio.own_list.PAGES_MOST", 2)
    with pytest.raises(CarrierError, match="no end"):
        list(twilio.listed(*lately()))


@pytest.mark.parametrize(("fault", "code"), [("error", "500"), ("busy", "429"), ("nonsense", ""), ("cut", "")])
def test_a_list_that_breaks_off_is_no_list_and_says_why(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio, monkeypatch: pytest.MonkeyPatch, fault: str, code: str
) -> None:
    monkeypatch.setattr("voice.carriers.twilio.own_list.PAGE", 1)
    fake.phone(PATIENT, Phone(rings_s=500))
    for n in range(2):
        twilio.dial(order("patient", reference=f"patient-{n}"))
    wait_until(lambda: all(call.status != "queued" for call in fake.calls))
    reading = twilio.listed(*lately())
    assert next(reading).carrier_id
    fake.faults.rest = fault
    with pytest.raises(CarrierError) as raised:
        list(reading)
    assert raised.value.provider_code == code and raised.value.__context__ is None


def test_two_calls_that_could_be_the_lost_one_are_as_good_as_none(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    fake.phone(PATIENT, Phone(rings_s=500))
    twilio.dial(order("patient"))
    twilio.dial(order("patient", reference="patient-other"))
    assert twilio.fetch("patient-leg", None, order=order("patient"), asked=lately()) == []


@pytest.mark.parametrize(("least_s", "most_s"), [(8, 30), (-30, -8)], ids=["asked before", "asked after"])
def test_a_call_that_was_made_at_another_time_is_not_the_lost_one(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio, least_s: float, most_s: float
) -> None:
    fake.phone(PATIENT, Phone(rings_s=500))
    twilio.dial(order("patient"))
    assert twilio.fetch("patient-leg", None, order=order("patient"), asked=lately(least_s, most_s)) == []


def test_the_sweep_is_told_of_an_end_whose_callback_was_lost(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    fake.phone(PATIENT, Phone(then="busy"))
    fake.faults.lose = every
    patient = twilio.dial(order("patient"))
    wait_until(lambda: fake.calls[0].status == "busy")
    [event] = twilio.fetch("patient-leg", patient)
    assert (event.kind, event.cause) == ("ended", Cause.BUSY)
    assert event.key == f"{patient}:fetched:busy"
    assert twilio.fetch("patient-leg", "CA" + "0" * 32) == []


FAULTS = {
    "down": Cause.UNCERTAIN,
    "cut": Cause.UNCERTAIN,
    "nonsense": Cause.UNCERTAIN,
    "error": Cause.UNCERTAIN,
    "busy": Cause.FAILED,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_broken_twilio_means_for_a_dial(fake: FakeTwilio, twilio: Twilio, fault: str) -> None:
    fake.faults.rest = fault
    with pytest.raises(CarrierError) as raised:
        twilio.dial(order("patient"))
    assert raised.value.cause is FAULTS[fault]
    assert not raised.value.permanent
    check_nothing_told(raised.value)


def test_a_slow_twilio_is_given_up_within_the_time_of_a_method(
    fake: FakeTwilio, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice.carriers.twilio.rest.READ_S", 0.2)
    fake.faults.rest, fake.faults.slow_s = "slow", 3.0
    with pytest.raises(CarrierError) as raised:
        twilio.dial(order("patient"))
    assert raised.value.cause is Cause.UNCERTAIN, "it may ring by now"
    check_nothing_told(raised.value)


def test_an_answer_that_dribbles_is_given_up_as_a_whole(
    fake: FakeTwilio, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice.carriers.twilio.rest.CONNECT_S", 0.1)
    monkeypatch.setattr("voice.carriers.twilio.rest.READ_S", 0.3)
    fake.faults.rest, fake.faults.slow_s = "dribbles", 0.05
    began = time.monotonic()
    with pytest.raises(CarrierError) as raised:
        twilio.dial(order("patient"))
    assert time.monotonic() - began < 1.5, "each byte came in time"
    assert raised.value.cause is Cause.UNCERTAIN
    check_nothing_told(raised.value)


def test_a_slow_bridge_is_given_up_within_the_time_of_a_method_and_asked_again_later(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.policy = lambda side, events: Instruction("join", room=ROOM if side == "patient-leg" else "elsewhere")
    clinician, patient = twilio.dial(order("clinician")), twilio.dial(order("patient"))
    receiver.wait_for("patient-leg", "answered")
    monkeypatch.setattr("voice.carriers.twilio.TIMEOUT_S", 1.0)
    fake.faults.rest, fake.faults.slow_s = "slow", 0.3
    began = time.monotonic()
    with pytest.raises(CarrierError) as raised:
        twilio.bridge(clinician, patient, ROOM)
    assert time.monotonic() - began < 1.6
    assert not raised.value.permanent
    check_nothing_told(raised.value)


ODD = {
    "a code that is a list": (400, b'{"code": [], "message": "x", "status": 400}'),
    "a code that is a number of somebody": (400, b'{"code": "+16175550155", "message": "+16175550155"}'),
    "a problem without sense": (422, b'{"type": "t", "title": "t", "status": "+16175550155", "code": {}}'),
    "JSON without end": (200, b"[" * 200_000),
    "a list": (200, b"[1]"),
    "nothing": (200, b""),
    "no text": (200, b"\xff\xfe\x00"),
    "a call that is none": (200, b'{"sid": 7}'),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_answer_that_nobody_expected_is_an_error_in_our_words(fake: FakeTwilio, twilio: Twilio, odd: str) -> None:
    fake.faults.rest, fake.faults.said = "says", ODD[odd]
    for ask in (
        lambda: twilio.dial(order("patient")),
        lambda: twilio.fetch("patient-leg", "CA" + "0" * 32),
        lambda: twilio.fetch("patient-leg", None, order=order("patient"), asked=lately()),
        lambda: twilio.validate("+16175550100", "Riverside Clinic"),
    ):
        with pytest.raises(CarrierError) as raised:
            ask()
        check_nothing_told(raised.value)
        assert len(raised.value.provider_code) <= 5, "it stands in our logs"


def test_a_validation_without_a_code_is_none(fake: FakeTwilio, twilio: Twilio) -> None:
    fake.faults.rest, fake.faults.said = "says", (200, b'{"phone_number": "+16175550100", "validation_code": null}')
    with pytest.raises(CarrierError) as raised:
        twilio.validate("+16175550100", "Riverside Clinic")
    check_nothing_told(raised.value)


def test_where_nobody_listens_nothing_can_ring(receiver: Receiver) -> None:
    with configured(f"http://127.0.0.1:{free_port()}", receiver.url), pytest.raises(CarrierError) as raised:
        Twilio().dial(order("patient"))
    assert (raised.value.cause, raised.value.permanent) == (Cause.FAILED, False)
    check_nothing_told(raised.value)


def test_a_number_that_twilio_refuses_is_in_no_text_and_no_cause(fake: FakeTwilio, twilio: Twilio) -> None:
    for wanted, code, cause in [
        (order("patient", to="+16175550000"), "21211", Cause.UNREACHABLE),
        (order("patient", shown="+16175550111"), "21210", Cause.REFUSED),
    ]:
        with pytest.raises(CarrierError) as raised:
            twilio.dial(wanted)
        assert (raised.value.provider_code, raised.value.cause, raised.value.permanent) == (code, cause, True)
        check_nothing_told(raised.value)
    assert "6175550" not in repr(order("patient"))


def check_nothing_told(error: CarrierError) -> None:
    """No number in the text, nothing behind it."""
    told = "".join(traceback.format_exception(error))
    assert not any(number in told for number in DIGITS)
    assert error.__cause__ is None and error.__context__ is None


def test_an_account_that_is_refused_says_so(fake: FakeTwilio, twilio: Twilio) -> None:
    with override_settings(CURBSIDE_TWILIO_TOKENS=["wrong"]):
        stranger = Twilio()
    with pytest.raises(CarrierError) as raised:
        stranger.dial(order("patient"))
    assert (raised.value.provider_code, raised.value.permanent) == ("20003", True)


def test_a_clinics_number_is_validated_listed_and_withdrawn(fake: FakeTwilio, twilio: Twilio) -> None:
    own = "+16175550100"
    fake.phone(own)
    assert twilio.validated() == frozenset()
    code = twilio.validate(own, "Riverside Clinic", extension="17", delay_s=0)
    assert len(code) == 6 and code.isdecimal()
    wait_until(lambda: twilio.validated() == {own})
    with pytest.raises(CarrierError) as raised:
        twilio.validate(own, "Riverside Clinic")
    assert raised.value.provider_code == "21450"
    twilio.withdraw(own)
    twilio.withdraw(own)
    assert twilio.validated() == frozenset()


# --- webhooks --------------------------------------------------------------------------------------------------------


def posted_by(fake: FakeTwilio, twilio: Twilio, receiver: Receiver) -> Posted:
    """A status callback as it really came."""
    twilio.dial(order("patient"))
    wait_until(lambda: any(posted.form["CallStatus"] == "ringing" for posted in fake.poster.posted))
    return next(posted for posted in fake.poster.posted if posted.form["CallStatus"] == "ringing")


def as_request(receiver: Receiver, posted: Posted, **changed: str) -> WebhookRequest:
    """It again, changed."""
    return WebhookRequest(
        changed.pop("path", posted.url.removeprefix(receiver.url)), "", {**posted.form, **changed},
        {"X-Twilio-Signature": posted.signature},
    )  # fmt: skip


def test_a_webhook_counts_only_as_it_was_signed(fake: FakeTwilio, receiver: Receiver, twilio: Twilio) -> None:
    posted = posted_by(fake, twilio, receiver)
    twilio.verify(as_request(receiver, posted))
    for changed in (
        {"CallStatus": "completed"},
        {"SequenceNumber": "7"},
        {"CallSid": "CA" + "0" * 32},
        {"Added": "1"},
        {"path": "/voice/twilio/status/another-leg"},
    ):
        with pytest.raises(Forged):
            twilio.verify(as_request(receiver, posted, **changed))
    unsigned = WebhookRequest(posted.url.removeprefix(receiver.url), "", posted.form, {})
    with pytest.raises(Forged):
        twilio.verify(unsigned)


def test_a_webhook_signed_for_another_address_or_account_is_foreign(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    posted = posted_by(fake, twilio, receiver)
    path = posted.url.removeprefix(receiver.url)
    elsewhere = signature(TOKEN, "https://attacker.example" + path, posted.form)
    with pytest.raises(Forged):
        headers = {"X-Twilio-Signature": elsewhere, "Host": "attacker.example"}
        twilio.verify(WebhookRequest(path, "", posted.form, headers))
    foreign = {**posted.form, "AccountSid": "AC" + "6" * 32}
    with pytest.raises(Forged):
        twilio.verify(WebhookRequest(path, "", foreign, {"X-Twilio-Signature": signature(TOKEN, posted.url, foreign)}))


def test_an_older_token_still_signs_while_it_is_configured(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio
) -> None:
    posted = posted_by(fake, twilio, receiver)
    with override_settings(CURBSIDE_TWILIO_TOKENS=["a newer token", TOKEN]):
        Twilio().verify(as_request(receiver, posted))
    with override_settings(CURBSIDE_TWILIO_TOKENS=["a newer token"]), pytest.raises(Forged):
        Twilio().verify(as_request(receiver, posted))


@pytest.mark.parametrize(
    "changed",
    [
        {"CallStatus": "levitating"},
        {"SequenceNumber": "minus one"},
        {"SequenceNumber": ""},
        {"SequenceNumber": "9" * 5_000},
        {"SequenceNumber": "١"},
        {"path": "/voice/twilio/key/patient-leg/" + "9" * 5_000},
        {"path": "/voice/twilio/unheard-of/patient-leg"},
    ],
)
def test_a_status_that_makes_no_sense_is_left_out(
    fake: FakeTwilio, receiver: Receiver, twilio: Twilio, changed: dict[str, str]
) -> None:
    posted = posted_by(fake, twilio, receiver)
    assert twilio.parse(as_request(receiver, posted, **changed)) == []


def test_instants_that_make_no_sense_are_ours(fake: FakeTwilio, receiver: Receiver, twilio: Twilio) -> None:
    posted = posted_by(fake, twilio, receiver)
    for said in ("yesterday", "Mon, 01 Jan 1990 00:00:00 GMT", ""):
        [event] = twilio.parse(as_request(receiver, posted, Timestamp=said))
        assert event.at.tzinfo is not None and event.at.year > 2000


# --- tables ----------------------------------------------------------------------------------------------------------


def test_what_is_in_no_table_is_refused_and_what_broke_there_is_uncertain() -> None:
    assert meaning_of(400, 99999) == (Cause.REFUSED, True)
    assert meaning_of(503, None) == (Cause.UNCERTAIN, False)
    assert meaning_of(408, None) == (Cause.UNCERTAIN, False)
    assert meaning_of(429, None) == (Cause.FAILED, False)
    assert all(not meaning.permanent or meaning.cause is not Cause.UNCERTAIN for meaning in ERRORS.values())


def test_the_most_exact_cause_wins() -> None:
    assert end_of("failed", "603") is Cause.DECLINED
    assert end_of("failed", "", "13224") is Cause.UNREACHABLE
    assert end_of("completed", "486") is Cause.COMPLETED, "who was busy was not answered"
    assert end_of("failed") is Cause.FAILED
    assert end_of("levitating") is Cause.UNKNOWN
    assert set(SIP.values()) <= {Cause.UNREACHABLE, Cause.BUSY, Cause.DECLINED}


def test_neither_a_code_nor_a_number_stands_in_the_repr_of_what_a_leg_is_told() -> None:
    told = repr([Instruction("say", text="The code is four, two."), Document(b"<Number>+16175550155</Number>"),
                 Route("r", "text", to=PATIENT, shown=CLINIC), IncomingCall("CA", PATIENT, CLINIC)])
    assert "four" not in told and not any(digits in told for digits in DIGITS)


def test_only_the_adapter_imports_the_package() -> None:
    root = Path(__file__).resolve().parents[3]
    found = [
        str(path.relative_to(root))
        for path in root.glob("[a-z]*/**/*.py")
        if not {".venv", "var", "tests"} & set(path.parts) and "twilio" in path.read_text("utf-8")
        and any(line.startswith(("import twilio", "from twilio")) for line in path.read_text("utf-8").splitlines())
    ]
    assert found and all(path.startswith("voice/carriers/twilio/") for path in found)


def wait_until(true: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait until a function says yes."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)

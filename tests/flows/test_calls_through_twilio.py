"""The journey of a call in a browser, carried by the fake Twilio, with every fault that it can have on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.flows.browser import PHONE
from tests.flows.conftest import OpenWindow
from tests.flows.doings import sign_in
from tests.flows.installation import Installation
from tests.flows.test_calls import PHYSICIAN, call, ended, lane
from tests.voice.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, Phone
from tests.voice.fake_twilio.world import Faults, every, of_status

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

OWN_PHONE, MARIA, SERVICE = "+16175550142", "+16175550150", "+16175550199"
SHOWN = ("+16175550100", "+16175550101", "+16175550102")
DIGITS = [number[2:] for number in (OWN_PHONE, MARIA)]


@pytest.fixture(scope="module")
def twilio() -> Iterator[FakeTwilio]:
    """A Twilio with the telephones of the demo; a second takes a second."""
    with FakeTwilio(pace=1.0) as fake:
        fake.exchange.owned |= {SERVICE, *SHOWN}
        yield fake
        assert fake.violations == []


@pytest.fixture(scope="module")
def clinic(twilio: FakeTwilio, ground: Path) -> Iterator[Installation]:
    """A Curbside with its demo, whose calls go through that Twilio."""
    settings = {
        "CARRIER": "twilio", "TWILIO_ACCOUNT": ACCOUNT, "TWILIO_TOKENS": TOKEN, "TWILIO_URL": twilio.url,
        "SERVICE_NUMBER": SERVICE, "CALL_ATTEMPTS_MINUTE": 60, "CALL_CLINICIAN_ANSWER_S": 5, "CALL_PATIENT_ANSWER_S": 6,
        "CALL_PRESS_ONE_S": 5, "CALL_TEARDOWN_S": 2, "CALL_DIAL_UNCERTAIN_S": 4,
    }  # fmt: skip
    made = Installation(ground, **settings)  # the demo's past calls were carried by the loopback
    # Its clinic's own numbers have been typed at Twilio.
    made.change("UPDATE voice_clinicnumber SET carrier_at = asked_at")
    with made as started:
        yield started


@pytest.fixture
def faults(twilio: FakeTwilio) -> Iterator[Faults]:
    """Nothing is broken before a test or after it, and both telephones are answered."""
    twilio.phone(OWN_PHONE, Phone(rings_s=1.0, presses_after_s=0.5))
    twilio.phone(MARIA, Phone(rings_s=1.0, keys=[]))
    whole = Faults()
    for name in Faults.__slots__:
        setattr(twilio.faults, name, getattr(whole, name))
    yield twilio.faults
    for name in Faults.__slots__:
        setattr(twilio.faults, name, getattr(whole, name))
    twilio.end_all()


def nothing(faults: Faults) -> None:
    """All is well."""


def doubled_and_late(faults: Faults) -> None:
    """Every callback comes late, and then again."""
    faults.double, faults.late, faults.late_s = every, of_status("ringing", "in-progress"), 1.0


def backwards(faults: Faults) -> None:
    """A leg's callbacks come after its end, the last one first."""
    faults.reorder = True


def lost(faults: Faults) -> None:
    """No status arrives at all."""
    faults.lose = every


def cut(faults: Faults) -> None:
    """The answer to the first dial is lost."""
    faults.rest, faults.rest_left = "cut", 1


def too_busy(faults: Faults) -> None:
    """The first dial is refused for now."""
    faults.rest, faults.rest_left = "busy", 1


@pytest.mark.parametrize("breaking", [nothing, doubled_and_late, backwards, lost, cut, too_busy])
def test_two_talk_whatever_becomes_of_the_callbacks(
    clinic: Installation, twilio: FakeTwilio, faults: Faults, open_window: OpenWindow,
    breaking: Callable[[Faults], None],
) -> None:  # fmt: skip
    breaking(faults)
    phone = open_window("phone", clinic.url, PHONE)
    sign_in(phone, PHYSICIAN)
    call(phone, "Maria Lopez", "1958")
    expect(lane(phone, "Patient")).to_contain_text("Line connected", timeout=30_000)
    until(lambda: frozenset({OWN_PHONE, MARIA}) in twilio.talked())
    phone.press("End the call")
    ended(phone, "You ended the call")
    until(lambda: all(one.ended_at is not None for one in twilio.calls))
    assert not any(digits in clinic.said() for digits in DIGITS)


BROKEN: dict[str, tuple[str, Phone | None, Phone | None, str]] = {
    "Twilio is down": ("down", None, None, "Nobody knows whether that phone rang"),
    "Twilio answers nonsense": ("nonsense", None, None, "Nobody knows whether that phone rang"),
    "Twilio takes the call and never rings": ("forgets", None, None, "We could not reach your phone"),
    "the physician does not answer": ("", Phone(then="silent"), None, "We could not reach your phone"),
    "a voicemail box answers": ("", Phone(rings_s=0.5, voicemail=True), None, "Nobody pressed 1"),
    "the patient does not answer": ("", None, Phone(then="silent"), "The patient did not answer"),
    "the patient is busy": ("", None, Phone(then="busy"), "The patient's line was busy"),
    "the patient hangs up": ("", None, Phone(rings_s=0.5, keys=[], stays_s=2.0), "The other side ended the call"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_the_physician_is_told_why_two_did_not_talk_and_nothing_rings_on(
    clinic: Installation, twilio: FakeTwilio, faults: Faults, open_window: OpenWindow, case: str
) -> None:
    faults.rest, own, patient, why = BROKEN[case]
    if own:
        twilio.phone(OWN_PHONE, own)
    if patient:
        twilio.phone(MARIA, patient)
    phone = open_window("phone", clinic.url, PHONE)
    sign_in(phone, PHYSICIAN)
    call(phone, "Maria Lopez", "1958")
    ended(phone, why)
    faults.rest = ""
    until(lambda: all(one.ended_at is not None or one.status == "queued" for one in twilio.calls))


def until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait until a function says yes."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)

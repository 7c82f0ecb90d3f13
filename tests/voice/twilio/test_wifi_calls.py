"""Whole calls over Wi-Fi through Twilio: a browser, a media worker, and a telephone whose sound comes over a socket.

The browser is a peer connection of aiortc, and Twilio is the fake: what each hears is judged by how loud a tone is.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from django.conf import LazySettings
from django.utils import timezone

from tests.peers.process import free_port
from tests.voice.fake_twilio.streams import Session
from tests.voice.media.browser import HERE, Browser, loudness
from tests.voice.media_line import Working, working
from tests.voice.riverside import HELD, PATIENT, PHONE
from tests.voice.twilio_line import TwilioLine, wait_until
from voice import owning, signals, streaming
from voice.handing import hand_over, hold_line
from voice.media.plane import Plane
from voice.models import Attempt, Call, MediaWorker, StreamToken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
T = TypeVar("T")
BROWSER_HZ, PATIENT_HZ = 700, 1100


class Wifi:
    """The clinic, a media worker to which Twilio brings sound, and the physician's browser."""

    def __init__(self, line: TwilioLine, work: Working) -> None:
        self.line, self.work = line, work
        line.patient.hz = PATIENT_HZ
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.browsers: list[Browser] = []
        wait_until(lambda: owning.is_open(timezone.now()))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the event loop of the browser."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def connect(self, r: str, codec: str = "PCMU") -> Browser:
        """Offer a peer connection for a call, and have its sound pass."""

        async def opened() -> tuple[Browser, str]:
            browser = Browser(BROWSER_HZ, codec)
            return browser, await browser.offer()

        browser, sdp = self.run(opened())
        self.browsers.append(browser)
        signal = signals.offer(self.line.riverside.amara.account.pk, r, sdp, timezone.now())
        wait_until(lambda: signals.read_answer(signal) is not None)
        self.run(browser.take(str(signals.read_answer(signal))))
        return browser

    def talk(self, codec: str = "PCMU") -> tuple[str, Browser, Session]:
        """A call in which both hear each other."""
        r = self.line.call(way="webrtc")
        browser = self.connect(r, codec)
        session = self.stream()
        self.hear(browser, session)
        return r, browser, session

    def stream(self, n: int = 1) -> Session:
        """The newest stream of the patient's leg, of so many."""
        wait_until(lambda: sum(len(call.streams) for call in self.line.fake.calls_to(PATIENT)) == n, 15)
        return self.line.fake.calls_to(PATIENT)[-1].streams[-1]

    def hear(self, browser: Browser, session: Session) -> None:
        """Both hear the other's tone, and nothing of their own once what was said before is over."""
        self.run(browser.hears(PATIENT_HZ))
        wait_until(lambda: loudness(session.heard[-1600:], BROWSER_HZ) > 0.05, 15)
        wait_until(lambda: browser.loud(BROWSER_HZ) < 0.02 and loudness(session.heard[-1600:], PATIENT_HZ) < 0.02)

    def close(self) -> None:
        for browser in self.browsers:
            self.run(browser.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture
def wifi(line: TwilioLine, settings: LazySettings) -> Iterator[Wifi]:
    port = free_port()
    settings.CURBSIDE_MEDIA_STREAM_URL = f"ws://127.0.0.1:{port}/voice/streams"
    settings.CURBSIDE_MEDIA_STREAM_LISTEN = ("127.0.0.1", port)
    settings.CURBSIDE_MEDIA_DRAIN_S = 0.3
    # Here nobody lets a clock run out: a browser connects, and streams come, as slowly as the machine is.
    slow = {"clinician_answer": 30.0, "press_one": 20.0, "patient_answer": 30.0, "teardown": 5.0}
    settings.CURBSIDE_CALL_SPANS = {**settings.CURBSIDE_CALL_SPANS, **slow}
    with working(lambda tell: Plane(HERE, tell)) as work:
        made = Wifi(line, work)
        yield made
        made.close()


def test_both_hear_each_other_and_the_record_tells_how_it_sounded(wifi: Wifi) -> None:
    r, browser, session = wifi.talk()
    assert wifi.line.patient.saw == [HELD] and wifi.line.doctor.saw == []
    [call] = wifi.line.fake.calls
    assert session.url == MediaWorker.objects.get().stream_url and len(session.parameters["token"]) > 40
    assert not StreamToken.objects.exists(), "it was used"

    heard = len(session.heard)
    wifi.run(browser.press(5))
    wait_until(lambda: any(
        loudness(session.heard[at : at + 800], 1336) > 0.03 < loudness(session.heard[at : at + 800], 770)
        for at in range(heard, len(session.heard) - 800, 200)))  # fmt: skip

    call.hang_up()
    record = wifi.line.ended(r)
    assert (record.by, record.cause, record.way, record.carrier) == ("patient", "completed", "webrtc", "twilio")
    legs = {leg["side"]: leg for leg in record.legs}
    for leg in legs.values():
        assert leg["codec"] == "PCMU" and leg["packets"] > 4 < leg["packets_sent"] and leg["mos"] > 1
    assert legs["patient"]["jitter_ms"] >= 0 and legs["patient"]["lost_sent"] is None
    assert wifi.line.fake.exchange.application_errors == []


def test_a_browser_of_the_other_law_is_heard_too_and_who_hangs_up_there_ends_the_call(wifi: Wifi) -> None:
    r, _, session = wifi.talk("PCMA")
    wifi.line.hang_up(r)
    assert wifi.line.ended(r).reason == "you_hung_up"
    assert session.over.wait(10) and wifi.line.fake.calls_to(PATIENT)[0].status == "completed"


def test_a_line_that_is_held_is_not_heard_and_what_waited_is_forgotten(wifi: Wifi) -> None:
    r, browser, session = wifi.talk()
    hold_line(wifi.line.request("call.hold", {"held": True}, r))
    wait_until(lambda: len(session.heard) > 1600 and loudness(session.heard[-1600:], BROWSER_HZ) < 0.01)
    hold_line(wifi.line.request("call.hold", {"held": False}, r))
    wifi.hear(browser, session)


def test_going_on_by_phone_takes_the_patient_out_of_the_stream_and_back(wifi: Wifi) -> None:
    r, _, session = wifi.talk()
    line = wifi.line
    hand_over(line.request("call.hand_over", {"way": "callback"}, r))
    wait_until(lambda: line.fake.talked() == {frozenset({PHONE, PATIENT})}, 15)
    [patient] = line.fake.calls_to(PATIENT)
    assert session.over.wait(10) and patient.status == "in-progress"
    told = [asked.path for asked in line.fake.asked if "Twiml" in asked.form]
    assert len(told) == 1 and patient.sid in told[0], "the clinician, who waits in the room already, is left there"
    kept = Attempt.objects.get(call=r, side="patient").media
    assert kept is not None and kept["codec"] == "PCMU" and kept["packets"] > 20

    hand_over(line.request("call.hand_over", {"way": "webrtc"}, r))
    browser = wifi.connect(r)
    again = wifi.stream(2)
    wifi.hear(browser, again)
    wait_until(lambda: line.fake.calls_to(PHONE)[0].status == "completed")
    patient.hang_up()
    assert line.ended(r).by == "patient"


def test_a_stream_that_does_not_come_ends_the_call(wifi: Wifi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice.media.streamed.COMES_IN_S", 0.3)
    monkeypatch.setattr(Session, "run", lambda self: self.call.wait_for_ever())
    r = wifi.line.call(way="webrtc")
    wifi.connect(r)
    record = wifi.line.ended(r)
    assert record.reason == "carrier_failed"
    wait_until(lambda: wifi.line.fake.calls_to(PATIENT)[0].status == "completed")


def test_a_token_is_good_once_for_a_minute_for_its_own_leg_and_worker(wifi: Wifi) -> None:
    r, _, _ = wifi.talk()
    patient = Attempt.objects.select_related("call").get(call=r, side="patient")
    worker, now = str(patient.call.worker), timezone.now()

    def admit(token: str, carrier_id: str = patient.carrier_id, worker: str = worker, later: float = 0.0) -> str | None:
        return streaming.admit(token, carrier_id, worker, now + timedelta(seconds=later))

    def token() -> str:
        issued = streaming.issue(patient, now)
        assert issued is not None
        return issued[1]

    good = token()
    assert good not in StreamToken.objects.values_list("digest", flat=True)
    assert admit(good, later=59) == patient.reference and admit(good) is None
    assert admit(token(), later=61) is None
    stolen = token()
    assert admit(stolen, carrier_id="CA" + "0" * 32) is None and admit(stolen) is None, "and it is used up"
    assert admit(token(), worker="another") is None
    assert admit("") is None and admit("x" * 43) is None
    late = token()
    wifi.line.hang_up(r)
    wifi.line.ended(r)
    assert admit(late) is None
    token()
    owning.forget(now + timedelta(seconds=61))
    assert not StreamToken.objects.exists()
    Call.objects.filter(pk=r).update(worker="another")
    patient.call.refresh_from_db()
    assert streaming.issue(patient, now) is None

"""Whole calls over SIP: a browser, the service, its media worker, and a real sipp as the trunk to the patient."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from realtime.protocol import Refusal
from tests.peers.process import free_port
from tests.peers.rtpengine import Rtpengine
from tests.peers.sipp import replies
from tests.voice.media.browser import HERE
from tests.voice.media_line import FakePlane, live_line, working
from tests.voice.riverside import OWN, PATIENT, PHONE
from tests.voice.sip_line import ANSWERS, HANGS_UP, IS_HEARD_EARLY, RINGS_ON, SipLine, over_sip, trunk_at
from tests.voice.twilio_line import wait_until
from voice import owning
from voice.call import Way
from voice.carriers import carrier_of
from voice.carriers.sip_trunks import make_lines
from voice.gauges import read_gauges
from voice.media.engine_plane import EnginePlane
from voice.media.plane import Plane
from voice.media.rtpengine import Address, Engines
from voice.models import Action, Attempt, HeardEvent, MediaWorker

pytestmark = pytest.mark.usefixtures("transactional_db")


def patients_leg(scene: SipLine, r: str) -> dict[str, Any]:
    [leg] = [leg for leg in scene.ended(r).legs if leg["side"] == "patient"]
    return dict(leg)


def talk(scene: SipLine) -> str:
    """A call in which the two talk."""
    r = scene.begin()
    scene.reach(r, "connected")
    return r


# --- with sound ------------------------------------------------------------------------------------------------------


def test_a_call_from_a_browser_over_a_trunk_is_heard_both_ways_and_shows_the_clinic_alone() -> None:
    with over_sip(lambda tell: Plane(HERE, tell), ANSWERS, echoes=True) as scene:
        with scene.speaking(1000) as (r, browser):
            scene.reach(r, "connected")
            scene.run(browser.hears(1000))
            scene.line.do("call.hang_up", {}, r)
            leg = patients_leg(scene, r)
        record = scene.line.record(r)
        assert (record.reason, record.carrier, record.way) == ("you_hung_up", "sip", "webrtc")
        assert leg["codec"] == "PCMA" and leg["packets"] > 5 and leg["packets_sent"] > 5 and leg["mos"] > 3
        assert leg["lost_sent"] is None, "nobody said what arrived there"
        assert leg["carrier_id"] == Attempt.objects.get(call=r, side="patient").reference
        [invite] = scene.trunks[0].heard("INVITE")
        assert f"From: <sip:{OWN}@clinic.example>" in invite
        assert f"P-Asserted-Identity: <sip:{OWN}@clinic.example>" in invite
        assert "Session-Expires: 180\n" in invite and "Min-SE: 90\n" in invite and "\nExpires: 45\n" in invite
        assert f"Call-ID: {leg['carrier_id']}\n" in invite and f"INVITE sip:{PATIENT}@trunk.example " in invite
        assert scene.trunks[0].heard("BYE") and scene.numbers() == {OWN, PATIENT} and PHONE not in scene.numbers()
        times = [leg[f"{name}_at"] for name in ("dialing", "ringing", "answered", "ended")]
        assert times == sorted(times)


def test_an_engine_carries_the_same_call_and_counts_both_ways() -> None:
    engine = Rtpengine()
    engines = Engines([Address("127.0.0.1", engine.port)])
    try:
        with over_sip(lambda tell: EnginePlane(engines, tell), ANSWERS, echoes=True) as scene:
            with scene.speaking(1000) as (r, browser):
                scene.reach(r, "connected")
                scene.run(browser.hears(1000))
                scene.line.do("call.hang_up", {}, r)
                leg = patients_leg(scene, r)
            record = scene.line.record(r)
            assert (record.reason, record.carrier, record.way) == ("you_hung_up", "sip", "webrtc")
            [own] = [each for each in record.legs if each["side"] == "clinician"]
            assert leg["codec"] == "PCMA" and min(leg["packets"], leg["packets_sent"]) > 5
            assert own["codec"] == "PCMU" and min(own["packets"], own["packets_sent"]) > 5
    finally:
        engine.close()


def test_sound_before_the_answer_is_heard_and_hanging_up_then_takes_the_call_back() -> None:
    with over_sip(lambda tell: Plane(HERE, tell), IS_HEARD_EARLY, echoes=True) as scene:
        with scene.speaking(700) as (r, browser):
            scene.run(browser.hears(700))
            row = Attempt.objects.get(call=r, side="patient")
            assert row.ringing_at is not None and row.answered_at is None
            scene.line.do("call.hang_up", {}, r)
            leg = patients_leg(scene, r)
        assert (scene.line.record(r).reason, leg["cause"]) == ("you_cancelled", "cancelled")
        assert leg["answered_at"] is None and leg["codec"] == "PCMA"
        assert len(scene.trunks[0].heard("CANCEL")) == 1 and not scene.trunks[0].heard("BYE")


# --- what becomes of a call ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "reason", "cause"), [
    ("486 Busy Here", "patient_busy", "busy"), ("603 Decline", "patient_declined", "declined"),
    ("404 Not Found", "patient_unreachable", "unreachable"),
])  # fmt: skip
def test_what_a_trunk_answers_stands_in_the_record(line: str, reason: str, cause: str) -> None:
    with over_sip(FakePlane, replies(line)) as scene:
        r = scene.begin()
        leg = patients_leg(scene, r)
        assert scene.line.record(r).reason == reason
        assert (leg["cause"], leg["provider_code"]) == (cause, line[:3])
        assert isinstance(scene.work.plane, FakePlane) and scene.work.plane.ports == []


@pytest.mark.databases
def test_a_full_trunk_is_left_for_the_next_and_the_record_has_one_leg_to_the_patient() -> None:
    with over_sip(FakePlane, replies("503 Service Unavailable"), ANSWERS) as scene:
        r = talk(scene)
        scene.line.do("call.hang_up", {}, r)
        leg = patients_leg(scene, r)
        assert leg["answered_at"] and leg["provider_code"] == ""
        [first], [second] = (trunk.heard("INVITE") for trunk in scene.trunks)
        assert f"Call-ID: {leg['carrier_id']}\n" in first and f"Call-ID: {leg['carrier_id']}\n" in second
        assert scene.numbers(0) == scene.numbers(1) == {OWN, PATIENT}


def test_a_patient_who_answers_and_hangs_up_at_once_has_hung_up() -> None:
    with over_sip(FakePlane, HANGS_UP) as scene:
        r = scene.begin()
        assert scene.ended(r).reason == "patient_hung_up"
        assert list(HeardEvent.objects.order_by("pk").values_list("kind", flat=True)) == [
            "ringing", "answered", "ended"]  # fmt: skip


def test_hanging_up_while_it_rings_takes_the_call_back() -> None:
    with over_sip(FakePlane, RINGS_ON) as scene:
        r = scene.begin()
        wait_until(lambda: Attempt.objects.filter(call=r, side="patient", ringing_at__isnull=False).exists())
        scene.line.do("call.hang_up", {}, r)
        assert patients_leg(scene, r)["cause"] == "cancelled"
        wait_until(lambda: len(scene.trunks[0].heard("CANCEL")) == 1)


# --- workers and trunks that are gone --------------------------------------------------------------------------------


def test_a_worker_that_may_wait_no_longer_hangs_up_its_patients_and_the_record_says_why() -> None:
    with over_sip(FakePlane, ANSWERS) as scene:
        r = talk(scene)
        scene.work.stop()
        assert scene.work.join()
        record = scene.ended(r)
        assert (record.cause, record.reason) == ("lost", "sound_stopped")
        assert patients_leg(scene, r)["codec"] == "PCMU", "how it sounded until then"
        assert len(scene.trunks[0].heard("BYE")) == 1
        assert not Action.objects.filter(state__in=["waiting", "claimed"]).exists()


def test_a_worker_that_counted_as_dead_lets_its_patients_go_and_its_legs_are_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(owning, "BEAT_S", 0.05)
    with over_sip(FakePlane, ANSWERS) as scene:
        r = talk(scene)
        MediaWorker.objects.update(beat_at=timezone.now() - timedelta(seconds=30))
        MediaWorker.objects.all().delete()  # as the sweep of a call loop does
        record = scene.ended(r)
        assert (record.cause, record.reason) == ("lost", "sound_stopped")
        assert {leg["cause"] for leg in record.legs} == {"lost"}
        wait_until(lambda: len(scene.trunks[0].heard("BYE")) == 1)
        leg = Attempt.objects.get(call=r, side="patient")
        [event] = carrier_of("sip").fetch(leg.reference, leg.carrier_id)
        assert (event.kind, event.cause) == ("ended", "lost")
        assert carrier_of("sip").fetch(leg.reference, None) == []


def test_of_a_leg_whose_worker_lives_no_other_process_says_anything() -> None:
    with over_sip(FakePlane, ANSWERS) as scene:
        r = talk(scene)
        leg = Attempt.objects.get(call=r, side="patient")
        assert carrier_of("sip").fetch(leg.reference, leg.carrier_id) == []


def test_while_no_trunk_can_be_reached_no_call_begins(settings: Any) -> None:
    settings.CURBSIDE_CARRIER, settings.CURBSIDE_SIP_ADDRESS = "sip", "127.0.0.1"
    settings.CURBSIDE_SIP_TRUNKS = (trunk_at(free_port()), trunk_at(free_port()))
    with working(FakePlane, make_lines):
        wait_until(MediaWorker.objects.filter(trunks=2, trunks_up=0).exists)
        with pytest.raises(Refusal) as refused:
            live_line().call(way="webrtc")
        assert refused.value.code == "call.no_media"
        with pytest.raises(Refusal):
            owning.check_way(Way.CALLBACK, timezone.now())


def test_a_trunk_that_is_lost_is_counted_no_more_and_the_other_carries_calls() -> None:
    with over_sip(FakePlane, ANSWERS, ANSWERS) as scene:
        wait_until(MediaWorker.objects.filter(trunks=2, trunks_up=2).exists)
        scene.trunks[1].close()
        wait_until(MediaWorker.objects.filter(trunks=2, trunks_up=1).exists)
        assert owning.is_open(timezone.now())
        r = talk(scene)
        wait_until(lambda: {name: value for name, _, value in read_gauges()} == {
            "media_workers": 1, "media_calls": 1, "trunks": 2, "trunks_up": 1})  # fmt: skip
        scene.line.do("call.hang_up", {}, r)
        assert scene.ended(r).reason == "you_hung_up"

"""The media worker with a plane that carries nothing: what it is asked, in which order, what becomes of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import BoundedSemaphore
from time import monotonic
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from realtime.protocol import Refusal
from tests.voice.line import Line
from tests.voice.media_line import FakePlane, Working, live_line, working
from tests.voice.twilio_line import looping, wait_until
from voice import exporting, media_phones, media_steps, owning
from voice.listing import Filters
from voice.media.shapes import Gone
from voice.models import Attempt, Call, MediaSignal, MediaWorker
from voice.views import media as views


class Scene:
    """The clinic, a call loop and a media worker."""

    def __init__(self, line: Line, work: Working) -> None:
        self.line, self.work = line, work
        assert isinstance(work.plane, FakePlane)
        self.plane = work.plane
        wait_until(lambda: owning.is_carried(timezone.now()))
        assert self.get("media/ice") == {"iceServers": []}

    def get(self, path: str) -> Any:
        client = Client()
        client.force_login(self.line.amara.account)
        answer = client.get(f"/api/v1/calls/{path}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def post(self, r: str, sdp: str = "v=0", status: int = 200) -> Any:
        client = Client()
        client.force_login(self.line.amara.account)
        answer = client.post(f"/api/v1/calls/{r}/media", {"sdp": sdp}, content_type="application/json")
        assert answer.status_code == status, answer.content
        return answer.json()

    def begin(self) -> str:
        """A call with sound."""
        r = self.line.call(way="webrtc")
        self.post(r)
        return r

    def reach(self, r: str, stage: str) -> None:
        wait_until(lambda: Call.objects.get(pk=r).stage == stage)

    def talk(self) -> str:
        r = self.begin()
        self.reach(r, "connected")
        wait_until(lambda: "bridge en" in self.plane.asked)
        return r


@pytest.fixture
def scene(transactional_db: None, settings: LazySettings) -> Iterator[Scene]:
    settings.CURBSIDE_LOOPBACK_PACE = 20.0
    settings.CURBSIDE_MEDIA_DRAIN_S = 0.3
    with looping(2), working(FakePlane) as work:
        yield Scene(live_line(), work)


@pytest.mark.databases
def test_a_call_over_a_browser_from_the_offer_to_the_record(scene: Scene) -> None:
    r = scene.line.call(way="webrtc")
    began = monotonic()
    assert scene.post(r, "v=0 of mine") == {"peer": 1, "sdp": "answer 1 to v=0 of mine"}
    took_ms = (monotonic() - began) * 1000
    assert took_ms < 3000, "some 50 on a quiet machine"
    print(f"offer to answer: {took_ms:.0f} ms")
    scene.reach(r, "connected")
    wait_until(lambda: "bridge en" in scene.plane.asked)
    scene.line.do("call.hang_up", {}, r)
    scene.reach(r, "ended")
    assert scene.plane.asked == ["accept 1", "prompt one_moment en", "bridge en", "hangup"]
    record = scene.line.record(r)
    assert (record.reason, record.way, record.carrier) == ("you_hung_up", "webrtc", "loopback")
    [leg] = [leg for leg in record.legs if leg["side"] == "clinician"]
    assert {name: leg[name] for name in ("codec", "packets", "lost", "jitter_ms", "packets_sent", "mos")} == {
        "codec": "PCMU", "packets": 120, "lost": 2, "jitter_ms": 3.1, "packets_sent": 118, "mos": 4.23}  # fmt: skip
    head, line, *_ = "".join(exporting.csv_pages(Filters())).splitlines()
    cells = dict(zip(head.split(","), line.split(","), strict=True))
    assert (cells["clinician_codec"], cells["clinician_lost"], cells["patient_codec"]) == ("PCMU", "2", "")


def test_a_second_connection_of_the_same_leg_keeps_the_call(scene: Scene) -> None:
    r = scene.talk()
    assert scene.post(r)["peer"] == 2
    assert Call.objects.get(pk=r).stage == "connected"
    assert Attempt.objects.filter(call=r, side="clinician").count() == 1


def test_an_offer_that_cannot_be_accepted_is_answered_so_and_another_may_follow(scene: Scene) -> None:
    r = scene.line.call(way="webrtc")
    scene.plane.failing = {"accept"}
    assert scene.post(r, status=409)["code"] == "media.refused"
    scene.plane.failing = set()
    assert scene.post(r)["peer"] == 2
    scene.reach(r, "connected")


def test_a_bridge_that_fails_ends_the_call(scene: Scene) -> None:
    scene.plane.failing = {"bridge"}
    r = scene.begin()
    scene.reach(r, "ended")
    assert scene.line.record(r).reason == "carrier_failed" and scene.plane.asked[-1] == "hangup"


def test_a_clinician_who_waits_hears_that_nobody_comes(scene: Scene) -> None:
    r = scene.line.call(number="+16175550163", way="webrtc")
    scene.post(r)
    scene.reach(r, "ended")
    assert scene.plane.asked == ["accept 1", "prompt one_moment en", "prompt unavailable en", "hangup"]
    assert scene.line.record(r).reason == "patient_busy"


def test_sound_that_stops_and_comes_back_is_told_of(scene: Scene, settings: LazySettings) -> None:
    settings.CURBSIDE_CALL_SPANS = {**settings.CURBSIDE_CALL_SPANS, "media_warn": 0.1, "media_lost": 20.0}
    r = scene.talk()
    scene.work.call(scene.plane.lose)
    wait_until(lambda: "call.media" in scene.line.kinds(r))
    assert scene.post(r)["peer"] == 2
    wait_until(lambda: scene.line.kinds(r).count("call.media") == 2)


def test_a_line_that_is_held_is_said_to_be_in_the_patients_language_until_it_is_taken_up(scene: Scene) -> None:
    scene.line.maria.language = "sv"
    scene.line.maria.save()
    r = scene.talk()
    scene.line.do("call.hold", {"held": True}, r)
    scene.line.do("call.hold", {"held": False}, r)
    wait_until(lambda: scene.plane.asked[-2:] == ["hold sv", "hold None"])
    assert [event["d"] for event in scene.line.events(r) if event["k"] == "call.hold"] == [
        {"held": True}, {"held": False}]  # fmt: skip
    item = scene.get(r)
    assert {leg["sound"] for leg in item["legs"]} == {None}
    scene.line.do("call.hang_up", {}, r)
    scene.reach(r, "ended")
    item = scene.get(r)
    assert [leg["sound"] and leg["sound"]["mos"] for leg in item["legs"]] == [4.23, None]
    with pytest.raises(Refusal, match="closed"):
        scene.line.do("call.hold", {"held": True}, r)


def test_an_offer_that_no_worker_takes_is_answered_in_time(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "WAIT_S", 0.2)
    scene.plane.slow_s = 1.0
    assert scene.post(scene.line.call(way="webrtc"), status=503)["code"] == "media.none"


def test_more_offers_than_may_wait_at_once_are_told_to_come_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = scene.line.call(way="webrtc")
    monkeypatch.setattr(views, "_waiting", BoundedSemaphore(1))
    with views._waiting:
        assert scene.post(r, status=503)["code"] == "busy"
    assert scene.post(r)["peer"] == 1 and not MediaSignal.objects.filter(offer__isnull=False).exists()


def test_a_worker_that_is_told_to_end_takes_no_call_and_waits_for_those_it_has(
    scene: Scene, settings: LazySettings
) -> None:
    settings.CURBSIDE_MEDIA_DRAIN_S = 20.0
    r = scene.talk()
    scene.work.stop()
    wait_until(lambda: not owning.is_carried(timezone.now()))
    assert Call.objects.get(pk=r).stage == "connected" and scene.post(r)["peer"] == 2
    scene.line.do("call.hang_up", {}, r)
    scene.reach(r, "ended")
    assert scene.work.join() and scene.plane.closed and not MediaWorker.objects.exists()
    assert scene.line.record(r).reason == "you_hung_up"


def test_a_worker_that_may_wait_no_longer_ends_its_calls_and_their_records_say_so(scene: Scene) -> None:
    r = scene.talk()
    scene.work.stop()
    assert scene.work.join()
    scene.reach(r, "ended")
    record = scene.line.record(r)
    assert (record.cause, record.reason) == ("lost", "sound_stopped")
    assert [leg["packets"] for leg in record.legs if leg["side"] == "clinician"] == [120]


def test_a_call_whose_sound_is_gone_for_good_ends_and_its_record_says_so(scene: Scene) -> None:
    r = scene.talk()
    [leg] = scene.plane.here
    for _ in range(2):
        scene.work.call(lambda: scene.plane.tell(Gone(leg)))
    scene.reach(r, "ended")
    record = scene.line.record(r)
    assert (record.cause, record.reason) == ("lost", "sound_stopped") and scene.plane.asked.count("hangup") == 1
    assert [each["packets"] for each in record.legs if each["side"] == "clinician"] == [120]


def test_sound_that_stops_while_the_database_is_away_ends_the_call_all_the_same(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = scene.talk()
    [leg] = scene.plane.here
    away, lose = [OperationalError()] * 3, media_steps.lose_leg

    def lose_leg(*given: Any) -> None:
        if away:
            raise away.pop()
        lose(*given)

    monkeypatch.setattr(media_steps, "TRIES", 1)
    monkeypatch.setattr(media_phones, "STORED_AGAIN_S", 0.02)
    monkeypatch.setattr(media_steps, "lose_leg", lose_leg)
    scene.work.call(lambda: scene.plane.tell(Gone(leg)))
    scene.reach(r, "ended")
    assert (scene.line.record(r).reason, away) == ("sound_stopped", [])


def test_a_worker_whose_plane_would_take_no_call_is_offered_to_nobody(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owning, "BEAT_S", 0.05)
    scene.work.worker._claims._beat_at = 0.0
    scene.plane.is_ready = False
    wait_until(lambda: not owning.is_carried(timezone.now()))
    scene.plane.is_ready = True
    wait_until(lambda: owning.is_carried(timezone.now()))


def test_a_worker_that_stood_still_drops_its_calls_and_goes_on_under_another_name(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owning, "BEAT_S", 0.05)
    r = scene.talk()
    before = scene.work.worker._claims.worker
    scene.work.worker._claims._beat_at = 0.0
    MediaWorker.objects.update(beat_at=timezone.now() - timedelta(seconds=30))
    MediaWorker.objects.all().delete()  # as the sweep of a call loop does
    scene.reach(r, "ended")
    assert scene.line.record(r).reason == "sound_stopped"
    wait_until(lambda: "hangup" in scene.plane.asked and scene.work.worker._claims.worker != before)
    after = scene.line.call(number="+16175550157", way="webrtc")
    scene.post(after)
    scene.reach(after, "connected")

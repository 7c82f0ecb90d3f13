"""Calls over a browser as the database has them: who may offer what, whose they are, and what ends them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils import timezone

from realtime.protocol import Refusal
from tests.voice.line import Line
from voice import outbox, owning, signals
from voice.call import Leg, LegChanged, MediaLost, MediaUp, Side, Way
from voice.holding import holding
from voice.models import (
    Action,
    Attempt,
    Call,
    CallNumber,
    CallRecord,
    CallRefusal,
    MediaSignal,
    MediaWorker,
    OwnPhone,
)
from voice.retention import remove_expired

SDP = "v=0\r\no=- 1 1 IN IP4 203.0.113.77\r\n"


@pytest.fixture
def worker(line: Line) -> str:
    """A media worker that lives."""
    return owning.register("one", timezone.now())


def call(line: Line) -> str:
    return line.call(way="webrtc")


def offer(line: Line, r: str) -> MediaSignal:
    return signals.offer(line.amara.account.pk, r, SDP, timezone.now())


def feed(r: str, event: LegChanged | MediaUp | MediaLost) -> None:
    with holding(r, timezone.now()) as held:
        held.feed(event)


def speak(line: Line, r: str, worker: str, peer: int = 1, n: int = 1) -> None:
    """What a worker does until sound arrives."""
    offer(line, r)
    for action in owning.claim(worker, 9, timezone.now(), new=True):
        outbox.settle(action, "done", timezone.now())
    feed(r, MediaUp(Side.CLINICIAN, n, peer))


def talk(line: Line, worker: str) -> str:
    """A call over a browser in which the two talk."""
    r = call(line)
    speak(line, r, worker)
    line.pass_to(r, "connected")
    return r


def watch(line: Line, seconds: int, beats: owning.Beats | None = None) -> int:
    """A call loop looks on, every two seconds; how many calls it ended."""
    beats, ended = beats or owning.Beats(), 0
    for _ in range(seconds // 2):
        ended += beats.look(timezone.now())
        line.clock.shift(timedelta(seconds=2))
    return ended + beats.look(timezone.now())


def refused(code: str, ask: object) -> None:
    with pytest.raises(Refusal) as caught:
        ask()  # type: ignore[operator]  # a function of the test
    assert caught.value.code == code


def media(r: str) -> list[str]:
    """What the workers are asked for a call, in order."""
    return list(Action.objects.filter(call=r, plane="media").order_by("pk").values_list("kind", flat=True))


# --- how it begins ---------------------------------------------------------------------------------------------------


def test_without_a_worker_no_call_over_a_browser_begins_and_the_refusal_is_kept(line: Line) -> None:
    refused("call.no_media", partial(call, line))
    assert not Call.objects.exists() and CallRefusal.objects.get().code == "call.no_media"


@pytest.mark.parametrize("why", ["dead", "draining", "full"])
def test_a_worker_that_takes_no_more_calls_is_none(line: Line, worker: str, settings: LazySettings, why: str) -> None:
    settings.CURBSIDE_MEDIA_CALLS = 2
    owning.beat(worker, 2 if why == "full" else 1, timezone.now(), draining=why == "draining")
    if why == "dead":
        line.clock.shift(owning.DEAD)
    refused("call.no_media", partial(call, line))


def test_a_carrier_whose_legs_no_worker_can_reach_carries_no_call_over_a_browser(
    line: Line, worker: str, settings: LazySettings
) -> None:
    settings.CURBSIDE_CARRIER = "twilio"
    refused("call.no_media", lambda: owning.check_way(Way.WEBRTC, timezone.now()))
    owning.check_way(Way.CALLBACK, timezone.now())
    owning.register("two", timezone.now(), "wss://media.example/voice/streams")
    owning.check_way(Way.WEBRTC, timezone.now())


def test_a_call_whose_sound_is_brought_is_taken_on_where_a_carrier_can_bring_it(line: Line, worker: str) -> None:
    r = call(line)
    offer(line, r)
    Call.objects.filter(pk=r).update(carrier="twilio")
    assert owning.claim(worker, 9, timezone.now(), new=True) == []
    [action] = owning.claim(worker, 9, timezone.now(), new=True, streams=True)
    assert action.kind == "accept" and Call.objects.get(pk=r).worker == worker


def test_who_calls_over_a_browser_needs_no_phone_and_none_is_rung(line: Line, worker: str) -> None:
    OwnPhone.objects.all().delete()
    refused("call.no_phone", line.call)
    r = call(line)
    line.work()
    assert line.legs() == 0 and media(r) == []
    assert set(CallNumber.objects.filter(call=r).values_list("role", flat=True)) == {"patient", "shown"}
    assert Attempt.objects.get(call=r).carrier == "webrtc" and Call.objects.get(pk=r).clinician_mask == ""


@pytest.mark.parametrize(("change", "code"), [
    ({"looked": False}, "call.look"), ({"number": "911"}, "call.emergency"), ({"caller_id": "none"}, "call.no_right"),
])  # fmt: skip
def test_the_rules_are_the_same_over_a_browser(line: Line, worker: str, change: dict[str, str], code: str) -> None:
    refused(code, lambda: line.call(way="webrtc", **change))


def test_one_call_at_a_time_holds_over_a_browser_too(line: Line, worker: str) -> None:
    call(line)
    refused("call.budget_yours", line.call)


# --- the way to sound ------------------------------------------------------------------------------------------------


def test_sound_from_the_browser_dials_the_patient_and_an_answer_is_bridged_by_the_worker(
    line: Line, worker: str
) -> None:
    r = talk(line, worker)
    assert line.kinds(r) == [
        "call.started", "clinician dialing", "clinician confirmed",
        "patient dialing", "patient ringing", "patient answered", "call.bridged",
    ]  # fmt: skip
    assert media(r) == ["accept", "prompt", "bridge"] and Call.objects.get(pk=r).worker == worker
    assert set(Action.objects.filter(call=r, plane="carrier").values_list("kind", flat=True)) == {"dial"}


@pytest.mark.databases
def test_the_call_loop_claims_nothing_of_a_workers(line: Line, worker: str) -> None:
    offer(line, call(line))
    assert outbox.claim(9, timezone.now()) == [] and outbox.next_due() is None
    assert outbox.next_due("media") == timezone.now()


def test_an_offer_lies_sealed_with_no_address_in_any_event_and_goes_when_it_is_answered(
    line: Line, worker: str
) -> None:
    r = call(line)
    signal = offer(line, r)
    assert b"203.0.113.77" not in bytes(MediaSignal.objects.get().offer or b"")
    assert "203.0.113.77" not in json.dumps([line.events(r), line.inbox()], cls=DjangoJSONEncoder)
    assert "203.0.113.77" not in repr(signal)
    [action] = owning.claim(worker, 9, timezone.now(), new=True)
    found = signals.read_offer(action, timezone.now())
    assert found is not None and found[1] == SDP and signals.read_answer(signal) is None
    signals.store_answer(action, found[0], timezone.now(), sdp="v=0 answer")
    assert signals.read_answer(signal) == "v=0 answer" and MediaSignal.objects.get().offer is None
    assert signals.read_offer(action, timezone.now()) is None and Action.objects.get(pk=action.pk).state == "done"


@pytest.mark.parametrize(("word", "code"), [("no_codec", "media.refused"), ("closed", "media.none")])
def test_a_worker_that_does_not_accept_says_why(line: Line, worker: str, word: str, code: str) -> None:
    signal = offer(line, call(line))
    [action] = owning.claim(worker, 9, timezone.now(), new=True)
    signals.store_answer(action, signal, timezone.now(), error=word)
    refused(code, lambda: signals.read_answer(signal))


def test_each_offer_of_an_attempt_is_one_peer_more_though_the_ones_before_were_erased(
    line: Line, worker: str
) -> None:
    r = talk(line, worker)
    line.clock.shift(timedelta(seconds=61))
    owning.beat(worker, 1, timezone.now(), draining=False)
    remove_expired(timezone.now())
    assert not MediaSignal.objects.exists()
    assert offer(line, r).peer == 2 and Attempt.objects.get(call=r, side="clinician").n == 1


def test_only_who_made_the_call_may_offer(line: Line, worker: str) -> None:
    r = call(line)
    refused("not_found", lambda: signals.offer(line.rosa.account.pk, r, SDP, timezone.now()))
    refused("not_found", lambda: signals.offer(line.amara.account.pk, str(uuid4())[:22], SDP, timezone.now()))
    Authenticator.objects.all().delete()
    refused("call.second_factor", lambda: offer(line, r))
    assert not MediaSignal.objects.exists()


def test_nothing_can_be_offered_for_a_call_by_phone_or_one_that_ends_or_whose_worker_is_gone(
    line: Line, worker: str
) -> None:
    r = line.call()
    refused("media.no_leg", lambda: offer(line, r))
    line.do("call.hang_up", {}, r)
    refused("call.ended", lambda: offer(line, r))
    line.pass_to(r, "ended")
    owning.beat(worker, 0, timezone.now(), draining=False)
    r = call(line)
    MediaWorker.objects.all().delete()
    refused("media.none", lambda: offer(line, r))


def test_offers_of_one_call_are_so_many_a_minute(line: Line, worker: str) -> None:
    r = call(line)
    for _ in range(signals.OFFERS_MOST):
        offer(line, r)
    refused("rate", lambda: offer(line, r))


def test_a_call_that_nobody_offered_a_connection_for_ends_at_once_when_it_is_hung_up(line: Line, worker: str) -> None:
    r = call(line)
    line.do("call.hang_up", {}, r)
    assert line.record(r).reason == "you_called_off" and media(r) == []


def test_a_browser_from_which_no_sound_comes_ends_the_call_and_rings_nobody(line: Line, worker: str) -> None:
    r = call(line)
    line.pass_s(60)
    assert line.record(r).reason == "you_no_sound" and line.legs() == 0


def test_a_browser_that_falls_silent_is_told_of_and_its_call_ends_as_lost(line: Line, worker: str) -> None:
    r = talk(line, worker)
    feed(r, MediaLost(Side.CLINICIAN, 1, 1))
    line.pass_s(21)
    assert "call.media" in line.kinds(r) and "hangup" in media(r)
    line.pass_to(r, "ended", 30)
    assert (line.record(r).cause, line.record(r).reason) == ("lost", "connection_lost")


# --- one owner, and its death ----------------------------------------------------------------------------------------


def test_a_call_has_one_owner_and_a_worker_that_drains_takes_no_new_one(line: Line, worker: str) -> None:
    other = owning.register("two", timezone.now())
    r = call(line)
    offer(line, r)
    assert owning.claim(other, 9, timezone.now(), new=False) == []
    assert [action.kind for action in owning.claim(worker, 9, timezone.now(), new=True)] == ["accept"]
    offer(line, r)
    assert owning.claim(other, 9, timezone.now(), new=True) == []
    assert len(owning.claim(worker, 9, timezone.now(), new=False)) == 1


@pytest.mark.databases
def test_two_workers_side_by_side_own_nothing_both(open_line: Line) -> None:
    now = timezone.now()
    mine = [owning.register(name, now) for name in ("one", "two")]
    r = call(open_line)
    Call.objects.filter(pk=r).update(worker=None)
    for _ in range(8):
        signals.offer(open_line.amara.account.pk, r, SDP, now)
    together = Barrier(2)

    def claim(worker: str) -> int:
        together.wait()
        count = sum(len(owning.claim(worker, 1, now, new=True)) for _ in range(20))
        connection.close()
        return count

    with ThreadPoolExecutor(2) as pool:
        claimed = list(pool.map(claim, mine))
    assert sorted(claimed) == [0, 8] and Call.objects.get(pk=r).worker == mine[claimed.index(8)]
    assert set(Action.objects.filter(kind="accept").values_list("tries", "state")) == {(1, "claimed")}


@pytest.mark.databases
def test_the_calls_of_a_worker_whose_heart_stopped_are_ended_and_say_so(open_line: Line) -> None:
    worker = owning.register("one", timezone.now())
    r = talk(open_line, worker)
    owning.beat(worker, 1, timezone.now(), draining=False)
    beats = owning.Beats()
    assert watch(open_line, 8, beats) == 0
    open_line.clock.shift(timedelta(seconds=2))
    assert watch(open_line, 0, beats) == 1
    assert not owning.beat(worker, 1, timezone.now(), draining=False), "who stood still learns that it counted as dead"
    open_line.pass_to(r, "ended", 5)
    record = open_line.record(r)
    assert (record.by, record.cause, record.reason) == ("service", "lost", "sound_stopped")
    assert CallRecord.objects.count() == 1 and open_line.legs() == 1
    left = Action.objects.filter(call=r, plane="media", state__in=["waiting", "claimed"])
    assert not left.exists(), "nobody else does what the dead one was to do"


def test_who_could_not_beat_while_nobody_looked_has_time_to_do_so(line: Line, worker: str) -> None:
    r, beats = talk(line, worker), owning.Beats()
    watch(line, 4, beats)
    line.clock.shift(timedelta(seconds=60))  # the database was away, or the machine slept
    assert watch(line, 2, beats) == 0
    assert owning.beat(worker, 1, timezone.now(), draining=False)
    assert watch(line, 8, beats) == 0 and Call.objects.get(pk=r).ended_at is None
    assert watch(line, 4, beats) == 1


def test_a_dead_workers_call_that_was_hung_up_before_keeps_its_own_reason(line: Line, worker: str) -> None:
    r = talk(line, worker)
    line.do("call.hang_up", {}, r)
    watch(line, 12)
    line.pass_to(r, "ended", 5)
    assert line.record(r).reason == "you_hung_up"


def test_a_call_that_goes_on_by_phone_outlives_its_worker(line: Line, worker: str) -> None:
    r = talk(line, worker)
    line.do("call.hand_over", {"way": "callback"}, r)
    watch(line, 12)
    line.pass_to(r, "connected", 20)
    row = Call.objects.get(pk=r)
    assert (row.worker, row.reason, row.ended_at) == (None, "", None)
    assert owning.end_orphans(timezone.now()) == 0


def test_what_no_worker_took_in_a_minute_is_called_off_and_signals_are_erased(line: Line, worker: str) -> None:
    offer(line, call(line))
    assert owning.forget(timezone.now()) == 0
    line.clock.shift(timedelta(seconds=61))
    assert owning.forget(timezone.now()) == 2
    assert Action.objects.get(kind="accept").state == "cancelled" and not MediaSignal.objects.exists()


# --- another way -----------------------------------------------------------------------------------------------------


@pytest.fixture
def talking(line: Line, worker: str) -> Iterator[str]:
    yield talk(line, worker)


def test_a_call_goes_on_by_phone_while_the_patient_stays(line: Line, worker: str, talking: str) -> None:
    line.do("call.hand_over", {"way": "callback"}, talking)
    assert Call.objects.get(pk=talking).stage == "connected", "the first way goes on until the other is there"
    line.pass_s(8)
    assert media(talking)[-1] == "hangup" and Call.objects.get(pk=talking).stage == "connected"
    assert Attempt.objects.filter(call=talking, side="patient").count() == 1
    bridges = Action.objects.filter(call=talking, kind="bridge").order_by("pk")
    assert list(bridges.values_list("plane", flat=True)) == ["media", "carrier"]
    feed(talking, LegChanged(Side.CLINICIAN, 1, Leg.ENDED))
    line.do("call.hang_up", {}, talking)
    line.pass_to(talking, "ended")
    record = line.record(talking)
    assert record.clinician_mask.endswith("42") and record.way == "webrtc"
    assert [(leg["side"], leg["way"]) for leg in record.legs] == [
        ("clinician", "webrtc"), ("clinician", "callback"), ("patient", "callback")]  # fmt: skip


def test_who_has_no_phone_cannot_go_on_by_phone(line: Line, worker: str, talking: str) -> None:
    OwnPhone.objects.all().delete()
    refused("call.no_phone", lambda: line.do("call.hand_over", {"way": "callback"}, talking))
    assert Attempt.objects.filter(call=talking, side="clinician").count() == 1


def test_a_call_by_phone_goes_on_over_a_browser_and_back(line: Line, worker: str) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    line.do("call.hand_over", {"way": "webrtc"}, r)
    owning.beat(worker, 0, timezone.now(), draining=False)
    speak(line, r, worker, n=2)
    line.pass_s(2)
    assert Call.objects.get(pk=r).stage == "connected" and media(r) == ["accept", "bridge"]
    refused("call.no_hand_over", lambda: line.do("call.hand_over", {"way": "webrtc"}, r))
    line.do("call.hand_over", {"way": "callback"}, r)
    line.pass_s(8)
    assert CallNumber.objects.filter(call=r, role="clinician").count() == 1
    refused("call.no_hand_over", lambda: line.do("call.hand_over", {"way": "webrtc"}, r))
    assert Call.objects.get(pk=r).stage == "connected"


def test_nothing_is_handed_over_without_a_worker_or_after_the_end(line: Line) -> None:
    r = line.call()
    refused("call.no_media", lambda: line.do("call.hand_over", {"way": "webrtc"}, r))
    refused("media.no_leg", lambda: line.do("call.hold", {"held": True}, r))
    line.do("call.hang_up", {}, r)
    line.pass_to(r, "ended")
    refused("closed", lambda: line.do("call.hand_over", {"way": "webrtc"}, r))

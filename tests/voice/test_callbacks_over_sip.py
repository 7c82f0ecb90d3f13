"""Callbacks over SIP: a clinician's own phone asks for a key, a patient's shows the clinic, and both are bridged."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from tests.peers.sipp import BYE, replies, send
from tests.voice.media.browser import HERE
from tests.voice.media.telephone import LOCAL, Telephone
from tests.voice.media_line import FakePlane
from tests.voice.riverside import OWN, PATIENT, PHONE
from tests.voice.sip_line import ANSWERS, HANGS_UP, METHODS, RINGS_ON, SipLine, over_sip, reply
from tests.voice.twilio_line import wait_until
from voice import owning, proofs
from voice.media.plane import Plane
from voice.media.shapes import Gone, Key
from voice.models import Attempt, ClinicNumber, HeardEvent, OwnPhone, Proof
from voice.sealed import open_in, seal_in

pytestmark = pytest.mark.usefixtures("transactional_db")
EVENTS = 101
CALLER = '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="1"/>'


def own_and(patient: str) -> str:
    """A trunk whose calls to the clinician's own phone are answered until we hang up; a patient does this."""
    whose = f'<ereg regexp="{PHONE[1:]}" search_in="hdr" header="To:" assign_to="2"/>'
    return "".join([
        f'<recv request="INVITE" rrs="true" next="1" test="2"><action>{CALLER}{whose}</action></recv>', patient,
        '<nop next="2"/><label id="1"/>', reply("180 Ringing"), reply("200 OK", sound=True), '<recv request="ACK"/>',
        '<recv request="BYE"/>', reply("200 OK"), '<label id="2"/><nop/><Reference variables="1"/>',
    ])  # fmt: skip


@contextmanager
def telephone(scene: SipLine) -> Iterator[Telephone]:
    """A telephone that sends from somewhere else than its description says, as behind NAT."""

    async def end(phone: Telephone) -> None:
        phone.transport.close()

    phone = scene.run(Telephone.open(EVENTS))
    try:
        yield phone
    finally:
        scene.run(end(phone))


def numbers_in(invite: str) -> set[str]:
    return set(re.findall(r"\+\d{6,}", invite))


def sound_of(invite: str) -> tuple[str, int]:
    """Where a leg listens."""
    [port] = re.findall(r"m=audio (\d+) ", invite)
    return LOCAL, int(port)


def leg_of(r: str, side: str = "clinician", n: int = 1) -> Attempt:
    return Attempt.objects.get(call=r, side=side, n=n)


def answered(r: str, side: str = "clinician", n: int = 1) -> None:
    wait_until(Attempt.objects.filter(call=r, side=side, n=n, answered_at__isnull=False).exists, 20)


def press(scene: SipLine, r: str, digits: str, n: int = 1) -> None:
    """The plane of the tests says that a key was pressed on a clinician's phone."""
    plane, told = scene.work.plane, Key(leg_of(r, n=n).reference, digits)
    assert isinstance(plane, FakePlane)
    wait_until(lambda: "prompt press_one en" in plane.asked)
    scene.work.call(lambda: plane.tell(told))


def test_a_callback_call_from_the_key_to_the_record_with_its_sound_and_who_is_shown_to_whom() -> None:
    real = over_sip(lambda tell: Plane(HERE, tell), ANSWERS)
    with real as scene, telephone(scene) as own, telephone(scene) as theirs:
        r = scene.line.call()
        answered(r)
        [first] = scene.trunks[0].heard("INVITE")
        to_own = sound_of(first)
        scene.run(own.press(5, to_own))  # a wrong key, and it is asked again
        wait_until(HeardEvent.objects.filter(kind="key").exists, 20)
        assert leg_of(r).confirmed_at is None and len(scene.trunks[0].heard("INVITE")) == 1
        scene.run(own.press(1, to_own))
        answered(r, "patient")
        first, second = scene.trunks[0].heard("INVITE")
        to_theirs = sound_of(second)
        scene.reach(r, "connected")

        async def talk(one: Telephone, other: Telephone, hz: int, to: tuple[str, int]) -> None:
            saying = asyncio.create_task(one.say(hz, 20, to))
            await other.hears(hz, 20)
            saying.cancel()

        scene.run(theirs.say(1700, 0.1, to_theirs))  # so that its port is learnt
        scene.run(talk(own, theirs, 1200, to_own))
        scene.run(talk(theirs, own, 1700, to_theirs))
        scene.line.do("call.hang_up", {}, r)
        record = scene.ended(r)
        assert (record.reason, record.carrier, record.way) == ("you_hung_up", "sip", "callback")
        for leg in record.legs:
            assert leg["codec"] == "PCMA" and leg["packets"] > 5 and leg["packets_sent"] > 5 and leg["mos"] > 3
            times = [leg[f"{name}_at"] for name in ("dialing", "ringing", "answered", "ended")]
            assert times == sorted(times)
        service = settings.CURBSIDE_SERVICE_NUMBER
        assert numbers_in(first) == {service, PHONE} and numbers_in(second) == {OWN, PATIENT}
        assert f"From: <sip:{service}@clinic.example>" in first
        assert f"P-Asserted-Identity: <sip:{OWN}@clinic.example>" in second
        wait_until(lambda: len(scene.trunks[0].heard("BYE")) == 2)


def test_who_presses_no_key_is_let_go_and_the_patient_is_not_called() -> None:
    spans = {**settings.CURBSIDE_CALL_SPANS, "press_one": 0.5}
    with over_sip(FakePlane, ANSWERS, CURBSIDE_CALL_SPANS=spans) as scene:
        assert scene.ended(scene.line.call()).reason == "you_no_key"
        assert len(scene.trunks[0].heard("INVITE")) == 1


def test_a_clinician_whose_patient_is_busy_hears_so_and_is_let_go() -> None:
    busy = reply("486 Busy Here") + '<recv request="ACK"/>'
    with over_sip(FakePlane, own_and(busy)) as scene:
        plane = scene.work.plane
        assert isinstance(plane, FakePlane)
        r = scene.line.call()
        press(scene, r, "1")
        assert scene.ended(r).reason == "patient_busy"
        assert plane.asked == ["connect en", "prompt press_one en", "prompt one_moment en", "prompt unavailable en"]
        wait_until(lambda: plane.ports == [])


def test_a_patient_who_hangs_up_ends_the_clinicians_leg() -> None:
    answers_and_ends = reply("200 OK", sound=True) + '<recv request="ACK"/>' + send(BYE) + '<recv response="200"/>'
    with over_sip(FakePlane, own_and(answers_and_ends)) as scene:
        r = scene.line.call()
        press(scene, r, "1")
        assert scene.ended(r).reason == "patient_hung_up"
        wait_until(lambda: len(scene.trunks[0].heard("BYE")) == 1)


def test_a_clinician_who_hangs_up_before_the_key_has_the_patient_not_called() -> None:
    with over_sip(FakePlane, HANGS_UP) as scene:
        r = scene.line.call()
        assert scene.ended(r).reason == "you_declined"
        assert len(scene.trunks[0].heard("INVITE")) == 1


def test_on_by_phone_the_patient_stays_and_the_browser_is_let_go_when_the_key_was_pressed() -> None:
    with over_sip(FakePlane, ANSWERS) as scene:
        plane = scene.work.plane
        assert isinstance(plane, FakePlane)
        r = scene.begin()
        scene.reach(r, "connected")
        wait_until(lambda: "bridge en" in plane.asked)
        scene.line.do("call.hand_over", {"way": "callback"}, r)
        answered(r, n=2)
        assert "hangup" not in plane.asked
        press(scene, r, "1", n=2)
        wait_until(lambda: plane.asked.count("bridge en") >= 2 and "hangup" in plane.asked)
        assert plane.asked.index("hangup") > plane.asked.index("prompt press_one en")
        scene.line.do("call.hang_up", {}, r)
        record = scene.ended(r)
        assert record.reason == "you_hung_up"
        assert [(leg["side"], leg["n"], leg["codec"]) for leg in record.legs] == [
            ("clinician", 1, "PCMU"), ("clinician", 2, "PCMU"), ("patient", 1, "PCMU")]  # fmt: skip
        assert len(scene.trunks[0].heard("BYE")) == 2
        whole = [one for method in METHODS for one in scene.trunks[0].heard(method)]
        to_patient = [one for one in whole if f"Call-ID: {record.legs[-1]['carrier_id']}\n" in one]
        assert len(to_patient) >= 3 and numbers_in("".join(to_patient)) == {OWN, PATIENT}
        assert PHONE in numbers_in("".join(whole)), "the trunk that reads all of it does know"


def test_a_patient_whose_clinician_is_lost_waits_until_their_phone_has_confirmed() -> None:
    spans = {**settings.CURBSIDE_CALL_SPANS, "media_warn": 0.1, "media_lost": 0.2}
    with over_sip(FakePlane, ANSWERS, CURBSIDE_CALL_SPANS=spans) as scene:
        plane = scene.work.plane
        assert isinstance(plane, FakePlane)
        r = scene.begin()
        scene.reach(r, "connected")
        scene.line.do("call.hand_over", {"way": "callback"}, r)
        answered(r, n=2)
        scene.work.call(plane.lose)
        scene.reach(r, "holding")
        wait_until(lambda: plane.asked.count("prompt one_moment en") == 2)  # the clinician's at first, now theirs
        press(scene, r, "1", n=2)
        scene.reach(r, "connected")
        wait_until(lambda: plane.asked[-1] == "bridge en")
        scene.line.do("call.hang_up", {}, r)
        assert [leg["cause"] for leg in scene.ended(r).legs] == ["lost", "completed", "completed"]


def test_a_worker_that_ends_lets_both_telephones_go_and_the_record_says_why() -> None:
    with over_sip(FakePlane, ANSWERS) as scene:
        r = scene.line.call()
        press(scene, r, "1")
        scene.reach(r, "connected")
        scene.work.stop()
        assert scene.work.join()
        record = scene.ended(r)
        assert (record.cause, record.reason) == ("lost", "sound_stopped")
        assert len(scene.trunks[0].heard("BYE")) == 2


def test_a_call_whose_sound_is_gone_for_good_lets_both_telephones_go_and_its_record_says_why() -> None:
    with over_sip(FakePlane, ANSWERS) as scene:
        r = scene.line.call()
        press(scene, r, "1")
        scene.reach(r, "connected")
        plane, told = scene.work.plane, Gone(leg_of(r).reference)
        assert isinstance(plane, FakePlane)
        scene.work.call(lambda: plane.tell(told))
        record = scene.ended(r)
        assert (record.cause, record.reason) == ("lost", "sound_stopped")
        wait_until(lambda: len(scene.trunks[0].heard("BYE")) == 2)


def test_while_their_phone_rings_a_clinician_may_take_the_call_back() -> None:
    with over_sip(FakePlane, RINGS_ON) as scene:
        r = scene.line.call()
        wait_until(Attempt.objects.filter(call=r, ringing_at__isnull=False).exists, 20)
        scene.line.do("call.hang_up", {}, r)
        assert scene.ended(r).reason == "you_called_off"
        wait_until(lambda: len(scene.trunks[0].heard("CANCEL")) == 1)


def proof_of(subject: ClinicNumber | OwnPhone, scene: SipLine) -> Proof:
    return proofs.ask_call(subject, scene.line.rosa.account, timezone.now())


def test_a_number_is_proved_by_a_code_that_is_spoken_behind_its_extension() -> None:
    with over_sip(FakePlane, ANSWERS) as scene:
        plane, number = scene.work.plane, scene.line.own
        assert isinstance(plane, FakePlane)
        number.state = "asked"
        seal_in(number, "extension", "42")
        number.save()
        proof = proof_of(number, scene)
        code = " ".join(open_in(proof, "code"))
        wait_until(Proof.objects.filter(pk=proof.pk, state="called").exists, 20)
        assert plane.asked == ["connect en", f"speak code_clinic {code} en behind 42"]
        [invite] = scene.trunks[0].heard("INVITE")
        assert numbers_in(invite) == {settings.CURBSIDE_SERVICE_NUMBER, OWN}
        proofs.complete(proofs.take_code(number, code.replace(" ", ""), timezone.now()), timezone.now())


def test_a_phone_that_is_busy_hears_no_code_and_so_does_one_that_no_worker_rings() -> None:
    with over_sip(FakePlane, replies("486 Busy Here")) as scene:
        proof = proof_of(scene.line.phone, scene)
        wait_until(Proof.objects.filter(pk=proof.pk, state="failed", cause="busy").exists, 20)
        scene.work.stop()
        assert scene.work.join()
        proof = proof_of(scene.line.own, scene)
        assert owning.forget(timezone.now()) == 0
        owning.forget(timezone.now() + timedelta(minutes=2))
        assert Proof.objects.get(pk=proof.pk).state == "failed"

"""Whole calls over a trunk to a real baresip, by a media worker in a process of its own and a real Chromium.

What both hear and what the record says; that a capture of the patient's leg holds nothing of the physician; and what is
left when the browser, or the worker, is killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.peers.baresip import Baresip, Telephone
from tests.peers.capture import Capture
from tests.peers.coturn import Coturn
from tests.peers.curbside import ROOT
from tests.peers.process import Process
from tests.peers.rtpengine import Rtpengine
from tests.voice.aside import Aside
from tests.voice.line import Line
from tests.voice.media.browser import Browser
from tests.voice.media_line import live_line
from tests.voice.riverside import OWN, PATIENT, PHONE
from tests.voice.sip_line import trunk_at
from tests.voice.trunks.beside import heard_at
from tests.voice.trunks.page import SECRET, Speaker, by_tcp, kill_chromium, speaking
from tests.voice.trunks.secrecy import betrayed, check_headers, words_of
from tests.voice.twilio_line import looping, wait_until
from voice import owning
from voice.models import Action, Attempt, Call, CallRecord

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
SPOKEN, ANSWERS = 700, 440
SILENT_S = 4
LOST_S = 3.0
"""For this long a browser may be silent here: 20 s, where nobody waits for a test."""
WORKER = """
import django
django.setup()
from django.core.management import call_command
from voice import owning
owning.BEAT_S = 0.4
call_command("runmedia")
"""
"""`manage.py runmedia`, but for its beats: so that its death is noticed sooner."""


@pytest.fixture(scope="module")
def baresip() -> Iterator[Baresip]:
    made = Baresip(Telephone(PATIENT, ANSWERS), silent_s=SILENT_S)
    yield made
    made.close()


class Whole:
    """The clinic, its call loop, and a worker elsewhere with a trunk to the telephones."""

    def __init__(self, line: Line, baresip: Baresip, aside: Aside, process: Process) -> None:
        self.line, self.baresip, self.aside, self.process = line, baresip, aside, process

    def begin(self, sdp: str) -> tuple[str, str]:
        """Start a call and offer a connection; the call and the answer."""
        r = self.line.call(way="webrtc")
        return r, self.offer(r, sdp)

    def offer(self, r: str, sdp: str) -> str:
        """Offer a connection; the answer."""
        client = Client()
        client.force_login(self.line.amara.account)
        answer = client.post(f"/api/v1/calls/{r}/media", {"sdp": sdp}, content_type="application/json")
        assert answer.status_code == 200, answer.content
        return str(answer.json()["sdp"])

    def connected(self, r: str) -> None:
        """Wait until the two talk."""
        wait_until(lambda: Call.objects.get(pk=r).stage == "connected", 20)

    def ended(self, r: str, within_s: float) -> CallRecord:
        """Wait for the end; the one record, with no leg open, nothing left to be asked, and the telephone hung up."""
        wait_until(lambda: Call.objects.get(pk=r).ended_at is not None, within_s)
        self.baresip.hears("CALL_CLOSED")
        assert not Attempt.objects.filter(call=r, ended_at=None).exists()
        wait_until(lambda: not Action.objects.filter(call=r, state__in=["waiting", "claimed"]).exists(), 10)
        [record] = CallRecord.objects.filter(call=r)
        return record


Begin = Callable[..., Whole]


@pytest.fixture
def begin(
    transactional_db: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, baresip: Baresip, tmp_path: Path
) -> Iterator[Begin]:
    """Starts a media worker with these settings of its own besides."""
    if connection.vendor != "sqlite":
        pytest.skip("the worker is given the tests' database as a file")
    trunk = {"name": "one", "host": "127.0.0.1", "port": baresip.port, "transport": "tcp", "domain": "trunk.example",
             "from_domain": "clinic.example"}  # fmt: skip
    (tmp_path / "trunks.json").write_text(json.dumps([trunk]))
    settings.CURBSIDE_CARRIER, settings.CURBSIDE_SIP_ADDRESS = "sip", "127.0.0.1"
    settings.CURBSIDE_SIP_TRUNKS = (trunk_at(baresip.port),)
    settings.CURBSIDE_CALL_SPANS = {**settings.CURBSIDE_CALL_SPANS, "media_warn": 1.0, "media_lost": LOST_S}
    monkeypatch.setattr(owning, "DEAD", timedelta(seconds=6))
    monkeypatch.setattr(owning, "LATE", timedelta(seconds=2))
    given = {
        "CARRIER": "sip", "SIP_TRUNKS": tmp_path / "trunks.json", "SIP_ADDRESS": "127.0.0.1",
        "MEDIA_ADDRESSES": "127.0.0.1", "CALL_MEDIA_WARN_S": 1, "CALL_MEDIA_LOST_S": LOST_S,
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "SERVICE_NUMBER": settings.CURBSIDE_SERVICE_NUMBER,
    }  # fmt: skip
    with ExitStack() as stack:
        aside = stack.enter_context(Aside())
        stack.enter_context(looping(2))

        def start(**more: object) -> Whole:
            env = dict(os.environ) | {f"CURBSIDE_{name}": str(value) for name, value in (given | more).items()}
            process = Process([sys.executable, "-c", WORKER], tmp_path / "worker.log", env=env, cwd=ROOT)
            stack.callback(process.stop)
            process.wait_until(lambda: owning.is_open(timezone.now()), "the media worker", 60)
            baresip.forget()
            return Whole(live_line(), baresip, aside, process)

        yield start


def both_hear(whole: Whole, speaker: Speaker) -> None:
    """Tones, recognised by their pitch, at either end."""
    since = len(whole.baresip.heard())
    whole.aside.do(speaker.hears(ANSWERS))
    whole.aside.do(heard_at(whole.baresip, SPOKEN, since=since))


def test_a_call_is_heard_and_names_nobody_and_no_death_leaves_one_open(begin: Begin, tmp_path: Path) -> None:
    whole = begin()
    speaker = whole.aside.enter(speaking(tmp_path, SPOKEN))
    with closing(Capture(whole.baresip.port)) as capture, closing(Coturn(SECRET)) as turn:
        is_heard_and_names_nobody(whole, speaker, capture, turn)
    the_browser_is_killed(whole, speaker)
    the_worker_is_killed(whole)


def is_heard_and_names_nobody(whole: Whole, speaker: Speaker, capture: Capture, turn: Coturn) -> None:
    """A call from the first word to the record: the browser is connected directly, then through TURN over TCP alone."""
    offer = whole.aside.do(speaker.offer(["pcmu"]))
    secret = words_of(offer) | {PHONE, PHONE.lstrip("+"), whole.line.amara.account.email, whole.line.id}
    r, answer = whole.begin(offer)
    secret.add(r)
    whole.aside.do(speaker.take(answer))
    whole.connected(r)
    both_hear(whole, speaker)
    assert whole.aside.do(speaker.way())[0] in ("host", "prflx")
    whole.aside.do(speaker.press("7"))
    whole.baresip.hears("CALL_DTMF_START", "7")
    offer = whole.aside.do(speaker.offer(["pcma"], **by_tcp(turn)))
    assert " typ relay" in offer and " typ host" not in offer
    secret |= words_of(offer)
    whole.aside.do(speaker.take(whole.offer(r, offer)))
    both_hear(whole, speaker)
    assert whole.aside.do(speaker.way()) == ("relay", "tcp")
    whole.line.do("call.hang_up", {}, r)
    record = whole.ended(r, 10)
    capture.stop()
    assert (record.reason, record.carrier, record.way) == ("you_hung_up", "sip", "webrtc")
    for side in ("clinician", "patient"):
        [leg] = [leg for leg in record.legs if leg["side"] == side]
        assert leg["codec"] == "PCMA" and leg["packets"] > 20 and leg["lost"] <= 2 and leg["mos"] > 3.5, leg
    said = capture.sip()
    check_headers(said, OWN, "clinic.example")
    assert betrayed(said + capture.raw().decode("latin-1"), secret) == set()
    assert set(re.findall(r"\+\d{6,}", said)) == {OWN, PATIENT}


def the_browser_is_killed(whole: Whole, speaker: Speaker) -> None:
    """kill -9 of Chromium while the two talk."""
    r, answer = whole.begin(whole.aside.do(speaker.offer(["pcmu"])))
    whole.aside.do(speaker.take(answer))
    whole.connected(r)
    both_hear(whole, speaker)
    kill_chromium()
    killed = time.monotonic()
    record = whole.ended(r, 20)
    assert time.monotonic() - killed >= LOST_S - 1
    assert (record.cause, record.reason) == ("lost", "connection_lost")


def the_worker_is_killed(whole: Whole) -> None:
    """kill -9 of the media worker while the two talk: nobody sends a BYE, and both ends still come to their end."""
    browser = whole.aside.do(make_browser())
    r, answer = whole.begin(whole.aside.do(browser.offer()))
    whole.aside.do(browser.take(answer))
    whole.connected(r)
    whole.aside.do(asyncio.wait_for(heard_at(whole.baresip, SPOKEN), 15))
    whole.process.kill()
    record = whole.ended(r, 30)
    assert (record.by, record.cause, record.reason) == ("service", "lost", "sound_stopped")
    assert {leg["cause"] for leg in record.legs} == {"lost"}
    whole.aside.do(browser.close())


def test_opus_by_a_real_rtpengine_is_heard_and_its_death_leaves_no_call_open(begin: Begin, tmp_path: Path) -> None:
    with closing(Rtpengine()) as engine:
        whole = begin(MEDIA_PLANE="rtpengine", RTPENGINES=f"127.0.0.1:{engine.port}")
        speaker = whole.aside.enter(speaking(tmp_path, SPOKEN))
        r = in_opus(whole, speaker)
        whole.aside.do(speaker.press("9"))
        whole.baresip.hears("CALL_DTMF_START", "9")
        whole.line.do("call.hang_up", {}, r)
        record = whole.ended(r, 10)
        codecs = {leg["side"]: leg["codec"] for leg in record.legs}
        assert (record.reason, codecs) == ("you_hung_up", {"clinician": "opus", "patient": "PCMA"})
        r = in_opus(whole, speaker)
        engine.process.kill()
        record = whole.ended(r, 40)
        assert (record.by, record.cause) == ("service", "lost"), record.reason


def in_opus(whole: Whole, speaker: Speaker) -> str:
    """A call from a browser that speaks Opus alone, in which both hear each other."""
    offer = whole.aside.do(speaker.offer(["opus"]))
    assert "opus" in offer and "PCMU" not in offer
    r, answer = whole.begin(offer)
    whole.aside.do(speaker.take(answer))
    whole.connected(r)
    both_hear(whole, speaker)
    return r


async def make_browser() -> Browser:
    return Browser(SPOKEN)

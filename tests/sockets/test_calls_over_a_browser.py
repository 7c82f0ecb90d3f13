"""A call over a browser with everything in processes of its own: server, call loop, media worker, and a real peer."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.peers.curbside import ROOT, Deployment
from tests.peers.process import Process
from tests.sockets.calling import SETTINGS, Clinic, opened, publish, start, until
from tests.sockets.wire import Wire
from tests.voice.media.browser import Browser


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def clinic(request: pytest.FixtureRequest, deploy_for_module: Callable[..., Deployment],
           tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    directory = tmp_path_factory.mktemp("over_a_browser")
    with opened(deploy_for_module(request.param, **SETTINGS, MEDIA_ADDRESSES="127.0.0.1"), directory) as made:
        yield made


@pytest.fixture
def worker(clinic: Clinic, tmp_path: Path) -> Iterator[Process]:
    """`manage.py runmedia`, ready for calls."""
    argv = [sys.executable, "manage.py", "runmedia"]
    process = Process(argv, tmp_path / "media.log", env=clinic.deployment.servers[0].env, cwd=ROOT)
    process.wait_until(lambda: clinic.http("GET", "/calls/media/ice")[0] == 200, "the media worker")
    yield process
    process.stop()


async def hears_speech(browser: Browser) -> None:
    """Wait for energy, not packets: half a second that is on average a twentieth as loud as can be."""
    async with asyncio.timeout(10):
        while not browser.heard or math.hypot(*browser.heard[-4000:]) < 1600 * math.sqrt(4000):
            await asyncio.sleep(0.02)


@asynccontextmanager
async def talking(clinic: Clinic, wire: Wire) -> AsyncIterator[tuple[str, Browser, float]]:
    """A call in which the browser hears the far end, and how long its offer waited for the answer in seconds."""
    browser = Browser()
    waited = 0.0

    async def accept(sdp: str) -> str:
        nonlocal waited
        began = time.perf_counter()
        status, said = await asyncio.to_thread(clinic.http, "POST", f"/calls/{r}/media", {"sdp": sdp})
        waited = time.perf_counter() - began
        assert status == 200, said
        return str(json.loads(said)["sdp"])

    try:
        r = await start(wire, clinic, way="webrtc")
        await browser.call(accept)
        await until(wire, r, "call.leg", side="clinician", leg="confirmed")
        await until(wire, r, "call.bridged")
        browser.heard.clear()
        await hears_speech(browser)
        yield r, browser, waited
    finally:
        await browser.close()


async def test_a_browser_offers_hears_the_far_end_and_is_in_the_record(clinic: Clinic, worker: Process) -> None:
    async with Wire(clinic.deployment.url) as wire:
        await wire.hello(clinic.made["ticket"])
        async with talking(clinic, wire) as (r, _, waited):
            assert waited < 3.0, "some hundredths on a quiet machine"
            await publish(wire, r, "call.hang_up")
            ended = await until(wire, r, "call.ended")
    assert ended["d"]["reason"] == "you_hung_up"
    [(legs,)] = clinic.deployment.query("SELECT legs FROM voice_callrecord")
    mine, patient = sorted(json.loads(legs) if isinstance(legs, str) else legs, key=lambda leg: str(leg["side"]))
    assert mine["codec"] == "PCMU" and mine["packets"] > 5 and mine["packets_sent"] > 5 and mine["mos"] > 1
    assert (mine["way"], patient["way"], patient.get("codec")) == ("webrtc", "callback", None)
    assert "a=" not in worker.said() and "127.0.0.1" not in worker.said()
    print(f"offer to answer: {waited * 1000:.0f} ms")


@pytest.mark.parametrize("clinic", ["sqlite"], indirect=True)
async def test_a_worker_that_is_killed_takes_its_call_along_and_says_so(clinic: Clinic, worker: Process) -> None:
    async with Wire(clinic.deployment.url) as wire:
        await wire.hello(clinic.made["ticket"])
        async with talking(clinic, wire) as (r, _, _):
            began = time.monotonic()
            worker.kill()
            ended = await until(wire, r, "call.ended")
            assert time.monotonic() - began < 15
    assert (ended["d"]["cause"], ended["d"]["reason"]) == ("lost", "sound_stopped")
    [(alive,)] = clinic.deployment.query("SELECT count(*) FROM voice_loopbackleg WHERE state <> 'ended'")
    assert alive == 0, "the patient's leg was hung up too"
    status, said = clinic.http("GET", "/calls/media/ice")
    assert status == 503 and json.loads(said)["code"] == "call.no_media"

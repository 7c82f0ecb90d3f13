"""A call over the real socket, with the call loop in a process of its own."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers.curbside import ROOT, Deployment
from tests.peers.process import Process
from tests.sockets.calling import SETTINGS, Clinic, opened, publish, start, until
from tests.sockets.wire import Wire


@pytest.fixture(params=["sqlite", "postgres"])
def clinic(request: pytest.FixtureRequest, deploy: Callable[..., Deployment], tmp_path: Path) -> Iterator[Clinic]:
    with opened(deploy(request.param, **SETTINGS), tmp_path) as made:
        yield made


async def test_a_call_goes_over_the_socket_from_the_tap_to_the_record(clinic: Clinic) -> None:
    async with Wire(clinic.deployment.url) as wire:
        await wire.hello(clinic.made["ticket"])
        r = await start(wire, clinic)
        started = await until(wire, r, "call.started")
        assert started["d"]["shown"] == "+1 617-555-0101" and started["d"]["patient_mask"].endswith("55")
        for side, leg in (("clinician", "ringing"), ("clinician", "confirmed"), ("patient", "answered")):
            await until(wire, r, "call.leg", side=side, leg=leg)
        await until(wire, r, "call.bridged")
        await publish(wire, r, "call.hang_up")
        ended = await until(wire, r, "call.ended")
        assert (ended["d"]["by"], ended["d"]["reason"]) == ("clinician", "you_hung_up")
        await publish(wire, r, "call.outcome", how="spoke")
        status, item = clinic.http("GET", f"/calls/{r}")
        assert status == 200 and json.loads(item)["outcome"]["how"] == "spoke"
    [(records,)] = clinic.deployment.query("SELECT count(*) FROM voice_callrecord")
    assert records == 1


async def test_a_double_tap_and_a_repeated_request_are_one_call(clinic: Clinic) -> None:
    async with Wire(clinic.deployment.url) as wire:
        await wire.hello(clinic.made["ticket"])
        c = str(uuid.uuid4())
        tap = {"t": "pub", "r": "me", "k": "call.start", "d": clinic.wish()}
        await wire.send(*({**tap, "i": i, "c": c if i != "other" else str(uuid.uuid4())} for i in ("a", "b", "other")))
        one, same, other = [await wire.expect(t="re", i=i) for i in ("a", "b", "other")]
        assert one["d"]["r"] == same["d"]["r"] and other["err"]["code"] == "call.budget_yours"
        late = await publish(wire, "me", "call.start", **clinic.wish(until=1))
        assert late["err"]["code"] == "call.late"
    [(calls,)] = clinic.deployment.query("SELECT count(*) FROM voice_call")
    assert calls == 1


@pytest.mark.timeout(180)
async def test_a_call_loop_that_is_told_to_end_drains_and_another_goes_on(clinic: Clinic, tmp_path: Path) -> None:
    async with Wire(clinic.deployment.url) as wire:
        await wire.hello(clinic.made["ticket"])
        r = await start(wire, clinic)
        await until(wire, r, "call.leg", side="clinician", leg="ringing")
        began = time.monotonic()
        clinic.loop.stop()
        assert clinic.loop.returncode == 0 and time.monotonic() - began < 10
        argv = [sys.executable, "manage.py", "runcalls"]
        clinic.loop = Process(argv, tmp_path / "second.log", env=clinic.deployment.servers[0].env, cwd=ROOT)
        await until(wire, r, "call.bridged")
    [(doubled,)] = clinic.deployment.query(
        "SELECT count(*) FROM (SELECT reference FROM voice_loopbackleg GROUP BY reference HAVING count(*) > 1) d")
    assert doubled == 0

"""A call over the real socket, with the call loop in a process of its own; and no number in anything that is kept."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.flows.overhearing import overhear_redis
from tests.peers.curbside import ROOT, Deployment
from tests.peers.process import Process
from tests.peers.redis import Redis
from tests.sockets.wire import Frame, Wire
from tests.voice.riverside import HELD, OWN, PATIENT, PHONE

SERVICE = "+16175550199"
TYPED = "(617) 555-0177"
NUMBERS = [OWN, HELD, PHONE, PATIENT, SERVICE, "+16175550177"]
SETTINGS = {"LOOPBACK_PACE": 20, "CALL_MAX_DURATION_S": 30, "CALL_ATTEMPTS_MINUTE": 50}


@dataclass
class Clinic:
    """A server, its call loop, and Amara who may call."""

    deployment: Deployment
    loop: Process
    made: dict[str, str]

    def wish(self, **d: Any) -> dict[str, Any]:
        """Whom she calls."""
        whom = {} if "number" in d else {"patient": self.made["patient"], "looked": True}
        return {"clinic": self.made["clinic"], "caller_id": self.made["caller_id"], **whom, **d}

    def http(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A request as a program makes it."""
        request = urllib.request.Request(
            self.deployment.url + "/api/v1" + path, None if body is None else json.dumps(body).encode(), method=method,
            headers={"Authorization": f"Bearer {self.made['token']}", "Content-Type": "application/json"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


@pytest.fixture(params=["sqlite", "postgres"])
def clinic(request: pytest.FixtureRequest, deploy: Callable[..., Deployment], tmp_path: Path) -> Iterator[Clinic]:
    deployment = deploy(request.param, **SETTINGS)
    made = subprocess.run([sys.executable, "-m", "tests.voice.seeded"], cwd=ROOT, env=deployment.env, check=False,
                          capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    server = deployment.start()
    loop = Process([sys.executable, "manage.py", "runcalls"], tmp_path / "loop.log", env=server.env, cwd=ROOT)
    yield Clinic(deployment, loop, json.loads(made.stdout))
    loop.stop()


async def start(wire: Wire, clinic: Clinic, **d: Any) -> str:
    """Start a call and read it from its beginning; a server that is busy is asked again, as every client does."""
    command: dict[str, Any] = {"t": "pub", "r": "me", "c": str(uuid.uuid4()), "k": "call.start", "d": clinic.wish(**d)}
    answer = await wire.ask(**command)
    while answer.get("err", {}).get("code") == "busy":
        await asyncio.sleep(answer["err"]["after"])
        answer = await wire.ask(**command)
    r = str(answer["d"]["r"])
    await wire.ask(t="sub", subs=[{"r": r, "p": 0}])
    return r


async def until(wire: Wire, r: str, kind: str, **d: Any) -> Frame:
    """The next event of the call of this kind."""
    while True:
        event = await wire.expect(20, t="ev", r=r, k=kind)
        if d.items() <= event["d"].items():
            return event


async def test_a_call_goes_over_the_socket_from_the_tap_to_the_record(clinic: Clinic) -> None:
    async with Wire(clinic.deployment.url) as wire:
        await wire.hello(clinic.made["ticket"])
        r = await start(wire, clinic)
        started = await until(wire, r, "call.started")
        assert started["d"]["shown"] == "+1 617-555-0101" and started["d"]["patient_mask"].endswith("55")
        for side, leg in (("clinician", "ringing"), ("clinician", "confirmed"), ("patient", "answered")):
            await until(wire, r, "call.leg", side=side, leg=leg)
        await until(wire, r, "call.bridged")
        await wire.ask(t="pub", r=r, c=str(uuid.uuid4()), k="call.hang_up", d={})
        ended = await until(wire, r, "call.ended")
        assert (ended["d"]["by"], ended["d"]["reason"]) == ("clinician", "you_hung_up")
        await wire.ask(t="pub", r=r, c=str(uuid.uuid4()), k="call.outcome", d={"how": "spoke"})
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
        late = await wire.ask(t="pub", r="me", c=str(uuid.uuid4()), k="call.start", d=clinic.wish(until=1))
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


# --- the canary -------------------------------------------------------------------------------------------------------


def spelled(e164: str) -> list[str]:
    """A number in every usual spelling, from the international to what a person types."""
    n = e164.removeprefix("+1")
    area, office, line = n[:3], n[3:6], n[6:]
    return [
        e164, f"1{n}", f"001{n}", n, f"{area}-{office}-{line}", f"({area}) {office}-{line}", f"{area}.{office}.{line}",
        f"{area} {office} {line}", f"+1 {area} {office} {line}", f"+1 {area}-{office}-{line}", f"{office}-{line}",
        f"{office}{line}", f"%2B1{n}", f"tel:{e164}",
    ]  # fmt: skip


def leaks(places: dict[str, str]) -> list[str]:
    """Which number stands in which place, in any spelling, or as the same digits in a cell with anything between."""
    found = []
    for place, text in places.items():
        cells = [re.sub(r"[\s().\-/]+", "", cell) for cell in text.split("\n")]
        for e164 in NUMBERS:
            digits = e164.removeprefix("+1")
            if any(word in text for word in spelled(e164)) or any(digits in cell for cell in cells):
                found.append(f"{e164[-4:]} in {place}")
    return found


def tables(deployment: Deployment) -> dict[str, str]:
    """Every table there is, cell by cell."""
    if deployment.database.startswith("sqlite"):
        names = deployment.query("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        names = deployment.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    assert len(names) > 40, "the tables are not where they were"
    found = {}
    for (name,) in names:
        rows = deployment.query(f'SELECT * FROM "{name}"')
        cells = [bytes(v).decode("latin-1").replace("\n", " ") if isinstance(v, bytes | memoryview) else str(v)
                 for row in rows for v in row]  # fmt: skip
        found[f"table {name}"] = "\n".join(cells)
    return found


async def everything(clinic: Clinic) -> list[str]:
    """All that may go right and wrong with a call, over the socket and over HTTP; returns the addresses asked for."""
    paths = []
    async with Wire(clinic.deployment.url) as wire:
        await wire.hello(clinic.made["ticket"])
        for number in (None, TYPED, "+1 617 555 0163", "+1 617 555 0166", "+1 617 555 0173"):
            r = await start(wire, clinic, **({} if number is None else {"number": number}))
            if number in (None, TYPED):
                await until(wire, r, "call.bridged")
                await wire.ask(t="pub", r=r, c=str(uuid.uuid4()), k="call.hang_up", d={})
            await until(wire, r, "call.ended")
            await wire.ask(t="pub", r=r, c=str(uuid.uuid4()), k="call.outcome", d={"how": "wrong_number"})
        for wrong in ("+1 900 555 0177", "911", OWN, PHONE, "x" * 39):
            refused = await wire.ask(t="pub", r="me", c=str(uuid.uuid4()), k="call.start", d=clinic.wish(number=wrong))
            assert refused["err"]["code"].startswith("call."), refused
        await wire.ask(t="pub", r="me", c=str(uuid.uuid4()), k="call.start", d=clinic.wish(number=[TYPED]))
        await wire.ask(t="pub", r="me", c=str(uuid.uuid4()), k=f"call.{TYPED}", d={})
    for path in ("/calls", "/calls/setup", f"/calls/{r}", f"/clinics/{clinic.made['clinic']}/calls", "/phone"):
        clinic.http("GET", path)
        paths.append(path)
    for body in (clinic.wish(number=TYPED), clinic.wish(number="911"), {"number": TYPED}, [TYPED]):
        clinic.http("POST", "/calls/check", body)
    clinic.http("POST", f"/clinics/{clinic.made['clinic']}/patients/search", {"q": TYPED})
    return paths


@pytest.mark.timeout(240)
async def test_no_number_stands_in_a_log_a_table_redis_or_an_address(clinic: Clinic, redis_peer: Redis) -> None:
    with overhear_redis(redis_peer) as heard:
        addresses = await everything(clinic)
    places = tables(clinic.deployment) | {
        "the log of the server": clinic.deployment.said(),
        "the log of the call loop": clinic.loop.log.read_text(),
        "Redis": bytes(heard).decode("latin-1"),
        "addresses": "\n".join(addresses),
    }
    assert "a carrier did not take a dial" in places["the log of the call loop"], "nothing was logged"
    assert leaks(places) == []


def test_the_canary_finds_a_number_in_every_usual_spelling() -> None:
    for text in [*spelled(PATIENT), "call (617) / 555 - 0155 now", '{"to": "617 555.0155"}']:
        assert leaks({"there": f"before {text} after"}) == ["0155 in there"], text
    assert leaks({"there": "•• 55, 2026-11-22 05:50:15, 1 617 555 0188"}) == []

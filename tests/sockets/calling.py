"""A clinic that calls over a real socket: its server, the call loop in a process of its own, and who may call."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.curbside import ROOT, Deployment
from tests.peers.process import Process
from tests.sockets.wire import Frame, Wire

SETTINGS = {"LOOPBACK_PACE": 20, "CALL_MAX_DURATION_S": 30, "CALL_ATTEMPTS_MINUTE": 50}


@dataclass
class Clinic:
    """A server, its call loop, and Amara who may call. `url` is where its people come in."""

    deployment: Deployment
    loop: Process
    made: dict[str, str]
    url: str

    def wish(self, **d: Any) -> dict[str, Any]:
        """Whom she calls."""
        whom = {} if {"number", "patient"} & d.keys() else {"patient": self.made["patient"]}
        looked = {} if "number" in d else {"looked": True}
        return {"clinic": self.made["clinic"], "caller_id": self.made["caller_id"], **whom, **looked, **d}

    def http(self, method: str, path: str, body: Any = None, who: str = "token") -> tuple[int, str]:
        """A request as a program makes it; `who`: whose token of those that were made."""
        return self.fetch(method, "/api/v1" + path, body, Authorization=f"Bearer {self.made[who]}")

    def fetch(self, method: str, address: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """The status and the content of an answer; a refusal is one too."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + address, data, method=method,
                                         headers={"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


def filled(deployment: Deployment) -> dict[str, str]:
    """Make the clinic in the database; what a client of it needs."""
    made = subprocess.run([sys.executable, "-m", "tests.voice.seeded"], cwd=ROOT, env=deployment.env, check=False,
                          capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    found: dict[str, str] = json.loads(made.stdout)
    return found


def call_loop(env: Mapping[str, str], log: Path, root: Path = ROOT) -> Process:
    """A call loop of the code in a directory."""
    return Process([sys.executable, "manage.py", "runcalls"], log, env={**env, "PYTHONPATH": str(root)}, cwd=root)


@contextmanager
def opened(deployment: Deployment, directory: Path) -> Iterator[Clinic]:
    """Fill the database, and start a server and a call loop."""
    made = filled(deployment)
    server = deployment.start()
    loop = call_loop(server.env, directory / "loop.log")
    clinic = Clinic(deployment, loop, made, server.url)
    try:
        yield clinic
    finally:
        clinic.loop.stop()


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


async def publish(wire: Wire, r: str, kind: str, **d: Any) -> Frame:
    """A command of this kind, and its answer."""
    return await wire.ask(t="pub", r=r, c=str(uuid.uuid4()), k=kind, d=d)

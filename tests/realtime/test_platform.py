"""The platform team's numbers: who sees them, how processes are added up, and what a process says of itself."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from realtime.models import Pulse, Purge
from realtime.platform import together
from realtime.pulse import EVERY_S, KEPT, Sample
from tests.conftest import QUICK, Deploy
from tests.members.browser import Browser
from tests.members.people import make_member
from tests.sockets.checking import Ledger

NAMES = list(Sample.__dataclass_fields__)


def sample(ago_s: float, **given: float) -> dict[str, Any]:
    at = int((timezone.now() - timedelta(seconds=ago_s)).timestamp() * 1000)
    return dict.fromkeys(NAMES, 0) | {"at": at} | given


def pulse(name: str, ago_s: float = 1.0, state: str = "ready", samples: Any = None) -> None:
    seen = timezone.now() - timedelta(seconds=ago_s)
    Pulse.objects.create(name=name, pid=7, began_at=seen - timedelta(hours=1), seen_at=seen, state=state,
                         samples=[sample(ago_s)] if samples is None else samples)


@pytest.mark.django_db
def test_staff_sees_all_processes_and_everybody_else_finds_nothing() -> None:
    pulse("web 1", samples=[sample(6, sockets=3), sample(1, sockets=4)])
    pulse("web 2", state="draining")
    pulse("web 3", ago_s=60)
    pulse("web 4", ago_s=7200)
    Purge.objects.create(began_at=timezone.now(), streams=2)
    staff = Browser().sign_in(make_member(is_staff=True))
    shown = staff.get("/platform")
    assert [(one["name"], one["state"]) for one in shown["processes"]] == [
        ("web 1", "ready"), ("web 2", "draining"), ("web 3", "silent")]
    assert shown["together"][-1]["sockets"] == 4
    assert shown["purge"]["streams"] == 2 and shown["purge"]["ended_at"] is None
    assert staff.get("/me")["staff"] is True
    member = Browser().sign_in(make_member())
    assert member.get("/me")["staff"] is False
    refused = member.call("GET", "/platform")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert Browser().call("GET", "/platform").status_code == 401


def test_processes_add_up_and_the_slowest_counts() -> None:
    one = [sample(6, sockets=2, loop_ms=5), sample(1, sockets=3, loop_ms=9)]
    other = [sample(3, sockets=10, loop_ms=40)]
    added = together([one, other], timezone.now())
    assert (added[-1]["sockets"], added[-1]["loop_ms"]) == (13, 40)
    assert len(added) <= KEPT
    assert [later["at"] - before["at"] for before, later in itertools.pairwise(added)] == [
        int(EVERY_S * 1000)] * (len(added) - 1)
    assert together([], timezone.now()) == []


def test_a_sample_of_a_version_that_counts_less_counts_as_nought() -> None:
    old = {"at": sample(1)["at"], "sockets": 4}
    assert together([[old]], timezone.now())[-1]["threads"] == 0


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_a_process_says_how_it_does_and_takes_itself_off_when_it_ends(deploy: Deploy, database: str) -> None:
    made = deploy(database, **QUICK, PROCESS="web 8001", BUILD="tests")
    server = made.start("uvicorn")
    circle = made.take_circle()
    rows: list[Any] = []
    async with Ledger(made) as ledger:
        asker = await ledger.join(circle.asker, circle.stream)
        await asker.say(circle.stream, "Is it counted?")
        async with asyncio.timeout(15):
            while not rows or '"sockets": 1' not in str(rows[0][3]).replace("'", '"'):  # its first is of the start
                await asyncio.sleep(0.2)
                rows = made.query("SELECT name, build, state, samples FROM realtime_pulse")
    [(name, build, state, samples)] = rows
    assert (name, build, state) == ("web 8001", "tests", "ready")
    for word in (circle.stream, circle.asker.id, circle.asker.email, "counted"):
        assert word not in str(samples)
    server.terminate()
    async with asyncio.timeout(20):
        while made.query("SELECT count(*) FROM realtime_pulse") != [(0,)]:
            await asyncio.sleep(0.2)

"""kill -9 of the call loop at each step of a call: no dial is made twice, and no call stays open."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Deploy
from tests.peers.curbside import ROOT, Templates, environment
from tests.peers.postgres import Postgres
from tests.voice.doomed import STEPS, numbers
from tests.voice.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, Phone
from tests.voice.riverside import HELD

QUICK = {
    "LOOPBACK_PACE": 20, "CALL_LEASE_S": 1, "CALL_DIAL_UNCERTAIN_S": 12, "CALL_CLINICIAN_ANSWER_S": 60,
    "CALL_PATIENT_ANSWER_S": 60, "CALL_PRESS_ONE_S": 60, "CALL_TEARDOWN_S": 2, "CALL_MAX_DURATION_S": 3,
}  # fmt: skip
"""Nobody works between the death of one loop and the start of the next, which a loaded machine makes long."""
SERVICE = "+16175550199"
DIALS = [f"{when} dial {n}" for n in (1, 2) for when in ("before", "after", "stored")]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return templates.copy_sqlite(tmp_path / "curbside.sqlite3")[0]
    cluster: Postgres = request.getfixturevalue("postgres_cluster")
    return templates.copy_postgres(cluster, f"killed_{tmp_path.name.replace('-', '_')}")[0]


def killed(env: Mapping[str, str], steps: list[str]) -> dict[str, Any]:
    """What became of the call of each step at which a loop was killed; each has ended, and has one record."""
    done = subprocess.run([sys.executable, "-m", "tests.voice.doomed", *steps], cwd=ROOT, env=dict(env), check=False,
                          capture_output=True, text=True, timeout=160)
    assert done.returncode == 0, done.stderr[-3000:]
    calls = dict(zip(steps, json.loads(done.stdout), strict=True))
    for step, call in calls.items():
        assert (call["stage"], call["records"], call["alive"]) == ("ended", 1, 0), (step, call)
    return calls


def check_dials(calls: dict[str, Any], connected: list[str]) -> None:
    """What was claimed and never asked is not asked again; what was asked is found, and goes on."""
    assert calls["before dial 1"]["cause"] == calls["before dial 2"]["cause"] == "uncertain"
    assert calls["before dial 1"]["dialled"] == {"clinician": 0}
    assert calls["before dial 2"]["dialled"] == {"clinician": 1, "patient": 0}
    for step in connected:
        call = calls[step]
        assert call["dialled"] == {"clinician": 1, "patient": 1} and call["cause"] == "max_duration", (step, call)


@pytest.mark.timeout(200)
def test_a_loop_that_is_killed_at_each_step_doubles_no_dial_and_leaves_no_call_open(database: str, tmp_path: Path
                                                                                     ) -> None:
    calls = killed(environment(database, tmp_path, **QUICK), list(STEPS))
    assert all(count <= 1 for call in calls.values() for count in call["dialled"].values()), calls
    check_dials(calls, ["after dial 1", "stored dial 1", "after dial 2", "stored dial 2", "before bridge",
                        "after bridge"])


@pytest.mark.timeout(200)
def test_a_loop_that_is_killed_around_a_request_to_twilio_has_it_made_once_and_finds_what_was_asked(deploy: Deploy
                                                                                                     ) -> None:
    with FakeTwilio(pace=0.1) as fake:
        fake.exchange.owned |= {SERVICE, HELD}
        for step in DIALS:
            own, patient = numbers(step)
            fake.phone(own, Phone(rings_s=5.0, presses_after_s=2.0))
            fake.phone(patient, Phone(rings_s=5.0, keys=[]))
        at_twilio = {"CARRIER": "twilio", "TWILIO_ACCOUNT": ACCOUNT, "TWILIO_TOKENS": TOKEN, "TWILIO_URL": fake.url,
                     "SERVICE_NUMBER": SERVICE}
        calls = killed(deploy("sqlite", **QUICK, **at_twilio).start().env, DIALS)
        rang = Counter(str(call.wanted["StatusCallback"]).partition("#")[0].rsplit("/", 1)[1] for call in fake.calls)
        for call in calls.values():
            call["dialled"] = {side: rang.pop(reference, 0) for side, reference in call["references"].items()}
        check_dials(calls, ["after dial 1", "stored dial 1", "after dial 2", "stored dial 2"])
        assert rang == {}, "a call at Twilio is of no call of ours"
        ended_by = time.monotonic() + 5
        while any(call.ended_at is None for call in fake.calls):
            assert time.monotonic() < ended_by, "a leg was left open at Twilio"
            time.sleep(0.02)

"""kill -9 of the call loop at each step of a call: no dial is made twice, and no call stays open."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.curbside import ROOT, Templates, environment
from tests.peers.postgres import Postgres
from tests.voice.doomed import STEPS

QUICK = {
    "LOOPBACK_PACE": 20, "CALL_LEASE_S": 1, "CALL_DIAL_UNCERTAIN_S": 12, "CALL_CLINICIAN_ANSWER_S": 60,
    "CALL_PATIENT_ANSWER_S": 60, "CALL_PRESS_ONE_S": 60, "CALL_TEARDOWN_S": 2, "CALL_MAX_DURATION_S": 3,
}  # fmt: skip
"""Nobody works between the death of one loop and the start of the next, which a loaded machine makes long."""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return templates.copy_sqlite(tmp_path / "curbside.sqlite3")[0]
    cluster: Postgres = request.getfixturevalue("postgres_cluster")
    return templates.copy_postgres(cluster, f"killed_{tmp_path.name.replace('-', '_')}")[0]


@pytest.mark.timeout(300)
def test_a_loop_that_is_killed_at_each_step_doubles_no_dial_and_leaves_no_call_open(database: str, tmp_path: Path
                                                                                     ) -> None:
    env = environment(database, tmp_path, **QUICK)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "tests.voice.doomed", *words], cwd=ROOT, env=env, check=False,
                              capture_output=True, text=True, timeout=100)

    assert run("prepare").returncode == 0
    for step in STEPS:
        died = run(*step.split())
        assert died.returncode == -signal.SIGKILL, (step, died.stderr[-2000:])
    done = run("finish")
    assert done.returncode == 0, done.stderr[-3000:]
    calls = dict(zip(STEPS, json.loads(done.stdout), strict=True))
    for step, call in calls.items():
        assert (call["stage"], call["records"], call["alive"]) == ("ended", 1, 0), (step, call)
        assert all(count <= 1 for count in call["dialled"].values()), (step, call)
    # What was claimed and never asked is not asked again; what was asked is found, and goes on.
    assert calls["before dial 1"]["cause"] == calls["before dial 2"]["cause"] == "uncertain"
    assert calls["before dial 1"]["dialled"] == {"clinician": 0}
    assert calls["before dial 2"]["dialled"] == {"clinician": 1, "patient": 0}
    for step in ("after dial 1", "stored dial 1", "after dial 2", "stored dial 2", "before bridge", "after bridge"):
        assert calls[step]["dialled"] == {"clinician": 1, "patient": 1} and calls[step]["cause"] == "max_duration", step

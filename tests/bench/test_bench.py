"""The benchmark's short form, whole: it proves that the benchmark works, and measures nothing that counts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.postgres import PLACES
from tests.peers.process import find_program, require

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.bench
@pytest.mark.timeout(400)
def test_the_short_form_measures_every_row_of_every_system(tmp_path: Path) -> None:
    require("PostgreSQL", find_program("postgres", *PLACES))
    require("Redis (redis-server)", shutil.which("redis-server"))
    require("rtpengine (rtpengine-daemon)", find_program("rtpengine", "/usr/sbin"))
    out = tmp_path / "short.json"
    done = subprocess.run([sys.executable, "-m", "bench", "--short", "--json", str(out)], cwd=ROOT, check=False,
                          capture_output=True, text=True, timeout=390)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(out.read_text("utf-8"))
    measured = {(figure["row"], figure["system"]) for figure in result["figures"]}
    assert {row for row, _ in measured} == {"hall", "pairs", "climb", "log", "idle", "streams", "events", "calls",
                                              "sound", "twilio", "engine"}
    systems = {"Curbside", "stock Channels"} | (set() if result["remarks"] else {"Socket.IO"})
    assert {("hall", system) for system in systems} <= measured
    assert {("pairs", system) for system in systems} <= measured
    assert {("log", "PostgreSQL"), ("log", "SQLite FULL")} <= measured
    of_calls = {figure["what"] for figure in result["figures"] if figure["row"] == "calls"}
    assert of_calls >= {"machine", "set-up p99", "webhook p99", "timers"}
    of_sound = {figure["what"] for figure in result["figures"] if figure["row"] == "sound"}
    assert of_sound >= {"CPU a call", "p50", "p99", "lost", "offer to sound p95"}
    of_twilio = {figure["what"] for figure in result["figures"] if figure["row"] == "twilio"}
    assert of_twilio == of_sound
    of_engine = {figure["what"] for figure in result["figures"] if figure["row"] == "engine"}
    assert of_engine == {"CPU a call", "p50", "p99", "lost", "offer and answer p95"}
    assert all(run > 0 for f in result["figures"] if f["what"] in {"p50", "p99", "committed"} for run in f["runs"])

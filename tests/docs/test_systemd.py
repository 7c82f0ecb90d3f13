"""The units of systemd as they are written: their files, variables and commands exist, and systemd reads them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from django.core.management import get_commands

from realtime.management.commands.describe import ROOT
from settings.env import KNOWN
from tests.peers.process import require

UNITS = sorted((ROOT / "deploy" / "systemd").glob("curbside*"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
INSTALLED = "/srv/curbside"


def read(path: Path) -> ConfigParser:
    """A unit's sections; of a key that stands twice the last line counts here."""
    unit = ConfigParser(strict=False, interpolation=None, delimiters="=", comment_prefixes="#")
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys of systemd have capitals
    unit.read_string(path.read_text("utf-8"))
    return unit


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_runs_a_command_that_exists_with_variables_that_are_read(path: Path) -> None:
    text = path.read_text("utf-8")
    start = read(path)["Service"]["ExecStart"]
    [command] = re.findall(r"manage\.py (\w+)", start)
    assert command in get_commands()
    assert set(re.findall(r"\b(CURBSIDE_[A-Z_]*[A-Z])=", text)) <= set(KNOWN)
    assert "settings.production" in text
    assert (ROOT / "docs" / "operations.md").exists() and f"file:{INSTALLED}/docs/operations.md" in text


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_may_do_little(path: Path) -> None:
    service = read(path)["Service"]
    assert (service["User"], service["NoNewPrivileges"], service["ProtectSystem"]) == ("curbside", "yes", "strict")
    assert service["CapabilityBoundingSet"] == "" and service["StateDirectoryMode"] == "0700"


def test_a_process_has_time_to_drain_and_a_port_of_its_own() -> None:
    service = read(ROOT / "deploy" / "systemd" / "curbside@.service")["Service"]
    drain_s = float(KNOWN["CURBSIDE_DRAIN_S"].default)
    assert service["KillSignal"] == "SIGTERM" and float(service["TimeoutStopSec"]) >= drain_s + 15
    assert "ProcSubset" not in service, "what /metrics says of the process is read from /proc/stat"
    assert "--port %i" in service["ExecStart"] and "--host 127.0.0.1" in service["ExecStart"]


def test_the_example_of_the_environment_names_only_what_is_read() -> None:
    text = (ROOT / "deploy" / "systemd" / "environment.example").read_text("utf-8")
    named = dict(re.findall(r"^#?(CURBSIDE_\w+)=(.*)$", text, re.MULTILINE))
    assert set(named) <= set(KNOWN)
    assert {"CURBSIDE_CARRIER", "CURBSIDE_TWILIO_TOKENS", "CURBSIDE_SERVICE_NUMBER"} <= set(named)
    assert named["CURBSIDE_TWILIO_TOKENS"] == ""
    assert named["CURBSIDE_MASTER_KEY"] == named["CURBSIDE_METRICS_TOKEN"] == "", "no secret stands in it"


def test_systemd_finds_no_fault_in_them(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    require("systemd-analyze (systemd)", program)
    for path in UNITS:
        text = path.read_text("utf-8").replace(f"{INSTALLED}/.venv/bin/python", sys.executable)
        (tmp_path / path.name).write_text(text.replace(INSTALLED, str(ROOT)), "utf-8")
    (tmp_path / "curbside@.service").rename(tmp_path / "curbside@8001.service")
    argv = [str(program), "verify", "--man=no", *(str(path) for path in sorted(tmp_path.iterdir()))]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    ours = [line for line in done.stderr.splitlines() if "curbside" in line.lower()]
    assert done.returncode == 0 and not ours, done.stderr

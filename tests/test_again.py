"""What runs the tests: what fails alone as well has failed, what passes alone is named, and many get no second go."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.curbside import ROOT

SECOND_TIME = """
from pathlib import Path
def test_passes_the_second_time():
    seen = Path(__file__).with_name("seen")
    if not seen.exists():
        seen.touch()
        raise AssertionError
"""
NEVER = "def test_never_passes():\n    raise AssertionError\n"
FOUR_OF_FIVE = """
import pytest
from pathlib import Path
@pytest.mark.parametrize("n", range(5))
def test_most_fail_once(n):
    seen = Path(__file__).with_name(f"seen-{n}")
    if n and not seen.exists():
        seen.touch()
        raise AssertionError
"""


@pytest.mark.parametrize(("written", "status", "said"), [
    (SECOND_TIME, 0, "UNSTEADY: test_it.py::test_passes_the_second_time"),
    (SECOND_TIME + NEVER, 1, "UNSTEADY: test_it.py::test_passes_the_second_time"),
    (NEVER, 1, "once more, alone"),
    (FOUR_OF_FIVE, 1, "4 failed, 1 passed"),
])  # fmt: skip
def test_what_fails_alone_as_well_has_failed(written: str, status: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(written)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -q -p no:django -p no:schemathesis -p no:asyncio\n")
    done = subprocess.run([sys.executable, "-m", "tests.again"], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)},
                          check=False, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout
    if status:
        assert "test_never_passes failed beside" not in done.stdout
        assert ("once more, alone" in done.stdout) == (written is not FOUR_OF_FIVE)

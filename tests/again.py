"""Runs pytest, and the few that failed once more, alone: `python -m tests.again -n 2 -m "not faults"`.

These machines are shared and stand still for seconds at times, and among thousands of tests a limit of time is passed
now and then. What fails alone as well has failed. What passes alone is named in the last lines, as it is to be mended.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

MOST: Final = 3
"""Where more have failed, that was no moment of the machine: nothing is run again."""
FAILED: Final = 1
"""Source: pytest, "Exit codes": tests were collected and run, and some failed."""


def main(arguments: list[str]) -> int:
    """Return pytest's exit status: of the first run, or of what failed in it, run alone."""
    with tempfile.TemporaryDirectory(prefix="curbside-again-") as cache:
        remember = ["-o", f"cache_dir={cache}"]
        status = _pytest(arguments + remember)
        failed = _failed(Path(cache))
        if status != FAILED or not 0 < len(failed) <= MOST:
            return status
        print(f"{len(failed)} failed beside others: once more, alone", flush=True)
        status = _pytest([*failed, *remember, "-p", "no:xdist"])
        failed_again = _failed(Path(cache)) if status else []
    for name in sorted(set(failed) - set(failed_again)):
        print(f"UNSTEADY: {name} failed beside others and passed alone")
    return status


def _pytest(arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


def _failed(cache: Path) -> list[str]:
    try:
        return list(json.loads((cache / "v" / "cache" / "lastfailed").read_text()))
    except FileNotFoundError:
        return []


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

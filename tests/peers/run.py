"""Runs one command with a PostgreSQL of its own: `python -m tests.peers.run pytest -m databases`.

The command finds its address in CURBSIDE_TEST_DATABASE_URL. Without PostgreSQL it says so; under CI=true that fails.
"""

from __future__ import annotations

import os
import subprocess
import sys

from _pytest.outcomes import Failed, Skipped

from tests.peers.postgres import Postgres


def main() -> int:
    """Start, run, stop; the exit status is the command's."""
    try:
        cluster = Postgres()
    except (Skipped, Failed) as missing:
        print(f"PostgreSQL's tests: {missing.msg}", file=sys.stderr)
        return 0 if isinstance(missing, Skipped) else 1
    try:
        env = dict(os.environ) | {"CURBSIDE_TEST_DATABASE_URL": cluster.create_database("curbside")}
        return subprocess.run(sys.argv[1:], env=env, check=False).returncode
    finally:
        cluster.close()


if __name__ == "__main__":
    raise SystemExit(main())

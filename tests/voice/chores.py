"""What an operator types about calls, in one process: the export, the reconciliation, an import; and what is printed.

Run as a program with the settings of a server: `python -m tests.voice.chores CLINIC EMAIL < patients.csv`.
"""

from __future__ import annotations

import io
import sys
import time
from typing import Any

import django


def run(name: str, *words: str, given: str = "") -> None:
    """One command; what it prints, and how it ends, stands on the standard output."""
    from django.core.management import CommandError, call_command

    sys.stdin = io.TextIOWrapper(io.BytesIO(given.encode()), "utf-8")
    told: dict[str, Any] = {"stdout": sys.stdout, "stderr": sys.stdout}
    print(f"--- {name}")
    try:
        call_command(name, *words, **told)
    except (CommandError, SystemExit) as ended:
        print(f"ended: {ended}")


def main() -> None:
    """All of them."""
    clinic, email = sys.argv[1:]
    patients = sys.stdin.read()
    run("exportcdrs", "--clinic", clinic)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    between = ("--since", f"{day[:4]}-01-01", "--until", f"{int(day[:4]) + 1}-01-01")
    run("reconcilecdrs", "--carrier", "twilio", *between, "--list", "-", given="Sid,Duration\nCA" + "0" * 32 + ",9\n")
    run("import_patients", "--clinic", clinic, "--by", email, given=patients)


if __name__ == "__main__":
    django.setup()
    main()

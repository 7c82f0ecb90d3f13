"""What `make run` starts after the installation, as a process of its own on a fresh directory."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from tests.peers.curbside import ROOT, environment, manage
from tests.peers.process import Process, free_port, is_listening
from tests.peers.proxy import Proxy

MADE_BY_ITSELF = ("CURBSIDE_DATABASE_URL", "CURBSIDE_MASTER_KEY")


def defaults(directory: Path, **variables: object) -> dict[str, str]:
    """Return the environment of an installation: it makes its database and its key by itself."""
    env = environment("", directory, **variables)
    return {name: value for name, value in env.items() if name not in MADE_BY_ITSELF}


def lay_ground(directory: Path) -> None:
    """Do in a directory what a first start does before it serves, once for all whose subject the first start is not.

    Safe to call from several processes at once: the others wait for the first.
    """
    directory.mkdir(exist_ok=True)
    with (directory.parent / f"{directory.name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not any(directory.iterdir()):
            for command in ("migrate", "demo"):
                manage(defaults(directory), command)


class Installation:
    """`manage.py start` with its defaults: SQLite, the in-process bus, the demo's people and consults.

    One browser may come by the plain address, another through a network that can fail: `behind_proxy`.
    """

    def __init__(self, ground: Path | None = None, **variables: object) -> None:
        """Nothing runs yet; `variables` are settings without their prefix.

        `ground` is a directory that `lay_ground` filled: it starts on a copy of it, else on nothing.
        """
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-flow-"))
        if ground is not None:
            shutil.copytree(ground, self.directory, dirs_exist_ok=True)
        self.port = free_port()
        self.proxy = Proxy(self.port)
        self._variables = variables
        self._log = self.directory / "server.log"
        self.process: Process | None = None

    def __enter__(self) -> Self:
        """Start it and the network in front of it, and wait until it answers."""
        self.proxy.__enter__()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it and remove all that it made."""
        self.stop()
        self.proxy.__exit__()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def url(self) -> str:
        """The address that `make run` prints."""
        return f"http://localhost:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment: everything at its default but the directory and the addresses."""
        origins = f"{self.url},{self.proxy.url}"
        return defaults(self.directory, PUBLIC_URL=self.url, ORIGINS=origins, **self._variables)

    def start(self) -> None:
        """Start it (again)."""
        argv = [sys.executable, "manage.py", "start", "--port", str(self.port)]
        self.process = Process(argv, self._log, env=self.env, cwd=ROOT)
        self.process.wait_until(lambda: is_listening(self.port), "manage.py start", 60)

    def stop(self) -> None:
        """SIGTERM, as Ctrl-C does: it drains and ends."""
        if self.process is not None:
            self.process.stop()

    def said(self) -> str:
        """All that it printed and logged."""
        return self._log.read_text("utf-8", "replace")

    def change(self, statement: str, *values: object) -> None:
        """Change its database past it; for a test that moves an instant."""
        with closing(sqlite3.connect(self.directory / "curbside.sqlite3", timeout=10)) as connection, connection:
            connection.execute(statement, values)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask its database past it."""
        with closing(sqlite3.connect(self.directory / "curbside.sqlite3", timeout=10)) as connection:
            return connection.execute(statement, values).fetchall()

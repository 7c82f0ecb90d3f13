"""What `make run` starts after the installation, as a process of its own on a fresh directory."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from tests.peers.curbside import ROOT, environment
from tests.peers.process import Process, free_port, is_listening
from tests.peers.proxy import Proxy


class Installation:
    """`manage.py start` with its defaults: SQLite, the in-process bus, the demo's people and consults.

    One browser may come by the plain address, another through a network that can fail: `behind_proxy`.
    """

    def __init__(self, **variables: object) -> None:
        """Nothing runs yet; `variables` are settings without their prefix."""
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-flow-"))
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
        env = environment("", self.directory, PUBLIC_URL=self.url, ORIGINS=origins, **self._variables)
        for made_by_itself in ("CURBSIDE_DATABASE_URL", "CURBSIDE_MASTER_KEY"):
            del env[made_by_itself]
        return env

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

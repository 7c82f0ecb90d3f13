"""A PostgreSQL cluster of its own in a temporary directory, on a free loopback port."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests.peers.process import Process, find_program, free_port, require, unprivileged_user

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
USER = "curbside"
MOST_CONNECTIONS = 60
STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)")


class Postgres:
    """One cluster. `durable` makes every commit wait for the disk, as an installation does."""

    def __init__(self, *, durable: bool = False, place: Path | None = None) -> None:
        """Make the cluster, in a directory below `place` where one is given, and start it."""
        initdb, program = find_program("initdb", *PLACES), find_program("postgres", *PLACES)
        require("PostgreSQL", initdb and program)
        assert initdb is not None and program is not None
        self._program = program
        self._durable = durable
        self._user = unprivileged_user()
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-pg-", dir=place))
        self.log = Path(tempfile.gettempdir()) / f"{self.directory.name}.log"  # never on a disk that is made full
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        argv: list[str | Path] = [
            initdb,
            "-D",
            self.directory,
            "-A",
            "trust",
            "-U",
            USER,
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        made = Process(argv, self.log, user=self._user)
        if made.wait(60) != 0:
            raise RuntimeError(f"initdb failed:\n{made.said()[-2000:]}")
        self.port = free_port()
        self.process = self._start()

    def _start(self) -> Process:
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
            "max_connections": str(MOST_CONNECTIONS),
            "max_wal_size": "64MB",
            "log_min_messages": "warning",
            "fsync": "on" if self._durable else "off",
            "synchronous_commit": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
        }
        argv: list[str | Path] = [self._program, "-D", self.directory]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        process = Process(argv, self.log, user=self._user)
        process.wait_until(self._answers, "PostgreSQL")
        return process

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def url(self, database: str) -> str:
        """The address of one database."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, as a copy of `template` if one is named (nobody may be connected to that)."""
        made: sql.Composed = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            made += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._run(made)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, and whoever is still connected."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, command: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(command)

    def restart_at_once(self) -> None:
        """As `pg_ctl restart -m immediate`: every connection breaks, recovery replays the log."""
        self.stop_at_once()
        self.process = self._start()

    def stop_at_once(self) -> None:
        """As `pg_ctl stop -m immediate`."""
        self.process.stop(signal.SIGQUIT)

    def start_again(self) -> None:
        """After `stop_at_once`."""
        self.process = self._start()

    def pause(self) -> None:
        """Nothing answers any more; connections stay open."""
        self.process.pause()

    def resume(self) -> None:
        """After `pause`."""
        self.process.resume()

    def said_count(self, words: str) -> int:
        """How often its log says something."""
        return self.process.said().count(words)

    @contextmanager
    def overhear(self) -> Iterator[Callable[[], list[str]]]:
        """Have every statement logged for a while; afterwards the function given tells them."""
        heard: list[str] = []
        self._set("ALTER SYSTEM SET log_statement = 'all'")
        before = len(self.process.said())
        try:
            yield lambda: heard
        finally:
            said = self.process.said()[before:]
            self._set("ALTER SYSTEM RESET log_statement")
            heard += STATEMENT.findall(said)

    def _set(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())
            connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.1)  # each backend reads it before its next statement

    def close(self) -> None:
        """Stop it and remove all of it."""
        try:
            self.process.stop(signal.SIGINT)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.log.unlink(missing_ok=True)

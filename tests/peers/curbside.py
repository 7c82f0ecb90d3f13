"""Curbside itself as a peer: databases made once and copied, and servers started, killed and drained by their ids."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.peers.postgres import Postgres
from tests.peers.process import Process, free_port

ROOT = Path(__file__).resolve().parents[2]
MASTER_KEY = base64.b64encode(b"a master key only tests may have").decode()
CIRCLES = 90
ORIGIN = "http://origin.example"
PLANTED = "plantedword"
"""Stands in what tests say; found in a log, in Redis or in a push it betrays a leak."""


def environment(database: str, directory: Path, **variables: object) -> dict[str, str]:
    """The environment of a Curbside: ours without any setting of our own, and the settings given."""
    ours = ("CURBSIDE_", "DJANGO_", "PYTHONDONTWRITEBYTECODE")  # without bytecode a start takes seconds
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env |= {
        "DJANGO_SETTINGS_MODULE": "settings.dev",
        "CURBSIDE_VAR_DIR": str(directory),
        "CURBSIDE_MASTER_KEY": MASTER_KEY,
        "CURBSIDE_DATABASE_URL": database,
        "CURBSIDE_ORIGINS": ORIGIN,
    }
    return env | {f"CURBSIDE_{name}": str(value) for name, value in variables.items()}


def manage(env: Mapping[str, str], *words: str, given: str = "") -> str:
    """Run a management command to its end and return what it printed."""
    argv = [sys.executable, "manage.py", *words]
    done = subprocess.run(
        argv, cwd=ROOT, env=dict(env), input=given, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"manage.py {words[0]} failed:\n{done.stdout[-1500:]}{done.stderr[-3000:]}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Person:
    """A member as a test knows them."""

    id: str
    email: str
    name: str
    token: str
    inbox: str
    specialty: str


@dataclass(frozen=True, slots=True)
class Circle:
    """An open consult between two, and somebody who has nothing to do with it."""

    stream: str
    asker: Person
    answerer: Person
    outsider: Person

    @classmethod
    def read(cls, made: dict[str, Any]) -> Circle:
        """From the JSON of `tests.peers.circles`."""
        return cls(made["stream"], *(Person(**made[role]) for role in ("asker", "answerer", "outsider")))


class Templates:
    """Migrated databases with circles in them, made once in a run and copied for each server."""

    def __init__(self, directory: Path) -> None:
        """Keep them in `directory`."""
        self._directory = directory
        self._circles: dict[str, list[Circle]] = {}

    def copy_sqlite(self, path: Path) -> tuple[str, list[Circle]]:
        """A SQLite file of one's own: its address, and its circles."""
        template = self._directory / "template.sqlite3"
        if "sqlite" not in self._circles:
            self._circles["sqlite"] = self._fill(f"sqlite:///{template}")
            with closing(sqlite3.connect(template)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(template, path)
        return f"sqlite:///{path}", list(self._circles["sqlite"])

    def copy_postgres(self, cluster: Postgres, name: str) -> tuple[str, list[Circle]]:
        """A PostgreSQL database of one's own: its address, and its circles."""
        key = f"{cluster.port}"
        if key not in self._circles:
            self._circles[key] = self._fill(cluster.create_database("template_curbside"))
        return cluster.create_database(name, "template_curbside"), list(self._circles[key])

    def _fill(self, url: str) -> list[Circle]:
        env = environment(url, self._directory)
        argv = [sys.executable, "-m", "tests.peers.circles", str(CIRCLES)]
        done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the circles could not be made:\n{done.stderr[-3000:]}")
        return [Circle.read(made) for made in json.loads(done.stdout)]


class CurbsideServer:
    """One web process. Started again it listens on the same port."""

    def __init__(self, env: Mapping[str, str], log: Path, *, kind: str = "uvicorn", controlled: bool = False) -> None:
        """Start it and wait until it is ready. `controlled` lets a test move its clock and look into it (`ask`)."""
        self.port = free_port()
        self.control = free_port() if controlled else 0
        self.kind = kind
        self.env = dict(env) | {"CURBSIDE_PUBLIC_URL": f"http://localhost:{self.port}"}
        self.log = log
        self.process = self._spawn()
        self.wait_ready()

    def _spawn(self) -> Process:
        serve = ["serve", "--port", str(self.port), "--server", self.kind]
        program = ["-m", "tests.peers.controlled", str(self.control)] if self.control else ["manage.py"]
        argv = [sys.executable, *program, *serve]
        return Process(argv, self.log, env=self.env | {"PYTHONPATH": str(ROOT)}, cwd=ROOT)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> int:
        """The status of a GET; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def ask(self, **order: object) -> dict[str, Any]:
        """Have `tests/peers/controlled.py` carry out an order in this process, and return its answer."""
        with socket.create_connection(("127.0.0.1", self.control), timeout=5) as line:
            line.sendall(json.dumps(order).encode() + b"\n")
            return dict(json.loads(line.makefile().readline()))

    def wait_ready(self) -> None:
        """Until /readyz says yes."""
        self.process.wait_until(lambda: self.get("/readyz") == 200, f"Curbside on {self.kind}")

    def start_again(self, *, wait: bool = True) -> None:
        """After `kill` or `terminate`."""
        self.process = self._spawn()
        if wait:
            self.wait_ready()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()

    def terminate(self) -> None:
        """SIGTERM: it drains, and takes its time."""
        self.process.send(signal.SIGTERM)

    def said(self) -> str:
        """Its log."""
        return self.process.said()


class Deployment:
    """A database, a Redis or none, and the servers on them."""

    def __init__(self, database: str, circles: list[Circle], directory: Path, **variables: object) -> None:
        """Nothing runs yet; `variables` are settings without their prefix."""
        self.database = database
        self.directory = directory
        self.env = environment(database, directory, **variables)
        self.servers: list[CurbsideServer] = []
        self.all_circles = circles
        self._circles = iter(circles)

    def start(self, kind: str = "uvicorn", *, controlled: bool = False, **variables: object) -> CurbsideServer:
        """Start a server on it; `variables` are settings of its own."""
        more = {f"CURBSIDE_{name}": str(value) for name, value in variables.items()}
        log = self.directory / f"server-{len(self.servers)}.log"
        server = CurbsideServer(self.env | more, log, kind=kind, controlled=controlled)
        self.servers.append(server)
        return server

    @property
    def url(self) -> str:
        """The first server."""
        return self.servers[0].url

    @property
    def other_url(self) -> str:
        """Another server on the same data, where there is one."""
        return self.servers[-1].url

    def take_circle(self) -> Circle:
        """People and a consult that no other test has touched."""
        return next(self._circles)

    def take_circles(self, count: int) -> list[Circle]:
        """Several of them."""
        return [self.take_circle() for _ in range(count)]

    def query(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database itself, past the server. Placeholders are written %s."""
        if self.database.startswith("sqlite"):
            with closing(sqlite3.connect(self.database.removeprefix("sqlite://"), timeout=10)) as connection:
                return connection.execute(text.replace("%s", "?"), values).fetchall()
        with psycopg.connect(self.database, autocommit=True) as database:
            return database.execute(text.encode(), values).fetchall()

    def said(self) -> str:
        """What all servers wrote."""
        return "".join(server.said() for server in self.servers)

    def stop(self) -> None:
        """Stop the servers."""
        for server in self.servers:
            server.process.stop()


def make_directory() -> Iterator[Path]:
    """A directory of one's own that goes at the end; yields once."""
    directory = Path(tempfile.mkdtemp(prefix="curbside-tests-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)

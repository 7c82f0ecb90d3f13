"""The systems under test, each one process, on the same PostgreSQL and Redis, spoken to by the same generator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from bench import node
from bench.places import CACHE, ROOT
from tests.peers.curbside import CurbsideServer, environment, manage
from tests.peers.postgres import Postgres
from tests.peers.process import Process, free_port, is_listening
from tests.peers.redis import Redis

# A member of a benchmark writes as fast as 50 people, so that the limits of one person are raised.
LIMITS: Final = {
    f"LIMIT_{name}": 1_000_000
    for name in ("PUB_RATE", "PUB_BURST", "FRAME_RATE", "FRAME_BURST", "PUB_IN_FLIGHT", "WRITE_QUEUE")
} | {"LIMIT_TICKET_S": 7_200}


class Bed:
    """PostgreSQL, durable as an installation's, and Redis; and a directory that goes at the end."""

    def __init__(self) -> None:
        """Start both."""
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-bench-"))
        self.postgres = Postgres(durable=True)
        self.redis = Redis()
        self._number = 0

    def database(self, template: str | None = None) -> str:
        """Make a fresh database and return its address."""
        self._number += 1
        return self.postgres.create_database(f"bench_{self._number}", template)

    def path(self, name: str) -> Path:
        """A new file's path."""
        self._number += 1
        return self.directory / f"{self._number}-{name}"

    def few(self, people: Path, count: int) -> Path:
        """A file with the first `count` of the people."""
        return self._people(json.loads(people.read_text("utf-8"))[:count])

    def within(self, people: Path, streams: int) -> Path:
        """A file with the people, who read none but the first `streams` streams; those who read none are left out."""
        read = json.loads(people.read_text("utf-8"))
        kept = set(list(dict.fromkeys(stream for member in read for stream in member["streams"]))[:streams])
        fewer = [member | {"streams": [s for s in member["streams"] if s in kept]} for member in read]
        return self._people([member for member in fewer if member["streams"]])

    def _people(self, members: list[dict[str, Any]]) -> Path:
        path = self.path("people.json")
        path.write_text(json.dumps(members), "utf-8")
        return path

    def close(self) -> None:
        """Stop both and remove everything."""
        self.redis.close()
        self.postgres.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class System(Protocol):
    """One server process that a generator can be pointed at."""

    name: str
    dialect: str
    port: int

    @property
    def pid(self) -> int:
        """Its process; CPU and memory are those of its tree."""

    def settle(self) -> None:
        """Free what can be freed, before memory is measured."""

    def stop(self) -> None:
        """End it."""


class Template:
    """A Curbside database with people in it, made once and copied for each server."""

    def __init__(self, bed: Bed, *, hall: int, pairs: int, web: int = 0) -> None:
        """Make it; `people` holds a file for each group of `bench.seed`."""
        self.name = f"people_{hall}_{pairs}_{web}"
        self.bed = bed
        self.sizes = {"hall": hall, "pairs": pairs, "web": web}
        env = environment(bed.postgres.create_database(self.name), bed.directory, **LIMITS)
        manage(env, "migrate", "-v0")
        argv = [sys.executable, "-m", "bench.seed", *(f"--{key}={value}" for key, value in self.sizes.items())]
        made = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise RuntimeError(f"the people could not be made:\n{made.stderr[-3000:]}")
        self.people: dict[str, Path] = {}
        for group, members in json.loads(made.stdout).items():
            self.people[group] = bed.path(f"{group}.json")
            self.people[group].write_text(json.dumps(members), "utf-8")


class Curbside:
    """Our server, as `manage.py serve` starts it."""

    dialect = "curbside"

    def __init__(self, template: Template, kind: str = "uvicorn", database: str | None = None) -> None:
        """Start it on a copy of the template, or on a database that is there."""
        bed = template.bed
        self.name = "Curbside" if kind == "uvicorn" else "Curbside on Daphne"
        self.people = template.people
        database = database or bed.database(template.name)
        env = environment(database, bed.directory, REDIS_URL=bed.redis.url, **LIMITS)
        self._server = CurbsideServer(env, bed.path("curbside.log"), kind=kind)
        self.port = self._server.port

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._server.process.pid

    def settle(self) -> None:
        """Python frees what it no longer needs at once."""

    def stop(self) -> None:
        """Kill it: a drain is not what is measured."""
        self._server.process.kill()


class Stock:
    """The chat of Channels' tutorial with a row a message, under uvicorn or Daphne."""

    dialect = "stock"

    def __init__(self, bed: Bed, people: dict[str, Path], kind: str = "uvicorn") -> None:
        """Migrate a database of its own and start it."""
        self.name = "stock Channels" if kind == "uvicorn" else "stock Channels on Daphne"
        self.people = people
        self.port = free_port()
        env = dict(os.environ) | {
            "DJANGO_SETTINGS_MODULE": "bench.peers.stock.settings",
            "BENCH_DATABASE_URL": bed.database(),
            "BENCH_REDIS_URL": bed.redis.url,
        }
        subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        port, application = str(self.port), "bench.peers.stock.asgi:application"
        if kind == "uvicorn":
            argv = ["-m", "uvicorn", "--port", port, "--log-level", "warning", application]
        else:
            argv = ["-m", "daphne", "-p", port, "--access-log", os.devnull, application]
        self._process = Process([sys.executable, *argv], bed.path("stock.log"), env=env, cwd=ROOT)
        self._process.wait_until(lambda: is_listening(self.port), self.name)

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def settle(self) -> None:
        """Python frees what it no longer needs at once."""

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()


class SocketIO:
    """Socket.IO 4 on Node, with its Redis adapter and an insert a message."""

    name = "Socket.IO"
    dialect = "socketio"

    def __init__(self, bed: Bed, people: dict[str, Path]) -> None:
        """Start it on a database of its own; its packages are installed on first use."""
        self.people = people
        self.port = free_port()
        folder = node.install(CACHE / "node")
        env = dict(os.environ) | {
            "NODE_ENV": "production",
            "PORT": str(self.port),
            "DATABASE_URL": bed.database(),
            "REDIS_URL": bed.redis.url,
        }
        argv: list[str | Path] = [node.program(), "--expose-gc", folder / "server.mjs"]
        self._process = Process(argv, bed.path("socketio.log"), env=env, cwd=folder)
        self._process.wait_until(lambda: is_listening(self.port), self.name)

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def settle(self) -> None:
        """Node collects its garbage when it likes; here it is told to, so that only what lives is counted."""
        node.collect(self.pid)

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()


def start(name: str, template: Template) -> Any:
    """Start one of the systems by its name."""
    made: dict[str, Callable[[], Any]] = {
        "curbside": lambda: Curbside(template),
        "curbside-daphne": lambda: Curbside(template, "daphne"),
        "stock": lambda: Stock(template.bed, template.people),
        "stock-daphne": lambda: Stock(template.bed, template.people, "daphne"),
        "socketio": lambda: SocketIO(template.bed, template.people),
    }
    return made[name]()

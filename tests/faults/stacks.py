"""What the faults are played on: the parts of an installation, each of which can be broken and is mended afterwards.

`several`: two processes under uvicorn, PostgreSQL, Redis. `daphne`: the same under Daphne. `embedded`: one process
under uvicorn, SQLite, the in-process bus. Clients come through doors, as through a balancer: one for each process, that
leads to another process where its own does not answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from tests.peers.curbside import Circle, CurbsideServer, Deployment, Templates
from tests.peers.disk import Disk
from tests.peers.postgres import Postgres
from tests.peers.proxy import Proxy
from tests.peers.redis import Redis

DISK_MB = 700
SETTINGS = {
    "LIMIT_HELLO_S": 2,
    "LIMIT_PUB_RATE": 500,
    "LIMIT_PUB_BURST": 500,
    "LIMIT_FRAME_RATE": 1000,
    "LIMIT_FRAME_BURST": 1000,
    "DRAIN_S": 2,
}
"""A talker of these tests writes for many people, and nobody here waits five seconds for a greeting."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A form of installation."""

    name: str
    words: str
    database: str
    servers: tuple[str, ...]
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def has_redis(self) -> bool:
        """Whether processes hear each other through Redis."""
        return self.database == "postgres"


SEVERAL = Stack("several", "two processes under uvicorn, PostgreSQL, Redis", "postgres", ("uvicorn", "uvicorn"),
                {"LIMIT_CROWD": 2})
"""Here every stream is a crowd, whose events wait for one another: faults meet what is held back."""
DAPHNE = Stack("daphne", "two processes under Daphne, PostgreSQL, Redis", "postgres", ("daphne", "daphne"))
EMBEDDED = Stack("embedded", "one process under uvicorn, SQLite, the in-process bus", "sqlite", ("uvicorn",))
STACKS = {stack.name: stack for stack in (SEVERAL, DAPHNE, EMBEDDED)}


class Ground:
    """What stacks stand on, one after the other: a disk, and PostgreSQL and Redis where one asks for them."""

    def __init__(self, templates: Templates, directory: Path) -> None:
        """Only the disk is made yet."""
        self.templates, self.directory = templates, directory
        self.disk = Disk(DISK_MB)
        self._postgres: Postgres | None = None
        self._redis: Redis | None = None

    @property
    def postgres(self) -> Postgres:
        """A PostgreSQL on that disk that keeps what it acknowledged, as an installation's does."""
        if self._postgres is None:
            self._postgres = Postgres(durable=True, place=self.disk.path)
        return self._postgres

    @property
    def redis(self) -> Redis:
        """A Redis that may be broken."""
        if self._redis is None:
            self._redis = Redis()
        return self._redis

    def mend(self) -> None:
        """There is room, and what was made runs again."""
        self.disk.free()
        if self._redis is not None:
            self._redis.process.resume()
            if self._redis.process.returncode is not None:
                self._redis.start_again()
        if self._postgres is not None:
            self._postgres.resume()
            if self._postgres.process.returncode is not None:
                self._postgres.start_again()

    def close(self) -> None:
        """End all of it."""
        if self._redis is not None:
            self._redis.close()
        if self._postgres is not None:
            self._postgres.close()
        self.disk.close()


class Stage:
    """One stack as it runs. `mend` makes everything whole again, whatever was done to it."""

    def __init__(self, stack: Stack, ground: Ground) -> None:
        """Start its servers."""
        self.stack, self._ground = stack, ground
        self._wire: Proxy | None = None
        self.doors: list[Proxy] = []
        self.deployment = self._deploy(ground.templates)
        for number, kind in enumerate(stack.servers):
            last = number > 0 and self._wire is not None
            own: dict[str, object] = {"DATABASE_URL": self._through(self.wire)} if last else {}
            self.deployment.start(kind, controlled=True, **own)
        ports = [server.port for server in self.servers]
        for number in range(len(ports)):
            self.doors.append(Proxy(*ports[number:], *ports[:number]).__enter__())
        self._circles = cycle(self.deployment.all_circles)

    def _deploy(self, templates: Templates) -> Deployment:
        directory = self._ground.directory / self.stack.name
        directory.mkdir()
        settings = {**SETTINGS, **self.stack.settings}
        if self.stack.database == "sqlite":
            url, circles = templates.copy_sqlite(self.disk.path / "curbside.sqlite3")
            return Deployment(url, circles, directory, **settings)
        self._wire = Proxy(self.postgres.port).__enter__()
        url, circles = templates.copy_postgres(self.postgres, self.stack.name)
        return Deployment(url, circles, directory, **settings, REDIS_URL=self.redis.url)

    def _through(self, wire: Proxy) -> str:
        return self.deployment.database.replace(f":{self.postgres.port}/", f":{wire.port}/")

    @property
    def disk(self) -> Disk:
        """Where the database keeps its files."""
        return self._ground.disk

    @property
    def postgres(self) -> Postgres:
        """The PostgreSQL of a stack that has one."""
        return self._ground.postgres

    @property
    def redis(self) -> Redis:
        """The Redis of a stack that has one."""
        return self._ground.redis

    @property
    def servers(self) -> list[CurbsideServer]:
        """The web processes."""
        return self.deployment.servers

    @property
    def wire(self) -> Proxy:
        """The line between the last process and PostgreSQL."""
        assert self._wire is not None
        return self._wire

    def take_circles(self, count: int) -> list[Circle]:
        """Consults that were not talked in for long."""
        return [next(self._circles) for _ in range(count)]

    async def mend(self) -> None:
        """Whatever is broken, slow, paused or dead is whole again when this returns."""
        await asyncio.to_thread(self._mend)

    def _mend(self) -> None:
        self._ground.mend()
        for proxy in [*self.doors, *([self._wire] if self._wire else [])]:
            proxy.heal()
        for server in self.servers:
            if server.process.returncode is not None:
                server.start_again(wait=False)
        for server in self.servers:
            server.wait_ready()

    def close(self) -> None:
        """End the servers and what leads to them."""
        for door in self.doors:
            door.__exit__()
        self.deployment.stop()
        if self._wire is not None:
            self._wire.__exit__()

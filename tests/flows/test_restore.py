"""Backup under load, a restore to an older state, `newepoch`: clients that were ahead begin anew and end at the head.

The commands are those of docs/operations.md: SQLite's `VACUUM INTO`, PostgreSQL's `pg_dump`, and its base backup with
write-ahead log up to a named point.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import psycopg
import pytest
from curbside import Client, Event, Happening, Reset, Timing

from tests.conftest import QUICK, Deploy
from tests.peers.curbside import Circle, Deployment, manage
from tests.peers.postgres import PLACES, Postgres
from tests.peers.process import Process, find_program, require

pytestmark = [pytest.mark.asyncio, pytest.mark.faults, pytest.mark.timeout(240)]

IMPATIENT = Timing(backoff_base_s=0.05, backoff_cap_s=0.4, retry_s=0.2, answer_s=4.0)


class Member:
    """Somebody with a client that keeps a picture of one thread, as every client does: pages, then what follows."""

    def __init__(self, url: str, token: str, stream: str) -> None:
        self.client = Client(url, token=token, timing=IMPATIENT)
        self.stream = stream
        self.seen: list[Event] = []
        self.begun_anew = 0
        self.holes: list[str] = []
        self.acknowledged: dict[str, int] = {}
        self.sent: set[str] = set()

    async def come(self) -> None:
        """Connect and load the thread."""
        self._watching = asyncio.create_task(self._watch(self.client.happenings(room=100_000)))
        await self.client.__aenter__()
        await self.client.subscribe(self.stream, position=0)

    async def _watch(self, happenings: object) -> None:
        async for happening in happenings:  # type: ignore[attr-defined]  # the library's own iterator
            await self._take(happening)

    async def _take(self, happening: Happening) -> None:
        if isinstance(happening, Reset):
            self.begun_anew += 1
            self.seen = await self._load()
        elif isinstance(happening, Event) and happening.seq > self.position:
            if happening.seq != self.position + 1:
                self.holes.append(f"{self.position} then {happening.seq}")
            self.seen.append(happening)

    async def _load(self) -> list[Event]:
        events: list[Event] = []
        while page := await self.client.history(self.stream, after=events[-1].seq if events else 0, limit=200):
            events += page
        return events

    @property
    def position(self) -> int:
        """The last number of the picture."""
        return self.seen[-1].seq if self.seen else 0

    async def talk(self, name: str) -> None:
        """Say something new every few milliseconds, each after the one before was acknowledged."""
        for number in range(1_000_000):
            text = f"{name} {number}"
            self.sent.add(text)
            receipt = await self.client.publish(self.stream, "message", {"text": text})
            self.acknowledged[text] = receipt.seq
            await asyncio.sleep(0.01)

    async def until(self, ready: Callable[[], bool], within_s: float = 30.0) -> None:
        """Wait for something."""
        async with asyncio.timeout(within_s):
            while not ready():
                await asyncio.sleep(0.02)

    async def go(self) -> None:
        """Close."""
        await self.client.close()
        self._watching.cancel()


class Backup(Protocol):
    """A way of backing up: called while everybody talks, and once nobody serves."""

    def make(self) -> None:
        """Back up."""

    def seal(self) -> None:
        """What is acknowledged by now must be restored."""

    def restore(self) -> None:
        """Put the database back where it was."""


class SqliteFile:
    """`VACUUM INTO`: one consistent file, made beside the server."""

    def __init__(self, made: Deployment) -> None:
        self._file = Path(made.database.removeprefix("sqlite://"))
        self._copy = self._file.with_name("backup.sqlite3")

    def make(self) -> None:
        with closing(sqlite3.connect(self._file, timeout=10)) as database:
            database.execute("VACUUM INTO ?", [str(self._copy)])

    def seal(self) -> None:
        """It is what it was when it was made."""

    def restore(self) -> None:
        for end in ("", "-wal", "-shm"):
            self._file.with_name(self._file.name + end).unlink(missing_ok=True)
        shutil.copy(self._copy, self._file)


class Dump:
    """`pg_dump` and `pg_restore`."""

    def __init__(self, made: Deployment, cluster: Postgres) -> None:
        self._url, self._cluster = made.database, cluster
        self._name = made.database.rpartition("/")[2]
        self._file = made.directory / "backup.dump"

    def make(self) -> None:
        run(self._file, "pg_dump", "--format=custom", f"--file={self._file}", self._url)

    def seal(self) -> None:
        """It is what it was when it was made."""

    def restore(self) -> None:
        self._cluster.drop_database(self._name)
        self._cluster.create_database(self._name)
        run(self._file, "pg_restore", "--no-owner", f"--dbname={self._url}", str(self._file))


class BaseBackup:
    """`pg_basebackup` and the archive of the write-ahead log, recovered up to a point with a name."""

    def __init__(self, cluster: Postgres) -> None:
        self._cluster = cluster
        self._user = cluster._user
        self._archive, self._copy = self._directory(), self._directory()
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as database:
            database.execute("ALTER SYSTEM SET archive_mode = on")
            # In two steps: a copy that is broken off must not be taken for a whole segment.
            keep = f"cp %p {self._archive}/.%f && mv {self._archive}/.%f {self._archive}/%f"
            database.execute(f"ALTER SYSTEM SET archive_command = '{keep}'".encode())
        cluster.restart_at_once()

    def _directory(self) -> Path:
        made = Path(tempfile.mkdtemp(prefix="curbside-backup-"))
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(made, owner.pw_uid, owner.pw_gid)
        return made

    def make(self) -> None:
        where = ("-h", "127.0.0.1", "-p", str(self._cluster.port), "-U", "curbside")
        run(self._copy, "pg_basebackup", *where, "-D", str(self._copy), "-c", "fast", "-X", "none", user=self._user)

    def seal(self) -> None:
        with psycopg.connect(self._cluster.url("postgres"), autocommit=True) as database:
            database.execute("SELECT pg_create_restore_point('before_the_fault')")
            database.execute("SELECT pg_switch_wal()")

    def restore(self) -> None:
        with psycopg.connect(self._cluster.url("postgres"), autocommit=True) as database:
            database.execute("SELECT pg_switch_wal()")
        self._cluster.stop_at_once()
        settings = (f"restore_command = 'cp {self._archive}/%f %p'", "recovery_target_name = 'before_the_fault'",
                    "recovery_target_action = 'promote'", "archive_mode = off")  # fmt: skip
        with (self._copy / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join(settings) + "\n")
        (self._copy / "recovery.signal").touch()
        self._lost, self._cluster.directory = self._cluster.directory, self._copy
        self._cluster.start_again()

    def remove(self) -> None:
        """What the cluster does not remove itself."""
        for path in (self._archive, self._copy, getattr(self, "_lost", self._copy)):
            shutil.rmtree(path, ignore_errors=True)


def run(beside: Path, program: str, *words: str, user: str | None = None) -> None:
    """Run one of PostgreSQL's programs to its end."""
    found = find_program(program, *PLACES)
    require(f"PostgreSQL ({program})", found)
    done = Process([str(found), *words], beside.with_suffix(f".{program}.log"), user=user)
    assert done.wait(60) == 0, done.said()


@pytest.fixture(params=["sqlite-vacuum", "postgres-dump", "postgres-base-backup"])
def way(request: pytest.FixtureRequest, deploy: Deploy) -> Iterator[tuple[Deployment, Backup]]:
    """A deployment, and a way of backing it up."""
    if request.param == "sqlite-vacuum":
        made = deploy("sqlite", **QUICK)
        yield made, SqliteFile(made)
    elif request.param == "postgres-dump":
        made = deploy("postgres", **QUICK)
        yield made, Dump(made, request.getfixturevalue("postgres_cluster"))
    else:
        cluster = Postgres(durable=True)
        backup = BaseBackup(cluster)
        made = deploy("postgres", **QUICK, cluster=cluster)
        try:
            yield made, backup
        finally:
            made.stop()
            cluster.close()
            backup.remove()


async def members_of(made: Deployment, circle: Circle) -> list[Member]:
    """The two of a circle, each at a server."""
    people = zip((circle.asker, circle.answerer), (made.url, made.other_url), strict=True)
    members = [Member(url, person.token, circle.stream) for person, url in people]
    for member in members:
        await member.come()
    return members


async def test_after_a_restore_clients_that_were_ahead_begin_anew_and_end_at_the_head(
    way: tuple[Deployment, Backup]
) -> None:
    made, backup = way
    servers = [made.start("uvicorn")]
    if made.database.startswith("postgres"):
        servers.append(made.start("uvicorn"))
    circle = made.take_circle()
    members = await members_of(made, circle)
    talking = [asyncio.create_task(member.talk(name)) for member, name in zip(members, "ab", strict=True)]
    try:
        await members[0].until(lambda: all(len(member.acknowledged) > 15 for member in members))
        early = {text for member in members for text in member.acknowledged}
        await asyncio.to_thread(backup.make)
        if isinstance(backup, BaseBackup):  # with its write-ahead log it reaches to the point that was named
            await members[0].until(lambda: all(len(member.acknowledged) > 60 for member in members))
            early = {text for member in members for text in member.acknowledged}
        await asyncio.to_thread(backup.seal)
        sealed = {member: len(member.acknowledged) for member in members}
        await members[0].until(lambda: all(len(m.acknowledged) > sealed[m] + 25 for m in members))
        ahead = [member.position for member in members]

        for server in servers:
            server.kill()
        await asyncio.to_thread(backup.restore)
        [(restored,)] = made.query("SELECT seq FROM realtime_stream WHERE id = %s", circle.stream)
        assert restored < min(ahead), "the backup is older than what the clients have"
        assert "begin anew" in await asyncio.to_thread(manage, made.env, "newepoch")
        for server in servers:
            await asyncio.to_thread(server.start_again)

        counts = {member: len(member.acknowledged) for member in members}
        await members[0].until(lambda: all(len(m.acknowledged) > counts[m] + 10 for m in members))
    finally:
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
    await check(made, circle, members, early)


async def check(made: Deployment, circle: Circle, members: list[Member], early: set[str]) -> None:
    """Everybody stands at the head with one picture, what was acknowledged before the backup is in it, once."""

    def head() -> int:
        return int(made.query("SELECT seq FROM realtime_stream WHERE id = %s", circle.stream)[0][0])

    await members[0].until(lambda: all(member.position == head() for member in members))
    rows = made.query("SELECT seq FROM realtime_event WHERE stream_id = %s ORDER BY seq", circle.stream)
    assert [seq for (seq,) in rows] == list(range(1, head() + 1)), "I3"
    pictures = [[(e.seq, e.kind, e.by, e.d) for e in member.seen] for member in members]
    whole = [(e.seq, e.kind, e.by, e.d) for e in await members[0]._load()]
    assert pictures == [whole, whole], "I5, I8"
    texts = [d["text"] for _, kind, _, d in whole if kind == "message"]
    assert early <= set(texts), "I1, for what was acknowledged before the backup"
    assert len(texts) == len(set(texts)), "I6, I11"
    for member in members:
        assert member.begun_anew >= 1 and not member.holes
        await member.go()

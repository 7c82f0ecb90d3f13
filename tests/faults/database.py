"""What can happen to PostgreSQL: gone, silent, full, contended; `busy` within a second, and what was said is known."""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import suppress

import psycopg

from tests.faults.scene import Scene
from tests.peers.postgres import MOST_CONNECTIONS
from tests.sockets.wire import Wire

BUSY_S = 1.2
OURS = "a test of faults"
DEADLOCK = "ERROR:  deadlock detected"


async def restarted(scene: Scene) -> None:
    """As `pg_ctl restart -m immediate`."""
    await asyncio.to_thread(scene.stage.postgres.restart_at_once)
    scene.mark()


async def paused(scene: Scene) -> None:
    """Connections stay and nothing answers: messages and commands are `busy` within a second."""
    circle = scene.stage.take_circles(1)[0]
    async with Wire(scene.stage.servers[0].url) as wire:
        await wire.greet(circle.asker, circle.stream)
        scene.stage.postgres.pause()
        try:
            for kind, d in (("message", {"text": "x"}), ("consult.close", {"outcome": "none of these"})):
                began = scene.now()
                answer = await wire.ask(t="pub", r=circle.stream, c=str(uuid.uuid4()), k=kind, d=d)
                error = answer.get("err") or {}
                scene.expect((error.get("code"), error.get("retry")) == ("busy", True), f"{kind} is answered {answer}")
                scene.expect(scene.now() - began <= BUSY_S, f"{kind} was answered after {scene.now() - began:.1f} s")
            await scene.last()
        finally:
            scene.stage.postgres.resume()
    scene.mark()


async def away(scene: Scene) -> None:
    """Gone for a while: `busy` within a second, alive but not ready, and all goes on when it is back."""
    circle = scene.stage.take_circles(1)[0]
    server = scene.stage.servers[0]
    async with Wire(server.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        await asyncio.to_thread(scene.stage.postgres.stop_at_once)
        began = scene.now()
        answer = await wire.publish(circle.stream, "x")
        scene.expect((answer.get("err") or {}).get("code") == "busy", f"a message is answered {answer}")
        scene.expect(scene.now() - began <= BUSY_S, f"that took {scene.now() - began:.1f} s")
        scene.expect(await asyncio.to_thread(server.get, "/readyz") == 503, "/readyz says yes without a database")
        scene.expect(await asyncio.to_thread(server.get, "/healthz") == 200, "/healthz says no")
        await scene.last()
        await asyncio.to_thread(scene.stage.postgres.start_again)
    scene.mark()


async def out_of_connections(scene: Scene) -> None:
    """Somebody else takes every connection there is, those of the servers too."""
    holding = await asyncio.to_thread(_take_all, scene.stage.postgres.url("postgres"))
    scene.expect(len(holding) > MOST_CONNECTIONS // 2, f"only {len(holding)} connections could be taken")
    await scene.last()
    for connection in holding:
        connection.close()
    scene.mark()


def _take_all(url: str) -> list[psycopg.Connection]:
    """Take connections until there are none left, ending those of everybody else; the servers take what they can."""
    holding: list[psycopg.Connection] = []
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            while True:
                holding.append(psycopg.connect(url, autocommit=True, application_name=OURS, connect_timeout=2))
        others = holding[0].execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND application_name <> %s AND pid <> pg_backend_pid()", [OURS]).fetchall()
        if not others:
            break
    return holding


async def deadlock(scene: Scene) -> None:
    """The writer holds one stream and wants another; somebody holds that and wants the first."""
    one, other = (min(scene.circles, key=lambda c: c.stream), max(scene.circles, key=lambda c: c.stream))
    url = scene.stage.servers[0].url
    victims = scene.stage.postgres.said_count(DEADLOCK)
    async with Wire(url) as here, Wire(url) as there:
        await here.greet(one.asker, one.stream)
        await there.greet(other.asker, other.stream)
        for _ in range(5):
            victims += await _embrace(scene, (here, one.stream), (there, other.stream))
            if scene.stage.postgres.said_count(DEADLOCK) > victims:
                break
    scene.mark()
    scene.expect(scene.stage.postgres.said_count(DEADLOCK) > victims, "the writer was in no deadlock")


async def _embrace(scene: Scene, *said: tuple[Wire, str]) -> int:
    """Make a deadlock over two streams. Returns 1 where we are its last victim, and not a writer."""
    (_, one), (_, other) = said
    lock = "SELECT 1 FROM realtime_stream WHERE id = %s FOR UPDATE"
    with psycopg.connect(scene.deployment.database) as first, psycopg.connect(scene.deployment.database) as second:
        second.execute("SET deadlock_timeout = '3s'")  # so that the writer, who looks after one second, finds it
        second.commit()
        first.execute(lock, [one])
        for wire, stream in said:  # the first waits for its lock; the others are one batch as soon as it is free
            frame = {"t": "pub", "r": stream, "k": "message", "d": {"text": "two at once"}}
            await wire.send(*({**frame, "i": wire.number(), "c": str(uuid.uuid4())} for _ in range(4)))
        await asyncio.sleep(0.2)
        second.execute(lock, [other])
        first.commit()
        await asyncio.sleep(0.1)
        try:
            await asyncio.to_thread(second.execute, lock, [one])
        except psycopg.errors.DeadlockDetected:
            second.rollback()
            return 1
        second.commit()
        return 0


async def serialization_failure(scene: Scene) -> None:
    """Every transaction is serializable, and two processes write to the same streams."""
    name = scene.deployment.database.rpartition("/")[2]
    change = f'ALTER DATABASE "{name}" SET default_transaction_isolation TO '
    await asyncio.to_thread(_change, scene, f"{change} 'serializable'")
    before = scene.stage.postgres.said_count("could not serialize access")
    await scene.last()
    async with asyncio.timeout(20):
        while scene.stage.postgres.said_count("could not serialize access") == before:
            await asyncio.sleep(0.1)
    await scene.last()
    await asyncio.to_thread(_change, scene, f"{change} DEFAULT")
    scene.mark()


def _change(scene: Scene, statement: str) -> None:
    """Change a setting of the database, and end all sessions so that it counts at once."""
    with psycopg.connect(scene.stage.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                           "AND backend_type = 'client backend'")


async def answer_lost(scene: Scene) -> None:
    """A commit reaches PostgreSQL and its answer does not reach the process, which cannot know."""
    unsure: set[str] = set()
    for _ in range(5):
        scene.stage.wire.cut_answer_to(b"COMMIT")
        await asyncio.sleep(0.4)
        unsure = stored(scene) - set(scene.ledger.promised)
        await scene.last()
        scene.stage.wire.heal()
        if unsure:
            break
        await scene.talk.more(1)
    scene.mark()
    scene.expect(bool(unsure), "no commit lost its answer")


def stored(scene: Scene) -> set[str]:
    """Those of the commands of this scene that are in the log."""
    rows = scene.deployment.query("SELECT c FROM realtime_event WHERE c IS NOT NULL")
    return {c for (c,) in rows} & set(scene.ledger.published)


async def disk_full(scene: Scene) -> None:
    """Not a block is left for the database: what cannot be stored is not acknowledged, and is stored when it can be."""
    scene.stage.disk.fill()
    before = len(scene.ledger.promised)
    await asyncio.sleep(2.0)
    talkers = scene.talk.talkers
    stuck = [talker for talker in talkers if talker.begun > talker.said and talker.acks[-1][0] < scene.now() - 0.5]
    scene.expect(bool(stuck), f"the disk was never full: {len(scene.ledger.promised) - before} were stored")
    scene.stage.disk.free()
    await asyncio.to_thread(_revive, scene)
    scene.mark()


def _revive(scene: Scene) -> None:
    """PostgreSQL gives up for good where it cannot write its log; whoever runs it starts it again."""
    if scene.stage.stack.database == "postgres" and scene.stage.postgres.process.returncode is not None:
        scene.stage.postgres.start_again()

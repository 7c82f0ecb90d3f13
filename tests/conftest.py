"""What all tests share: the peers that they start and stop, and the client library.

In-process database tests run on SQLite in a file; the whole run uses another database when CURBSIDE_TEST_DATABASE_URL
names one (`python -m tests.peers.run` starts a PostgreSQL for one command). Tests of the socket take `deployment`: real
servers on copies of migrated databases, once for each combination of database, bus and server.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.peers.curbside import PLANTED, Deployment, Templates, make_directory
from tests.peers.postgres import Postgres
from tests.peers.proxy import Proxy
from tests.peers.redis import Redis

hypothesis.settings.register_profile("curbside", deadline=None)  # a shared core is late now and then
hypothesis.settings.load_profile("curbside")

COMBINATIONS = ("sqlite-uvicorn", "sqlite-daphne", "postgres-redis-uvicorn", "postgres-redis-daphne")
"""In the last two a second server, of the other kind, runs on the same data."""

QUICK = {
    "LIMIT_HELLO_S": 2,
    "LIMIT_RESUME_EVENTS": 50,
    "LIMIT_PUB_RATE": 500,
    "LIMIT_PUB_BURST": 500,
    "LIMIT_FRAME_RATE": 1000,
    "LIMIT_FRAME_BURST": 1000,
    "DRAIN_S": 0.5,
}
"""Settings under which a test need not wait. The tests of the limits themselves run with the defaults."""

Deploy = Callable[..., Deployment]


def pytest_configure(config: pytest.Config) -> None:
    """A run that is told to end takes its peers with it: fixtures are torn down as after Ctrl-C."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


@pytest.fixture(scope="session")
def peers_directory() -> Iterator[Path]:
    """Where the peers of this run keep their files."""
    yield from make_directory()


@pytest.fixture(scope="session")
def templates(peers_directory: Path) -> Templates:
    """Migrated databases to copy."""
    return Templates(peers_directory)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run; tests make databases of their own in it."""
    cluster = Postgres()
    yield cluster
    cluster.close()


@pytest.fixture(scope="session")
def redis_peer() -> Iterator[Redis]:
    """One Redis for the whole run."""
    peer = Redis()
    yield peer
    peer.close()


@pytest.fixture(scope="session")
def _names() -> Iterator[int]:
    return itertools.count()


@pytest.fixture(scope="session", params=COMBINATIONS)
def deployment(
    request: pytest.FixtureRequest, templates: Templates, peers_directory: Path, _names: Iterator[int]
) -> Iterator[Deployment]:
    """Servers that all socket tests of a combination share; each test takes people of its own."""
    database, *_, kind = request.param.split("-")
    directory = peers_directory / f"shared-{next(_names)}"
    directory.mkdir()
    made = _deploy(request, templates, directory, database, **QUICK)
    try:
        made.start(kind)
        if database == "postgres":
            made.start("daphne" if kind == "uvicorn" else "uvicorn")
        yield made
    finally:
        made.stop()
    assert planted_words(made) == [], "a log line holds what no log may hold (I12)"


def planted_words(made: Deployment) -> list[str]:
    """Which of the words that no log line may hold stand in the servers' logs: people, tokens, texts."""
    said = made.said()
    people = [person for circle in made.all_circles for person in (circle.asker, circle.answerer, circle.outsider)]
    secrets = [word for person in people for word in (person.name, person.email, person.token, person.id)]
    return [word for word in [*secrets, PLANTED] if word in said]


@pytest.fixture
def deploy(
    request: pytest.FixtureRequest, templates: Templates, peers_directory: Path, _names: Iterator[int]
) -> Iterator[Deploy]:
    """Makes deployments for one test alone: `deploy("sqlite", LIMIT_PUB_RATE=1)`; the test starts their servers."""
    yield from _deploying(request, templates, peers_directory, _names)


@pytest.fixture(scope="module")
def deploy_for_module(
    request: pytest.FixtureRequest, templates: Templates, peers_directory: Path, _names: Iterator[int]
) -> Iterator[Deploy]:
    """The same for the tests of one file together."""
    yield from _deploying(request, templates, peers_directory, _names)


def _deploying(
    request: pytest.FixtureRequest, templates: Templates, peers_directory: Path, names: Iterator[int]
) -> Iterator[Deploy]:
    all_made: list[Deployment] = []

    def make(database: str, **variables: object) -> Deployment:
        directory = peers_directory / f"own-{next(names)}"
        directory.mkdir()
        all_made.append(_deploy(request, templates, directory, database, **variables))
        return all_made[-1]

    try:
        yield make
    finally:
        for made in all_made:
            made.stop()


def _deploy(
    request: pytest.FixtureRequest, templates: Templates, directory: Path, database: str, **variables: object
) -> Deployment:
    if database == "sqlite":
        url, circles = templates.copy_sqlite(directory / "curbside.sqlite3")
        return Deployment(url, circles, directory, **variables)
    cluster = variables.pop("cluster", None) or request.getfixturevalue("postgres_cluster")
    assert isinstance(cluster, Postgres)
    if "REDIS_URL" not in variables:
        variables["REDIS_URL"] = request.getfixturevalue("redis_peer").url
    url, circles = templates.copy_postgres(cluster, directory.name.replace("-", "_"))
    return Deployment(url, circles, directory, **variables)


@pytest.fixture
def proxies() -> Iterator[Callable[[int], Proxy]]:
    """Makes proxies in front of a port."""
    made: list[Proxy] = []

    def make(behind: int) -> Proxy:
        made.append(Proxy(behind).__enter__())
        return made[-1]

    yield make
    for proxy in made:
        proxy.__exit__()

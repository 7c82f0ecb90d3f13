"""What all tests share: the peers that they start and stop, and the client library.

In-process database tests run on SQLite in a file; the whole run uses another database when CURBSIDE_TEST_DATABASE_URL
names one (`python -m tests.peers.run` starts a PostgreSQL for one command). Tests of the socket take `deployment`: real
servers on copies of migrated databases, once for each combination of database, bus and server.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "clients" / "python"))

from tests.peers.curbside import Deployment, Templates, make_directory  # noqa: E402  (needs the path above)
from tests.peers.postgres import Postgres  # noqa: E402
from tests.peers.proxy import Proxy  # noqa: E402
from tests.peers.redis import Redis  # noqa: E402

COMBINATIONS = ("sqlite-uvicorn", "sqlite-daphne", "postgres-redis-uvicorn", "postgres-redis-daphne")
"""In the last two a second server, of the other kind, runs on the same data."""

Deploy = Callable[..., Deployment]


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
    made = _deploy(request, templates, directory, database)
    made.start(kind)
    if database == "postgres":
        made.start("daphne" if kind == "uvicorn" else "uvicorn")
    yield made
    made.stop()


@pytest.fixture
def deploy(
    request: pytest.FixtureRequest, templates: Templates, peers_directory: Path, _names: Iterator[int]
) -> Iterator[Deploy]:
    """Makes deployments for one test alone: `deploy("sqlite", LIMIT_PUB_RATE=1)`; the test starts their servers."""
    all_made: list[Deployment] = []

    def make(database: str, **variables: object) -> Deployment:
        directory = peers_directory / f"own-{next(_names)}"
        directory.mkdir()
        all_made.append(_deploy(request, templates, directory, database, **variables))
        return all_made[-1]

    yield make
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

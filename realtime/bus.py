"""The doorbell: who tells whom that a stream has grown. It carries ids and numbers, never a message.

`ring` is called after a commit, from any thread. In a process with a hub it reaches the hub, which serves its own
sockets and passes the ring on to the other processes; in one without (a command, a worker) it goes to Redis
directly, where there is one. On SQLite other processes hear a commit by watching the file (``watch.py``).
A ring that is lost costs time only: the audit of heads finds what was missed.
"""

import logging
import time
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, Protocol

import msgspec
import redis
from django.conf import settings

Ring = tuple[str, int]
Note = tuple[str, str, str, dict[str, Any]]
"""Something for the sockets of a member: group, stream or ``me``, kind, content of codes and numbers."""
CHANNEL: Final = "curbside:bell"

log = logging.getLogger(__name__)


class Bell(msgspec.Struct, array_like=True):
    """What goes over the bus: rings, ephemerals as (stream, seat, code, number), and notes to members.

    `at` is the Unix second at which the oldest of the rings was made. A process of another version reads what it knows.
    """

    sender: str
    rings: list[Ring] = []
    signals: list[tuple[str, str, str, int]] = []
    notes: list[Note] = []
    at: float = 0.0


class Hearer(Protocol):
    """What a hub gives the bus. Both are called in whatever thread rings or tells."""

    def heard(self, rings: Sequence[Ring]) -> None:
        """Streams have reached these numbers."""

    def told(self, note: Note) -> None:
        """Something for a member's sockets."""


_hubs: list[Hearer] = []


def attach(hub: Hearer) -> None:
    """A hub wants to hear what this process rings and tells."""
    _hubs.append(hub)


def detach(hub: Hearer) -> None:
    """The hub is gone."""
    _hubs.remove(hub)


def ring(rings: Sequence[Ring]) -> None:
    """Tell everybody that these streams have reached these numbers. Never fails and never waits long."""
    if _hubs:
        for hub in list(_hubs):
            hub.heard(rings)
    else:
        _publish(Bell("", list(rings), at=time.time()))


def tell(note: Note) -> None:
    """Tell a member's sockets something, in all processes. May be lost."""
    if _hubs:
        for hub in list(_hubs):
            hub.told(note)
    else:
        _publish(Bell("", notes=[note]))


def _publish(bell: Bell) -> None:
    if not settings.CURBSIDE_REDIS_URL:
        return
    try:
        _client().publish(CHANNEL, msgspec.json.encode(bell))
    except redis.RedisError:
        log.warning("a ring was not delivered; the audit of heads will find it")


@cache
def _client() -> Any:
    return redis.Redis.from_url(settings.CURBSIDE_REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)

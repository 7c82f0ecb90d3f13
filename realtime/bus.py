"""The doorbell: who tells whom that a stream has grown. It carries ids and numbers, never a message.

`ring` is called after a commit, from any thread. In a process with a hub it reaches the hub, which serves its own
sockets and passes the ring on to the other processes; in one without (a command, a worker) it goes to Redis
directly, where there is one. On SQLite other processes hear a commit by watching the file (``watch.py``).
A ring that is lost costs time only: the audit of heads finds what was missed.
"""

import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import msgspec
import redis
from django.conf import settings

Ring = tuple[str, int]
CHANNEL: Final = "curbside:bell"

log = logging.getLogger(__name__)
_hubs: list[Callable[[Sequence[Ring]], None]] = []


class Bell(msgspec.Struct, array_like=True):
    """What goes over the bus: rings, and ephemerals as (stream, seat, code, seconds it holds or a number)."""

    sender: str
    rings: list[Ring] = []
    signals: list[tuple[str, str, str, int]] = []


def attach(hub: Callable[[Sequence[Ring]], None]) -> None:
    """A hub wants to hear the rings of this process. It is called in whatever thread rings."""
    _hubs.append(hub)


def detach(hub: Callable[[Sequence[Ring]], None]) -> None:
    """The hub is gone."""
    _hubs.remove(hub)


def ring(rings: Sequence[Ring]) -> None:
    """Tell everybody that these streams have reached these numbers. Never fails and never waits long."""
    if _hubs:
        for hub in list(_hubs):
            hub(rings)
    elif settings.CURBSIDE_REDIS_URL:
        try:
            _client().publish(CHANNEL, msgspec.json.encode(Bell("", list(rings))))
        except redis.RedisError:
            log.warning("a ring was not delivered; the audit of heads will find it")


@cache
def _client() -> Any:
    return redis.Redis.from_url(settings.CURBSIDE_REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)

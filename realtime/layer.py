"""The channel layer, for what other code sends to a member: ``group_send(member_group(id), {...})``.

A member's group needs no subscription of its own: every process hears the doorbell anyway, so what goes to such a
group rides on it, and each process passes it to the sockets that the member has there. No socket outlives a group's
expiry, none has a queue in Redis, and joining costs nothing. All other groups and channels are the stock layer's.

Only ephemerals travel here, and what they hold must be codes, ids or numbers, since it may pass through Redis.
"""

import re
from functools import lru_cache
from typing import Any, Final

from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer

from realtime import bus
from realtime.protocol import ME
from realtime.tickets import subject_of

MESSAGE: Final = "member.signal"
PREFIX: Final = "member."
CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@lru_cache(maxsize=100_000)
def member_group(member: str) -> str:
    """Return the name of a member's group in the channel layer; it does not show who the member is."""
    return PREFIX + subject_of(member=member)


def checked(group: str, message: dict[str, Any]) -> bus.Note:
    """Return what is to be told to a member's sockets.

    ``{"type": "member.signal", "k": kind, "r": stream?, "d": {...}?}``; values of ``d`` are numbers, switches or
    short codes. Raises ValueError for anything else.
    """
    k, r, d = message.get("k"), message.get("r", ME), message.get("d", {})
    if message.get("type") != MESSAGE or not isinstance(d, dict):
        raise ValueError("a member's group takes member.signal only")
    for word in (k, r, *d.keys(), *(value for value in d.values() if not isinstance(value, int | float))):
        if not isinstance(word, str) or not CODE.fullmatch(word):
            raise ValueError("only codes, ids and numbers may be sent to a member's group")
    return (group, str(r), str(k), d)


class MemberGroups:
    """Channel layer with members' groups beside the stock ones."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group as every channel layer does. Raises ValueError for what a member's group does not take."""
        if group.startswith(PREFIX):
            await sync_to_async(bus.tell, thread_sensitive=False)(checked(group, message))
        else:
            await super().group_send(group, message)  # type: ignore[misc]  # the stock layer beside us


class InMemoryLayer(MemberGroups, InMemoryChannelLayer):  # type: ignore[misc]  # Channels has no types
    """One process alone."""


class RedisLayer(MemberGroups, RedisPubSubChannelLayer):  # type: ignore[misc]  # Channels has no types
    """Several processes."""

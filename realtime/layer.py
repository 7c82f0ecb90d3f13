"""The channel layer, for what other code sends to a member: ``group_send(member_group(id), {...})``.

One channel a member and process, whatever the number of sockets, renewed before its group expires. Only ephemerals
travel here, and what they hold must be codes, ids or numbers, since it passes through Redis; anything else is
refused where it arrives.
"""

import asyncio
import logging
import random
import re
from typing import TYPE_CHECKING, Any, Final

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from realtime.connection import Encoded
from realtime.protocol import ME, ephemeral
from realtime.tickets import subject_of

if TYPE_CHECKING:
    from realtime.hub import Hub

log = logging.getLogger(__name__)
MESSAGE: Final = "member.signal"
CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
RENEW_S: Final = 3_600.0
RETRY_S: Final = 1.0


def member_group(member: str) -> str:
    """Return the name of a member's group in the channel layer; it does not show who the member is."""
    return "member." + subject_of(member=member)


def checked(message: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Return (stream or ``me``, kind, content) of a message to a member.

    ``{"type": "member.signal", "k": kind, "r": stream?, "d": {...}?}``; values of ``d`` are numbers, switches or
    short codes. Raises ValueError for anything else.
    """
    k, r, d = message.get("k"), message.get("r", ME), message.get("d", {})
    if message.get("type") != MESSAGE or not isinstance(d, dict):
        raise ValueError("not a member.signal")
    for word in (k, r, *d.keys(), *(value for value in d.values() if not isinstance(value, int | float))):
        if not isinstance(word, str) or not CODE.fullmatch(word):
            raise ValueError("only codes, ids and numbers may pass through Redis")
    return str(r), str(k), d


class Layer:
    """Listens for each member that has a socket in this process, once, however many sockets it has."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._listening: dict[str, asyncio.Task[None]] = {}

    def member_came(self, member: str) -> None:
        """The first socket of a member is here."""
        if member not in self._listening:
            self._listening[member] = asyncio.ensure_future(self._listen(member))

    def member_left(self, member: str) -> None:
        """The last one has gone."""
        task = self._listening.pop(member, None)
        if task is not None:
            task.cancel()

    def stop(self) -> None:
        """Stop listening for everybody."""
        for member in list(self._listening):
            self.member_left(member)

    async def _listen(self, member: str) -> None:
        layer: Any = get_channel_layer()
        while layer is not None:
            try:
                await self._join(layer, member)
            except TimeoutError:
                continue
            except (OSError, RedisError):
                await asyncio.sleep(RETRY_S * random.uniform(1.0, 2.0))

    async def _join(self, layer: Any, member: str) -> None:
        """Stand in the member's group with a channel of our own, anew each hour, since groups expire."""
        channel = await layer.new_channel()
        group = member_group(member)
        await layer.group_add(group, channel)
        try:
            async with asyncio.timeout(RENEW_S):
                while True:
                    self._pass_on(member, await layer.receive(channel))
        finally:
            await layer.group_discard(group, channel)

    def _pass_on(self, member: str, message: dict[str, Any]) -> None:
        try:
            r, k, d = checked(message)
        except ValueError:
            log.warning("a message of the channel layer was refused")
            return
        frame = Encoded(ephemeral(r, k, None, d))
        for conn in self._hub.members.get(member, ()):
            conn.whisper(frame)

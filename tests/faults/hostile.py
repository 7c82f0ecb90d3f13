"""Frames and manners of no honest client, while others talk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from websockets.frames import Frame as SocketFrame
from websockets.frames import Opcode

from tests.faults.scene import Scene
from tests.peers.curbside import Person
from tests.sockets.wire import Wire

ENDS_S = 12.0
"""Two to say hello, and five to answer the close, which one who is in the middle of a frame cannot."""


async def too_large(wire: Wire) -> None:
    """Two megabytes in one frame."""
    await wire.send_raw('{"t":"' + "x" * 2_000_000 + '"}')


async def bad_utf8(wire: Wire) -> None:
    """A text frame that is no text."""
    wire.socket.transport.write(SocketFrame(Opcode.TEXT, b'{"t":"\xff\xfe"}').serialize(mask=True))


async def deep(wire: Wire) -> None:
    """Ten thousand brackets."""
    await wire.send_raw("[" * 10_000 + "]" * 10_000)


async def a_flood(wire: Wire) -> None:
    """Far more frames than the rate allows."""
    await wire.send_raw("\n".join(['{"t":"eph","r":"x","k":"typing","d":{}}'] * 1_300))


async def no_hello(wire: Wire) -> None:
    """Not a word."""


async def one_byte_a_second(wire: Wire) -> None:
    """A greeting that would take a minute."""
    for byte in SocketFrame(Opcode.TEXT, b'{"t":"hello","i":1}').serialize(mask=True):
        wire.socket.transport.write(bytes((byte,)))
        await asyncio.sleep(1.0)
        if wire.socket.close_code is not None:
            return


# What is done, whether after a greeting, and the codes of which one must end it.
DEEDS: tuple[tuple[Callable[[Wire], Awaitable[None]], bool, tuple[int, ...]], ...] = (
    (too_large, True, (4500, 1009, 1006)),
    (bad_utf8, True, (4500, 1007, 1006)),
    (deep, True, (4500,)),
    (a_flood, True, (4013,)),
    (no_hello, False, (4002,)),
    (one_byte_a_second, False, (4002,)),
)


async def frames(scene: Scene) -> None:
    """All of it at once, at every process."""
    people = [circle.outsider for circle in scene.stage.take_circles(len(DEEDS))]
    await asyncio.gather(*(
        _do(scene, server.url, person, *deed)
        for server in scene.stage.servers
        for deed, person in zip(DEEDS, people, strict=True)
    ))
    scene.mark()
    for server in scene.stage.servers:
        scene.expect(server.process.returncode is None, "a process ended of it")


async def _do(scene: Scene, url: str, person: Person, deed: Callable[[Wire], Awaitable[None]], greeted: bool,
              codes: tuple[int, ...]) -> None:
    async with Wire(url) as wire:
        if greeted:
            await wire.greet(person)
        doing = asyncio.ensure_future(deed(wire))
        try:
            said, code = await wire.closed(ENDS_S)
        except TimeoutError:
            said, code = None, 0
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
    scene.expect((said or code) in codes, f"{deed.__name__} ended with {said} and {code}")


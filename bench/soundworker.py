"""A media plane in a process of its own, for the sections of sound: one request a line, one answer a line.

As the media worker has it, on uvloop, but without a database: who measures asks for legs and bridges directly.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, Final

import uvloop

from realtime.heap import settle_heap
from voice.media.g711 import Codec
from voice.media.plane import Plane
from voice.media.shapes import IceSettings, MediaError, Rtp, Sound, Stream
from voice.media.streams import Started
from voice.media.streamserver import Door, StreamServer

LOCAL: Final = "127.0.0.1"
SOUND: Final = Sound(Codec.PCMU, 0, 101)
MOST: Final = 200


async def serve() -> None:
    """Do what each line asks, until the input ends."""
    plane = Plane(IceSettings(addresses=(LOCAL,)), lambda told: None)
    server = StreamServer(Door("/", MOST, lambda headers: True, _admit), plane.streams)
    port = await server.open(LOCAL, 0)
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    settle_heap()
    print(json.dumps({"port": port}), flush=True)
    while line := await lines.readline():
        print(json.dumps(await _answer(plane, json.loads(line))), flush=True)
    await server.close()
    await plane.close()


async def _admit(started: Started) -> str:
    return started.token


async def _answer(plane: Plane, asked: dict[str, Any]) -> dict[str, Any]:
    """A call that was given up half way is hung up as far as it came: what is not there is said and ends nothing."""
    try:
        return await _do(plane, asked)
    except MediaError as refusal:
        return {"refused": refusal.word}


async def _do(plane: Plane, asked: dict[str, Any]) -> dict[str, Any]:
    if "count" in asked:
        return {"tasks": len(asyncio.all_tasks()), "legs": len(plane.legs())}
    leg = asked["leg"]
    if "stream" in asked:
        await plane.streams.expect(leg)
        await plane.bridge(leg, Stream(leg))
        return {}
    if "sdp" in asked:
        return {"sdp": await plane.accept(leg, asked["peer"], asked["sdp"])}
    if "port" in asked:
        local = await plane.listen(leg, LOCAL)
        await plane.bridge(leg, Rtp(leg, LOCAL, asked["port"], SOUND))
        return {"port": local[1]}
    if "hold" in asked:
        await plane.hold(leg, asked["hold"])
        return {}
    stats = await plane.hangup(leg)
    if plane.streams.forget(leg) is None:
        await plane.release(leg)
    return {"lost": stats.received.lost, "packets": stats.received.packets}


if __name__ == "__main__":
    uvloop.run(serve())

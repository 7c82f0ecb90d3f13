"""A media plane in a process of its own, for the section `sound`: one request a line on its input, one answer a line.

As the media worker has it, on uvloop, but without a database: who measures asks for legs and bridges directly.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, Final

import uvloop

from voice.media.g711 import Codec
from voice.media.plane import Plane
from voice.media.shapes import IceSettings, Rtp, Sound

LOCAL: Final = "127.0.0.1"
SOUND: Final = Sound(Codec.PCMU, 0, 101)


async def serve() -> None:
    """Do what each line asks, until the input ends."""
    plane = Plane(IceSettings(addresses=(LOCAL,)), lambda told: None)
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("{}", flush=True)
    while line := await lines.readline():
        print(json.dumps(await _do(plane, json.loads(line))), flush=True)
    await plane.close()


async def _do(plane: Plane, asked: dict[str, Any]) -> dict[str, Any]:
    leg = asked["leg"]
    if "sdp" in asked:
        return {"sdp": await plane.accept(leg, 1, asked["sdp"])}
    if "port" in asked:
        local = await plane.listen(leg, LOCAL)
        await plane.bridge(leg, Rtp(leg, LOCAL, asked["port"], SOUND))
        return {"port": local[1]}
    stats = await plane.hangup(leg)
    await plane.release(leg)
    return {"lost": stats.received.lost, "packets": stats.received.packets}


if __name__ == "__main__":
    uvloop.run(serve())

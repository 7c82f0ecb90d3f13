"""The section `twilio`: calls between a browser and Twilio's Media Streams through one media worker.

As the section `sound`, with the telephone behind a WebSocket of its own: base64 in JSON, both ways, every 20 ms.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final

import msgspec
import uvloop

from bench.sound import Size, calls_through
from bench.soundworker import LOCAL
from bench.stage import Stage
from bench.telephones import HEADER, Ear, Talk

FULL: Final = Size(50, 6.0)
SHORT: Final = Size(3, 0.6)
HEAD: Final = bytes(HEADER.size)


class _Media(msgspec.Struct):
    payload: bytes


class _Message(msgspec.Struct):
    event: str
    media: _Media | None = None


_DECODER: Final = msgspec.json.Decoder(_Message)


def brought(stage: Stage) -> None:
    """All of it."""
    uvloop.run(calls_through(stage, "twilio", Brought, SHORT if stage.plan.name == "short" else FULL))


class Brought(Talk):
    """A call whose telephone is Twilio's."""

    async def reach(self) -> Callable[[bytes], None]:
        """Open the stream, show its token, and have the leg bridged to it."""
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(lambda: Wire(self.telephone_ear), LOCAL, self.door)
        self._wire = wire
        await asyncio.wait_for(wire.opened, 10)
        stream = "MZ" + secrets.token_hex(16)
        wire.say({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        wire.say({"event": "start", "streamSid": stream, "start": {
            "callSid": "CA", "customParameters": {"token": self.name},
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}}})  # fmt: skip
        await self.ask({"leg": self.name, "stream": 1})
        count = 0

        def speak(packet: bytes) -> None:
            nonlocal count
            count += 1
            wire.write(b'{"event":"media","sequenceNumber":"%d","streamSid":"%b","media":{"track":"inbound","chunk":"%d",'
                       b'"timestamp":"%d","payload":"%b"}}'
                       % (count + 1, stream.encode(), count, count * 20, b64encode(packet[HEADER.size :])))

        return speak

    def leave(self) -> None:
        """Close the socket."""
        self._wire.close()


class Wire(asyncio.Protocol):
    """A WebSocket as little as it can be, so that the generator has time for its other end."""

    def __init__(self, ear: Ear) -> None:
        self._ear, self._rest = ear, b""
        self._transport: Any = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask for a WebSocket."""
        self._transport = transport
        transport.write(b"GET / HTTP/1.1\r\nHost: worker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        """Take frames, after the answer to the handshake."""
        self._rest += data
        if not self.opened.done():
            head, end, self._rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            assert b" 101 " in head
            self.opened.set_result(None)
        while len(self._rest) >= 4:
            size, at = self._rest[1], 2
            if size == 126:
                size, at = int.from_bytes(self._rest[2:4], "big"), 4
            if len(self._rest) < at + size:
                return
            frame, self._rest = self._rest[at : at + size], self._rest[at + size :]
            message = _DECODER.decode(frame)
            if message.media is not None:
                self._ear.hear(HEAD + message.media.payload)

    def say(self, message: object) -> None:
        """Send a message."""
        self.write(json.dumps(message).encode())

    def write(self, text: bytes) -> None:
        """Send text in one frame, under a mask of zeros."""
        size = bytes((0x81, 0x80 | len(text))) if len(text) < 126 else b"\x81\xfe" + len(text).to_bytes(2, "big")
        self._transport.write(size + bytes(4) + text)

    def close(self) -> None:
        """Be gone."""
        if self._transport is not None:
            self._transport.close()

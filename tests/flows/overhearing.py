"""Ears at every way out: what goes to one member, to Redis, to a push service, and what the tables hold."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.peers.curbside import Deployment
from tests.peers.proxy import Proxy
from tests.peers.redis import Redis

SHORTEST = 12
"""Of a word in base64 only what is that long is looked for: shorter ones stand in random bytes by chance."""


class Overheard(Proxy):
    """A network that keeps every byte which went down to whoever is behind it. The wire is not compressed."""

    def __init__(self, behind: int) -> None:
        """Keep nothing yet."""
        super().__init__(behind)
        self.heard = bytearray()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        await super()._pump(reader if way == "up" else _Tee(reader, self.heard), writer, way)


class _Tee(asyncio.StreamReader):
    """Reads from another reader, and keeps what it read."""

    def __init__(self, reader: asyncio.StreamReader, heard: bytearray) -> None:
        super().__init__()
        self._reader = reader
        self._heard = heard

    async def read(self, n: int = -1) -> bytes:
        """As the other reader reads."""
        data = await self._reader.read(n)
        self._heard += data
        return data


class PushService:
    """A push service on the loopback, which keeps all that it is sent, to its last header."""

    def __init__(self) -> None:
        """Listen."""
        self.heard: list[tuple[str, bytes]] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                heard.append((self.path, str(self.headers).encode() + self.requestline.encode() + body))
                self.send_response(201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it so)
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def overhear_redis(peer: Redis) -> Iterator[bytearray]:
    """Every command that this Redis is given meanwhile, as MONITOR shows it."""
    heard = bytearray()
    with socket.create_connection(("127.0.0.1", peer.port), timeout=60) as connection:
        connection.sendall(b"MONITOR\r\n")
        heard += connection.recv(65_536)

        def listen() -> None:
            with suppress(OSError):
                while data := connection.recv(65_536):
                    heard.extend(data)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield heard
        connection.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def conversation_tables(deployment: Deployment) -> dict[str, bytes]:
    """All rows of the tables of `realtime` and `consults`, as bytes."""
    names = deployment.query(
        "SELECT table_name FROM information_schema.tables WHERE table_name ~ '^(realtime|consults)_'"
    )
    assert len(names) > 8, "the tables are not where they were"
    found = {}
    for (name,) in names:
        rows = deployment.query(f"SELECT * FROM {name}")
        found[name] = b"\n".join(_bytes(value) for row in rows for value in row)
    return found


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def spellings(word: str) -> list[bytes]:
    """A word as it could stand in bytes: as it is, in the escapes of JSON and URLs, and in base64 at any offset."""
    raw = word.encode()
    found = {raw, raw.lower(), raw.upper(), word.replace("@", "%40").encode(), word.replace("-", "").encode()}
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw)
        core = text[4 if offset else 0 : len(text) // 4 * 4 - 4]
        if len(core) >= SHORTEST:
            found |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return sorted(found)


def leaks(words: list[str], places: dict[str, bytes]) -> list[str]:
    """Which word stands in which place."""
    return [
        f"{word} in {place}"
        for word in words
        for place, data in places.items()
        if any(spelling in data for spelling in spellings(word))
    ]

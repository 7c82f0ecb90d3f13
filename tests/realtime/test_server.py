"""uvicorn's HTTP as it is served here: every request knows where it came from, whatever it asks to become."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn import Config, Server

from realtime.server import CurbsideHttp


@pytest.mark.asyncio
@pytest.mark.parametrize("upgrade", ["", "Connection: Upgrade\r\nUpgrade: h2c\r\n"])
async def test_a_request_has_both_addresses_by_which_limits_count(upgrade: str) -> None:
    seen: list[dict[str, Any]] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    config = Config(app, port=0, http=CurbsideHttp, lifespan="off", log_config=None, ws="websockets-sansio")
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    own = writer.get_extra_info("sockname")
    for _ in range(2):  # the second on the same connection
        writer.write(f"GET /x HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n".encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
    writer.close()
    server.should_exit = True
    await serving
    assert [(scope["client"], scope["server"]) for scope in seen] == [(own, ("127.0.0.1", port))] * 2

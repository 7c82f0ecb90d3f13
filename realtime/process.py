"""The one hub of a process, and the ASGI application around everything.

Under uvicorn the lifespan starts and drains it; under Daphne, which has no lifespan, the first request or the serve
command does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import connection

from realtime.commands import Wire
from realtime.doorbell import Doorbell, RedisDoorbell, Silent, SqliteWatch
from realtime.hub import Hub
from realtime.metrics import PATH, serve_metrics

log = logging.getLogger(__name__)
Beside = Callable[[Hub, Any, Any, Any], Awaitable[None]]
"""An ASGI application that is given the hub before scope, receive and send."""


class _Process:
    wire: Wire = Wire()
    hub: Hub | None = None
    starting: "asyncio.Future[Hub] | None" = None


def _doorbell() -> Doorbell:
    if settings.CURBSIDE_REDIS_URL:
        return RedisDoorbell(settings.CURBSIDE_REDIS_URL)
    return SqliteWatch() if connection.vendor == "sqlite" else Silent()


async def current_hub() -> Hub:
    """Return this process's hub, started on first use."""
    if _Process.hub is not None:
        return _Process.hub
    if _Process.starting is None:
        _Process.starting = asyncio.get_running_loop().create_future()
        hub = Hub(_Process.wire, settings.CURBSIDE_LIMITS, _doorbell())
        await hub.start()
        _Process.hub = hub
        _Process.starting.set_result(hub)
    return await _Process.starting


def current_wire() -> Wire:
    """Return what the apps gave to the wire."""
    return _Process.wire


def running_hub() -> Hub | None:
    """Return the hub if there is one."""
    return _Process.hub


async def stop_hub(spread_s: float) -> None:
    """Drain and stop this process's hub. It stays what this process answers with: not ready, and on its way out."""
    hub = _Process.hub
    if hub is not None and not hub.draining:
        await hub.drain(spread_s)
        await hub.stop()


class Application:
    """Routes HTTP and WebSockets, and keeps the hub alive as long as the server lives."""

    def __init__(self, wire: Wire, http: Any, websocket: Any, beside: Mapping[str, Beside] | None = None) -> None:
        """`beside`: what serves HTTP instead of `http`, by the beginning of the path."""
        self._http, self._websocket, self._beside = http, websocket, beside or {}
        _Process.wire = wire

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection, or the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["path"] == PATH:
            await serve_metrics(await current_hub(), scope, send)
        else:
            hub = await current_hub()
            for prefix, serve in self._beside.items():
                if scope["path"].startswith(prefix):
                    await serve(hub, scope, receive, send)
                    return
            await self._http(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await current_hub()
                await send({"type": "lifespan.startup.complete"})
            else:
                await stop_hub(settings.CURBSIDE_DRAIN_S)
                await send({"type": "lifespan.shutdown.complete"})
                return

"""Webhooks beside Django's chain of middleware, in the threads of the hub.

Django gives each request under ASGI a thread of its own and with it a connection to the database, and crosses between
that thread and the event loop for half a dozen middlewares, of which a carrier's request needs none: no session, no
cookie, no page. Here it is one hop into a pool that is bounded and keeps its connections. The views are the same.
"""

from __future__ import annotations

import logging
from functools import partial
from io import BytesIO
from typing import Any, Final

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpResponse
from django.urls import Resolver404, resolve

from realtime.hub import Hub

log = logging.getLogger(__name__)
WAITING_MOST: Final = 256
PREFIX: Final = "/voice/"


class Doorway:
    """Serves requests of carriers. `waiting` is how many are being worked on or wait for a thread."""

    def __init__(self) -> None:
        self.waiting = 0

    async def __call__(self, hub: Hub, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request: 403 for a body larger than any carrier sends, 503 where too many wait: it asks again."""
        body = await _body(receive)
        if body is None:
            log.warning("a webhook was refused", extra={"status": 403})
            response = HttpResponse(status=403)
        elif self.waiting >= WAITING_MOST:
            response = HttpResponse(status=503)
        else:
            self.waiting += 1
            try:
                response = await hub.loop.run_in_executor(hub.pool, partial(answer, scope, body))
            finally:
                self.waiting -= 1
        headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
        headers.append((b"content-length", str(len(response.content)).encode()))
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})


async def _body(receive: Any) -> bytes | None:
    """Read a body, None where it is too large."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(chunks)
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return None
        if not message.get("more_body"):
            return b"".join(chunks)


def answer(scope: Any, body: bytes) -> HttpResponse:
    """Answer one request by its view, in a database thread. A connection that broke is given up."""
    try:
        request = ASGIRequest(scope, BytesIO(body))
    except UnicodeDecodeError:  # an address of other bytes than UTF-8, as Django answers it
        return HttpResponse(status=400)
    try:
        view, words, named = resolve(request.path_info)
    except Resolver404:
        return HttpResponse(status=404)
    response: HttpResponse = view(request, *words, **named)
    if response.status_code >= 500:
        connection.close_if_unusable_or_obsolete()
    return response


serve = Doorway()

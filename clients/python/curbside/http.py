"""What the socket is not for: a ticket by one's token, and older history, over HTTP. Standard library only.

`urllib` blocks, so that each request runs in a thread of asyncio's own pool.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from curbside.frames import read_event
from curbside.happenings import Event

PAGE = 50


class ApiError(Exception):
    """The server answered with an HTTP status that is no success. 401, 403 and 404 will not get better."""

    def __init__(self, status: int, code: str = "") -> None:
        """Keep the status and the dotted code of the answer, never its text."""
        super().__init__(f"HTTP {status} {code}".strip())
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Ticket:
    """What `hello` says; `lifetime_s` is what is left of it, None when it is not known."""

    value: str
    lifetime_s: float | None = None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A bearer token is shown to the host it was made for and to no other."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nothing."""
        return


class Api:
    """The HTTP side of one Curbside, spoken to with one token."""

    def __init__(self, url: str, token: str, *, timeout_s: float = 10.0) -> None:
        """`url` is the address of the installation, like https://curbside.example."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("the address begins with http:// or https://")
        self.url = url.rstrip("/")
        self._token = token
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(_NoRedirect)

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Call `path` below /api/v1 and return its JSON (None when there is none).

        Raises: ApiError on a status of 300 and more; OSError when the server cannot be reached.
        """
        return (await asyncio.to_thread(self._call, method, path, body, query))[0]

    async def ticket(self) -> Ticket:
        """A ticket for `hello`. Its lifetime is measured on the server's clock, as ours may be wrong."""
        answer, server_now = await asyncio.to_thread(self._call, "POST", "/ticket", {}, {})
        return Ticket(str(answer["ticket"]), float(answer["expires_at"]) - server_now)

    async def history(
        self, stream: str, *, after: int | None = None, before: int | None = None, limit: int = PAGE
    ) -> list[Event]:
        """A page of events, oldest first: those after a number, those before one, or the newest."""
        query = {"after": after, "before": before, "limit": limit}
        answer = await self.call("GET", f"/streams/{quote(stream, safe='')}/events", **query)
        return sorted((read_event(item) for item in answer["events"]), key=lambda event: event.seq)

    def _call(self, method: str, path: str, body: Any, query: dict[str, Any]) -> tuple[Any, float]:
        url = f"{self.url}/api/v1{path}"
        given = {name: value for name, value in query.items() if value is not None}
        if given:
            url += "?" + urlencode(given)
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(  # noqa: S310  (only http and https, see above)
            url, data=data, headers=headers, method=method
        )
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                text, date = response.read(), response.headers.get("Date")
        except urllib.error.HTTPError as error:
            with error:
                raise ApiError(error.code, _code_of(error.read())) from None
        return (json.loads(text) if text else None), _seconds(date)


def _code_of(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    return str(answer.get("code") or "") if isinstance(answer, dict) else ""


def _seconds(date: str | None) -> float:
    """The `Date` header as Unix seconds, or our own clock where there is none."""
    try:
        return email.utils.parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return time.time()

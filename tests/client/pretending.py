"""A pretended service of calls for one browser window: HTTP answers by path, and call streams told event by event.

Everything that is not in its tables goes to the real service behind it (sign-in, the line, the inbox). It stands for
states that a real one reaches only in days or by bad luck: a number that expires, a budget that is spent, a carrier
that falls silent. The journeys with the real service are in ``tests/flows``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute

Json = dict[str, Any]
Answer = Json | list[Any] | Callable[[Json], Any] | None


def now_ms() -> int:
    """Unix ms."""
    return round(time.time() * 1000)


class Pretended:
    """The tables of one window. `asked` is what the page has sent: (method, path, body)."""

    def __init__(self, page: Page) -> None:
        """Stand between the page and its service. Before the page is opened."""
        self._page = page
        self.asked: list[tuple[str, str, Json]] = []
        self.published: list[Json] = []
        self.refusals: dict[str, Json] = {}
        self._answers: dict[tuple[str, str], tuple[int, Answer]] = {}
        self._streams: dict[str, list[Json]] = {}
        self._sockets: list[WebSocketRoute] = []
        self._held: dict[str, list[Route]] = {}
        page.route("**/api/v1/**", self._on_request)
        page.route_web_socket(lambda url: url.endswith("/ws"), self._on_socket)

    def wait_for(self, kind: str, within_s: float = 10, times: int = 1) -> Json:
        """Wait until the page has published a command of this kind so many times, and return the last content."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            found = [frame for frame in self.published if frame["k"] == kind]
            if len(found) >= times:
                content: Json = found[times - 1]["d"]
                return content
            self._page.wait_for_timeout(50)
        raise AssertionError(f"the page has not published {kind}, only {[frame['k'] for frame in self.published]}")

    # --- HTTP --------------------------------------------------------------------------------------------------------

    def answer(self, path: str, body: Answer, method: str = "GET", status: int = 200) -> None:
        """From now on this path, without its query, is answered so; a function is given the request's body."""
        self._answers[method, path] = (status, body)

    def hold(self, path: str) -> None:
        """From now on nothing that is asked of this path is answered, until it is let go."""
        self._held[path] = []

    def let_go(self, path: str) -> None:
        """Answer what was asked of a held path, in the order it was asked, and all that is asked from now on."""
        for route in self._held.pop(path):
            self._on_request(route)

    def _on_request(self, route: Route) -> None:
        request = route.request
        path = request.url.split("/api/v1", 1)[1].split("?")[0]
        if path in self._held:
            return self._held[path].append(route)
        parts = path.split("/")
        if len(parts) == 4 and parts[1] == "streams" and parts[2] in self._streams:
            events = self._streams[parts[2]]
            return route.fulfill(json={"items": events, "e": "pretended", "head": len(events), "read": 0, "reads": {}})
        known = self._answers.get((request.method, path))
        if known is None:
            return route.fallback()
        body: Json = json.loads(request.post_data or "{}")
        self.asked.append((request.method, path, body))
        status, answer = known
        return route.fulfill(status=status, json=answer(body) if callable(answer) else answer)

    # --- the line ----------------------------------------------------------------------------------------------------

    def stream(self, r: str) -> None:
        """There is a stream of this id, and nothing in it yet."""
        self._streams[r] = []

    def tell(self, r: str, kind: str, d: Json | None = None, ago_s: float = 0) -> None:
        """A durable event of a call's stream."""
        event = {"t": "ev", "r": r, "s": len(self._streams[r]) + 1, "k": kind, "d": d or {}}
        event["ts"] = now_ms() - round(ago_s * 1000)
        self._streams[r].append(event)
        for socket in self._sockets:
            socket.send(json.dumps(event))

    def _on_socket(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self._sockets.append(socket)
        waiting: dict[int, list[str]] = {}
        socket.on_message(lambda text: self._from_page(str(text), server, socket, waiting))
        server.on_message(lambda text: socket.send(_with_rooms(str(text), waiting, self._streams)))

    def _from_page(
        self, text: str, server: WebSocketRoute, page: WebSocketRoute, waiting: dict[int, list[str]]
    ) -> None:
        passed = []
        for frame in map(json.loads, text.split("\n")):
            if frame["t"] == "pub" and frame["k"].startswith("call."):
                self.published.append(frame)
                page.send(json.dumps(self._reply(frame)))
                continue
            if frame["t"] in ("sub", "hello"):
                subs = frame.get("subs", [])
                waiting[frame["i"]] = [sub["r"] for sub in subs if sub["r"] in self._streams]
                frame["subs"] = [sub for sub in subs if sub["r"] not in self._streams]
                frame["un"] = [r for r in frame.get("un", []) if r not in self._streams]
                if frame["t"] == "hello":
                    del frame["un"]
            if frame["t"] == "hb":
                frame["p"] = {r: s for r, s in frame.get("p", {}).items() if r not in self._streams}
            passed.append(json.dumps(frame))
        if passed:
            server.send("\n".join(passed))

    def _reply(self, frame: Json) -> Json:
        refusal = self.refusals.get(frame["k"])
        if refusal:
            return {"t": "re", "i": frame["i"], "err": {"retry": False, **refusal}}
        made = {"d": {"r": next(iter(self._streams))}} if frame["k"] == "call.start" else {}
        return {"t": "re", "i": frame["i"], "s": 1, **made}


def _with_rooms(text: str, waiting: dict[int, list[str]], streams: dict[str, list[Json]]) -> str:
    """Return the service's answer to a subscription with the pretended streams among its rooms."""
    frames = [json.loads(line) for line in text.split("\n") if line.strip()]
    for frame in frames:
        for r in waiting.pop(frame.get("i"), []) if frame.get("t") in ("re", "hello") else []:
            frame.setdefault("rooms", []).append({"r": r, "e": "pretended", "s": len(streams[r]), "rec": 0})
    return "\n".join(map(json.dumps, frames))

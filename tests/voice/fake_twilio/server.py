"""The fake Twilio's HTTP server: Twilio's own paths, its shapes of answers and errors, and its faults."""

from __future__ import annotations

import base64
import json
import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.voice.fake_twilio.exchange import Conference, Exchange, Refused
from tests.voice.fake_twilio.openapi import Document

ROUTES = [
    (re.compile(r"^/2010-04-01/Accounts/(?P<account>\w+)" + rest + r"\.json$"), name)
    for rest, name in [
        (r"/Calls", "calls"),
        (r"/Calls/(?P<sid>\w+)", "call"),
        (r"/Conferences", "conferences"),
        (r"/Conferences/(?P<room>\w+)/Participants", "participants"),
        (r"/OutgoingCallerIds", "caller_ids"),
        (r"/OutgoingCallerIds/(?P<caller_id>\w+)", "caller_id"),
    ]
]


@dataclass(frozen=True, slots=True)
class Asked:
    """One REST request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    form: dict[str, Any]


class Rest:
    """What each path answers."""

    def __init__(self, exchange: Exchange, tokens: set[str], document: Document | None) -> None:
        self.exchange = exchange
        self.tokens = tokens
        self.document = document
        self.asked: list[Asked] = []
        self.violations: list[str] = []
        self.stop = threading.Event()

    def answer(self, method: str, target: str, body: str, authorization: str) -> tuple[int, Any]:
        """The status and the content of an answer."""
        url = urlsplit(target)
        if self.document:
            self.violations += self.document.check(method, url.path, url.query, body)
        form: dict[str, Any] = {
            name: values if name == "StatusCallbackEvent" else values[-1]
            for name, values in parse_qs(body, keep_blank_values=True).items()
        }
        asked = Asked(method, url.path, parse_qs(url.query), form)
        self.asked.append(asked)
        try:
            status, content = self._route(asked, authorization)
        except Refused as refused:
            more = f"https://www.twilio.com/docs/errors/{refused.code}"
            return refused.status, {"code": refused.code, "message": refused.text, "more_info": more,
                                    "status": refused.status}
        if self.document:
            self.violations += self.document.check_answer(method, url.path, status, content)
        return status, content

    def _route(self, asked: Asked, authorization: str) -> tuple[int, Any]:
        for pattern, name in ROUTES:
            match = pattern.match(asked.path)
            if match is None:
                continue
            self._check_account(match["account"], authorization)
            named = {key: value for key, value in match.groupdict().items() if key != "account"}
            handler = getattr(self, f"_{asked.method.lower()}_{name}", None)
            if handler is None:
                raise Refused(405, 20004, "Method not allowed")
            status, content = handler(asked, **named)
            return int(status), content
        raise Refused(404, 20404, f"The requested resource {asked.path} was not found")

    def _check_account(self, account: str, authorization: str) -> None:
        try:
            user, _, token = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        except ValueError:
            user = token = ""
        if account != self.exchange.account or user != account or token not in self.tokens:
            raise Refused(401, 20003, "Authenticate")

    def _post_calls(self, asked: Asked) -> tuple[int, Any]:
        call = self.exchange.create(asked.form, rings=self.exchange.faults.rest != "forgets")
        return 201, call.resource()

    def _get_calls(self, asked: Asked) -> tuple[int, Any]:
        calls = sorted(self.exchange.calls.values(), key=lambda call: call.created, reverse=True)
        filters = [(sign, asked.query[f"StartTime{sign}"][0]) for sign in ("", "<", ">") if
                   f"StartTime{sign}" in asked.query]
        for sign, said in filters:
            calls = [call for call in calls if call.status != "queued" and _started(int(call.created), sign, said)]
        return 200, self._page(asked, "calls", [call.resource() for call in calls])

    def _get_call(self, asked: Asked, sid: str) -> tuple[int, Any]:
        return 200, self.exchange.found(sid).resource()

    def _post_call(self, asked: Asked, sid: str) -> tuple[int, Any]:
        return 200, self.exchange.update(sid, asked.form).resource()

    def _get_conferences(self, asked: Asked) -> tuple[int, Any]:
        name, status = asked.query.get("FriendlyName", [""])[0], asked.query.get("Status", [""])[0]
        rooms = [room for room in self.exchange.rooms.values() if name in ("", room.name)]
        found = [self._room(room) for room in rooms if status in ("", room.status)]
        return 200, self._page(asked, "conferences", found)

    def _get_participants(self, asked: Asked, room: str) -> tuple[int, Any]:
        found = next((made for made in self.exchange.rooms.values() if made.sid == room), None)
        if found is None:
            raise Refused(404, 20404, "The requested resource was not found")
        return 200, self._page(asked, "participants", [self._participant(found, sid) for sid in list(found.members)])

    def _post_caller_ids(self, asked: Asked) -> tuple[int, Any]:
        return 200, self.exchange.validate(asked.form)

    def _get_caller_ids(self, asked: Asked) -> tuple[int, Any]:
        found = [self._caller_id(sid, number) for number, sid in self.exchange.validated.items()]
        return 200, self._page(asked, "outgoing_caller_ids", found)

    def _delete_caller_id(self, asked: Asked, caller_id: str) -> tuple[int, Any]:
        for number, sid in list(self.exchange.validated.items()):
            if sid == caller_id:
                del self.exchange.validated[number]
                return 204, None
        raise Refused(404, 20404, "The requested resource was not found")

    def _page(self, asked: Asked, key: str, items: list[Any]) -> dict[str, Any]:
        size = int(asked.query.get("PageSize", ["50"])[0])
        page = int(asked.query.get("Page", ["0"])[0])
        here = items[page * size : (page + 1) * size]
        more = (page + 1) * size < len(items)
        kept = {name: values for name, values in asked.query.items() if not name.startswith("Page")}
        filters = "&" + urlencode(kept, doseq=True) if kept else ""
        following = f"{asked.path}?PageSize={size}&Page={page + 1}&PageToken=PA{page + 1}{filters}"
        return {
            key: here, "page": page, "page_size": size, "start": page * size, "end": page * size + len(here),
            "uri": f"{asked.path}?PageSize={size}&Page={page}",
            "first_page_uri": f"{asked.path}?PageSize={size}&Page=0",
            "previous_page_uri": None, "next_page_uri": following if more else None,
        }

    def _room(self, room: Conference) -> dict[str, Any]:
        return {"account_sid": self.exchange.account, "api_version": "2010-04-01", "friendly_name": room.name,
                "sid": room.sid, "status": room.status, "region": "us1", "date_created": None, "date_updated": None,
                "call_sid_ending_conference": None, "subresource_uris": {},
                "uri": f"/2010-04-01/Accounts/{self.exchange.account}/Conferences/{room.sid}.json"}

    def _participant(self, room: Conference, sid: str) -> dict[str, Any]:
        return {"account_sid": self.exchange.account, "call_sid": sid, "conference_sid": room.sid, "label": None,
                "muted": False, "hold": False, "coaching": False, "call_sid_to_coach": None, "status": "connected",
                "start_conference_on_enter": True, "end_conference_on_exit": True, "queue_time": "0",
                "date_created": None, "date_updated": None,
                "uri": f"/2010-04-01/Accounts/{self.exchange.account}/Conferences/{room.sid}/Participants/{sid}.json"}

    def _caller_id(self, sid: str, number: str) -> dict[str, Any]:
        return {"account_sid": self.exchange.account, "sid": sid, "phone_number": number, "friendly_name": number,
                "date_created": None, "date_updated": None,
                "uri": f"/2010-04-01/Accounts/{self.exchange.account}/OutgoingCallerIds/{sid}.json"}


def _started(at: int, sign: str, said: str) -> bool:
    """Whether a call that was dialled at a second is on a day, before an instant, or from one on."""
    since = int(datetime.fromisoformat(said).replace(tzinfo=UTC).timestamp())
    if sign == "<":
        return at < since
    return since <= at and (sign == ">" or at < since + 86_400)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, breaks what `faults` want broken, answers the rest."""

    protocol_version = "HTTP/1.1"
    rest: Rest

    def do_GET(self) -> None:
        """Ask."""
        self._serve("")

    def do_DELETE(self) -> None:
        """Remove."""
        self._serve("")

    def do_POST(self) -> None:
        """Change."""
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

    def _serve(self, body: str) -> None:
        faults = self.rest.exchange.faults
        fault = faults.take_rest()
        if fault == "down":
            self.close_connection = True
            return None
        if fault == "slow":
            self.rest.stop.wait(faults.slow_s)
        if fault == "nonsense":
            return self._say(200, b"<html>It works!</html>")
        if fault == "says":
            return self._say(*faults.said)
        if fault == "error":
            return self._say(500, json.dumps({"code": 20500, "message": "Internal", "status": 500}).encode())
        if fault == "busy":
            return self._say(429, json.dumps({"code": 20429, "message": "Too many", "status": 429}).encode())
        status, content = self.rest.answer(self.command, self.path, body, self.headers.get("Authorization", ""))
        if fault == "cut":
            self.close_connection = True
            return None
        answer = b"" if content is None else json.dumps(content).encode()
        return self._dribble(status, answer) if fault == "dribbles" else self._say(status, answer)

    def _dribble(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            for byte in content:
                self.wfile.write(bytes([byte]))
                if self.rest.stop.wait(self.rest.exchange.faults.slow_s):
                    return

    def _say(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Many requests at once, none of which holds up the end."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who asks may have gone away: that is a part of some tests."""


__all__ = ["Asked", "Handler", "Rest", "Server"]

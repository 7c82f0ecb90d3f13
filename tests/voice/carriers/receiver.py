"""What stands for Curbside's webhooks in tests of the adapter alone: verifies, keeps the events, gives instructions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

from voice.carriers.base import CarrierEvent, Forged, WebhookRequest
from voice.carriers.documents import Instruction
from voice.carriers.twilio import Twilio

ROOM = "room-of-the-test"
Policy = Callable[[str, list[CarrierEvent]], Instruction]


def usual(side: str, events: list[CarrierEvent]) -> Instruction:
    """What voice.standing would say: a key of the clinician first, then the room. References begin with the side."""
    if side.startswith("clinician") and not any(e.kind == "key" and e.digits == "1" for e in events):
        return Instruction("press_one", press_one_s=10)
    return Instruction("join", room=ROOM, waits=side.startswith("clinician"))


class Receiver:
    """An HTTP server on a free port. `events` is what the adapter made of what came; `refused` counts forgeries."""

    def __init__(self, policy: Policy = usual) -> None:
        self.adapter: Twilio | None = None
        self.policy = policy
        self.events: list[CarrierEvent] = []
        self.paths: list[str] = []
        self.refused = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __enter__(self) -> Receiver:
        """It serves already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The public address that the adapter is configured with."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def of(self, reference: str) -> list[CarrierEvent]:
        """The events of a leg, in the order in which they came."""
        return [event for event in self.events if event.reference == reference]

    def kinds(self, reference: str) -> list[str]:
        """Their kinds, each once."""
        return list(dict.fromkeys(event.kind for event in self.of(reference)))

    def wait_for(self, reference: str, kind: str, within_s: float = 5.0) -> CarrierEvent:
        """The first event of a kind."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            for event in self.of(reference):
                if event.kind == kind:
                    return event
            time.sleep(0.005)
        raise AssertionError(f"{reference} was not {kind} within {within_s} s: {self.kinds(reference)}")

    def take(self, request: WebhookRequest) -> tuple[int, str, bytes]:
        """Status, type and body of the answer to a webhook."""
        assert self.adapter is not None
        self.paths.append(request.path)
        try:
            self.adapter.verify(request)
        except Forged:
            self.refused += 1
            return 403, "text/plain", b""
        events = self.adapter.parse(request)
        self.events += events
        if not events or not self.adapter.asks(request):
            return 200, "text/plain", b""
        reference = events[0].reference
        document = self.adapter.instruct(request, self.policy(reference, self.of(reference)))
        return 200, document.content_type, document.body

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                url = urlsplit(self.path)
                form = dict(parse_qsl(body, keep_blank_values=True))
                status, kind, content = receiver.take(WebhookRequest(url.path, url.query, form, dict(self.headers)))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
                pass

        return Handler

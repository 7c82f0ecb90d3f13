"""Webhooks as the ASGI application takes them: beside Django's middleware, by the same views, in the hub's threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.db import Error, connections
from django.utils import timezone

from tests.voice.carriers.scripted import Scripted
from tests.voice.junk import FORM, JUNK
from tests.voice.line import Line
from voice.carriers import CARRIERS, carrier_of
from voice.carriers.base import CarrierEvent, Forged, WebhookRequest
from voice.doorway import WAITING_MOST, Doorway
from voice.models import Attempt, HeardEvent

pytestmark = pytest.mark.databases


class Speaking(Scripted):
    """A carrier whose requests are good with the word in a header, and say what the form says of a leg."""

    broken = False

    def verify(self, request: WebhookRequest) -> None:
        if request.headers.get("X-Word") != "good":
            raise Forged

    def parse(self, request: WebhookRequest) -> list[CarrierEvent]:
        if self.broken:
            raise Error
        form = request.form
        return [CarrierEvent(form["leg"], "leg-1", f"{form['leg']}:{form['kind']}", form["kind"], timezone.now())]  # type: ignore[arg-type]  # its own word


@pytest.fixture
def speaking(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Iterator[Speaking]:
    monkeypatch.setitem(CARRIERS, "scripted", f"{__name__}.Speaking")
    settings.CURBSIDE_CARRIER = "scripted"
    carrier_of.cache_clear()
    carrier = carrier_of("scripted")
    assert isinstance(carrier, Speaking)
    yield carrier
    carrier_of.cache_clear()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """The hub's threads: one, so that every request meets the connection of the one before."""
    with ThreadPoolExecutor(1) as made:
        yield made
        made.submit(connections.close_all).result()


def asked(pool: ThreadPoolExecutor, path: str, form: dict[str, str] | None = None, *, word: str = "good",
          method: str = "POST", doorway: Doorway | None = None, body: bytes = b"", said: str = FORM,
          query: bytes = b"") -> int:
    """The status of the answer to one request of a carrier."""
    sent: list[dict[str, Any]] = []
    body = body or urlencode(form or {}).encode()
    half = len(body) // 2
    parts = iter([{"type": "http.request", "body": body[:half], "more_body": True},
                  {"type": "http.request", "body": body[half:], "more_body": False}])
    headers = [(b"content-type", said.encode()), (b"x-word", word.encode()),
               (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": headers}

    async def receive() -> dict[str, Any]:
        return next(parts)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def serve() -> None:
        hub: Any = SimpleNamespace(loop=asyncio.get_running_loop(), pool=pool)
        await (doorway or Doorway())(hub, scope, receive, send)

    asyncio.run(serve())
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (b"content-length", str(len(sent[1]["body"])).encode()) in sent[0]["headers"]
    return int(sent[0]["status"])


def test_a_word_of_the_carrier_is_taken_once_and_a_stranger_is_refused(
    open_line: Line, speaking: Speaking, pool: ThreadPoolExecutor
) -> None:
    r = open_line.call()
    leg = Attempt.objects.get(call=r).reference
    status = f"/voice/scripted/status/{leg}"
    assert asked(pool, status, {"leg": leg, "kind": "ringing"}, word="bad") == 403
    assert [asked(pool, status, {"leg": leg, "kind": "ringing"}) for _ in range(2)] == [200, 200]
    assert open_line.kinds(r) == ["call.started", "clinician ringing"]
    assert HeardEvent.objects.count() == 1


def test_what_is_no_webhook_of_ours_is_answered_as_django_would(
    open_line: Line, speaking: Speaking, pool: ThreadPoolExecutor
) -> None:
    assert asked(pool, "/voice/scripted/status/nobody", {"leg": "nobody", "kind": "ringing"}) == 404
    assert asked(pool, "/voice/another/status/nobody") == 404
    assert asked(pool, "/voice/") == 404
    assert asked(pool, "/voice/scripted/incoming", method="GET") == 405
    assert asked(pool, "/voice/scripted/status/a", query=b"\xff") == 400


@pytest.mark.parametrize(("body", "said"), JUNK)
def test_junk_that_no_carrier_signed_is_refused_as_forged_and_is_no_fault_of_ours(
    open_line: Line, speaking: Speaking, pool: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture, body: bytes,
    said: str,
) -> None:
    leg = Attempt.objects.get(call=open_line.call()).reference
    assert asked(pool, f"/voice/scripted/status/{leg}", body=body, said=said, word="bad") == 403
    assert [record.msg for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert not HeardEvent.objects.exists()


def test_a_carrier_is_asked_to_come_again_when_we_fail_or_have_too_many(
    open_line: Line, speaking: Speaking, pool: ThreadPoolExecutor
) -> None:
    leg = Attempt.objects.get(call=open_line.call()).reference
    status, doorway = f"/voice/scripted/status/{leg}", Doorway()
    speaking.broken = True
    assert asked(pool, status, {"leg": leg, "kind": "ringing"}, doorway=doorway) == 500
    speaking.broken = False
    doorway.waiting = WAITING_MOST
    assert asked(pool, status, {"leg": leg, "kind": "ringing"}, doorway=doorway) == 503
    doorway.waiting = 0
    assert asked(pool, status, {"leg": leg, "kind": "ringing"}, doorway=doorway) == 200
    assert doorway.waiting == 0


def test_the_application_hands_the_paths_of_carriers_to_the_doorway() -> None:
    import asgi
    from voice import doorway

    assert asgi.application._beside == {"/voice/": doorway.serve}

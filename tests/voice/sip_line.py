"""A call loop, a media worker and the trunks that it holds, each a real sipp: for tests of calls over SIP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from django.test import Client, override_settings
from django.utils import timezone

from settings.trunks import SipTrunk
from tests.peers.sipp import BYE, REPLY, TAKEN_BACK, Sipp, send
from tests.voice.line import Line
from tests.voice.media.browser import Browser
from tests.voice.media_line import Working, live_line, working
from tests.voice.twilio_line import looping, wait_until
from voice import owning
from voice.carriers.sip_trunks import make_lines
from voice.media_parts import MakePlane
from voice.models import Call, CallRecord

T = TypeVar("T")
SDP: Final = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=far 1 1 IN IP4 [local_ip]
s=far
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:101 telephone-event/8000
"""


def reply(line: str, *, sound: bool = False) -> str:
    """A step that answers the last request."""
    return send(REPLY.format(line=line).replace("Content-Length: 0\n", SDP) if sound else REPLY.format(line=line))


RINGS: Final = '<recv request="INVITE" rrs="true"><action><ereg regexp=".*" search_in="hdr" header="From:" ' \
    f'assign_to="1"/></action></recv>{reply("180 Ringing")}'  # fmt: skip
TAKES: Final = RINGS + '<pause milliseconds="60"/>' + reply("200 OK", sound=True) + '<recv request="ACK"/>'
ANSWERS: Final = TAKES + '<recv request="BYE"/>' + reply("200 OK") + '<Reference variables="1"/>'
HANGS_UP: Final = TAKES + send(BYE) + '<recv response="200"/>'
WAITS: Final = '<recv request="CANCEL"/>' + reply("200 OK") + send(TAKEN_BACK) + '<recv request="ACK"/>'
RINGS_ON: Final = RINGS + WAITS + '<Reference variables="1"/>'
IS_HEARD_EARLY: Final = '<recv request="INVITE"/>' + reply("183 Session Progress", sound=True) + WAITS


class SipLine:
    """The clinic, its worker, and its trunks, the first preferred."""

    def __init__(self, line: Line, work: Working, trunks: list[Sipp]) -> None:
        self.line, self.work, self.trunks = line, work, trunks

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Do something in the worker's event loop, in which a browser of the tests lives too."""
        return asyncio.run_coroutine_threadsafe(what, self.work.loop).result(30)

    def offer(self, r: str, sdp: str = "v=0") -> str:
        """Offer a peer connection over HTTP; the answer."""
        client = Client()
        client.force_login(self.line.amara.account)
        answer = client.post(f"/api/v1/calls/{r}/media", {"sdp": sdp}, content_type="application/json")
        assert answer.status_code == 200, answer.content
        return str(answer.json()["sdp"])

    def begin(self, **d: Any) -> str:
        """A call whose browser is heard; the plane of the tests hears it at once."""
        r = self.line.call(way="webrtc", **d)
        self.offer(r)
        return r

    @contextmanager
    def speaking(self, hz: float) -> Iterator[tuple[str, Browser]]:
        """A call from a browser that says a tone."""

        async def make() -> tuple[Browser, str]:
            browser = Browser(hz)
            return browser, await browser.offer()

        browser, sdp = self.run(make())
        try:
            r = self.line.call(way="webrtc")
            self.run(browser.take(self.offer(r, sdp)))
            yield r, browser
        finally:
            self.run(browser.close())

    def reach(self, r: str, stage: str) -> None:
        """Wait until a call stands there."""
        wait_until(lambda: Call.objects.get(pk=r).stage == stage, 20)

    def ended(self, r: str) -> CallRecord:
        """Wait for the end, and for the end of all that its trunks were told; the record."""
        self.reach(r, "ended")
        return self.line.record(r)

    def numbers(self, trunk: int = 0) -> set[str]:
        """Every telephone number that a trunk has ever read from us, in any header or description."""
        return set(re.findall(r"\+\d{6,}", "".join(map("".join, map(self.trunks[trunk].heard, METHODS)))))


METHODS: Final = ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "SIP/2.0")


def trunk_at(port: int, n: int = 1) -> SipTrunk:
    """A trunk of the settings, at this port of the loopback."""
    return SipTrunk(f"t{n}", "127.0.0.1", port, "tcp", "trunk.example", "clinic.example", "", "", "", "", "127.0.0.1")


@contextmanager
def over_sip(make: MakePlane, *scenarios: str | Path, echoes: bool = False, **more: Any) -> Iterator[SipLine]:
    """A worker whose trunks play these scenarios."""
    with ExitStack() as stack:
        trunks = [stack.enter_context(closing(Sipp(one, tcp=True, echoes=echoes))) for one in scenarios]
        named = tuple(trunk_at(trunk.port, n) for n, trunk in enumerate(trunks, 1))
        stack.enter_context(override_settings(**{
            "CURBSIDE_CARRIER": "sip", "CURBSIDE_SIP_TRUNKS": named, "CURBSIDE_SIP_ADDRESS": "127.0.0.1",
            "CURBSIDE_MEDIA_DRAIN_S": 0.3, **more,
        }))  # fmt: skip
        stack.enter_context(looping(2))
        work = stack.enter_context(working(make, make_lines))
        wait_until(lambda: owning.is_open(timezone.now()))
        yield SipLine(live_line(), work, trunks)



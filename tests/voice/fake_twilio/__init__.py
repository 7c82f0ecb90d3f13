"""A Twilio of our own for tests: a real HTTP server with telephones behind it.

It takes REST calls at Twilio's own paths, fetches our documents and follows them, and posts signed callbacks; it
doubles, delays, reorders and loses them when told to. Where Twilio's published document is at hand, each request
is held against it and `violations` says what is wrong. Knows nothing of Curbside.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType

from tests.voice.fake_twilio.callbacks import Poster
from tests.voice.fake_twilio.calls import Call, Over
from tests.voice.fake_twilio.exchange import Exchange
from tests.voice.fake_twilio.openapi import published
from tests.voice.fake_twilio.server import Asked, Handler, Rest, Server
from tests.voice.fake_twilio.world import Faults, Phone

ACCOUNT = "AC" + "5" * 32
TOKEN = "an auth token for tests only"


class FakeTwilio:
    """One account at the fake. `pace` is how long a second of Twilio takes here."""

    def __init__(self, pace: float = 0.02) -> None:
        self.faults = Faults()
        self.poster = Poster(TOKEN, self.faults)
        self.exchange = Exchange(ACCOUNT, self.poster, self.faults, pace)
        self.rest = Rest(self.exchange, {TOKEN}, published())
        handler = type("BoundHandler", (Handler,), {"rest": self.rest})
        self._server = Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> FakeTwilio:
        """Start to serve."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End all calls and stop."""
        self.rest.stop.set()
        self.end_all()
        self._server.shutdown()
        self._server.server_close()
        with suppress(RuntimeError):
            self._thread.join(5)

    @property
    def url(self) -> str:
        """Where it listens, in place of https://api.twilio.com."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def calls(self) -> list[Call]:
        """All calls, the oldest first."""
        return sorted(self.exchange.calls.values(), key=lambda call: call.created)

    @property
    def asked(self) -> list[Asked]:
        """All REST requests."""
        return self.rest.asked

    @property
    def violations(self) -> list[str]:
        """What the published document does not allow, of our requests and of the fake's own answers.

        With what a stream would have been ended for.
        """
        streams = [said for call in self.calls for stream in call.streams for said in stream.violations]
        return self.rest.violations + streams

    def phone(self, number: str, phone: Phone | None = None) -> Phone:
        """Put a telephone behind a number."""
        self.exchange.phones[number] = phone or Phone()
        return self.exchange.phones[number]

    def calls_to(self, number: str) -> list[Call]:
        """The calls to one number, the oldest first."""
        return [call for call in self.calls if call.to == number]

    def end_all(self) -> None:
        """Have everybody hang up, and wait until all callbacks are posted."""
        for call in self.calls:
            call.interrupt(Over("completed"))
        self.poster.settle(3.0)

    def talked(self) -> set[frozenset[str]]:
        """Who heard each other, by their numbers."""
        return {met for room in self.exchange.rooms.values() for met in room.met}


__all__ = ["ACCOUNT", "TOKEN", "Call", "FakeTwilio", "Faults", "Phone"]

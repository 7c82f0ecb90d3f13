"""Media Streams of the fake Twilio: it opens the socket that a document names, speaks and listens as Twilio does.

Strict where Twilio is: what it would end a stream for is kept in `violations`.
Source: Twilio, "Media Streams: WebSocket messages", and its errors 31920 and 31924.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from tests.voice.fake_twilio.callbacks import signature
from tests.voice.media.phone import FRAME, HEARD, tone

if TYPE_CHECKING:
    from tests.voice.fake_twilio.calls import Call
    from tests.voice.fake_twilio.document import Verb

FRAME_S = 0.02


class Session:
    """One stream. `heard` holds the samples that came to the phone, `played` the events in their order."""

    def __init__(self, call: Call, noun: Verb) -> None:
        self.call, self.url = call, noun.get("url")
        self.parameters = {inside.get("name"): inside.get("value") for inside in noun.inside}
        self.sid = "MZ" + secrets.token_hex(16)
        self.heard: list[int] = []
        self.played: list[str] = []
        self.violations: list[str] = []
        self.open = threading.Event()
        self.over = threading.Event()
        self._sequence = self._chunk = 0
        self._wire: ClientConnection | None = None

    def run(self) -> None:
        """Until the other side closes it. Raises what interrupts the call, as all that waits."""
        signed = {"X-Twilio-Signature": signature(self.call.exchange.poster.token, self.url, {})}
        try:
            with connect(self.url, additional_headers=signed, compression=None, open_timeout=5, close_timeout=2,
                         user_agent_header="Twilio.TmeWs/1.0") as wire:  # fmt: skip
                self._wire = wire
                self._talk(wire)
        except (OSError, InvalidHandshake):
            self.violations.append("31920")
        finally:
            self.over.set()

    def press(self, digit: str) -> None:
        """The person at the phone presses a key."""
        self._say("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    def _talk(self, wire: ClientConnection) -> None:
        threading.Thread(target=self._read, args=(wire,), daemon=True).start()
        try:
            with suppress(ConnectionClosed):
                self._speak(wire)
        finally:
            with suppress(ConnectionClosed):
                self._say("stop", stop={"accountSid": self.call.exchange.account, "callSid": self.call.sid})

    def _speak(self, wire: ClientConnection) -> None:
        wire.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        self._say("start", start={
            "streamSid": self.sid, "accountSid": self.call.exchange.account, "callSid": self.call.sid,
            "tracks": ["inbound"], "customParameters": self.parameters,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        })  # fmt: skip
        self.open.set()
        began = time.monotonic()
        while not self.over.is_set():
            sound = tone(self.call.phone.hz, self._chunk * FRAME) if self.call.phone.hz else b"\xff" * FRAME
            self._chunk += 1
            self._say("media", media={
                "track": "inbound", "chunk": str(self._chunk), "timestamp": str(self._chunk * 20),
                "payload": base64.b64encode(sound).decode(),
            })  # fmt: skip
            self.call.pause(began + self._chunk * FRAME_S - time.monotonic())

    def _say(self, event: str, **more: Any) -> None:
        assert self._wire is not None
        self._sequence += 1
        head = {"event": event, "sequenceNumber": str(self._sequence), "streamSid": self.sid}
        self._wire.send(json.dumps(head | more))

    def _read(self, wire: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            for message in wire:
                self._take(message)
        self.over.set()

    def _take(self, message: str | bytes) -> None:
        try:
            said = json.loads(message)
            event = said["event"]
            self.played.append(event)
            if isinstance(message, bytes) or said["streamSid"] != self.sid or event not in ("media", "mark", "clear"):
                self.violations.append("31924")
            elif event == "media":
                self.heard += [HEARD[octet] for octet in base64.b64decode(said["media"]["payload"], validate=True)]
        except (ValueError, KeyError, TypeError):
            self.violations.append("31924")

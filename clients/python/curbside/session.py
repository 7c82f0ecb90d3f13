"""One client's life on the protocol, as a value: no socket, no clock, no event loop, no randomness of its own.

The shell around it does four things: dial at `connect_at`; give it what arrives (`opened`, `received`, `lost`); call
`tick` at `next_at`; and after every call send `take_frames()` and hand on `take_happenings()`. `now` is seconds of a
clock that only goes forward. Standard library only.
"""

from __future__ import annotations

import random
import uuid
from typing import Any

from curbside import frames
from curbside.happenings import Ephemeral, Final, Happening, Json, Lost, Published, Ready, Stale, TicketWanted
from curbside.outbox import Entry, MemoryStore, Store
from curbside.pacing import Backoff, Timing
from curbside.rooms import Rooms
from curbside.sending import Sending
from curbside.signals import Signals
from curbside.watch import Watch

MOST_SUBS = 64
"""Subscriptions asked for in one frame."""


class Session:
    """Positions, outbox, gaps, resume and backoff of one member's client."""

    def __init__(
        self,
        *,
        device: str = "program",
        store: Store | None = None,
        timing: Timing | None = None,
        randomness: random.Random | None = None,
    ) -> None:
        """Begin disconnected, to be dialled at once; `store` keeps the outbox over the program's end."""
        self._device = device
        self._timing = timing or Timing()
        self._random = randomness or random.Random()
        self._backoff = Backoff(self._timing, self._random)
        self._sending = Sending(store or MemoryStore(), self._timing, self._random)
        self._outbox = self._sending.outbox
        self._rooms = Rooms()
        self._phase = "away"  # away, greeting, ready, final
        self._dialling = False
        self._asked = 0
        self._connect_at: float | None = 0.0
        self._subs_at = 0.0
        self._renew_at: float | None = None
        self._refill_at: dict[str, float] = {}
        self._watch = Watch(self._timing.answer_s, self._timing.heartbeat_slack_s)
        self._signals = Signals(self._timing.typing_every_s, self._timing.read_every_s)
        self._bye: tuple[int, str, float] | None = None
        self._frames: list[str] = []
        self._told: list[Happening] = []

    # What the shell asks

    @property
    def connect_at(self) -> float | None:
        """When to dial; None while connected, dialling, or final."""
        return self._connect_at if self._phase == "away" and not self._dialling else None

    @property
    def is_ready(self) -> bool:
        """Whether the server has greeted back on the present connection."""
        return self._phase == "ready"

    @property
    def is_final(self) -> bool:
        """Whether no further attempt will be made."""
        return self._phase == "final"

    @property
    def unacknowledged(self) -> int:
        """How many operations wait in the outbox."""
        return len(self._outbox)

    def positions(self) -> dict[str, tuple[str | None, int | None]]:
        """(epoch, last number applied) by stream."""
        return self._rooms.positions()

    def take_frames(self) -> list[str]:
        """The messages to send now, in order."""
        taken, self._frames = self._frames, []
        return taken

    def take_happenings(self) -> list[Happening]:
        """What has happened since the last call, in order."""
        taken, self._told = self._told, []
        return taken

    # The connection

    def dialling(self) -> None:
        """An attempt has begun."""
        self._dialling = True

    def opened(self, token: str, lifetime_s: float | None, now: float) -> None:
        """The socket is open: greet, and resume all subscriptions in the same round trip."""
        self._phase, self._dialling, self._connect_at = "greeting", False, None
        self._bye = None
        self._watch.reset(now)
        self._greet(token, lifetime_s, now, subs=self._rooms.to_ask(MOST_SUBS))

    def renewed(self, token: str, lifetime_s: float | None, now: float) -> None:
        """A fresh ticket for the connection that is open."""
        if self._phase in ("greeting", "ready"):
            self._greet(token, lifetime_s, now, subs=[])

    def _greet(self, token: str, lifetime_s: float | None, now: float, *, subs: list[Json]) -> None:
        hello: Json = {"t": "hello", "i": self._next(now), "v": frames.VERSION, "tok": token, "dev": self._device}
        if subs:
            hello["subs"] = subs
        self._send(hello)
        share = self._random.uniform(0.5, 0.75)
        self._renew_at = None if lifetime_s is None else now + lifetime_s * share

    def lost(self, code: int, message: str, now: float) -> None:
        """The socket has ended, or could not be opened (`code` is then the HTTP status, or 1006)."""
        if self._phase == "final":
            return
        after_s = 0.0
        if self._bye is not None:
            code, message, after_s = self._bye
        self._dialling, self._bye, self._renew_at = False, None, None
        self._subs_at = 0.0
        self._frames.clear()
        self._rooms.disconnect()
        self._outbox.disconnect()
        if frames.is_final(code):
            self._phase, self._connect_at = "final", None
            self._told.append(Final(code, message))
            return
        delay = self._backoff.lost(now, after_s)
        self._phase, self._connect_at = "away", now + delay
        self._told.append(Lost(code, message, delay))

    # What the program wants

    def subscribe(self, stream: str, now: float, *, position: int | None = None, epoch: str | None = None) -> None:
        """Follow a stream after `position`, or from now on; kept over reconnects until `unsubscribe`."""
        self._rooms.add(stream, position, epoch)
        self._flush(now)

    def unsubscribe(self, stream: str, now: float) -> None:
        """Follow it no longer."""
        self._signals.forget(stream)
        if self._rooms.discard(stream) and self._phase == "ready":
            self._send({"t": "sub", "i": self._next(now), "subs": [], "un": [stream]})

    def publish(self, stream: str, kind: str, d: Json, now: float, *, c: str | None = None) -> str:
        """Put an operation into the outbox; its `c` is returned. `stream` is "me" for what makes something new."""
        entry = self._outbox.add(Entry(c or str(uuid.uuid4()), stream, kind, d))
        self._flush(now)
        return entry.c

    def typing(self, stream: str, now: float) -> None:
        """Say that someone types, at most every few seconds; forgotten when not connected."""
        if self._phase == "ready":
            self._send(*self._signals.typing(stream, now))

    def read(self, stream: str, seq: int, now: float) -> None:
        """Say how far has been read; only the furthest counts, and it is said again after a reconnect if it was not."""
        self._signals.read(stream, seq)
        self._flush(now)

    def filled(self, stream: str, events: list[Any], now: float) -> None:
        """What `Missing` asked for, in order; an empty list when it could not be had: it is asked for again."""
        if events:
            self._told += self._rooms.filled(stream, events)
            self._flush(now)
        else:
            self._refill_at[stream] = now + self._timing.retry_s

    # What the server says

    def received(self, message: str, now: float) -> None:
        """Take one WebSocket text message."""
        self._watch.heard(now)
        for frame in frames.decode(message):
            try:
                self._take(frame, now)
            except (KeyError, TypeError, ValueError, AttributeError):
                continue  # a frame that this version cannot read is as unknown as one with an unknown `t`
        self._flush(now)

    def _take(self, frame: Json, now: float) -> None:
        kind = frame.get("t")
        if kind == "ev":
            self._told += self._rooms.apply(frames.read_event(frame))
        elif kind == "re":
            self._take_reply(frame, now)
        elif kind == "eph":
            self._told.append(
                Ephemeral(str(frame["r"]), str(frame["k"]), str(frame.get("u") or ""), frame.get("d") or {})
            )
        elif kind == "hb":
            self._rooms.check_heads(frame.get("h") or {})
            self._send({"t": "hb", "n": frame.get("n"), "p": self._rooms.applied()})
        elif kind == "bye":
            self._take_bye(frame)

    def _take_bye(self, frame: Json) -> None:
        code, message = int(frame["code"]), str(frame.get("msg") or "")
        if frame.get("r"):
            self._told += self._rooms.ended(str(frame["r"]), code, message)
        else:
            self._bye = (code, message, float(frame.get("after") or 0))

    def _take_reply(self, frame: Json, now: float) -> None:
        request = int(frame["i"])
        self._watch.answered(request)
        entry = self._outbox.find(request)
        error = frame.get("err")
        if entry is not None and error:
            refused = self._sending.refused(entry, error, now)
            self._told += [refused] if refused else []
        elif entry is not None:
            self._outbox.remove(entry.c)
            made = (frame.get("d") or {}).get("r")
            self._told.append(Published(entry.c, entry.stream, int(frame["s"]), made))
        elif error:
            self._take_request_error(error, now)
        else:
            if self._phase == "greeting":
                self._welcome(frame.get("d") or {}, now)
            for room in frame.get("rooms") or []:
                self._told += self._rooms.answered(room)

    def _take_request_error(self, error: Json, now: float) -> None:
        if self._phase == "greeting":
            code = frames.CLOSE_INTERNAL if error.get("retry") else frames.NOT_SIGNED_IN
            self._bye = (code, str(error.get("msg") or ""), float(error.get("after") or 0))
            self._told.append(Stale("the greeting was refused"))
        else:
            self._rooms.ask_again()
            self._subs_at = now + float(error.get("after") or self._timing.retry_s)

    def _welcome(self, d: Json, now: float) -> None:
        self._phase = "ready"
        self._backoff.ready(now)
        limits = d.get("limits") or {}
        self._watch.heartbeat_s = float(d.get("hb_s") or self._watch.heartbeat_s)
        self._sending.limit(limits)
        self._told.append(Ready(limits))

    # Time

    def next_at(self) -> float | None:
        """When `tick` has something to do, if nothing else happens first."""
        if self._phase not in ("greeting", "ready"):
            return self.connect_at
        due = [self._watch.dead_at(), self._renew_at, *self._refill_at.values()]
        if self._phase == "ready":
            due += [self._sending.due_at, self._signals.next_at()]
            due += [self._subs_at] if self._rooms.has_wanted() else []
        return min(moment for moment in due if moment is not None)

    def tick(self, now: float) -> None:
        """Do what is due: send what may be sent, ask for a ticket, notice a dead connection."""
        if self._phase not in ("greeting", "ready"):
            return
        if now >= self._watch.dead_at():
            self._told.append(Stale("no answer"))
            return
        if self._renew_at is not None and now >= self._renew_at:
            self._renew_at = None
            self._told.append(TicketWanted())
        for stream in [stream for stream, due in self._refill_at.items() if due <= now]:
            del self._refill_at[stream]
            self._told += self._rooms.missing(stream)
        self._flush(now)

    # Sending

    def _flush(self, now: float) -> None:
        if self._phase != "ready":
            return
        if now >= self._subs_at:
            while subs := self._rooms.to_ask(MOST_SUBS):
                self._send({"t": "sub", "i": self._next(now), "subs": subs})
        for entry in self._sending.take(now):
            entry.request = self._next(now)
            frame: Json = {"t": "pub", "i": entry.request, "r": entry.stream, "c": entry.c}
            self._send({**frame, "k": entry.kind, "d": entry.d})
        self._send(*self._signals.due(now))

    def _next(self, now: float) -> int:
        self._asked += 1
        self._watch.asked(self._asked, now)
        return self._asked

    def _send(self, *sent: Json) -> None:
        self._frames += [frames.encode(frame) for frame in sent]

"""The client's session as a value, driven through random faults against a model of the log, with the time passed in."""

from __future__ import annotations

import json
import random
from typing import Any

from curbside import Event, Final, Published, Session, Timing
from curbside.frames import CLOSE_ABNORMAL
from hypothesis import given, settings
from hypothesis import strategies as st

STREAM = "r"
TIMING = Timing(backoff_base_s=0.1, backoff_cap_s=1.0)
LIMITS = {"pub_rate": 100.0, "pub_burst": 100, "pub_in_flight": 4}
STEPS = st.lists(
    st.sampled_from(["publish", "other", "deliver", "deliver", "answer", "answer", "lose", "cut", "busy", "wait"]),
    min_size=1,
    max_size=80,
)


class Model:
    """A log with one stream, and a wire in each direction that may lose all that is on it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.now = 0.0
        self.log: list[dict[str, Any]] = []
        self.up: list[dict[str, Any]] = []
        self.down: list[dict[str, Any]] = []
        self.connected = False
        self.live = False
        self.events: list[int] = []
        self.receipts: dict[str, int] = {}

    def collect(self) -> None:
        """Take what the session wants sent, and what it tells."""
        self.up += [json.loads(message) for message in self.session.take_frames()]
        for happening in self.session.take_happenings():
            assert not isinstance(happening, Final)
            if isinstance(happening, Event):
                self.events.append(happening.seq)
            elif isinstance(happening, Published):
                assert self.receipts.setdefault(happening.c, happening.seq) == happening.seq

    def connect(self) -> None:
        """Dial when it is time."""
        due = self.session.connect_at
        if due is None:
            return
        self.now = max(self.now, due)
        self.session.dialling()
        self.connected, self.live = True, False
        self.session.opened("ticket", None, self.now)
        self.collect()

    def cut(self) -> None:
        """The connection breaks; what is on the wire is gone."""
        if self.connected:
            self.connected = self.live = False
            self.up.clear()
            self.down.clear()
            self.session.lost(CLOSE_ABNORMAL, "", self.now)
            self.collect()

    def append(self, c: str | None) -> dict[str, Any]:
        """Commit an event."""
        event = {"t": "ev", "r": STREAM, "s": len(self.log) + 1, "k": "message", "u": "Heron", "c": c, "ts": 0, "d": {}}
        self.log.append(event)
        if self.live:
            self.down.append(event)
        return event

    def answer(self, busy: bool = False) -> None:
        """The server takes the next frame from the wire."""
        if not self.up:
            return
        frame = self.up.pop(0)
        if frame["t"] in ("hello", "sub"):
            rooms = []
            for sub in frame.get("subs", []):
                missed = self.log[sub["p"] :] if "p" in sub else []
                rooms.append({"r": STREAM, "e": "e", "s": len(self.log), "rec": 1, "me": "Heron"})
                self.live = True
            self.down.append({"t": "re", "i": frame["i"], "ok": 1, "d": {"limits": LIMITS}, "rooms": rooms})
            if rooms:
                self.down += missed
        elif frame["t"] == "pub" and busy:
            error = {"code": "busy", "msg": "", "retry": True, "after": 0.1}
            self.down.append({"t": "re", "i": frame["i"], "err": error})
        elif frame["t"] == "pub":
            known = [event for event in self.log if event["c"] == frame["c"]]
            event = known[0] if known else self.append(frame["c"])
            self.down.append({"t": "re", "i": frame["i"], "ok": 1, "s": event["s"]})

    def deliver(self) -> None:
        """The client takes the next frame from the wire."""
        if self.down:
            self.session.received(json.dumps(self.down.pop(0)), self.now)
            self.collect()

    def lose(self) -> None:
        """A server that forgets to send a live event: the gap must be found."""
        self.down = [frame for frame in self.down if frame["t"] != "ev"]

    def settle(self) -> None:
        """Fair weather until nothing happens any more."""
        for _ in range(400):
            self.connect()
            while self.up or self.down:
                self.answer()
                self.deliver()
            due = self.session.next_at()
            if self.session.unacknowledged == 0 and self.session.is_ready:
                break
            self.now = max(self.now, due or self.now)
            self.session.tick(self.now)
            self.collect()
        heartbeat = {"t": "hb", "n": 1, "h": {STREAM: len(self.log)}}
        self.down.append(heartbeat)
        while self.up or self.down:
            self.deliver()
            self.answer()


@settings(max_examples=300, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_each_number_comes_once_in_order_and_each_c_is_one_row(steps: list[str]) -> None:
    session = Session(timing=TIMING, randomness=random.Random(1))
    model = Model(session)
    session.subscribe(STREAM, 0.0, position=0)
    published: list[str] = []
    for step in steps:
        model.connect()
        if step == "publish":
            published.append(session.publish(STREAM, "message", {}, model.now))
            model.collect()
        elif step == "other":
            model.append(None)
        elif step == "deliver":
            model.deliver()
        elif step == "answer":
            model.answer()
        elif step == "busy":
            model.answer(busy=True)
        elif step == "lose":
            model.lose()
        elif step == "cut":
            model.cut()
        elif step == "wait":
            model.now += 0.3
            session.tick(model.now)
            model.collect()
    model.settle()
    assert model.events == list(range(1, len(model.log) + 1))
    stored = [event["c"] for event in model.log if event["c"]]
    assert stored == published, "one row each, in the order in which they were published"
    assert model.receipts == {event["c"]: event["s"] for event in model.log if event["c"]}
    assert session.unacknowledged == 0


def test_full_jitter_grows_to_its_cap_and_is_forgotten_after_a_steady_while() -> None:
    session = Session(timing=Timing(backoff_base_s=1.0, backoff_cap_s=8.0), randomness=random.Random(2))
    delays: list[float] = []
    now = 0.0
    for _ in range(40):
        session.dialling()
        session.lost(CLOSE_ABNORMAL, "", now)
        assert session.connect_at is not None
        delays.append(session.connect_at - now)
        now = session.connect_at
    assert all(0 <= delay <= 8.0 for delay in delays)
    assert max(delays) > 4.0
    assert len({round(delay, 3) for delay in delays}) > 30
    session.opened("ticket", None, now)
    session.received('{"t":"re","i":1,"ok":1,"d":{}}', now)
    session.lost(CLOSE_ABNORMAL, "", now + 60)
    assert session.connect_at is not None
    assert session.connect_at <= now + 61

"""A call held under the lock of its stream: the machine, its rows, and what follows from each event it is fed.

Everything that changes a call goes through `holding`: one transaction that locks the stream, feeds the machine, stores
what it asks for as actions, tells the stream, and writes the record at the end. The member's inbox, where it is told
something, is locked after the stream, and budgets after the inbox: the order is the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any, Final

from django.conf import settings
from django.db import connection

from members import vault
from realtime.instants import to_ms
from realtime.log import Writing, writing
from realtime.protocol import refuse
from realtime.timers import clear_timer, set_timer
from voice import call as machine
from voice.call import Cause, Event, Leg, LegChanged, Side, Spans, Stage
from voice.models import Action, Attempt, Call
from voice.permits import rulebook
from voice.reasons import reason_of
from voice.records import write_record

CLOCK_TIMER: Final = "call.clock"
ATTEMPT_MOVES: Final = (
    "carrier_id", "dialing_at", "ringing_at", "answered_at", "confirmed_at", "ended_at", "cause", "provider_code",
    "heard_at",
)  # fmt: skip
_one_writer = RLock()


def spans() -> Spans:
    """Return how long each deadline runs here."""
    return Spans(**settings.CURBSIDE_CALL_SPANS)


def alone() -> Any:
    """Return what is held around a transaction: threads of one process take turns on SQLite, which has one writer."""
    return _one_writer if connection.vendor == "sqlite" else nullcontext()


@contextmanager
def holding(r: str, now: datetime) -> Iterator[Held]:
    """Hold one call. Raises Refusal `not_found`."""
    with alone(), writing(r) as w:
        # Read once the lock is held, in a statement of its own: one that joins the two shows the call as it was before
        # the wait for the lock (PostgreSQL, READ COMMITTED).
        row = Call.objects.filter(pk=r).first()
        if row is None:
            raise refuse("not_found")
        held = Held(w, row, machine.Call.from_state(row.machine, spans()), now)
        yield held
        held.finish()


@dataclass(slots=True)
class Held:
    """What a service works on. `feed` as often as needed; the rest is done when `holding` ends."""

    w: Writing
    row: Call
    call: machine.Call
    now: datetime
    fed: bool = False
    told: bool = False
    _attempts: dict[tuple[str, int], Attempt] | None = None
    _touched: set[tuple[str, int]] = field(default_factory=set)
    _actions: list[Action] = field(default_factory=list)
    _told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _changed: set[str] = field(default_factory=lambda: {"machine", "stage"})
    _called_off: list[LegChanged] = field(default_factory=list)
    _due: float | None = None

    @property
    def r(self) -> str:
        """The call's stream."""
        return str(self.row.pk)

    @property
    def attempts(self) -> dict[tuple[str, int], Attempt]:
        """The rows of all attempts, by side and number."""
        if self._attempts is None:
            self._attempts = {(a.side, a.n): a for a in self.row.attempts.all()}
        return self._attempts

    def feed(self, event: Event, at: datetime | None = None) -> None:
        """Give the machine one event, which happened at `at` (by default now), and take over what it asks for."""
        if not self.fed:
            self.fed, self._due = True, self.call.next_due
        self.take(self.call.handle(event, self.now.timestamp()), at or self.now)

    def take(self, actions: list[machine.Action], at: datetime) -> None:
        """Store what the machine asks for."""
        for action in actions:
            if isinstance(action, machine.Tell):
                self._tell(action.kind, action.d, at)
            elif type(action) in _DOING:  # a timer is not stored by itself: `finish` sets the call's one timer
                _DOING[type(action)](self, action)
        while self._called_off:
            self.feed(self._called_off.pop())

    def hang_up_stranger(self, carrier_id: str) -> None:
        """A leg that is not the one we know under this name: it is ended, and nothing else follows from it."""
        key = f"{self.r}:stranger:{carrier_id}"[:64]
        if all(action.key != key for action in self._actions) and not Action.objects.filter(key=key).exists():
            self._actions.append(self._action(key, "hangup", None, {"carrier_id": carrier_id}))

    def begin(self) -> None:
        """Begin with a call that has just been stored and has no attempts yet."""
        self._attempts = {}

    def touch(self, attempt: Attempt) -> None:
        """An attempt's row is to be stored."""
        self._touched.add((attempt.side, attempt.n))

    def finish(self) -> None:
        """Store what was changed, and set the call's timer to the machine's next."""
        if self._actions:
            Action.objects.bulk_create(self._actions)
        if self._told:
            self.w.append_all(self.r, self._told, ts=to_ms(self.now))
        for key in self._touched:
            self.attempts[key].save(update_fields=ATTEMPT_MOVES)
        if not self.fed:
            return
        stage, self.row.stage = self.row.stage, self.call.stage
        self.row.machine = self.call.to_state()
        self.row.save(update_fields=self._changed)
        self._set_clock()
        if stage != self.row.stage and self.row.stage in (Stage.CONNECTED, Stage.ENDED) and not self.told:
            self.tell_owner()
        if self.row.ended_at and stage != Stage.ENDED:
            rulebook().release(self.r, self.now, self.row.talked_s)

    def tell_owner(self) -> None:
        """Tell the member's inbox that the call stands elsewhere."""
        self.told = True
        inbox, _ = vault.inbox_of(str(self.row.account))
        with writing(inbox) as w:
            state = "ended" if self.row.ended_at else "live"
            w.append(inbox, "call.changed", {"r": self.r, "state": state, "stage": self.row.stage}, ts=to_ms(self.now))

    def _set_clock(self) -> None:
        due = self.call.next_due
        if due is None:
            clear_timer(CLOCK_TIMER, self.r)
        elif due != self._due:
            set_timer(CLOCK_TIMER, self.r, instant(due))

    # --- what the machine asks for ----------------------------------------------------------------------------------

    def _tell(self, kind: str, d: dict[str, Any], at: datetime) -> None:
        if kind == "call.leg":
            attempt = self.attempts[d["side"], d["n"]]
            setattr(attempt, f"{d['leg']}_at", at)
            attempt.cause = d.get("cause") or attempt.cause
            self.touch(attempt)
        elif kind == "call.bridged":
            self.row.bridged_at = self.now
            self._changed.add("bridged_at")
        elif kind == "call.ended":
            end = self.call.ending
            assert end is not None
            self.row.by, self.row.cause = end.by, end.cause
            self.row.reason = reason_of(end.by, end.stage, end.cause)
            # The clock may have been put back meanwhile.
            self.row.ended_at = max(self.now, self.row.bridged_at or self.row.started_at)
            self.row.talked_s = self.call.talked_s
            self._changed |= {"by", "cause", "reason", "ended_at", "talked_s"}
            d = {**d, "reason": self.row.reason, "record": self.r}
        self._told.append((kind, d))

    def _dial(self, dial: machine.Dial) -> None:
        attempt = Attempt.objects.create(
            call=self.row, side=dial.side, n=dial.n, way=dial.way, carrier=self.row.carrier, heard_at=self.now
        )
        self.attempts[dial.side, dial.n] = attempt
        if dial.way is machine.Way.CALLBACK:
            self._actions.append(self._action(dial_key(self.r, dial.side, dial.n), "dial", attempt, {}))

    def _prompt(self, prompt: machine.Prompt) -> None:
        self._put("prompt", (prompt.side, prompt.n), {"what": prompt.what})

    def _bridge(self, bridge: machine.Bridge) -> None:
        self._put("bridge", (Side.CLINICIAN, bridge.clinician), {"patient": bridge.patient})

    def _hang_up(self, leg: machine.HangUpLeg) -> None:
        if self._cancel_dial(leg.side, leg.n):
            self._called_off.append(LegChanged(leg.side, leg.n, Leg.ENDED, Cause.CANCELLED))
        else:
            self._put("hangup", (leg.side, leg.n), {"prompt": leg.prompt} if leg.prompt else {})

    def _put(self, kind: str, whose: tuple[str, int], args: dict[str, Any]) -> None:
        side, n = whose
        start = f"{self.r}:{kind}:{side}:{n}:"
        count = Action.objects.filter(key__startswith=start).count()
        count += sum(1 for action in self._actions if action.key.startswith(start))
        self._actions.append(self._action(f"{start}{count + 1}", kind, self.attempts[side, n], args))

    def _action(self, key: str, kind: str, attempt: Attempt | None, args: dict[str, Any]) -> Action:
        return Action(
            key=key, call=self.row, attempt=attempt, kind=kind, args=args, due_at=self.now, made_at=self.now
        )

    def _cancel_dial(self, side: Side, n: int) -> bool:
        """Take back a dial that no loop has claimed. Returns whether it was still there."""
        key = dial_key(self.r, side, n)
        for action in self._actions:
            if action.key == key:
                self._actions.remove(action)
                return True
        return bool(Action.objects.filter(key=key, state="waiting").update(state="cancelled", done_at=self.now))

    def _record(self, record: machine.Record) -> None:
        write_record(self.row, sorted(self.attempts.values(), key=lambda a: (a.side, a.n)))
        self.w.set_state(self.r, "closed")
        for done in AFTERWARDS:
            done(self)


_DOING: Final[dict[type, Callable[[Held, Any], None]]] = {
    machine.Dial: Held._dial,
    machine.Prompt: Held._prompt,
    machine.Bridge: Held._bridge,
    machine.HangUpLeg: Held._hang_up,
    machine.Record: Held._record,
}

AFTERWARDS: Final[list[Callable[[Held], None]]] = []
"""Called once for every call that has ended, in its transaction."""


def dial_key(r: str, side: str, n: int) -> str:
    """Return the key of the one dial of an attempt."""
    return f"{r}:dial:{side}:{n}"


def instant(due: float) -> datetime:
    """Return Unix seconds as an instant, never earlier than they are."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=math.ceil(due * 1000))

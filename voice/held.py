"""A call that is held: the machine, its rows, and what follows from each event it is fed.

`Held` is what a service works on between the lock of the call's stream and the commit (``holding.py``). What the
machine asks for becomes rows here: actions for carriers, events of the stream, attempts that moved, the record at the
end. Nothing is stored before `finish`, but for a dial that is taken back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from members import vault
from realtime import rows, sql
from realtime.gathering import Gathering
from realtime.instants import to_ms
from realtime.rows import Part
from realtime.sql import on_postgresql
from realtime.timers import clearing, setting
from voice import call as machine
from voice.call import Cause, Event, Leg, LegChanged, Side, Stage
from voice.models import Action, Attempt, Call
from voice.permits import rulebook
from voice.planes import BROWSER, accept_keys, carrier_for, dial_key, plane_of
from voice.reasons import reason_of
from voice.records import record_of

CLOCK_TIMER: Final = "call.clock"
ATTEMPT_MOVES: Final = (
    "carrier_id", "dialing_at", "ringing_at", "answered_at", "confirmed_at", "ended_at", "cause", "provider_code",
    "heard_at",
)  # fmt: skip
BROWSER_MOVES: Final = (*ATTEMPT_MOVES, "media")


@dataclass(slots=True)
class Held:
    """What a service works on. `feed` as often as needed; the rest is done when `holding` ends.

    `attempts` are the rows of all attempts, by side and number; `states` how its actions stand, by their keys.
    """

    w: Gathering
    row: Call
    call: machine.Call
    now: datetime
    attempts: dict[tuple[str, int], Attempt] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    fed: bool = False
    told: bool = False
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

    def feed(self, event: Event, at: datetime | None = None) -> None:
        """Give the machine one event, which happened at `at` (by default now), and take over what it asks for."""
        self._begin()
        self.take(self.call.handle(event, self.now.timestamp()), at or self.now)

    def _begin(self) -> None:
        """The call's row is to be stored, and its timer where that moves from now on."""
        if not self.fed:
            self.fed, self._due = True, self.call.next_due

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
        if key not in self.states and not any(action.key == key for action in self._actions):
            self._actions.append(self._action(key, "hangup", None, {"carrier_id": carrier_id}))

    def accept(self, n: int) -> int:
        """Have a peer connection of a clinician's attempt accepted; return its number, counted over the attempt."""
        attempt, start = self.attempts[Side.CLINICIAN, n], accept_keys(self.r, n)
        peer = self._count(start) + 1
        self._actions.append(self._action(f"{start}{peer}", "accept", attempt, {"peer": peer}))
        return peer

    def hold(self, n: int, held: bool) -> None:
        """Have the line of a clinician's attempt held, or no longer."""
        self._put("hold", (Side.CLINICIAN, n), {"held": held})

    def feed_because(self, reason: str, events: Iterable[Event]) -> None:
        """Give the machine events; where they decide the end of the call, this is its reason."""
        undecided, before = self.call.ending is None, self.row.reason
        self.row.reason = reason if undecided else before
        for event in events:
            self.feed(event)
        if undecided and self.call.ending is None:
            self.row.reason = before
        self._changed.add("reason")

    def change(self, **columns: Any) -> None:
        """Have columns of the call's row stored."""
        self._begin()
        for name, value in columns.items():
            setattr(self.row, name, value)
        self._changed |= columns.keys()

    def touch(self, attempt: Attempt) -> None:
        """An attempt's row is to be stored."""
        self._touched.add((attempt.side, attempt.n))

    def finish(self) -> None:
        """Have stored what was changed, and set the call's timer to the machine's next."""
        if self._told:
            self.w.append_all(self.r, self._told, ts=to_ms(self.now))
        self.w.parts += self.moved()
        if not self.fed:
            return
        stage, self.row.stage = self.row.stage, self.call.stage
        self.row.machine = self.call.to_state()
        self.w.parts.append(rows.update(self.row, sorted(self._changed)))
        self._set_clock()
        if stage != self.row.stage and self.row.stage in (Stage.CONNECTED, Stage.ENDED) and not self.told:
            self.tell_owner()
        if self.row.ended_at and stage != Stage.ENDED:
            self.w.parts += rulebook().release(self.r, self.now, self.row.talked_s)

    def moved(self) -> list[Part]:
        """Return what stores attempts and actions; a new attempt's key is counted up by the database."""
        parts: list[Part] = []
        fresh: dict[str, Part] = {}
        for attempt in self.attempts.values():
            if attempt.pk is None:
                name = f"tried_{attempt.side}_{attempt.n}"
                parts.append(rows.insert(attempt, also="RETURNING id, reference", name=name))
                source = name if on_postgresql() else "voice_attempt"
                fresh[attempt.reference] = Part(f"(SELECT id FROM {source} WHERE reference = %s)", [attempt.reference])
            elif (attempt.side, attempt.n) in self._touched:
                parts.append(rows.update(attempt, BROWSER_MOVES if attempt.carrier == BROWSER else ATTEMPT_MOVES))
        old = [action for action in self._actions if action.attempt is None or action.attempt.pk is not None]
        new = [action for action in self._actions if action.attempt is not None and action.attempt.pk is None]
        parts += [rows.insert(*old)] if old else []
        parts += [rows.insert(one, put={"attempt_id": fresh[one.attempt.reference]}) for one in new if one.attempt]
        return parts

    def tell_owner(self) -> None:
        """Tell the member's inbox that the call stands elsewhere."""
        self.told = True
        inbox, _ = vault.inbox_of(str(self.row.account))
        self.w.lock(inbox)
        state = "ended" if self.row.ended_at else "live"
        self.w.append(inbox, "call.changed", {"r": self.r, "state": state, "stage": self.row.stage}, ts=to_ms(self.now))

    def _set_clock(self) -> None:
        due = self.call.next_due
        if due is None:
            self.w.parts.append(clearing(CLOCK_TIMER, self.r))
        elif due != self._due:
            self.w.parts.append(setting(CLOCK_TIMER, self.r, instant(due)))

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
            self.row.reason = self.row.reason or reason_of(end.by, end.stage, end.cause, self.call.way)
            # The clock may have been put back meanwhile.
            self.row.ended_at = max(self.now, self.row.bridged_at or self.row.started_at)
            self.row.talked_s = self.call.talked_s
            self._changed |= {"by", "cause", "reason", "ended_at", "talked_s"}
            d = {**d, "reason": self.row.reason, "record": self.r}
        self._told.append((kind, d))

    def _dial(self, dial: machine.Dial) -> None:
        attempt = Attempt(
            call=self.row, side=dial.side, n=dial.n, way=dial.way, carrier=carrier_for(dial.way, self.row.carrier),
            heard_at=self.now,
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
        start = ":".join((self.r, kind, str(whose[0]), str(whose[1]), ""))
        self._actions.append(self._action(f"{start}{self._count(start) + 1}", kind, self.attempts[whose], args))

    def _count(self, start: str) -> int:
        """How many actions there are, or are to be, whose keys begin so."""
        return sum(key.startswith(start) for key in (*self.states, *(action.key for action in self._actions)))

    def _action(self, key: str, kind: str, attempt: Attempt | None, args: dict[str, Any]) -> Action:
        return Action(
            key=key, call=self.row, attempt=attempt, kind=kind, args=args, due_at=self.now, made_at=self.now,
            plane=plane_of(None if attempt is None else attempt.carrier),
        )

    def _cancel_dial(self, side: Side, n: int) -> bool:
        """Take back a dial that no loop has claimed, or a leg for which no browser has offered anything yet."""
        if self.attempts[side, n].carrier == BROWSER:
            return not self._count(accept_keys(self.r, n))
        key = dial_key(self.r, side, n)
        for action in self._actions:
            if action.key == key:
                self._actions.remove(action)
                return True
        attempt = self.call.attempt(side, n)
        if self.states.get(key) != "waiting" and attempt is not None and attempt.leg is not Leg.IDLE:
            return False
        # Whether it waits is not what was read but what this finds: a loop claims without the call's lock.
        with sql.prepared() as cursor:
            cursor.execute("UPDATE voice_action SET state = 'cancelled', done_at = %s WHERE \"key\" = %s "
                           "AND state = 'waiting'", rows.given(self.now, key))
            return bool(cursor.rowcount)

    def _record(self, record: machine.Record) -> None:
        attempts = sorted(self.attempts.values(), key=lambda a: (a.side, a.n))
        self.w.parts.append(rows.insert(record_of(self.row, attempts)))
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


def instant(due: float) -> datetime:
    """Return Unix seconds as an instant, never earlier than they are."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=math.ceil(due * 1000))

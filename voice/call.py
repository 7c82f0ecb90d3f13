"""The machine of a masked call: two sides, their attempts, and what follows from how they stand together.

Sans-IO: the standard library and msgspec only; no Django, no clock, no carrier. Time is passed in (Unix seconds).

The theory, on one page. Each side of a call is reached by *attempts*: a first one, one more where a trunk refused, one
more where the clinician goes from the browser to the telephone. Two rules hold for everything that follows:

1. **A leg only rises**: ``IDLE < DIALING < RINGING < ANSWERED < CONFIRMED < ENDED``. Whatever a carrier says late,
   twice or out of order is not higher than what is known, and so changes nothing (``call_legs.py``).
2. **What is done depends on how the two sides stand together**, not on which event came. A side is nobody yet,
   being called, up, or over (`Standing`); the table `JOINT` names the stage of every pair, and entering a stage has
   one action (`Call._enter`). An end, whoever asked for it, hangs up every living leg; when all legs have ended there
   is one record.

Nothing waits without a deadline: `RUNNING` says which one runs while an attempt stands where it does, and a leg that
was hung up has one too (``call_clocks.py``). So a carrier that falls silent delays the end of a call and cannot
prevent it.

The tables (``call_tables.py``) are drawn in ``docs/calls.md``; ``tests/voice/test_call.py`` walks every state that can
be reached.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from voice.call_events import (
    Action,
    Bridge,
    BridgeFailed,
    By,
    Cause,
    ClearTimer,
    Dial,
    DialFailed,
    DialUnknown,
    Event,
    Handover,
    HangUp,
    HangUpLeg,
    KeyPressed,
    Leg,
    LegChanged,
    MediaLost,
    MediaUp,
    Prompt,
    PromptKind,
    Record,
    RightRevoked,
    SetTimer,
    Side,
    Stage,
    Tell,
    TimerDue,
    Way,
)
from voice.call_legs import HEARD, Legs
from voice.call_memory import Attempt, Ending, Memory
from voice.call_tables import HANDOVERS_MOST, JOINT, NORMAL, PERSONAL, Spans, Standing

__all__ = [
    "Action", "Bridge", "BridgeFailed", "By", "Call", "Cause", "ClearTimer", "Dial", "DialFailed", "DialUnknown",
    "Event", "Handover", "HangUp", "HangUpLeg", "KeyPressed", "Leg", "LegChanged", "MediaLost", "MediaUp", "Prompt",
    "PromptKind", "Record", "RightRevoked", "SetTimer", "Side", "Spans", "Stage", "Tell", "TimerDue", "Way",
]  # fmt: skip


class Call:
    """One masked call. `start` makes it; `handle` takes one event and returns what is to be done, in order."""

    def __init__(self, memory: Memory, spans: Spans) -> None:
        self.memory = memory
        self._out: list[Action] = []
        self._legs = Legs(memory, spans, self._out)

    @classmethod
    def start(
        cls, way: Way, spans: Spans, now: float, *, trunks: int = 1, max_s: float | None = None
    ) -> tuple[Call, list[Action]]:
        """Begin a call with the clinician's first attempt.

        `trunks`: how many may be tried for each side; `max_s`: the longest talk, where it is shorter than usual.
        """
        longest = spans.max_duration if max_s is None else min(max_s, spans.max_duration)
        call = cls(Memory(way, trunks, longest), spans)
        call._legs.dial(Side.CLINICIAN, way, now)
        return call, call._taken()

    @classmethod
    def from_state(cls, state: dict[str, Any], spans: Spans) -> Call:
        """Return the call that `to_state` was taken of."""
        return cls(msgspec.convert(state, Memory), spans)

    def to_state(self) -> dict[str, Any]:
        """Return everything that the call remembers, as JSON takes it."""
        state: dict[str, Any] = msgspec.to_builtins(self.memory)
        return state

    @property
    def stage(self) -> Stage:
        """Where the call stands."""
        return self.memory.stage

    @property
    def ending(self) -> Ending | None:
        """Who ended it and why, once that is decided."""
        return self.memory.ending

    @property
    def way(self) -> Way:
        """How the clinician is reached now, or was last."""
        return [a.way for a in self.memory.attempts if a.side is Side.CLINICIAN][-1]

    def can_hand_over(self, way: Way) -> bool:
        """Return whether the clinician may go on another way: from the one on which they are, and not for ever."""
        staying = [a for a in self._legs.living(Side.CLINICIAN) if not a.leaving]
        few = len(staying) == 1 and self.memory.handovers < HANDOVERS_MOST
        return few and self.memory.ending is None and staying[0].way is not way

    @property
    def next_due(self) -> float | None:
        """When the next of its timers is due (Unix seconds)."""
        return min(self.memory.timers.values(), default=None)

    @property
    def talked_s(self) -> int:
        """How long the two could hear each other, in whole seconds; 0 until the end is decided.

        Within what a call may last, whatever a clock that was put on or back makes of it.
        """
        began, end = self.memory.bridged_at, self.memory.ending
        return 0 if began is None or end is None else min(max(0, int(end.at - began)), int(self.memory.max_s))

    def due(self, now: float) -> list[str]:
        """Return the names of the timers that are due, the earliest first."""
        due = [(at, name) for name, at in self.memory.timers.items() if at <= now]
        return [name for _, name in sorted(due)]

    def attempt(self, side: Side, n: int) -> Attempt | None:
        """Return an attempt, None where there is none of this number."""
        return self._legs.attempt(side, n)

    def handle(self, event: Event, now: float) -> list[Action]:
        """Take one event that happened at `now` (Unix seconds) and return what is to be done, in order."""
        of_a_leg = HEARD.get(type(event))
        if of_a_leg(self._legs, event, now) if of_a_leg else _OF_THE_WHOLE[type(event)](self, event, now):
            self._settle(now)
        return self._taken()

    def _taken(self) -> list[Action]:
        out = self._out.copy()
        self._out.clear()
        return out

    # --- what is told of the whole; each returns whether anything may follow from it --------------------------------

    def _bridge_failed(self, event: BridgeFailed, now: float) -> bool:
        return self._end(By.SERVICE, Cause.FAILED, now)

    def _hang_up_asked(self, event: HangUp, now: float) -> bool:
        usual = Cause.CANCELLED if self.memory.bridged is None else Cause.COMPLETED
        return self._end(event.by, event.cause or usual, now)

    def _right_revoked(self, event: RightRevoked, now: float) -> bool:
        return self._end(By.SERVICE, Cause.REVOKED, now)

    def _timer_due(self, event: TimerDue, now: float) -> bool:
        if not self._legs.clocks.take(event.name, now):
            return False
        if event.name == "max_duration":
            return self._end(By.SERVICE, Cause.MAX_DURATION, now)
        return self._legs.timer_due(event.name, now)

    def _handover(self, event: Handover, now: float) -> bool:
        if not self.can_hand_over(event.way):
            return False
        self.memory.handovers += 1
        self._legs.dial(Side.CLINICIAN, event.way, now)
        return True

    # --- how the two sides stand together ---------------------------------------------------------------------------

    def _settle(self, now: float) -> None:
        """Bring the call to the stage that its two sides make together."""
        memory = self.memory
        if memory.ending is None:
            stage = JOINT[self._legs.standing(Side.CLINICIAN), self._legs.standing(Side.PATIENT)]
            if stage is Stage.ENDING:
                self._end(*self._blame(), now)
            else:
                memory.stage = stage
                self._enter(stage, now)
        if memory.ending is not None and memory.stage is Stage.ENDING:
            self._finish()

    def _enter(self, stage: Stage, now: float) -> None:
        """Do what a stage asks for; being there already, nothing."""
        if stage in (Stage.REACHING_PATIENT, Stage.CONNECTED):
            clinician = self._legs.newest_up(Side.CLINICIAN, now)
            if stage is Stage.REACHING_PATIENT and self._legs.standing(Side.PATIENT) is Standing.NOBODY:
                assert clinician is not None
                self._out.append(Prompt(Side.CLINICIAN, clinician.n, "one_moment"))
                self._legs.dial(Side.PATIENT, Way.CALLBACK, now)
            elif stage is Stage.CONNECTED:
                patient = self._legs.newest_up(Side.PATIENT, now)
                assert clinician is not None and patient is not None
                self._bridge(clinician, patient, now)
        elif stage is Stage.HOLDING and self.memory.bridged is not None:
            patient = self._legs.newest_up(Side.PATIENT, now)
            assert patient is not None
            self.memory.bridged = None
            self._out.append(Prompt(Side.PATIENT, patient.n, "one_moment"))

    def _bridge(self, clinician: Attempt, patient: Attempt, now: float) -> None:
        memory = self.memory
        pair = (clinician.n, patient.n)
        if memory.bridged == pair:
            return
        memory.bridged = pair
        self._out.append(Bridge(*pair))
        if memory.bridged_at is None:
            memory.bridged_at = now
            self._legs.clocks.put("max_duration", now + memory.max_s)
            self._out.append(Tell("call.bridged", {"at": round(now * 1000), "max_s": round(memory.max_s)}))

    def _blame(self) -> tuple[By, Cause]:
        """Return who ended the call and why, from the attempt that left its side over."""
        side = Side.CLINICIAN if self._legs.standing(Side.CLINICIAN) is Standing.OVER else Side.PATIENT
        last = [a for a in self.memory.attempts if a.side is side][-1]
        cause = last.cause or Cause.COMPLETED
        if cause is Cause.COMPLETED:
            return NORMAL[side, self.memory.stage]
        return (By(side.value) if cause in PERSONAL else By.SERVICE), cause

    def _end(self, by: By, cause: Cause, now: float) -> bool:
        """Decide the end: every living leg is hung up once. Returns False where it was decided before."""
        memory = self.memory
        if memory.ending is not None:
            return False
        memory.ending = Ending(by, cause, memory.stage, now)
        memory.stage = Stage.ENDING
        self._legs.clocks.clear("max_duration")
        self._out.append(Tell("call.ending", {"by": by, "cause": cause}))
        for attempt in memory.attempts:
            if attempt.leg is not Leg.ENDED and not attempt.leaving:
                self._legs.hang_up(attempt, now, self._last_words(attempt))
        return True

    def _last_words(self, attempt: Attempt) -> PromptKind | None:
        """What a leg is told before it is ended: a clinician who waits for the patient hears that nobody comes."""
        end = self.memory.ending
        waits = end is not None and end.stage is Stage.REACHING_PATIENT and end.by is not By.CLINICIAN
        return "unavailable" if waits and attempt.side is Side.CLINICIAN and attempt.leg is Leg.CONFIRMED else None

    def _finish(self) -> None:
        """When all legs have ended: one record."""
        memory = self.memory
        if memory.ending is None or any(a.leg is not Leg.ENDED for a in memory.attempts):
            return
        memory.stage = Stage.ENDED
        for name in list(memory.timers):
            self._legs.clocks.clear(name)
        end = memory.ending
        self._out.append(Tell("call.ended", {"by": end.by, "cause": end.cause, "talked_s": self.talked_s}))
        self._out.append(Record())


_OF_THE_WHOLE: Final[dict[type, Callable[[Call, Any, float], bool]]] = {
    BridgeFailed: Call._bridge_failed,
    HangUp: Call._hang_up_asked,
    RightRevoked: Call._right_revoked,
    TimerDue: Call._timer_due,
    Handover: Call._handover,
}

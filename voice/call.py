"""The machine of a masked call: two sides, their attempts, and what follows from how they stand together.

Sans-IO: the standard library and msgspec only; no Django, no clock, no carrier. Time is passed in (Unix seconds).

The theory, on one page. Each side of a call is reached by *attempts*: a first one, one more where a trunk refused, one
more where the clinician goes from the browser to the telephone. Two rules hold for everything that follows:

1. **A leg only rises**: ``IDLE < DIALING < RINGING < ANSWERED < CONFIRMED < ENDED``. Whatever a carrier says late,
   twice or out of order is not higher than what is known, and so changes nothing.
2. **What is done depends on how the two sides stand together**, not on which event came. A side is nobody yet,
   being called, up, or over (`Standing`); the table `JOINT` names the stage of every pair, and entering a stage has
   one action (`Call._enter`). An end, whoever asked for it, hangs up every living leg; when all legs have ended there
   is one record.

Nothing waits without a deadline: `RUNNING` says which one runs while an attempt stands where it does, and a leg that
was hung up has one too. So a carrier that falls silent delays the end of a call and cannot prevent it.

The tables (``call_tables.py``) are drawn in ``docs/calls.md``; ``tests/voice/test_call.py`` walks every state that can
be reached.
"""

from __future__ import annotations

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
from voice.call_memory import Asked, Attempt, Ending, Memory
from voice.call_tables import (
    EXPIRES,
    HANDOVERS_MOST,
    JOINT,
    NEXT_TRUNK,
    NORMAL,
    PERSONAL,
    RUNNING,
    UP_AT,
    Deadline,
    Spans,
    Standing,
)

__all__ = [
    "Action", "Bridge", "BridgeFailed", "By", "Call", "Cause", "ClearTimer", "Dial", "DialFailed", "DialUnknown",
    "Event", "Handover", "HangUp", "HangUpLeg", "KeyPressed", "Leg", "LegChanged", "MediaLost", "MediaUp", "Prompt",
    "PromptKind", "Record", "RightRevoked", "SetTimer", "Side", "Spans", "Stage", "Tell", "TimerDue", "Way",
]  # fmt: skip


class Call:
    """One masked call. `start` makes it; `handle` takes one event and returns what is to be done, in order."""

    def __init__(self, memory: Memory, spans: Spans) -> None:
        self.memory, self.spans = memory, spans
        self._out: list[Action] = []

    @classmethod
    def start(
        cls, way: Way, spans: Spans, now: float, *, trunks: int = 1, max_s: float | None = None
    ) -> tuple[Call, list[Action]]:
        """Begin a call with the clinician's first attempt.

        `trunks`: how many may be tried for each side; `max_s`: the longest talk, where it is shorter than usual.
        """
        longest = spans.max_duration if max_s is None else min(max_s, spans.max_duration)
        call = cls(Memory(way, trunks, longest), spans)
        call._dial(Side.CLINICIAN, way, now)
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
        staying = [a for a in self._living(Side.CLINICIAN) if not a.leaving]
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
        for attempt in self.memory.attempts:
            if attempt.n == n and attempt.side is side:
                return attempt
        return None

    def handle(self, event: Event, now: float) -> list[Action]:
        """Take one event that happened at `now` (Unix seconds) and return what is to be done, in order."""
        if _HANDLERS[type(event)](self, event, now):
            self._settle(now)
        return self._taken()

    def _taken(self) -> list[Action]:
        out, self._out = self._out, []
        return out

    # --- what is told; each returns whether anything may follow from it ---------------------------------------------

    def _leg_changed(self, event: LegChanged, now: float) -> bool:
        attempt = self.attempt(event.side, event.n)
        return attempt is not None and self._rise(attempt, event.leg, event.cause, now)

    def _key_pressed(self, event: KeyPressed, now: float) -> bool:
        attempt = self.attempt(event.side, event.n)
        if attempt is None or event.side is not Side.CLINICIAN or attempt.leg >= Leg.CONFIRMED:
            return False
        if event.digits.startswith("1"):
            return self._rise(attempt, Leg.CONFIRMED, None, now)
        if not attempt.leaving:
            self._out.append(Prompt(attempt.side, attempt.n, "press_one"))
        return False

    def _dial_failed(self, event: DialFailed, now: float) -> bool:
        attempt = self.attempt(event.side, event.n)
        # What the carrier has taken was not refused, whatever came of our question.
        return attempt is not None and attempt.leg is Leg.IDLE and self._rise(attempt, Leg.ENDED, event.cause, now)

    def _dial_unknown(self, event: DialUnknown, now: float) -> bool:
        attempt = self.attempt(event.side, event.n)
        if attempt is None or attempt.leg is not Leg.IDLE or attempt.leaving or attempt.unknown:
            return False
        self._stop_deadline(attempt)
        attempt.unknown = True
        self._start_deadline(attempt, now)
        return False

    def _bridge_failed(self, event: BridgeFailed, now: float) -> bool:
        return self._end(By.SERVICE, Cause.FAILED, now)

    def _hang_up_asked(self, event: HangUp, now: float) -> bool:
        usual = Cause.CANCELLED if self.memory.bridged is None else Cause.COMPLETED
        return self._end(event.by, event.cause or usual, now)

    def _right_revoked(self, event: RightRevoked, now: float) -> bool:
        return self._end(By.SERVICE, Cause.REVOKED, now)

    def _timer_due(self, event: TimerDue, now: float) -> bool:
        due = self.memory.timers.get(event.name)
        if due is None or due > now:
            return False
        del self.memory.timers[event.name]
        if event.name == "max_duration":
            return self._end(By.SERVICE, Cause.MAX_DURATION, now)
        deadline, side, n = event.name.split(":")
        attempt = self.attempt(Side(side), int(n))
        assert attempt is not None
        if deadline == "teardown":
            return self._give_up(attempt, now)
        if deadline == "media_warn":
            attempt.warned = True
            self._out.append(Tell("call.media", {"side": attempt.side, "lost": True}))
            return False
        attempt.cause = EXPIRES[deadline]
        self._hang_up(attempt, now)
        return True

    def _handover(self, event: Handover, now: float) -> bool:
        if not self.can_hand_over(event.way):
            return False
        self.memory.handovers += 1
        self._dial(Side.CLINICIAN, event.way, now)
        return True

    def _media_up(self, event: MediaUp, now: float) -> bool:
        attempt = self.attempt(event.side, event.n)
        if attempt is None or attempt.way is not Way.WEBRTC or event.peer < attempt.peer or attempt.leg is Leg.ENDED:
            return False
        attempt.peer = event.peer
        if attempt.lost:
            attempt.lost = False
            self._clear(attempt.timer("media_warn"))
            self._clear(attempt.timer("media_lost"))
            if attempt.warned:
                attempt.warned = False
                self._out.append(Tell("call.media", {"side": attempt.side, "lost": False}))
        return self._rise(attempt, Leg.CONFIRMED, None, now)

    def _media_lost(self, event: MediaLost, now: float) -> bool:
        attempt = self.attempt(event.side, event.n)
        if (
            attempt is None or attempt.way is not Way.WEBRTC or event.peer != attempt.peer
            or attempt.leg is not Leg.CONFIRMED or attempt.leaving or attempt.lost
        ):  # fmt: skip
            return False
        attempt.lost = True
        self._set(attempt.timer("media_warn"), now + self.spans.media_warn)
        self._set(attempt.timer("media_lost"), now + self.spans.media_lost)
        return False

    # --- one attempt ------------------------------------------------------------------------------------------------

    def _dial(self, side: Side, way: Way, now: float) -> None:
        n = 1 + sum(1 for a in self.memory.attempts if a.side is side)
        attempt = Attempt(side, n, way)
        self.memory.attempts.append(attempt)
        self._out.append(Dial(side, n, way))
        self._start_deadline(attempt, now)

    def _rise(self, attempt: Attempt, leg: Leg, cause: Cause | None, now: float) -> bool:
        """Take an attempt higher. Returns False where that is no news."""
        if leg <= attempt.leg:
            if attempt.given_up:
                self._turned_up(attempt, leg)
            return False
        running = self._deadline(attempt)
        reached, attempt.leg, attempt.unknown = attempt.leg, leg, False
        if leg is Leg.ENDED:
            attempt.cause = attempt.cause or cause or Cause.COMPLETED
            self._drop_timers(attempt)
            self._tell_leg(attempt)
            self._try_next_trunk(attempt, reached, now)
            return True
        if attempt.leaving:
            self._tell_leg(attempt)
            # It was answered while it was being cancelled: what was answered is hung up.
            if leg >= Leg.ANSWERED and Asked.HANG_UP not in attempt.asked and Asked.PROMPT not in attempt.asked:
                self._order(attempt, Asked.HANG_UP)
            return True
        if running != self._deadline(attempt):
            if running is not None:
                self._clear(attempt.timer(running))
            self._start_deadline(attempt, now)
        self._tell_leg(attempt)
        return True

    def _turned_up(self, attempt: Attempt, leg: Leg) -> None:
        """A leg that had been given up lives after all, or has ended after all."""
        if leg is Leg.ENDED:
            attempt.given_up = False
            return
        late = Asked.LATE_CANCEL if leg < Leg.ANSWERED else Asked.LATE_HANG_UP
        if late not in attempt.asked and Asked.LATE_HANG_UP not in attempt.asked:
            self._order(attempt, late)

    def _try_next_trunk(self, attempt: Attempt, reached: Leg, now: float) -> None:
        """Dial the same number over another trunk where this one refused it."""
        if (
            self.memory.ending is None and not attempt.leaving and reached < Leg.RINGING
            and attempt.cause in NEXT_TRUNK and attempt.way is Way.CALLBACK
            and not any(not a.leaving for a in self._living(attempt.side))
            and sum(1 for a in self.memory.attempts if a.side is attempt.side) < self.memory.trunks
        ):  # fmt: skip
            self._dial(attempt.side, attempt.way, now)

    def _hang_up(self, attempt: Attempt, now: float, prompt: PromptKind | None = None) -> None:
        """Order the end of a leg, and set the time by which it counts as ended whatever the carrier says."""
        attempt.leaving = True
        self._drop_timers(attempt)
        if prompt is not None:
            self._order(attempt, Asked.PROMPT, prompt)
        else:
            self._order(attempt, Asked.CANCEL if attempt.leg < Leg.ANSWERED else Asked.HANG_UP)
        self._set(attempt.timer("teardown"), now + self.spans.teardown)

    def _order(self, attempt: Attempt, asked: Asked, prompt: PromptKind | None = None) -> None:
        attempt.asked |= asked
        self._out.append(HangUpLeg(attempt.side, attempt.n, prompt))

    def _give_up(self, attempt: Attempt, now: float) -> bool:
        """The carrier was silent after a hang-up. After one that was to say something first, a plain one is tried."""
        if attempt.asked == Asked.PROMPT:
            self._order(attempt, Asked.HANG_UP)
            self._set(attempt.timer("teardown"), now + self.spans.teardown)
            return False
        attempt.leg, attempt.given_up = Leg.ENDED, True
        attempt.cause = attempt.cause or Cause.LOST
        self._tell_leg(attempt)
        return True

    def _tell_leg(self, attempt: Attempt) -> None:
        d: dict[str, Any] = {"side": attempt.side, "n": attempt.n, "leg": attempt.leg.word}
        deadline = self._deadline(attempt)
        if attempt.leg is Leg.ENDED:
            d["cause"] = attempt.cause
        elif deadline is not None and not attempt.leaving:
            d["until"] = round(self.memory.timers[attempt.timer(deadline)] * 1000)
        self._out.append(Tell("call.leg", d))

    # --- the whole --------------------------------------------------------------------------------------------------

    def _living(self, side: Side) -> list[Attempt]:
        return [a for a in self.memory.attempts if a.side is side and a.leg is not Leg.ENDED]

    def _standing(self, side: Side) -> Standing:
        found = Standing.NOBODY
        for attempt in self.memory.attempts:
            if attempt.side is not side:
                continue
            if attempt.leaving or attempt.leg is Leg.ENDED:
                if found is Standing.NOBODY:
                    found = Standing.OVER
            elif attempt.leg >= UP_AT[side]:
                return Standing.UP
            else:
                found = Standing.CALLING
        return found

    def _settle(self, now: float) -> None:
        """Bring the call to the stage that its two sides make together."""
        memory = self.memory
        if memory.ending is None:
            stage = JOINT[self._standing(Side.CLINICIAN), self._standing(Side.PATIENT)]
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
            clinician = self._newest_up(Side.CLINICIAN, now)
            if stage is Stage.REACHING_PATIENT and self._standing(Side.PATIENT) is Standing.NOBODY:
                assert clinician is not None
                self._out.append(Prompt(Side.CLINICIAN, clinician.n, "one_moment"))
                self._dial(Side.PATIENT, Way.CALLBACK, now)
            elif stage is Stage.CONNECTED:
                patient = self._newest_up(Side.PATIENT, now)
                assert clinician is not None and patient is not None
                self._bridge(clinician, patient, now)
        elif stage is Stage.HOLDING and self.memory.bridged is not None:
            patient = self._newest_up(Side.PATIENT, now)
            assert patient is not None
            self.memory.bridged = None
            self._out.append(Prompt(Side.PATIENT, patient.n, "one_moment"))

    def _newest_up(self, side: Side, now: float) -> Attempt | None:
        """Return the newest attempt that is up; older ones that live have been handed over and are hung up."""
        up = [a for a in self._living(side) if not a.leaving and a.leg >= UP_AT[side]]
        if not up:
            return None
        for older in self._living(side):
            if older.n < up[-1].n and not older.leaving:
                older.cause = Cause.COMPLETED
                self._hang_up(older, now)
        return up[-1]

    def _bridge(self, clinician: Attempt, patient: Attempt, now: float) -> None:
        memory = self.memory
        pair = (clinician.n, patient.n)
        if memory.bridged == pair:
            return
        memory.bridged = pair
        self._out.append(Bridge(*pair))
        if memory.bridged_at is None:
            memory.bridged_at = now
            self._set("max_duration", now + memory.max_s)
            self._out.append(Tell("call.bridged", {"at": round(now * 1000), "max_s": round(memory.max_s)}))

    def _blame(self) -> tuple[By, Cause]:
        """Return who ended the call and why, from the attempt that left its side over."""
        side = Side.CLINICIAN if self._standing(Side.CLINICIAN) is Standing.OVER else Side.PATIENT
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
        self._clear("max_duration")
        self._out.append(Tell("call.ending", {"by": by, "cause": cause}))
        for attempt in memory.attempts:
            if attempt.leg is not Leg.ENDED and not attempt.leaving:
                self._hang_up(attempt, now, self._last_words(attempt))
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
            self._clear(name)
        end = memory.ending
        self._out.append(Tell("call.ended", {"by": end.by, "cause": end.cause, "talked_s": self.talked_s}))
        self._out.append(Record())

    # --- time -------------------------------------------------------------------------------------------------------

    def _deadline(self, attempt: Attempt) -> Deadline | None:
        return "dial_uncertain" if attempt.unknown else RUNNING.get((attempt.side, attempt.leg))

    def _start_deadline(self, attempt: Attempt, now: float) -> None:
        deadline = self._deadline(attempt)
        if deadline is not None:
            self._set(attempt.timer(deadline), now + getattr(self.spans, deadline))

    def _stop_deadline(self, attempt: Attempt) -> None:
        deadline = self._deadline(attempt)
        if deadline is not None:
            self._clear(attempt.timer(deadline))

    def _drop_timers(self, attempt: Attempt) -> None:
        if self.memory.timers:
            ending = f":{attempt.side}:{attempt.n}"
            for name in [name for name in self.memory.timers if name.endswith(ending)]:
                self._clear(name)

    def _set(self, name: str, due: float) -> None:
        self.memory.timers[name] = due
        self._out.append(SetTimer(name, due))

    def _clear(self, name: str) -> None:
        if self.memory.timers.pop(name, None) is not None:
            self._out.append(ClearTimer(name))


_HANDLERS: Final[dict[type, Any]] = {
    LegChanged: Call._leg_changed,
    KeyPressed: Call._key_pressed,
    DialFailed: Call._dial_failed,
    DialUnknown: Call._dial_unknown,
    BridgeFailed: Call._bridge_failed,
    HangUp: Call._hang_up_asked,
    RightRevoked: Call._right_revoked,
    TimerDue: Call._timer_due,
    Handover: Call._handover,
    MediaUp: Call._media_up,
    MediaLost: Call._media_lost,
}

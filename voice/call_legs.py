"""The legs of a call: each attempt by itself, how it rises, what it is told, how it ends. Sans-IO, as ``call.py`` is.

What follows from how the two sides stand together is ``call.py``'s. Every method that takes an event returns whether
anything may follow from it there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from voice.call_clocks import Clocks
from voice.call_events import (
    Action,
    Cause,
    Dial,
    DialFailed,
    DialUnknown,
    HangUpLeg,
    KeyPressed,
    Leg,
    LegChanged,
    MediaLost,
    MediaUp,
    Prompt,
    PromptKind,
    Side,
    Tell,
    Way,
)
from voice.call_memory import Asked, Attempt, Memory
from voice.call_tables import EXPIRES, NEXT_TRUNK, SILENT_S, UP_AT, Spans, Standing


class Legs:
    """All attempts of a call. What is to be done about them it puts into `out`."""

    def __init__(self, memory: Memory, spans: Spans, out: list[Action]) -> None:
        self._memory, self._spans, self._out = memory, spans, out
        self.clocks = Clocks(memory, spans, out)

    def attempt(self, side: Side, n: int) -> Attempt | None:
        """Return an attempt, None where there is none of this number."""
        for attempt in self._memory.attempts:
            if attempt.n == n and attempt.side is side:
                return attempt
        return None

    def living(self, side: Side) -> list[Attempt]:
        """Return the attempts of a side that have not ended, the oldest first."""
        return [a for a in self._memory.attempts if a.side is side and a.leg is not Leg.ENDED]

    def standing(self, side: Side) -> Standing:
        """Return how a side stands."""
        found = Standing.NOBODY
        for attempt in self._memory.attempts:
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

    def newest_up(self, side: Side, now: float) -> Attempt | None:
        """Return the newest attempt that is up; older ones that live have been handed over and are hung up."""
        up = [a for a in self.living(side) if not a.leaving and a.leg >= UP_AT[side]]
        if not up:
            return None
        for older in self.living(side):
            if older.n < up[-1].n and not older.leaving:
                older.cause = Cause.COMPLETED
                self.hang_up(older, now)
        return up[-1]

    def dial(self, side: Side, way: Way, now: float) -> None:
        """Reach a side by one more attempt."""
        n = 1 + sum(1 for a in self._memory.attempts if a.side is side)
        attempt = Attempt(side, n, way)
        self._memory.attempts.append(attempt)
        self._out.append(Dial(side, n, way))
        self.clocks.start(attempt, now)

    def hang_up(self, attempt: Attempt, now: float, prompt: PromptKind | None = None) -> None:
        """Order the end of a leg, and set the time by which it counts as ended whatever the carrier says."""
        attempt.leaving = True
        self.clocks.drop(attempt)
        if prompt is not None:
            self._order(attempt, Asked.PROMPT, prompt)
        else:
            self._order(attempt, Asked.CANCEL if attempt.leg < Leg.ANSWERED else Asked.HANG_UP)
        self.clocks.put(attempt.timer("teardown"), now + self._spans.teardown)

    # --- what is told of a leg ----------------------------------------------------------------------------------------

    def changed(self, event: LegChanged, now: float) -> bool:
        """The carrier says how far it has come."""
        attempt = self.attempt(event.side, event.n)
        return attempt is not None and self._rise(attempt, event.leg, event.cause, now)

    def key_pressed(self, event: KeyPressed, now: float) -> bool:
        """A key on the clinician's leg: 1 confirms it, any other has the prompt said again."""
        attempt = self.attempt(event.side, event.n)
        if attempt is None or event.side is not Side.CLINICIAN or attempt.leg >= Leg.CONFIRMED:
            return False
        if event.digits.startswith("1"):
            return self._rise(attempt, Leg.CONFIRMED, None, now)
        if not attempt.leaving:
            self._out.append(Prompt(attempt.side, attempt.n, "press_one"))
        return False

    def dial_failed(self, event: DialFailed, now: float) -> bool:
        """A dial was refused. What the carrier has taken was not, whatever came of our question."""
        attempt = self.attempt(event.side, event.n)
        return attempt is not None and attempt.leg is Leg.IDLE and self._rise(attempt, Leg.ENDED, event.cause, now)

    def dial_unknown(self, event: DialUnknown, now: float) -> bool:
        """Nobody knows whether a dial arrived; it may turn up for a while."""
        attempt = self.attempt(event.side, event.n)
        if attempt is None or attempt.leg is not Leg.IDLE or attempt.leaving or attempt.unknown:
            return False
        self.clocks.stop(attempt)
        attempt.unknown = True
        self.clocks.start(attempt, now)
        return False

    def media_up(self, event: MediaUp, now: float) -> bool:
        """Sound arrives over a peer connection; the newest one with sound is the leg's."""
        attempt = self.attempt(event.side, event.n)
        if attempt is None or attempt.way is not Way.WEBRTC or event.peer < attempt.peer or attempt.leg is Leg.ENDED:
            return False
        attempt.peer = event.peer
        if attempt.lost:
            attempt.lost = False
            self.clocks.clear(attempt.timer("media_warn"))
            self.clocks.clear(attempt.timer("media_lost"))
            if attempt.warned:
                attempt.warned = False
                self._out.append(Tell("call.media", {"side": attempt.side, "lost": False}))
        return self._rise(attempt, Leg.CONFIRMED, None, now)

    def media_lost(self, event: MediaLost, now: float) -> bool:
        """No sound over the leg's connection any more; it may come back for a while."""
        attempt = self.attempt(event.side, event.n)
        if (
            attempt is None or attempt.way is not Way.WEBRTC or event.peer != attempt.peer
            or attempt.leg is not Leg.CONFIRMED or attempt.leaving or attempt.lost
        ):  # fmt: skip
            return False
        attempt.lost = True
        silent_since = now - SILENT_S
        self.clocks.put(attempt.timer("media_warn"), silent_since + self._spans.media_warn)
        self.clocks.put(attempt.timer("media_lost"), silent_since + self._spans.media_lost)
        return False

    def timer_due(self, name: str, now: float) -> bool:
        """A timer of an attempt has come and was taken."""
        deadline, side, n = name.split(":")
        attempt = self.attempt(Side(side), int(n))
        assert attempt is not None
        if deadline == "teardown":
            return self._give_up(attempt, now)
        if deadline == "media_warn":
            attempt.warned = True
            self._out.append(Tell("call.media", {"side": attempt.side, "lost": True}))
            return False
        attempt.cause = EXPIRES[deadline]
        self.hang_up(attempt, now)
        return True

    # --- how it rises -------------------------------------------------------------------------------------------------

    def _rise(self, attempt: Attempt, leg: Leg, cause: Cause | None, now: float) -> bool:
        """Take an attempt higher. Returns False where that is no news."""
        if leg <= attempt.leg:
            if attempt.given_up:
                self._turned_up(attempt, leg)
            return False
        running = self.clocks.running(attempt)
        reached, attempt.leg, attempt.unknown = attempt.leg, leg, False
        if leg is Leg.ENDED:
            attempt.cause = attempt.cause or cause or Cause.COMPLETED
            self.clocks.drop(attempt)
            self._tell(attempt)
            self._try_next_trunk(attempt, reached, now)
            return True
        if attempt.leaving:
            self._tell(attempt)
            # It was answered while it was being cancelled: what was answered is hung up.
            if leg >= Leg.ANSWERED and Asked.HANG_UP not in attempt.asked and Asked.PROMPT not in attempt.asked:
                self._order(attempt, Asked.HANG_UP)
            return True
        if running != self.clocks.running(attempt):
            if running is not None:
                self.clocks.clear(attempt.timer(running))
            self.clocks.start(attempt, now)
        self._tell(attempt)
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
            self._memory.ending is None and not attempt.leaving and reached < Leg.RINGING
            and attempt.cause in NEXT_TRUNK and attempt.way is Way.CALLBACK
            and not any(not a.leaving for a in self.living(attempt.side))
            and sum(1 for a in self._memory.attempts if a.side is attempt.side) < self._memory.trunks
        ):  # fmt: skip
            self.dial(attempt.side, attempt.way, now)

    def _give_up(self, attempt: Attempt, now: float) -> bool:
        """The carrier was silent after a hang-up. After one that was to say something first, a plain one is tried."""
        if attempt.asked == Asked.PROMPT:
            self._order(attempt, Asked.HANG_UP)
            self.clocks.put(attempt.timer("teardown"), now + self._spans.teardown)
            return False
        attempt.leg, attempt.given_up = Leg.ENDED, True
        attempt.cause = attempt.cause or Cause.LOST
        self._tell(attempt)
        return True

    def _order(self, attempt: Attempt, asked: Asked, prompt: PromptKind | None = None) -> None:
        attempt.asked |= asked
        self._out.append(HangUpLeg(attempt.side, attempt.n, prompt))

    def _tell(self, attempt: Attempt) -> None:
        d: dict[str, Any] = {"side": attempt.side, "n": attempt.n, "leg": attempt.leg.word}
        if attempt.leg is Leg.ENDED:
            d["cause"] = attempt.cause
        elif not attempt.leaving and (until := self.clocks.until(attempt)) is not None:
            d["until"] = round(until * 1000)
        self._out.append(Tell("call.leg", d))


HEARD: Final[dict[type, Callable[[Legs, Any, float], bool]]] = {
    LegChanged: Legs.changed,
    KeyPressed: Legs.key_pressed,
    DialFailed: Legs.dial_failed,
    DialUnknown: Legs.dial_unknown,
    MediaUp: Legs.media_up,
    MediaLost: Legs.media_lost,
}
"""What takes each event that is told of one leg."""

"""The timers of a call: which deadline runs for an attempt, and what is set and cleared. Sans-IO, as ``call.py`` is."""

from __future__ import annotations

from voice.call_events import Action, ClearTimer, SetTimer
from voice.call_memory import Attempt, Memory
from voice.call_tables import RUNNING, Deadline, Spans


class Clocks:
    """Keeps ``memory.timers`` (names, Unix seconds) and puts into `out` whatever is set or cleared."""

    def __init__(self, memory: Memory, spans: Spans, out: list[Action]) -> None:
        self._memory, self._spans, self._out = memory, spans, out

    def put(self, name: str, due: float) -> None:
        """Have a timer come at `due` (Unix seconds), and no more at the time it had before."""
        self._memory.timers[name] = due
        self._out.append(SetTimer(name, due))

    def clear(self, name: str) -> None:
        """Have a timer come no more; one that is not there is not cleared."""
        if self._memory.timers.pop(name, None) is not None:
            self._out.append(ClearTimer(name))

    def take(self, name: str, now: float) -> bool:
        """Take a timer that is due. Returns False for one that is not there any more, or not due yet."""
        due = self._memory.timers.get(name)
        if due is None or due > now:
            return False
        del self._memory.timers[name]
        return True

    def running(self, attempt: Attempt) -> Deadline | None:
        """Return which deadline runs while an attempt stands where it does."""
        return "dial_uncertain" if attempt.unknown else RUNNING.get((attempt.side, attempt.leg))

    def start(self, attempt: Attempt, now: float) -> None:
        """Set the deadline that runs for an attempt."""
        deadline = self.running(attempt)
        if deadline is not None:
            self.put(attempt.timer(deadline), now + getattr(self._spans, deadline))

    def stop(self, attempt: Attempt) -> None:
        """Clear the deadline that runs for an attempt."""
        deadline = self.running(attempt)
        if deadline is not None:
            self.clear(attempt.timer(deadline))

    def drop(self, attempt: Attempt) -> None:
        """Clear every timer of an attempt."""
        if self._memory.timers:
            ending = f":{attempt.side}:{attempt.n}"
            for name in [name for name in self._memory.timers if name.endswith(ending)]:
                self.clear(name)

    def until(self, attempt: Attempt) -> float | None:
        """Return when the deadline of an attempt is due (Unix seconds); None where none runs."""
        deadline = self.running(attempt)
        return None if deadline is None else self._memory.timers[attempt.timer(deadline)]

"""Several trunks for the same calls, in the order of preference: who is asked, and who is asked next. Sans-IO.

Another trunk is asked only where the first cannot be reached, says nothing, or says 503 (`Ended.next_trunk`): every
other refusal is an answer, and a second ring of somebody who did not want the first is worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from voice.call_events import Cause
from voice.sip.events import Ended, Event, Incoming, Order, Pinged
from voice.sip.sdp import Direction

Told = Callable[[str, Event], None]
LEAST_S: Final = 5.0
"""Seconds of ringing that must be left for another trunk to be worth asking."""


class Line(Protocol):
    """One trunk's connection, as ``voice/carriers/sip_transport.py`` keeps it."""

    @property
    def up(self) -> bool:
        """Whether it can be asked."""
        ...

    def call(self, order: Order) -> str:
        """Make a call and return the id of its leg."""
        ...

    def hang_up(self, leg: str, cause: Cause = Cause.CANCELLED) -> None:
        """End a leg."""
        ...

    def change(self, leg: str, direction: Direction) -> None:
        """Hold or resume a leg."""
        ...


@dataclass(slots=True)
class _Dialled:
    """A call under our own name: what was ordered, when its ringing must be over, and where it is now."""

    order: Order
    until: float
    left: list[int]
    trunk: int = -1
    leg: str = ""
    leaving: bool = False
    early: list[Event] = field(default_factory=list)


class Trunks:
    """Calls over any of `lines`, under names of the caller's. `tell` hears each call's events under its name.

    Whoever drives the lines hands what each tells to `heard`. Times are seconds of a clock that never goes back.
    """

    def __init__(self, lines: Sequence[Line], tell: Told) -> None:
        self._lines, self._tell = lines, tell
        self._calls: dict[str, _Dialled] = {}
        self._names: dict[tuple[int, str], str] = {}
        self._asking: str | None = None

    def dial(self, name: str, order: Order, now: float) -> None:
        """Make a call over the first trunk that is up. Where none is, it has ended at once."""
        self._calls[name] = _Dialled(order, now + order.timeout_s, list(range(len(self._lines))))
        self._ask_next(name, now, Ended(name, Cause.FAILED, 0))

    def hang_up(self, name: str, cause: Cause = Cause.CANCELLED) -> None:
        """End a call, however far it has come; no other trunk is asked any more."""
        if (call := self._calls.get(name)) and not call.leaving:
            call.leaving = True
            self._lines[call.trunk].hang_up(call.leg, cause)

    def change(self, name: str, direction: Direction) -> None:
        """Hold or resume a call that was answered."""
        if call := self._calls.get(name):
            self._lines[call.trunk].change(call.leg, direction)

    def trunk_of(self, name: str) -> int | None:
        """Return which trunk carries a call; None where there is no such call."""
        call = self._calls.get(name)
        return None if call is None else call.trunk

    def heard(self, trunk: int, event: Event, now: float) -> None:
        """Take what a trunk tells. What is of no call of ours is left to others."""
        if isinstance(event, Incoming | Pinged):
            return
        name = self._names.get((trunk, event.leg))
        if name is None:
            if self._asking is not None:  # it tells before it has returned the id of the leg
                self._calls[self._asking].early.append(event)
            return
        call = self._calls[name]
        if not isinstance(event, Ended):
            self._tell(name, replace(event, leg=name))
            return
        del self._names[trunk, event.leg]
        if event.next_trunk and not call.leaving:
            self._ask_next(name, now, event)
        else:
            self._end(name, event)

    def _ask_next(self, name: str, now: float, last: Ended) -> None:
        """Ask the next trunk that is up; where there is none, the call ends as the last one has."""
        call = self._calls[name]
        while call.left:
            trunk = call.left.pop(0)
            if not self._lines[trunk].up or call.until - now < min(LEAST_S, call.order.timeout_s):
                continue
            before, self._asking = self._asking, name  # a line may tell of another call meanwhile, which asks too
            leg = self._lines[trunk].call(replace(call.order, timeout_s=call.until - now))
            self._asking = before
            call.trunk, call.leg = trunk, leg
            self._names[trunk, leg] = name
            early, call.early = call.early, []
            for event in early:
                self.heard(trunk, event, now)
            return
        self._end(name, last)

    def _end(self, name: str, event: Ended) -> None:
        del self._calls[name]
        self._tell(name, replace(event, leg=name, next_trunk=False))

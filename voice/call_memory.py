"""What the machine remembers of a call: its attempts, timers, bridge and end. Sans-IO, as ``call.py`` is."""

from __future__ import annotations

from enum import IntFlag

import msgspec

from voice.call_events import By, Cause, Leg, Side, Stage, Way


class Asked(IntFlag):
    """Which hang-ups of a leg were ordered: at most one of each."""

    NONE = 0
    PROMPT = 1
    CANCEL = 2
    HANG_UP = 4
    LATE_CANCEL = 8
    LATE_HANG_UP = 16


class Attempt(msgspec.Struct):
    """One attempt of a side. `leaving`: its end was ordered; `given_up`: it was called ended without the carrier."""

    side: Side
    n: int
    way: Way
    leg: Leg = Leg.IDLE
    cause: Cause | None = None
    unknown: bool = False
    leaving: bool = False
    given_up: bool = False
    asked: Asked = Asked.NONE
    peer: int = 0
    lost: bool = False
    warned: bool = False

    def timer(self, deadline: str) -> str:
        """The name of one of its timers."""
        return f"{deadline}:{self.side}:{self.n}"

    @property
    def awaits_dial(self) -> bool:
        """Whether it is still to be dialled: no carrier has taken it, and nobody has ordered its end."""
        return self.leg is Leg.IDLE and not self.leaving


class Ending(msgspec.Struct, frozen=True):
    """Who ended the call, why, from which stage, and when (Unix seconds)."""

    by: By
    cause: Cause
    stage: Stage
    at: float


class Memory(msgspec.Struct):
    """All that a call remembers; `Call.to_state` is this as JSON."""

    way: Way
    trunks: int
    max_s: float
    stage: Stage = Stage.REACHING_CLINICIAN
    attempts: list[Attempt] = []
    timers: dict[str, float] = {}
    bridged: tuple[int, int] | None = None
    bridged_at: float | None = None
    ending: Ending | None = None
    handovers: int = 0

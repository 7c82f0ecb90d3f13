"""The timers of calls, slips and numbers: `realtime` keeps them, web processes and call loops work them off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from realtime.commands import TimerHandler
from voice import number_timers, outcomes, retries, slips
from voice.held import CLOCK_TIMER
from voice.services import advance

TIMERS: Final[Mapping[str, TimerHandler]] = {
    CLOCK_TIMER: advance, **outcomes.TIMERS, **retries.TIMERS, **slips.TIMERS, **number_timers.TIMERS
}  # fmt: skip

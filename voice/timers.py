"""The one timer of a call, which `realtime` keeps and both the web processes and the call loop work off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from realtime.commands import TimerHandler
from voice import number_timers, slips
from voice.holding import CLOCK_TIMER
from voice.services import advance

TIMERS: Final[Mapping[str, TimerHandler]] = {CLOCK_TIMER: advance, **slips.TIMERS, **number_timers.TIMERS}

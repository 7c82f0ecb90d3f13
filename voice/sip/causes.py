"""What a SIP status means for a call, by a table, and after which ones another trunk may be tried. Sans-IO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from voice.call_events import Cause

CAUSES: Final[dict[int, Cause]] = {
    400: Cause.FAILED,
    401: Cause.REFUSED,
    403: Cause.REFUSED,
    404: Cause.UNREACHABLE,
    407: Cause.REFUSED,
    408: Cause.UNREACHABLE,
    410: Cause.UNREACHABLE,
    480: Cause.UNREACHABLE,
    484: Cause.UNREACHABLE,
    485: Cause.UNREACHABLE,
    486: Cause.BUSY,
    487: Cause.CANCELLED,
    488: Cause.REFUSED,
    503: Cause.FAILED,
    600: Cause.BUSY,
    603: Cause.DECLINED,
    604: Cause.UNREACHABLE,
    606: Cause.REFUSED,
    607: Cause.DECLINED,
    608: Cause.DECLINED,
}
"""Source: RFC 3261, section 21; RFC 8197 (607), RFC 8688 (608)."""

CLASSES: Final[dict[int, Cause]] = {3: Cause.REFUSED, 4: Cause.FAILED, 5: Cause.FAILED, 6: Cause.DECLINED}
"""For a status without a line of its own. To be sent elsewhere (3xx) is refused: who is called is our word."""

AFTER_RINGING: Final[dict[int, Cause]] = {408: Cause.NO_ANSWER, 480: Cause.NO_ANSWER, 487: Cause.NO_ANSWER}
"""What rang and then ended so was not unreachable: nobody answered."""

TIMED_OUT: Final = 408
NEXT_TRUNK: Final = frozenset({503})
"""With a time-out of our own, the only end after which another trunk is tried: all else was an answer."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a dialog is over; `status` is 0 where no response said so."""

    cause: Cause
    status: int = 0
    by_far: bool = False


def cause_of(status: int, *, rang: bool) -> Cause:
    """Return why a leg ended that was refused with `status`; `rang`: after it had rung."""
    if rang and status in AFTER_RINGING:
        return AFTER_RINGING[status]
    return CAUSES.get(status) or CLASSES.get(status // 100, Cause.UNKNOWN)

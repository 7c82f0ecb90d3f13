"""The commands of calls on the wire: `asgi.py` hands these tables to `realtime`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from realtime.commands import Reply, Request
from voice import services


class TimedService(Protocol):
    """A service of `realtime` that can also be told the time, for the demo."""

    def __call__(self, req: Request, now: datetime | None = None, /) -> Reply:
        """Carry the command out as of `now`, by default the present."""
        ...


# What goes to `me` and is recorded in the member's inbox.
OWN: Final[Mapping[str, TimedService]] = {"call.start": services.start}
# What goes to a call's own stream.
SERVICES: Final[Mapping[str, TimedService]] = {
    "call.hang_up": services.hang_up, "call.hand_over": services.hand_over, "call.hold": services.hold_line,
    "call.outcome": services.outcome,
}  # fmt: skip

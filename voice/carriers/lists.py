"""What a carrier's own list says of the legs that it carried. Knows no Django, no database and no provider.

It is what the records are held against (``voice.reconciling``); a carrier that keeps no list has nothing of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Listed:
    """One leg as a carrier's own list has it: its id, and how long it lasted in seconds, counted from its answer.

    `lasted_s` is 0 for a leg that was never answered and None for one that goes on. `parent_id`: the leg of which it
    was begun. `began_at`: when it was begun by the carrier's clock, None on a list that does not say.
    """

    carrier_id: str
    lasted_s: int | None
    parent_id: str = ""
    began_at: datetime | None = None


@runtime_checkable
class Listing(Protocol):
    """A carrier that can be asked for its own list."""

    def listed(self, since: datetime, until: datetime) -> Iterator[Listed]:
        """Yield every leg that was begun from an instant on and before another, each once, in any order.

        It is asked for in pieces, each of which comes or fails within `TIMEOUT_S`. Raises CarrierError, also after some
        legs: what came until then is not the list.
        """
        ...

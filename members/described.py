"""What members say on the wire, for the documents: the content of each event."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from realtime.describing import Described, EventDoc


class AvailabilityChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The member takes questions from now on, or no longer."""

    on: bool
    until: Annotated[int | None, Meta(description="Unix milliseconds.")]
    reason: Annotated[
        Literal["ended", "time", "missed", "suspended"] | None,
        Meta(description="Why no longer: by the member, after eight hours, after three missed offers, suspended."),
    ]


DESCRIBED: Final = Described(events=(EventDoc("availability.changed", "inbox", AvailabilityChanged),))

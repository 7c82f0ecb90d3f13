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


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that the member must learn though they did not ask. What else there is to say stands beside it."""

    about: Annotated[str, Meta(description="What it is about: `clinic.invited`, `number.expires`, `phone.changed` …")]
    clinic: Annotated[str, Meta(description="The clinic's id.")] = ""
    name: Annotated[str, Meta(description="The clinic's name.")] = ""
    who: Annotated[str, Meta(description="The member of the clinic whom it concerns, by name.")] = ""
    number: Annotated[str, Meta(description="The id of the clinic's number.")] = ""
    shown: Annotated[str, Meta(description="The clinic's number as people write it.")] = ""
    mask: Annotated[str, Meta(description="The last two digits of one's own phone.")] = ""
    days: Annotated[int, Meta(description="In how many days.")] = 0
    at: Annotated[int, Meta(description="Unix milliseconds.")] = 0


DESCRIBED: Final = Described(
    events=(
        EventDoc("availability.changed", "inbox", AvailabilityChanged),
        EventDoc("notice", "inbox", Notice),
    )
)

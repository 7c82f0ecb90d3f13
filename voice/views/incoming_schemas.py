"""What goes over HTTP of slips and of calls that come in. All instants are Unix milliseconds."""

from __future__ import annotations

from typing import Literal

from ninja import Field, Schema

from members.schemas import WallTime
from voice.routing import MOST_HOURS
from voice.views.number_schemas import LATEST_MS


class Shown(Schema):
    """Who was called, as the desk may see it. A number that is in no address book has only its last digits."""

    id: str | None
    name: str | None
    born: str | None
    mask: str


class SlipShown(Schema):
    """One slip. All instants are Unix milliseconds. `callers` may take the call back beside the desk.

    `until`: until when a call back rings who made the call; null: it rings the clinic alone. `calls_back`: whether the
    service sees a call back at all. `attempts`: how often we tried to reach them; `their_calls`: how often they called;
    `caller_id`: the number that was shown or called.
    """

    id: str
    kind: str
    at: int
    patient: Shown
    shown: str | None
    mode: str
    calls_back: bool
    callers: list[str]
    cause: str
    attempts: int
    their_calls: int
    caller_id: str
    state: str
    claimed_by: str | None
    mine: bool
    called_back_at: int | None
    expires_at: int
    until: int | None
    closed_at: int | None
    how: str
    r: str | None


class Slips(Schema):
    """One page of slips, newest first; `next` is what `before` takes for the page after."""

    items: list[SlipShown]
    next: str | None


class Sought(Schema):
    """The beginning of a name, or a whole number. In the body, since addresses are logged by proxies."""

    q: str = Field(min_length=1, max_length=80)


class Closing(Schema):
    """How it went with a slip."""

    how: Literal["reached", "no_answer", "wrong_number", "not_needed"]


class Hours(Schema):
    """The desk is open on a day (Monday is 0) between two times of the clinic's wall clock."""

    day: int = Field(ge=0, le=6)
    from_: WallTime = Field(alias="from")
    to: WallTime


class HoursShown(Schema):
    """The same as "08:00" and "17:00"."""

    day: int
    from_: str = Field(alias="from")
    to: str


class Masked(Schema):
    """A number of which only the end is shown."""

    mask: str


class TurnShown(Schema):
    """A member's turn on call, Unix milliseconds."""

    id: str
    member: str
    name: str
    mask: str
    from_: int = Field(alias="from")
    until: int


class RuleShown(Schema):
    """Where calls to the clinic's held numbers go."""

    route: str
    after_hours: str
    language: str
    desk: Masked | None
    hours: list[HoursShown]
    on_call: list[TurnShown]


class RuleWanted(Schema):
    """Where they shall go. `desk_number` left out or null keeps the number, "" removes it."""

    route: Literal["desk", "on_call", "hours", "message"]
    after_hours: Literal["on_call", "message"] = "message"
    hours: list[Hours] = Field(default_factory=list, max_length=MOST_HOURS)
    desk_number: str | None = Field(default=None, max_length=40)
    language: Literal["en", "sv"] = "en"


class TurnWanted(Schema):
    """A member's turn on call on a phone of the clinic, Unix milliseconds."""

    member: str = Field(max_length=36)
    number: str = Field(min_length=3, max_length=40)
    from_: int = Field(alias="from", ge=0, le=LATEST_MS)
    until: int = Field(ge=0, le=LATEST_MS)


class Made(Schema):
    """The id of what was made."""

    id: str


class Until(Schema):
    """Until when, Unix milliseconds."""

    until: int = Field(ge=0, le=LATEST_MS)

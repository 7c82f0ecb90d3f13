"""The content of every call command as a typed struct.

May import the standard library, msgspec, `voice.call_events` and `realtime.protocol` only: no Django, no clock.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from realtime.instants import to_ms
from realtime.protocol import refuse
from voice.call_events import Way

T = TypeVar("T", bound=msgspec.Struct)
Word = Annotated[str, Meta(min_length=1, max_length=64)]
How = Literal["spoke", "someone_else", "left_message", "no_answer", "wrong_number"]
Then = Literal["done", "retry", "desk"]
Purpose = Literal["", "result", "follow_up", "appointment", "prescription", "other"]
"""Never free text: nothing clinical belongs into a record that nobody can change."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to call, as which clinic: a known patient (preferred or second number) or a number that was typed."""

    clinic: Word
    caller_id: Word
    patient: Word | None = None
    number: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    to: Literal["preferred", "second"] = "preferred"
    urgent: Annotated[bool, Meta(description="Calling hours do not bind; the record keeps it.")] = False
    way: Annotated[Way, Meta(description="How the clinician speaks: on their own phone, or over this device.")] = (
        Way.CALLBACK
    )

    def __repr__(self) -> str:
        """Show no number, wherever this is printed."""
        return "Wish(…)"


class Start(Wish, frozen=True, kw_only=True):
    """`call.start`: the wish, and until when it is meant. `looked`: name and digits were seen."""

    looked: bool = False
    purpose: Purpose = ""
    until: Annotated[int, Meta(description="Not begun later than this; Unix milliseconds.")] | None = None


class SayOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """`call.outcome`: how it went, and what follows; `retry_at` with ``retry`` (Unix milliseconds)."""

    how: How
    then: Then = "done"
    retry_at: int | None = None


class HandOver(msgspec.Struct, frozen=True):
    """`call.hand_over`: go on this way, with the patient on the line."""

    way: Way


class HoldLine(msgspec.Struct, frozen=True):
    """`call.hold`: whether the line is held, as when another app has taken the microphone."""

    held: bool


class EndCall(msgspec.Struct, frozen=True):
    """`call.hang_up`: nothing needs to be said with it."""


def read(shape: type[T], d: dict[str, Any]) -> T:
    """Return the content of a command; unknown keys are ignored. Raises Refusal `malformed`."""
    try:
        return msgspec.convert(d, shape)
    except msgspec.ValidationError:
        raise refuse("malformed") from None


def from_ms(ms: int) -> datetime:
    """Return the instant of Unix milliseconds. Raises Refusal `malformed` beyond the calendar."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        raise refuse("malformed") from None


def or_none(at: datetime | None) -> int | None:
    """Return an instant as it stands on the wire, None where there is none."""
    return None if at is None else to_ms(at)

"""The words of the machine: sides, legs, causes, what it is told and what it answers. Sans-IO, as ``call.py`` is."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any, Literal

import msgspec


class Side(StrEnum):
    """The two ends of a call."""

    CLINICIAN = "clinician"
    PATIENT = "patient"


class Way(StrEnum):
    """How a leg is carried: over the telephone, or by a peer connection of the browser."""

    CALLBACK = "callback"
    WEBRTC = "webrtc"


class Leg(IntEnum):
    """How far an attempt has come. It only rises."""

    IDLE = 0
    DIALING = 1
    RINGING = 2
    ANSWERED = 3
    CONFIRMED = 4
    ENDED = 5

    @property
    def word(self) -> str:
        """The same on the wire."""
        return self.name.lower()


class Stage(StrEnum):
    """Where the call stands as a whole."""

    REACHING_CLINICIAN = "reaching_clinician"
    REACHING_PATIENT = "reaching_patient"
    CONNECTED = "connected"
    HOLDING = "holding"
    ENDING = "ending"
    ENDED = "ended"


class By(StrEnum):
    """Who ended a call."""

    CLINICIAN = "clinician"
    PATIENT = "patient"
    SERVICE = "service"
    CLINIC = "clinic"


class Cause(StrEnum):
    """Why a leg or a call ended. A carrier's codes are mapped to these; UNKNOWN is for a code that nobody knows."""

    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    VOICEMAIL = "voicemail"
    NO_KEY = "no_key"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REFUSED = "refused"
    LOST = "lost"
    UNCERTAIN = "uncertain"
    REVOKED = "revoked"
    MAX_DURATION = "max_duration"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


PromptKind = Literal["press_one", "one_moment", "unavailable"]


# --- what the machine is told ---------------------------------------------------------------------------------------


class LegChanged(msgspec.Struct, frozen=True):
    """The carrier says that an attempt has come so far; `cause` where it has ended."""

    side: Side
    n: int
    leg: Leg
    cause: Cause | None = None


class KeyPressed(msgspec.Struct, frozen=True):
    """Keys were pressed on a leg."""

    side: Side
    n: int
    digits: str


class DialFailed(msgspec.Struct, frozen=True):
    """The carrier refused a dial: nothing rings and nothing will."""

    side: Side
    n: int
    cause: Cause


class DialUnknown(msgspec.Struct, frozen=True):
    """Nobody knows whether a dial arrived: its answer was lost. It is looked for and never repeated."""

    side: Side
    n: int


class BridgeFailed(msgspec.Struct, frozen=True):
    """The carrier would not let the two hear each other."""


class HangUp(msgspec.Struct, frozen=True):
    """Somebody ends the call."""

    by: By
    cause: Cause | None = None


class RightRevoked(msgspec.Struct, frozen=True):
    """The clinic's number may no longer be shown."""


class TimerDue(msgspec.Struct, frozen=True):
    """A timer that the machine set has come; one that it does not have any more is ignored."""

    name: str


class Handover(msgspec.Struct, frozen=True):
    """The clinician wants to go on another way."""

    way: Way


class MediaUp(msgspec.Struct, frozen=True):
    """Sound arrives over the peer connection number `peer` of an attempt."""

    side: Side
    n: int
    peer: int


class MediaLost(msgspec.Struct, frozen=True):
    """No sound has arrived over that peer connection for a second."""

    side: Side
    n: int
    peer: int


Event = (
    LegChanged | KeyPressed | DialFailed | DialUnknown | BridgeFailed | HangUp | RightRevoked | TimerDue | Handover
    | MediaUp | MediaLost
)  # fmt: skip


# --- what it answers ------------------------------------------------------------------------------------------------


class Dial(msgspec.Struct, frozen=True):
    """Dial this attempt; over WebRTC, let the media plane accept its peer connection. Once for each attempt."""

    side: Side
    n: int
    way: Way


class Prompt(msgspec.Struct, frozen=True):
    """Say something on a leg."""

    side: Side
    n: int
    what: PromptKind


class Bridge(msgspec.Struct, frozen=True):
    """Let these two attempts hear each other."""

    clinician: int
    patient: int


class HangUpLeg(msgspec.Struct, frozen=True):
    """End a leg; with `prompt`, say that first."""

    side: Side
    n: int
    prompt: PromptKind | None = None


class SetTimer(msgspec.Struct, frozen=True):
    """Come back with `TimerDue` at `due` (Unix seconds)."""

    name: str
    due: float


class ClearTimer(msgspec.Struct, frozen=True):
    """That timer is no longer needed."""

    name: str


class Tell(msgspec.Struct, frozen=True):
    """An event of the call's stream."""

    kind: str
    d: dict[str, Any]


class Record(msgspec.Struct, frozen=True):
    """The call has ended: write its record. Once."""


Action = Dial | Prompt | Bridge | HangUpLeg | SetTimer | ClearTimer | Tell | Record

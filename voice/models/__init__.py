"""The tables of masked calls, one file for each matter. Services are their only writers."""

from voice.models.calls import (
    Action,
    Attempt,
    Call,
    CallNumber,
    CallOutcome,
    CallRecord,
    CallRefusal,
    HeardEvent,
    LoopbackLeg,
)

__all__ = [
    "Action",
    "Attempt",
    "Call",
    "CallNumber",
    "CallOutcome",
    "CallRecord",
    "CallRefusal",
    "HeardEvent",
    "LoopbackLeg",
]

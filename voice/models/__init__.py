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
from voice.models.incoming import CallBackOffer, IncomingRule, OnCallTurn, ReturnCall, Slip
from voice.models.media import MediaSignal, MediaWorker, StreamToken
from voice.models.patients import DoNotCall, Patient, PatientLook, PatientWord
from voice.models.policy import BudgetScope, CallPause, ClinicLimits, RegionException, Reservation
from voice.models.rights import ClinicNumber, Grant, OwnPhone, Proof

__all__ = [
    "Action",
    "Attempt",
    "BudgetScope",
    "Call",
    "CallBackOffer",
    "CallNumber",
    "CallOutcome",
    "CallPause",
    "CallRecord",
    "CallRefusal",
    "ClinicLimits",
    "ClinicNumber",
    "DoNotCall",
    "Grant",
    "HeardEvent",
    "IncomingRule",
    "LoopbackLeg",
    "MediaSignal",
    "MediaWorker",
    "OnCallTurn",
    "OwnPhone",
    "Patient",
    "PatientLook",
    "PatientWord",
    "Proof",
    "RegionException",
    "Reservation",
    "ReturnCall",
    "Slip",
    "StreamToken",
]

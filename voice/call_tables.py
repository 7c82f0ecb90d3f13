"""The tables of the machine: how sides stand, the stage of every pair, deadlines, and what an end means.

Sans-IO, as ``call.py`` is, which alone acts on them; ``docs/calls.md`` is drawn from them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

import msgspec

from voice.call_events import By, Cause, Leg, Side, Stage


class Standing(StrEnum):
    """How one side stands: the best of its attempts that are not on their way out."""

    NOBODY = "nobody yet"
    CALLING = "being called"
    UP = "up"
    OVER = "over"


class Spans(msgspec.Struct, frozen=True):
    """How long each deadline runs, in seconds."""

    clinician_answer: float = 25.0
    press_one: float = 15.0
    patient_answer: float = 45.0
    teardown: float = 10.0
    max_duration: float = 3600.0
    dial_uncertain: float = 30.0
    media_warn: float = 10.0
    media_lost: float = 20.0


SILENT_S: Final = 1.0
"""For how long nothing was heard when a connection is told as lost; the spans without sound run from its beginning."""

# A telephone leg of the clinician is up once a key was pressed, or a voicemail box would be bridged to the patient.
UP_AT: Final[dict[Side, Leg]] = {Side.CLINICIAN: Leg.CONFIRMED, Side.PATIENT: Leg.ANSWERED}

JOINT: Final[dict[tuple[Standing, Standing], Stage]] = {
    (Standing.CALLING, Standing.NOBODY): Stage.REACHING_CLINICIAN,
    (Standing.UP, Standing.NOBODY): Stage.REACHING_PATIENT,
    (Standing.UP, Standing.CALLING): Stage.REACHING_PATIENT,
    (Standing.UP, Standing.UP): Stage.CONNECTED,
    # In a handover the first way may be gone before the second is there.
    (Standing.CALLING, Standing.CALLING): Stage.REACHING_PATIENT,
    (Standing.CALLING, Standing.UP): Stage.HOLDING,
    (Standing.OVER, Standing.NOBODY): Stage.ENDING,
    (Standing.OVER, Standing.CALLING): Stage.ENDING,
    (Standing.OVER, Standing.UP): Stage.ENDING,
    (Standing.OVER, Standing.OVER): Stage.ENDING,
    (Standing.CALLING, Standing.OVER): Stage.ENDING,
    (Standing.UP, Standing.OVER): Stage.ENDING,
}
"""The stage of every pair (clinician, patient). The clinician is always called first, so is never nobody."""

Deadline = Literal["clinician_answer", "press_one", "patient_answer", "dial_uncertain"]
RUNNING: Final[dict[tuple[Side, Leg], Deadline | None]] = {
    (Side.CLINICIAN, Leg.IDLE): "clinician_answer",
    (Side.CLINICIAN, Leg.DIALING): "clinician_answer",
    (Side.CLINICIAN, Leg.RINGING): "clinician_answer",
    (Side.CLINICIAN, Leg.ANSWERED): "press_one",
    (Side.CLINICIAN, Leg.CONFIRMED): None,
    (Side.PATIENT, Leg.IDLE): "patient_answer",
    (Side.PATIENT, Leg.DIALING): "patient_answer",
    (Side.PATIENT, Leg.RINGING): "patient_answer",
    (Side.PATIENT, Leg.ANSWERED): None,
    (Side.PATIENT, Leg.CONFIRMED): None,
}
"""Which deadline runs while an attempt stands at a level. A dial of which nobody knows runs ``dial_uncertain``."""

EXPIRES: Final[dict[str, Cause]] = {
    "clinician_answer": Cause.NO_ANSWER,
    "press_one": Cause.NO_KEY,
    "patient_answer": Cause.NO_ANSWER,
    "dial_uncertain": Cause.UNCERTAIN,
    "media_lost": Cause.LOST,
}
"""With which cause an attempt is given up when its deadline has come."""

NORMAL: Final[dict[tuple[Side, Stage], tuple[By, Cause]]] = {
    (Side.CLINICIAN, Stage.REACHING_CLINICIAN): (By.CLINICIAN, Cause.DECLINED),
    (Side.CLINICIAN, Stage.REACHING_PATIENT): (By.CLINICIAN, Cause.CANCELLED),
    (Side.CLINICIAN, Stage.CONNECTED): (By.CLINICIAN, Cause.COMPLETED),
    (Side.CLINICIAN, Stage.HOLDING): (By.CLINICIAN, Cause.COMPLETED),
    (Side.PATIENT, Stage.REACHING_PATIENT): (By.PATIENT, Cause.DECLINED),
    (Side.PATIENT, Stage.CONNECTED): (By.PATIENT, Cause.COMPLETED),
    (Side.PATIENT, Stage.HOLDING): (By.PATIENT, Cause.COMPLETED),
}
"""What it means that somebody simply hung up: who ended the call, and why."""

PERSONAL: Final = frozenset({Cause.BUSY, Cause.DECLINED, Cause.CANCELLED})
"""Causes that are somebody's doing; whatever else ends a leg is put down to the service."""

NEXT_TRUNK: Final = frozenset({Cause.FAILED})
"""Causes after which the same number may be tried over another trunk, as nothing has rung."""

HANDOVERS_MOST: Final = 2

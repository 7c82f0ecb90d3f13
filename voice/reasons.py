"""Why a call ended, in words for who made it: one table from the stage, the side and the cause to a sentence.

Pure: may import `voice.call_events` only. The key goes over the wire, so that a client may say it in its own language.
"""

from __future__ import annotations

from typing import Final

from voice.call_events import By, Cause, Stage, Way

_C, _P, _S, _K = By.CLINICIAN, By.PATIENT, By.SERVICE, By.CLINIC
_YOU, _THEM, _TALK, _HOLD = Stage.REACHING_CLINICIAN, Stage.REACHING_PATIENT, Stage.CONNECTED, Stage.HOLDING
SOUND_STOPPED: Final = "sound_stopped"
"""What is told by nobody's event: the media worker that carried the call is gone."""

SENTENCES: Final[dict[str, str]] = {
    "you_hung_up": "You ended the call.",
    "you_cancelled": "You ended the call before the patient answered.",
    "you_called_off": "You ended the call. The patient was not called.",
    "you_no_answer": "We could not reach your phone. The patient was not called.",
    "you_busy": "Your phone was busy. The patient was not called.",
    "you_declined": "Your phone did not take the call. The patient was not called.",
    "you_no_key": "Nobody pressed 1 on your phone. The patient was not called.",
    "you_unreachable": "Your phone could not be reached. The patient was not called.",
    "patient_hung_up": "The other side ended the call.",
    "patient_no_answer": "Nobody answered.",
    "patient_busy": "The line was busy.",
    "patient_declined": "The call was not taken.",
    "patient_unreachable": "That number could not be reached. It may be switched off or no longer in use.",
    "voicemail": "An answering machine took the call.",
    "you_no_sound": "No sound arrived from your device. The patient was not called.",
    "connection_lost": "Connection lost.",
    SOUND_STOPPED: "The sound service stopped, so the call was ended. Call again.",
    "not_moved": "The call could not go on by your phone, so it was ended.",
    "carrier_failed": "The telephone network did not take the call. Try again, or call from your own desk.",
    "carrier_refused": "The telephone network refused this call.",
    "carrier_silent": "The telephone network stopped answering, so the call was ended.",
    "uncertain": "We do not know whether that phone rang. The call was ended.",
    "right_revoked": "The clinic's number may no longer be shown, so the patient was not called.",
    "right_revoked_talking": "The clinic's number may no longer be shown, so the call was ended.",
    "too_long": "The call reached its longest time.",
    "paused": "All calls were paused.",
    "phone_removed": "This phone was removed before it rang. Nobody was called.",
    "do_not_call": "The patient was marked as not to be called, so nobody was called.",
    "clinic_ended": "The clinic ended the call.",
    "unknown": "The call ended. The telephone network did not say why.",
}

# (who ended it, at which stage, why) -> key. A stage or a person of None stands for any.
_RULES: Final[tuple[tuple[By | None, Stage | None, Cause, str], ...]] = (
    (_C, _TALK, Cause.COMPLETED, "you_hung_up"),
    (_C, None, Cause.COMPLETED, "you_hung_up"),
    (_C, _YOU, Cause.CANCELLED, "you_called_off"),
    (_C, _THEM, Cause.CANCELLED, "you_cancelled"),
    (_C, None, Cause.CANCELLED, "you_hung_up"),
    (_C, _YOU, Cause.DECLINED, "you_declined"),
    (_C, _YOU, Cause.BUSY, "you_busy"),
    *((None, _HOLD, cause, "not_moved") for cause in (
        Cause.NO_ANSWER, Cause.BUSY, Cause.DECLINED, Cause.UNREACHABLE, Cause.NO_KEY, Cause.VOICEMAIL)),
    (_C, None, Cause.DECLINED, "you_hung_up"),
    (_C, None, Cause.BUSY, "you_hung_up"),
    (_P, None, Cause.COMPLETED, "patient_hung_up"),
    (_P, None, Cause.DECLINED, "patient_declined"),
    (_P, None, Cause.BUSY, "patient_busy"),
    (_P, None, Cause.CANCELLED, "patient_declined"),
    (_K, None, Cause.CANCELLED, "clinic_ended"),
    (_K, None, Cause.COMPLETED, "clinic_ended"),
    (None, _YOU, Cause.NO_ANSWER, "you_no_answer"),
    (None, _YOU, Cause.UNREACHABLE, "you_unreachable"),
    (None, _YOU, Cause.VOICEMAIL, "you_no_key"),
    (None, None, Cause.NO_KEY, "you_no_key"),
    (None, None, Cause.NO_ANSWER, "patient_no_answer"),
    (None, None, Cause.UNREACHABLE, "patient_unreachable"),
    (None, None, Cause.VOICEMAIL, "voicemail"),
    (None, None, Cause.FAILED, "carrier_failed"),
    (None, None, Cause.REFUSED, "carrier_refused"),
    (None, _TALK, Cause.LOST, "connection_lost"),
    (None, _HOLD, Cause.LOST, "connection_lost"),
    (None, None, Cause.LOST, "carrier_silent"),
    (None, None, Cause.UNCERTAIN, "uncertain"),
    (None, _TALK, Cause.REVOKED, "right_revoked_talking"),
    (_K, _THEM, Cause.REVOKED, "right_revoked_talking"),  # the patient's phone may have rung
    (None, None, Cause.REVOKED, "right_revoked"),
    (None, None, Cause.MAX_DURATION, "too_long"),
    (None, None, Cause.PAUSED, "paused"),
    (None, _YOU, Cause.WITHDRAWN, "phone_removed"),
    (None, None, Cause.WITHDRAWN, "do_not_call"),
)


_OVER_WEBRTC: Final = {"you_no_answer": "you_no_sound", "carrier_silent": "connection_lost"}
"""What is said in the place of a sentence where the clinician has no phone in the call."""


def reason_of(by: By, stage: Stage, cause: Cause, way: Way = Way.CALLBACK) -> str:
    """Return the key of the sentence for an end at `stage`, with the clinician on this way: the most exact rule."""
    for rule_by, rule_stage, rule_cause, key in _RULES:
        if rule_cause is cause and rule_by in (None, by) and rule_stage in (None, stage):
            return _OVER_WEBRTC.get(key, key) if way is Way.WEBRTC else key
    return "unknown"

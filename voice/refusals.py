"""Every reason for which this app refuses something: its code, and the sentence for whoever asked.

One table for HTTP and the wire; documents are made of it. No sentence names a number, a patient or another member.
"""

from typing import Any, Final

from realtime.protocol import Refusal

_TRY_LATER: Final = True
_FOR_GOOD: Final = False

# code -> (sentence, whether the same request can succeed later)
REASONS: Final[dict[str, tuple[str, bool]]] = {
    # who may call at all
    "call.not_verified": ("Calls are open once your three checks stand.", _FOR_GOOD),
    "call.second_factor": ("Set up a second factor before your first call. You find it under Me.", _FOR_GOOD),
    "call.no_phone": ("Add your own phone first: you are rung there before the patient is.", _FOR_GOOD),
    "call.phone_cooling": ("Your new phone can be used a day after the change, for your protection.", _TRY_LATER),
    "call.no_right": ("You cannot call as this clinic with this number. Choose another number.", _FOR_GOOD),
    "call.number_expired": ("This number has to be proved again by your clinic. Choose another number.", _FOR_GOOD),
    "call.late": ("This was asked too long ago, so nobody was called. Call again if you still want to.", _FOR_GOOD),
    "call.look": ("Look at the patient's name and the last digits first.", _FOR_GOOD),
    "call.no_media": ("Calls over this device are not possible now. Have your phone called instead.", _TRY_LATER),
    "call.no_callback": ("Your own phone cannot be rung now. Call over this device instead.", _TRY_LATER),
    "call.no_hand_over": ("This call cannot go on another way now.", _FOR_GOOD),
    "call.ended": ("This call has ended.", _FOR_GOOD),
    "call.not_ended": ("The call has not ended yet.", _FOR_GOOD),
    "call.outcome_late": ("The time to say how this call went is over.", _FOR_GOOD),
    "call.outcome_said": ("How this call went has been said.", _FOR_GOOD),
    # where a call may go
    "call.emergency": ("This is an emergency number. Dial it on your own handset: it cannot be called from here.",
                       _FOR_GOOD),
    "call.invalid": ("This is not a number that can be called. Check it, with its country code.", _FOR_GOOD),
    "call.region": ("Your clinic does not call this country. The platform team can open it for a time.", _FOR_GOOD),
    "call.type": ("Numbers of this kind are not called: premium, shared cost, personal, pager, satellite.",
                  _FOR_GOOD),
    "call.own_number": ("This is the number that would be shown, or your own phone.", _FOR_GOOD),
    "call.free_dial": ("Your clinic lets you call patients of its address book. Choose one there.", _FOR_GOOD),
    "call.no_number": ("There is no such number for this patient.", _FOR_GOOD),
    "call.do_not_call": ("This patient asked not to be called.", _FOR_GOOD),
    "call.hours": ("It is not a time to call there now. If it cannot wait, say that it is urgent.", _TRY_LATER),
    "call.paused": ("Calls are paused by the platform team or by your clinic.", _TRY_LATER),
    # how much
    "call.budget_yours": ("You have a call already. End it before the next.", _TRY_LATER),
    "call.budget_clinic": ("Your clinic has as many calls as it may have at once. Try again shortly.", _TRY_LATER),
    "call.budget_trunk": ("All lines are busy. Try again shortly.", _TRY_LATER),
    "call.budget_minute": ("That were many calls in one minute. Wait a moment.", _TRY_LATER),
    "call.budget_hour": ("You have made as many calls as one may make in an hour.", _TRY_LATER),
    "call.budget_day": ("You have made as many calls as one may make in 24 hours.", _TRY_LATER),
    "call.budget_destinations": ("You have called many different numbers in this hour. Wait before another.",
                                 _TRY_LATER),
    "call.budget_minutes": ("Your clinic has used its minutes of the last 24 hours.", _TRY_LATER),
    "call.budget_spend": ("Your clinic has used what it may spend on calls in 24 hours.", _TRY_LATER),
    # the sound of a call over this device
    "media.none": ("The sound service does not answer. Try again, or go on by phone.", _TRY_LATER),
    "media.no_leg": ("This call does not go over this device now.", _FOR_GOOD),
    "media.refused": ("The sound of this device cannot be used here. Go on by phone.", _FOR_GOOD),
    # a clinic's numbers
    "number.invalid": ("This is not a number that patients can call back. Check it, with its country code.",
                       _FOR_GOOD),
    "number.not_shown": ("A number of this kind cannot be shown: emergency, premium or shared cost.", _FOR_GOOD),
    "number.region": ("This number is of a country that is not called from here.", _FOR_GOOD),
    "number.here": ("Your clinic has this number already.", _FOR_GOOD),
    "number.elsewhere": ("Another clinic holds this number. Its administrator can let your clinic use it.",
                         _FOR_GOOD),
    "number.held": ("Numbers that the service holds are assigned by the platform team.", _FOR_GOOD),
    "number.carrier": ("The carrier has not checked this number, or cannot be asked now. Try again shortly.",
                       _TRY_LATER),
    "number.state": ("This cannot be done with the number as it stands now.", _FOR_GOOD),
    "number.past": ("This day is over. Choose a later one, or none.", _FOR_GOOD),
    "number.someone_else": ("Somebody else of the clinic's administrators has to approve it.", _FOR_GOOD),
    "number.waits": ("Your clinic has one administrator, so the approval comes by itself after 24 hours.",
                     _TRY_LATER),
    # proving a number or a phone
    "proof.none": ("There is no code to say. Ask for a call first.", _FOR_GOOD),
    "proof.wrong": ("That is not the code.", _TRY_LATER),
    "proof.over": ("This code does not count any more. Ask for another call.", _FOR_GOOD),
    "proof.week": ("This number has been called as often as it may be in a week.", _TRY_LATER),
    "proof.day": ("You have asked for as many of these calls as one may in a day.", _TRY_LATER),
    "proof.standing": ("A call with a code is under way. Wait until it has ended.", _TRY_LATER),
    "proof.when": ("Choose a time within the next seven days.", _FOR_GOOD),
    # slips
    "slip.search": ("Type at least two letters of the name, or the whole number.", _FOR_GOOD),
    "slip.taken": ("A colleague at the desk has taken this slip.", _FOR_GOOD),
    "slip.over": ("This slip is closed or has expired.", _FOR_GOOD),
    # patients
    "patient.name": ("Give the patient a name of at most 120 characters.", _FOR_GOOD),
    "patient.born": ("Write the birth date as 1958-03-02, not in the future.", _FOR_GOOD),
    "patient.field": ("One of these values is not known.", _FOR_GOOD),
    "patient.number": ("This is not a number that can be called. Check it, with its country code.", _FOR_GOOD),
    "patient.number_right": ("Numbers are added and changed by the clinic's desk, by an administrator, or by who may "
                             "dial freely.", _FOR_GOOD),
    "patient.do_not_call_right": ("That a patient may be called again is said by the clinic's desk or an "
                                  "administrator.", _FOR_GOOD),
    "patient.erase_right": ("Patients are erased by the clinic's desk or an administrator.", _FOR_GOOD),
    "patient.letters": ("Letters of this name were lost on the way. Save the file as UTF-8.", _FOR_GOOD),
    "patient.rows": ("The file has no rows, or more than can be taken at once.", _FOR_GOOD),
    "patient.columns": ("The first row has to name the columns: name and number, and others that are known.",
                        _FOR_GOOD),
}


def refuse(code: str, *, d: dict[str, Any] | None = None, after: float | None = None) -> Refusal:
    """Return the Refusal of a code of the table. `d` concerns the asker's own request; `after` is in seconds."""
    msg, retry = REASONS[code]
    return Refusal(code, msg, retry=retry, d=d, after=after)

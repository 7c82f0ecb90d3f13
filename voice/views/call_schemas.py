"""Shapes of the HTTP answers about calls. Instants are Unix milliseconds; numbers of people are masks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema

from realtime.protocol import refuse
from voice.shapes import from_ms
from voice.views.number_schemas import ProofShown


def before_of(cursor: str | None) -> datetime | None:
    """Return the instant of a page's cursor. Raises Refusal `malformed`."""
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 15:
        raise refuse("malformed")
    return from_ms(int(cursor))


class ClinicNamed(Schema):
    """A clinic, and by which clock times of its calls are shown."""

    id: str
    name: str
    time_zone: str


class PatientNamed(Schema):
    """A patient of the clinic's address book, with what to know before one speaks: the fields of the address book."""

    id: str
    name: str
    born: str
    mask: str | None
    second_mask: str | None
    message: str
    hide_clinic: bool
    language: str
    interpreter: bool
    guardian: str
    do_not_call: bool
    wrong: bool
    second_wrong: bool


class OutcomeSaid(Schema):
    """How a call went, and what follows. `retry_stands`: it is still to be tried again."""

    how: str
    then: str
    retry_at: int | None
    retry_stands: bool


class CallItem(Schema):
    """A call. `state`: live, ended, refused; `reason` is the key of the sentence `says`. `who` for the clinic alone."""

    r: str
    at: int
    clinic: ClinicNamed | None
    caller_id: str
    shown: str | None
    mode: str
    attestation: str
    way: str
    patient: PatientNamed | None
    mask: str
    state: str
    stage: str
    by: str
    cause: str
    reason: str
    says: str
    talked_s: int
    purpose: str
    outcome: OutcomeSaid | None
    who: str | None


class CallItems(Schema):
    """One page of calls, newest first; `next` is what `before` takes for the page after."""

    items: list[CallItem]
    next: str | None


class OwnCalls(CallItems):
    """One page of one's own calls. The first has all that are still to be tried again in `again`, however old."""

    again: list[CallItem]


class Sound(Schema):
    """How a leg sounded: what came from it, what went to it; the jitter in ms, the MOS an estimate.

    Of a telephone over a trunk, or a browser that speaks Opus, nobody says what arrived there (`lost_sent` is null).
    """

    codec: str
    packets: int
    lost: int
    jitter_ms: float
    packets_sent: int
    lost_sent: int | None
    mos: float | None


class LegShown(Schema):
    """One attempt to reach a side, with when it came how far.

    `sound`: of one over a browser or over a SIP trunk that has ended.
    """

    side: str
    n: int
    way: str
    dialing_at: int | None
    ringing_at: int | None
    answered_at: int | None
    confirmed_at: int | None
    ended_at: int | None
    cause: str
    sound: Sound | None


class Decision(Schema):
    """A rule that was asked before the call: the word that it said, or how much of a limit was used by then."""

    rule: str
    says: str
    used: int | None
    limit: int | None


class CallWhole(CallItem):
    """One call with its legs and the rules that were asked.

    `call_back_until`: until when a call back of it rings the phone of who made it, null where it rings the clinic.
    `slip_until`: until when the clinic's desk keeps a slip of it, null where nothing is open there.
    `outcome_until`: until when who made it can say how it went, null before its end and once that was said or is late.
    """

    call_back_until: int | None
    slip_until: int | None
    outcome_until: int | None
    bridged_at: int | None
    ended_at: int | None
    legs: list[LegShown]
    decisions: list[Decision]


class PhoneCooling(Schema):
    """A new phone that may be used from an instant."""

    mask: str
    at: int | None


class PhoneWaiting(ProofShown):
    """A phone for which a code is expected."""

    mask: str


class SetupPhone(Schema):
    """One's own phone: the one in use, one that cools down, one that waits for its code."""

    verified: bool
    mask: str | None
    cooling: PhoneCooling | None
    waiting: PhoneWaiting | None


class SetupNumber(Schema):
    """A number that one may show, how it will be presented, and where a call back lands."""

    id: str
    formatted: str
    mode: str
    attestation: str
    says: str
    calls_back: str
    state: str
    expires_at: int | None


class SetupClinic(ClinicNamed):
    """A clinic as which one may call. `country`: two letters; what is shown in another may be changed there."""

    country: str
    role: str
    can_free_dial: bool
    paused: bool
    numbers: list[SetupNumber]


class PauseTold(Schema):
    """Since when all calls are paused, and why."""

    since: int
    reason: str


class Setup(Schema):
    """What stands between a member and a call. `service_number` is what one's own phone shows; save it as a contact.

    `pause` is that of all calls; a clinic's own is told by its `paused` alone. `webrtc`: calls may go over a browser.
    """

    phone: SetupPhone | None
    second_factor: bool
    paused: bool
    pause: PauseTold | None
    clinics: list[SetupClinic]
    service_number: str
    webrtc: bool
    today: int
    week: int


class Emergency(Schema):
    """The number to dial on one's own handset."""

    tel: str


class RefusalShown(Schema):
    """Why a call may not be made."""

    code: str
    msg: str
    retry: bool
    d: dict[str, Any] | None = None


class Checked(Schema):
    """Whether a call may be made, how it will be presented, and how often that number was called of late.

    `region`: the country that is called, two letters.
    """

    ok: bool
    refusal: RefusalShown | None = None
    emergency: Emergency | None = None
    mask: str | None = None
    region: str | None = None
    shown: str | None = None
    mode: str | None = None
    attestation: str | None = None
    says: str | None = None
    calls_back: str | None = None
    attempts_today: int | None = None
    attempts_week: int | None = None


class Bar(Schema):
    """One day: calls that ended, and minutes of talk."""

    day: str
    calls: int
    minutes: float


class Share(Schema):
    """How often calls ended, or were refused, for one reason."""

    reason: str
    says: str
    count: int


class Chart(Schema):
    """Minutes and calls by day of the clinic, and why calls ended or were refused."""

    days: list[Bar]
    reasons: list[Share]
    refusals: list[Share]

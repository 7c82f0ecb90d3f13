"""The calls of the demo's first minute (product.md): twelve that were made, one that was refused, one open slip.

Played through the services and the machine at times that have passed, so that they are what real ones are; nothing is
asked of a carrier. Played once: records cannot be changed, so that a second playing would stand beside the first.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from members.models import Account, Clinic
from members.vault import find_seats, inbox_of
from realtime.commands import Reply, Request
from realtime.log import digest_of
from realtime.protocol import Refusal
from voice.call import Cause, Event, KeyPressed, Leg, LegChanged, Side, TimerDue
from voice.commands import OWN, SERVICES
from voice.holding import holding
from voice.models import Action, Call, ClinicNumber, Patient, Slip
from voice.owning import rings_phones
from voice.sealed import open_in
from voice.slips import expire

_MARK: Final = "00000000-0000-4000-8000-"
C, P = Side.CLINICIAN, Side.PATIENT

Step = tuple[float, Event | str]
"""Seconds after the step before, and what happened; a word stands for a command of the clinician."""

_HERE: Final[tuple[Step, ...]] = (
    (1, LegChanged(C, 1, Leg.DIALING)), (1, LegChanged(C, 1, Leg.RINGING)), (5, LegChanged(C, 1, Leg.ANSWERED)),
    (3, KeyPressed(C, 1, "1")),
)  # fmt: skip
_RINGS: Final = (*_HERE, (1, LegChanged(P, 1, Leg.DIALING)), (2, LegChanged(P, 1, Leg.RINGING)))
_TALK: Final = (*_RINGS, (9, LegChanged(P, 1, Leg.ANSWERED)))
_GONE: Final[tuple[Step, ...]] = ((1, LegChanged(C, 1, Leg.ENDED)), (0, LegChanged(P, 1, Leg.ENDED)))


@dataclass(frozen=True, slots=True)
class Scene:
    """One call: how long ago, who called whom (name and year of birth) showing which number, and what happened."""

    ago_h: float
    who: str
    patient: tuple[str, str]
    steps: tuple[Step, ...]
    outcome: dict[str, Any] = field(default_factory=dict)
    shown: str = "+16175550100"


def _talked(seconds: float, *, by: Side = C) -> tuple[Step, ...]:
    ends: Step = (seconds, "call.hang_up") if by is C else (seconds, LegChanged(P, 1, Leg.ENDED))
    return (*_TALK, ends, *_GONE)


ELDER, YOUNGER, TOM, ANN = ("Maria Lopez", "1958"), ("Maria Lopez", "1985"), ("Tom Reed", "1971"), ("Ann Bell", "2019")
SPOKE: Final = {"how": "spoke", "then": "done"}
SCENES: Final = (
    Scene(0.9, "okafor", TOM, (*_RINGS, (45, TimerDue("patient_answer:patient:1")), *_GONE),
          {"how": "no_answer", "then": "desk"}),
    Scene(3.2, "okafor", ELDER, _talked(214), SPOKE),
    Scene(5.1, "okafor", ELDER, (*_HERE[:2], (25, TimerDue("clinician_answer:clinician:1")), *_GONE)),
    Scene(22.4, "diaz", ANN, _talked(96), {"how": "someone_else", "then": "done"}, "+16175550101"),
    Scene(26.0, "okafor", YOUNGER, _talked(412), SPOKE, "+16175550101"),
    Scene(30.7, "okafor", TOM, _talked(61, by=P), SPOKE),
    Scene(98.0, "okafor", ANN, (*_RINGS[:-1], (1, LegChanged(P, 1, Leg.ENDED, Cause.BUSY)), *_GONE),
          {"how": "no_answer", "then": "done"}),
    Scene(101.5, "okafor", YOUNGER, _talked(18), {"how": "left_message", "then": "done"}),
    Scene(122.0, "diaz", ELDER, _talked(540), SPOKE, "+16175550101"),
    Scene(125.3, "okafor", TOM, (*_RINGS, (12, "call.hang_up"), *_GONE), {"how": "no_answer", "then": "done"}),
    Scene(146.0, "okafor", ELDER, (*_HERE[:3], (15, TimerDue("press_one:clinician:1")), *_GONE)),
    Scene(150.2, "diaz", TOM, _talked(183, by=P), SPOKE),
)  # fmt: skip
REFUSED_AGO: Final = timedelta(hours=2)
REFUSED_NUMBER: Final = "+1 876 555 0123"  # Jamaica, which shares its country code with Boston


def load_calls(clinic: Clinic, people: dict[str, Account], now: datetime) -> None:
    """Play the calls up to `now`, in the caller's transaction; nothing where the clinic has called before.

    Nothing either with a carrier whose telephones a media worker rings, as none lives before the demo is there.
    """
    if Call.objects.filter(clinic=clinic.pk).exists() or not rings_phones(now):
        return
    numbers = {open_in(row, "number"): row for row in clinic.numbers.all()}
    patients = {(open_in(row, "name"), open_in(row, "born")[:4]): row for row in Patient.objects.filter(clinic=clinic)}
    for scene in sorted(SCENES, key=lambda scene: -scene.ago_h):
        if scene.patient in patients and scene.shown in numbers:
            _play(scene, clinic, people[scene.who], numbers[scene.shown], patients[scene.patient], now)
    wish = {"clinic": str(clinic.pk), "caller_id": numbers["+16175550100"].pk, "number": REFUSED_NUMBER}
    try:
        _do(people["okafor"], "me", "call.start", wish, now - REFUSED_AGO)
    except Refusal:
        pass  # this is what is shown


def _play(scene: Scene, clinic: Clinic, account: Account, number: ClinicNumber, patient: Patient, now: datetime
          ) -> None:
    at = now - timedelta(hours=scene.ago_h)
    wish = {"clinic": str(clinic.pk), "caller_id": number.pk, "patient": patient.pk, "looked": True, "urgent": True}
    r = _do(account, "me", "call.start", wish, at).made
    assert r is not None
    for after_s, step in scene.steps:
        at += timedelta(seconds=after_s)
        if isinstance(step, str):
            _do(account, r, step, {}, at)
        else:
            with holding(r, at) as held:
                held.feed(step)
    Action.objects.filter(call=r).update(state="done", done_at=at)
    if scene.outcome:
        _do(account, r, "call.outcome", scene.outcome, at + timedelta(seconds=20))
    for slip in Slip.objects.filter(call=r, expires_at__lte=now):
        expire(slip.pk, now)


def _do(account: Account, r: str, kind: str, d: dict[str, Any], at: datetime) -> Reply:
    member = str(account.pk)
    if r == "me":
        stream, seat = inbox_of(member)
    else:
        [found] = find_seats([(member, r)])
        assert found is not None
        stream, seat = r, found.id
    req = Request(member, stream, seat, "", _MARK + secrets.token_hex(6), kind, d, digest_of(kind, d))
    return (OWN if r == "me" else SERVICES)[kind](req, at)

"""The consults of the demo's first minute (product.md), played through the services at times that have passed.

Played anew at every start, so that their clocks are fresh; one in which someone has done something since is kept.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from consults import people
from consults.commands import OWN, PREPARES, SERVICES
from consults.domain import State
from consults.ending import end_with_nobody
from consults.holding import CLOCK_TIMER
from consults.listing import list_offers
from consults.models import Consult
from consults.offering import question_of
from members.demo import create_people
from members.models import Account
from members.vault import inbox_of
from realtime.commands import Reply, Request
from realtime.instants import to_ms
from realtime.log import digest_of, writing
from realtime.models import Event, Seat, Stream
from realtime.timers import clear_timer

# What the demo did itself carries a `c` that begins so; anything else was done by whoever tries it out.
_MARK: Final = "00000000-0000-4000-8000-"


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does what, how many seconds after the question. `read` reads to the head; `end` is what a timer does."""

    after_s: int
    who: str
    kind: str
    d: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """One consult of the demo: asked by `asker` so many seconds ago, and what happened then."""

    ago_s: int
    asker: str
    specialty: str
    urgency: str
    question: str
    deeds: tuple[Deed, ...] = ()


def _said(after_s: int, who: str, text: str) -> Deed:
    return Deed(after_s, who, "message", {"text": text})


SCENES: Final = (
    Scene(
        48,
        "okafor",
        "cardiology",
        "now",
        "New fast AF, BP 104/60, on apixaban. Rate or rhythm control tonight?",
    ),
    Scene(
        5 * 3600,
        "okafor",
        "nephrology",
        "now",
        "Potassium 6.4 on spironolactone and ramipril, creatinine up by half, ECG normal. When to dialyse?",
        (
            Deed(74, "adeyemi", "offer.accept"),
            _said(
                131,
                "adeyemi",
                "Stop both drugs. Calcium only if the ECG changes. Insulin with glucose now, salbutamol.",
            ),
            _said(190, "okafor", "Given. Urine output is fine. Is a binder worth it?"),
            _said(
                262,
                "adeyemi",
                "Yes, a newer binder. Repeat potassium in 2 h. Dialyse if it stays above 6.5 or the ECG changes.",
            ),
            _said(301, "okafor", "Clear, thank you."),
            Deed(
                330, "okafor", "consult.close", {"outcome": "answered", "note": "Restart neither drug before review."}
            ),
        ),
    ),
    Scene(
        9 * 3600,
        "okafor",
        "neurosurgery",
        "now",
        "Small chronic subdural after a fall last month, GCS 15, on clopidogrel. Transfer tonight or in the morning?",
        (Deed(600, "", "end"),),
    ),
    Scene(
        20 * 3600,
        "okafor",
        "cardiology",
        "today",
        "QTc 505 ms on citalopram, given ondansetron twice. How long on a monitor?",
        (
            Deed(540, "lind", "offer.accept"),
            _said(660, "lind", "Correct potassium and magnesium first. Monitor until the QTc is under 480."),
            Deed(900, "okafor", "consult.close", {"outcome": "partly"}),
            Deed(901, "okafor", "read"),
            Deed(960, "lind", "read"),
            Deed(16 * 3600, "okafor", "consult.reopen"),
            Deed(16 * 3600 + 420, "lind", "consult.reopen"),
            _said(
                16 * 3600 + 500,
                "okafor",
                "QTc is 488 now with a potassium of 4.4. May the citalopram go on at half the dose?",
            ),
        ),
    ),
)


def load(now: datetime) -> None:
    """Make the people of the demo and play its consults up to `now`. Safe to repeat."""
    accounts = create_people()
    for scene in SCENES:
        old = [r for r in _find(accounts[scene.asker], scene) if not _forget_untouched(r, scene)]
        kept = Consult.objects.filter(pk__in=old)
        # What somebody took out of the waiting room leaves its place to a new one.
        if not old or (not scene.deeds and not kept.filter(state=State.WAITING).exists()):
            _play(scene, accounts, now - timedelta(seconds=scene.ago_s))


def _play(scene: Scene, accounts: dict[str, Account], asked_at: datetime) -> None:
    asked = {
        "specialty": scene.specialty,
        "question": scene.question,
        "language": "en",
        "urgency": scene.urgency,
    }
    r = _do(accounts[scene.asker], "me", Deed(0, scene.asker, "consult.ask", asked), asked_at).made
    assert r is not None
    for deed in scene.deeds:
        at = asked_at + timedelta(seconds=deed.after_s)
        if deed.kind == "end":
            end_with_nobody(r, at)
        elif deed.kind == "read":
            seat = Seat.objects.filter(pk=people.find_seat(str(accounts[deed.who].pk), r).id)
            seat.update(read_seq=Stream.objects.get(pk=r).seq)
        elif deed.kind == "offer.accept":
            _accept(accounts[deed.who], r, at)
        else:
            _do(accounts[deed.who], r, deed, at)


def _accept(account: Account, r: str, at: datetime) -> None:
    question = question_of(r)
    offer = next(o for o in list_offers(str(account.pk), at) if o["question"] == question)
    _do(account, "me", Deed(0, "", "offer.accept", {"offer": offer["offer"]}), at)


def _do(account: Account, r: str, deed: Deed, at: datetime) -> Reply:
    member = str(account.pk)
    if r == "me":
        stream, seat = inbox_of(member)
    else:
        stream, seat = r, people.find_seat(member, r).id
    digest = digest_of(deed.kind, deed.d)
    req = Request(member, stream, seat, "", _MARK + secrets.token_hex(6), deed.kind, deed.d, digest)
    if deed.kind in PREPARES:
        with writing(r) as w:
            body = PREPARES[deed.kind](deed.d)
            return Reply(w.append(r, deed.kind, body, seat=seat, c=req.c, digest=digest, ts=to_ms(at)))
    return (OWN if r == "me" else SERVICES)[deed.kind](req, at)


def _find(account: Account, scene: Scene) -> list[str]:
    """Return those of the asker's consults that ask just this."""
    streams = people.streams_of(str(account.pk))
    ids = Consult.objects.filter(pk__in=streams, specialty=scene.specialty).values_list("pk", flat=True)
    return [r for r in ids if question_of(r) == scene.question]


def _forget_untouched(r: str, scene: Scene) -> bool:
    """Remove a consult in which only the demo itself has acted; return whether it was removed."""
    events = Event.objects.filter(stream=r)
    accepts = sum(deed.kind == "offer.accept" for deed in scene.deeds)
    acted = events.filter(c__isnull=False).exclude(c__startswith=_MARK).exists()
    if acted or events.filter(kind="consult.joined").count() > accepts:
        return False
    with transaction.atomic():
        clear_timer(CLOCK_TIMER, r)
        Stream.objects.filter(pk=r).delete()
    return True

"""The HTTP side of consults: lists and pages to read, the usual wait, summaries. Nothing is changed here."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from consults import issuing, listing
from consults.domain import State, Urgency
from consults.models import Consult
from consults.people import check_specialty
from consults.summaries import PASTED_CHARS
from members.auth import account_of, signed_in
from members.problems import PROBLEMS
from members.vault import access_stream
from realtime.instants import to_ms
from realtime.protocol import refuse

router = Router(tags=["consults"], auth=signed_in)


class Other(Schema):
    """Someone else in a consult: the pseudonym and the badge of that consult."""

    name: str
    badge: str


class Advice(Schema):
    """What to do next after an end that left the question open."""

    code: str
    text: str


class Item(Schema):
    """A consult as one of its participants sees it. All times are Unix milliseconds."""

    r: str
    state: str
    end: str
    outcome: str
    specialty: str
    urgency: str
    language: str
    question: str
    asked_at: int
    opened_at: int | None
    ended_at: int | None
    ends_at: int
    reply_due_at: int | None
    ring: int
    mine: bool
    me: str
    head: int
    read: int
    unread: int
    outdated: bool
    others: list[Other]
    reopen_until: int | None
    reopen_asked: bool
    reopen_asked_by_me: bool
    advice: list[Advice]


class Items(Schema):
    """One page of consults, newest first; `next` is what `before` takes for the page after."""

    items: list[Item]
    next: str | None


class Who(Other):
    """Someone who takes or took part."""

    role: str
    left: bool


class Changed(Schema):
    """The message `target` was changed or withdrawn by event `s` after the reader had read it."""

    target: int
    s: int
    at: int


class Whole(Item):
    """One consult with all who take or took part, and what was changed after being read."""

    participants: list[Who]
    changed: list[Changed]


class StandingOffer(Schema):
    """An offer that waits for an answer. `ring` is 0 for an invitation into an open consult."""

    offer: str
    specialty: str
    question: str
    language: str
    urgency: str
    ring: int
    expires_at: int


class Offers(Schema):
    """The offers that stand, newest first."""

    items: list[StandingOffer]


class Wait(Schema):
    """The usual wait of late: its median in seconds over `n` consults, and how many are available."""

    median_s: int | None
    n: int
    available: str


class SummaryChange(Schema):
    """What happened after a summary was issued: `changed`, `withdrawn` or `reopened`."""

    at: int
    kind: str


class SummaryOut(Schema):
    """The newest issue of a summary, and what happened since its first."""

    text: str
    n: int
    outdated: bool
    changes: list[SummaryChange]


class Pasted(Schema):
    """A text that someone pasted."""

    text: str = Field(max_length=PASTED_CHARS)


class VerdictOut(Schema):
    """Whether a pasted summary is genuine word for word, and what was changed since it was made."""

    valid: bool
    outdated: bool
    made_at: int | None
    changes: list[SummaryChange]


@router.get("/consults", response={200: Items, **PROBLEMS}, summary="My consults, newest first")
def list_mine(request: HttpRequest, state: State | None = None, before: str | None = None) -> Any:
    """Return the consults that one asked or takes part in."""
    return listing.list_consults(str(account_of(request).pk), state, before)


@router.get("/consults/{r}", response={200: Whole, **PROBLEMS}, summary="One of my consults")
def get_one(request: HttpRequest, r: str) -> Any:
    """One consult; not found and not allowed give the same answer."""
    return listing.describe(r, access_stream(account_of(request), r))


@router.get(
    "/consults/{r}/summary",
    response={200: SummaryOut, **PROBLEMS},
    summary="The signed summary of a consult that has ended",
)
def get_summary(request: HttpRequest, r: str) -> Any:
    """Return the newest issue, as plain text with its signature block."""
    access_stream(account_of(request), r)
    consult = Consult.objects.filter(pk=r).first()
    if consult is None:
        raise refuse("not_found")
    served = issuing.access_summary(consult)
    changes = _changes(served.changes)
    return {"text": served.text, "n": served.n, "outdated": served.outdated, "changes": changes}


@router.get("/offers", response={200: Offers, **PROBLEMS}, summary="Offers that wait for my answer")
def list_my_offers(request: HttpRequest) -> Any:
    """Return the offers that stand for the one who asks."""
    return {"items": listing.list_offers(str(account_of(request).pk), timezone.now())}


@router.get("/wait", response={200: Wait, **PROBLEMS}, summary="The usual wait of a specialty")
def get_wait(request: HttpRequest, specialty: str, urgency: Urgency = Urgency.NOW, language: str | None = None) -> Any:
    """How long askers waited of late, and in coarse words how many are available."""
    check_specialty(specialty)
    return listing.usual_wait(specialty, urgency, language, timezone.now())


@router.post("/summaries/verify", response={200: VerdictOut, **PROBLEMS}, auth=None, summary="Verify a pasted summary")
def verify_summary(request: HttpRequest, pasted: Pasted) -> Any:
    """Open to all: who has the text may know whether it is genuine and what was changed since."""
    verdict = issuing.verify(pasted.text)
    return {
        "valid": verdict.valid,
        "outdated": bool(verdict.changes),
        "made_at": to_ms(verdict.made_at) if verdict.made_at else None,
        "changes": _changes(verdict.changes),
    }


def _changes(changes: tuple[issuing.Change, ...]) -> list[dict[str, Any]]:
    return [{"at": to_ms(change.at), "kind": change.kind} for change in changes]

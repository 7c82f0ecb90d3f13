"""How a consult ends, by someone or by itself, and how it is opened again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from consults import people
from consults.clock import REOPEN_FOR, Step, due_step
from consults.domain import (
    END_BY_OUTCOME,
    Act,
    End,
    Outcome,
    Role,
    State,
    Urgency,
    advice_for,
    can_reopen,
    check_outcome,
)
from consults.holding import Held, Party, holding
from consults.issuing import issue_summary
from consults.shapes import NOTE_CHARS, Close, Nothing, check_length, read
from consults.words import has_replied, last_word_at
from privacy.rules import check_text
from realtime.commands import Reply, Request
from realtime.instants import to_ms
from realtime.protocol import Refusal


def close(req: Request, now: datetime | None = None) -> Reply:
    """`consult.close`: either side ends it with an outcome and, if wanted, a note.

    Raises Refusal `closed`, `refused`, `too_large`, `gate`, `consult.no_reply_yet`.
    """
    closed = read(Close, req.d)
    note = check_length(closed.note, NOTE_CHARS) if closed.note else ""
    if note:
        check_text(note)
    with holding(req.stream, now or timezone.now()) as held:
        party = held.access_party(req.seat, Act.CLOSE)
        replied = has_replied(held.r)
        check_outcome(closed.outcome, answerer_wrote=replied)
        if party.role is Role.ANSWERER and not replied:
            raise Refusal("consult.no_reply_yet", "You have not replied yet. You can hand it back.")
        end = END_BY_OUTCOME[closed.outcome]
        return Reply(end_consult(held, end, req=req, outcome=closed.outcome, note=note))


def end_consult(
    held: Held, end: End, *, req: Request | None = None, outcome: Outcome | None = None, note: str = ""
) -> int:
    """End it under its locks: the event, the summary, the offers gone, the clock of reopening; its number."""
    consult = held.consult
    consult.state, consult.end, consult.outcome = State.ENDED, end, outcome or ""
    consult.ended_at, consult.reopen_until = held.now, held.now + REOPEN_FOR
    consult.reply_due_at, consult.reopen_asked_by = None, None
    body = _ended_body(held, end, outcome, note)
    seq = held.record(req, "consult.ended", body) if req else held.say("consult.ended", body)
    held.drop_offers("expired" if end is End.NOBODY else "withdrawn")
    held.forget_offers()
    held.w.set_state(held.r, "closed")
    if can_reopen(end):
        issue_summary(consult, upto=seq, now=held.now)
    actor = req.seat if req else None
    held.woken |= {p.member for p in held.parties if p.seat.id != actor}
    held.finish()
    return seq


def end_with_nobody(r: str, now: datetime) -> None:
    """End what nobody took in time; those who let an offer of it run out have missed one."""
    with holding(r, now) as held:
        if due_step(held.clock(), now) is not Step.NOBODY:
            return
        missed = [people.owner_of_inbox(s.inbox) for s in held.offers]
        end_consult(held, End.NOBODY)
    for member in missed:
        people.count_missed(member, now)


def end_in_silence(r: str, now: datetime) -> None:
    """End an open consult in which nobody has written for long: "Ended, no reply", whoever wrote last."""
    with holding(r, now) as held:
        if held.consult.state != State.OPEN or held.consult.word_at is None:
            return
        held.consult.word_at = max(held.consult.word_at, last_word_at(r) or held.consult.word_at)
        if due_step(held.clock(), now) is Step.SILENCE:
            end_consult(held, End.NO_REPLY)
        else:
            held.finish(tell=False)


def reopen(req: Request, now: datetime | None = None) -> Reply:
    """`consult.reopen`: one side asks, the same command of the other side agrees, within 24 hours of the end.

    Raises Refusal `closed` (too late, or nobody ever took it), `refused` (the other side has left),
    `consult.reopen_waiting` (this side has asked already).
    """
    read(Nothing, req.d)
    with holding(req.stream, now or timezone.now()) as held:
        party = held.access_party(req.seat, Act.REOPEN)
        until = held.consult.reopen_until
        if until is None or held.now >= until or not can_reopen(End(held.consult.end)):
            raise Refusal("closed", "This can no longer be reopened. Ask again.")
        others = [p for p in held.parties if p.role is not party.role]
        if not others:
            raise Refusal("refused", "The other side has left. Ask again.")
        held.woken |= {p.member for p in others}
        return Reply(_agree(held, party, req, others))


def make_final(r: str, now: datetime) -> None:
    """Close the stream for good once it can no longer be reopened; its history stays readable."""
    with holding(r, now) as held:
        if due_step(held.clock(), now) is not Step.FINAL:
            return
        held.w.set_state(r, "final")
        held.consult.reopen_until = held.consult.reopen_asked_by = None
        held.finish()


def _agree(held: Held, party: Party, req: Request, others: list[Party]) -> int:
    asked_by = held.consult.reopen_asked_by_id
    if asked_by in {p.seat.id for p in others}:
        held.w.set_state(held.r, "open")
        seq = held.record(req, "consult.reopened", {})
        consult = held.consult
        consult.state, consult.end, consult.outcome = State.OPEN, End.NONE, ""
        consult.word_at, consult.opened_at = held.now, held.now
        consult.ended_at = consult.reopen_until = consult.reopen_asked_by = None
    elif asked_by in {p.seat.id for p in held.parties}:
        raise Refusal("consult.reopen_waiting", "You have asked. The other side has to agree.")
    else:
        seq = held.record(req, "consult.reopen_asked", {})
        held.consult.reopen_asked_by = party.seat
    held.finish()
    return seq


def _ended_body(held: Held, end: End, outcome: Outcome | None, note: str) -> dict[str, Any]:
    body: dict[str, Any] = {"state": end.value}
    if outcome:
        body["outcome"] = outcome.value
    if note:
        body["note"] = note
    if can_reopen(end) and held.consult.reopen_until:
        body["reopen_until"] = to_ms(held.consult.reopen_until)
    advice = advice_for(end, Urgency(held.consult.urgency))
    if advice:
        body["advice"] = list(advice)
    return body

"""Asking a specialty, and withdrawing what nobody took."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from consults import people
from consults.clock import start_clock
from consults.domain import ASKS_STANDING, Act, End, Role, State
from consults.ending import end_consult
from consults.holding import CLOCK_TIMER, holding
from consults.models import Consult, Participant
from consults.offering import widen_soon
from consults.shapes import QUESTION_CHARS, Ask, Nothing, check_length, read
from privacy.rules import check_text
from realtime.commands import Reply, Request
from realtime.instants import to_ms
from realtime.log import Writing, create_stream, writing
from realtime.protocol import Refusal
from realtime.timers import set_timer


def ask(req: Request, now: datetime | None = None) -> Reply:
    """`consult.ask`: put a question to a specialty and start its clock.

    Raises Refusal `malformed`, `too_large`, `gate`, `consult.not_verified`, `consult.too_many`.
    """
    now = now or timezone.now()
    asked = read(Ask, req.d)
    question = check_length(asked.question, QUESTION_CHARS)
    people.check_asked(asked.specialty, asked.language)
    people.check_verified(req.member)
    check_text(question)
    with transaction.atomic():
        r = create_stream("consult")
        with writing(req.stream, r) as w:
            _check_room(req.member)
            _store(w, r, req.member, asked=asked, question=question, now=now)
            body = {"r": r}
            seq = w.append(req.stream, "consult.asked", body, seat=req.seat, c=req.c, digest=req.digest, ts=to_ms(now))
    widen_soon(r, now)
    return Reply(seq, r)


def withdraw(req: Request, now: datetime | None = None) -> Reply:
    """`consult.withdraw`: the asker takes back what nobody took. Raises Refusal `closed`, `refused`."""
    read(Nothing, req.d)
    with holding(req.stream, now or timezone.now()) as held:
        held.access_party(req.seat, Act.WITHDRAW)
        return Reply(end_consult(held, End.WITHDRAWN, req=req))


def _store(w: Writing, r: str, member: str, *, asked: Ask, question: str, now: datetime) -> None:
    clock = start_clock(asked.urgency, now)
    seat = people.take_seat(member, r, joined_seq=0)
    consult = Consult(pk=r, specialty=asked.specialty, language=asked.language, urgency=asked.urgency, asked_at=now)
    consult.set_clock(clock)
    consult.save(force_insert=True)
    Participant.objects.create(seat_id=seat.id, consult=consult, role=Role.ASKER, joined_at=now)
    body = {
        "specialty": asked.specialty,
        "question": question,
        "language": asked.language,
        "urgency": asked.urgency.value,
        "ends_at": to_ms(clock.ends_at),
    }
    w.append(r, "consult.asked", body, seat=seat.id, ts=to_ms(now))
    # Due at once: should this process die before the first ring, the next one rings.
    set_timer(CLOCK_TIMER, r, now)


def _check_room(member: str) -> None:
    streams = people.streams_of(member)
    waiting = Consult.objects.filter(pk__in=streams, state=State.WAITING).values_list("pk", flat=True)
    # Nobody but its asker sits in a waiting consult.
    if len(people.find_seats(member, list(waiting))) >= ASKS_STANDING:
        raise Refusal("consult.too_many", "Several of your questions are waiting. Withdraw one first.")

"""What becomes of a consult that someone took: handed back, offered onward, left, widened by an invitation."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from consults import people
from consults.clock import LAST_RING, SCHEDULES, resume_clock
from consults.domain import INVITES_STANDING, OFFERS_PER_RING, PARTIES_MOST, Act, State, Urgency
from consults.holding import Held, holding
from consults.models import Consult, Participant
from consults.offering import INVITED, Batch, asked_already, make_offers, say_ringing, widen_soon
from consults.shapes import Invite, Nothing, check_word, read
from consults.words import has_replied, wrote_since_joining
from realtime.commands import Reply, Request
from realtime.protocol import Refusal, refuse


def hand_back(req: Request, now: datetime | None = None) -> Reply:
    """`consult.hand_back`: the answerer gives it back; with nobody else there it is offered again.

    Raises Refusal `closed`, `refused`.
    """
    read(Nothing, req.d)
    now = now or timezone.now()
    with holding(req.stream, now) as held:
        party = held.access_party(req.seat, Act.HAND_BACK)
        seq = held.record(req, "consult.handed_back", {})
        held.drop_party(party, seq)
        _go_on_without(held)
    widen_soon(req.stream, now)
    return Reply(seq)


def leave(req: Request, now: datetime | None = None) -> Reply:
    """`consult.leave`: go, and see no more of it. If nobody has replied and nobody is left, it is offered again.

    Raises Refusal `refused` for the asker of an open one.
    """
    read(Nothing, req.d)
    now = now or timezone.now()
    with holding(req.stream, now) as held:
        party = held.access_party(req.seat, Act.LEAVE)
        seq = held.record(req, "consult.left", {})
        held.drop_party(party, seq)
        if held.consult.state == State.OPEN and not has_replied(held.r):
            _go_on_without(held)
        else:
            held.woken |= {p.member for p in held.parties}
            held.finish()
    widen_soon(req.stream, now)
    return Reply(seq)


def offer_on(r: str, now: datetime) -> None:
    """Take the seats of answerers who have not written a word in time and offer the consult onward."""
    with holding(r, now) as held:
        due_at = held.consult.reply_due_at
        if held.consult.state != State.OPEN or due_at is None or now < due_at:
            return
        silent = [p for p in held.answerers() if not wrote_since_joining(p.seat)]
        if len(silent) < len(held.answerers()):
            held.consult.reply_due_at = None
            held.finish(tell=False)
            return
        joined_at = dict(Participant.objects.filter(consult=r).values_list("seat_id", "joined_at"))
        span = timedelta(seconds=SCHEDULES[Urgency(held.consult.urgency)].first_reply_s or 0)
        for party in [p for p in silent if joined_at[p.seat.id] + span <= now]:
            held.drop_party(party, held.say("consult.offered_on", {}, seat=party.seat.id))
            held.woken.add(party.member)
        held.consult.reply_due_at = min((joined_at[p.seat.id] + span for p in held.answerers()), default=None)
        _go_on_without(held)
    widen_soon(r, now)


def invite(req: Request, now: datetime | None = None) -> Reply:
    """`consult.invite`: ask one more clinician of a specialty in.

    Raises Refusal `malformed`, `closed`, `refused`, `consult.full`, `consult.nobody` (none is available).
    """
    now = now or timezone.now()
    specialty = check_word(read(Invite, req.d).specialty)
    consult = Consult.objects.filter(pk=req.stream).first()
    if consult is None:
        raise refuse("not_found")
    people.check_asked(specialty, consult.language)
    found = people.find_available(specialty, consult.language, LAST_RING, asked_already(req.stream), now)
    inboxes = {people.inbox_of(member): member for member in found[:OFFERS_PER_RING]}
    with holding(req.stream, now, *inboxes) as held:
        held.access_party(req.seat, Act.INVITE)
        _check_room(held)
        if not inboxes:
            raise Refusal("consult.nobody", "Nobody of this specialty is available at the moment.")
        seq = held.record(req, "consult.invited", {"specialty": specialty})
        expires_at = now + timedelta(seconds=SCHEDULES[Urgency(consult.urgency)].invite_s)
        make_offers(held, inboxes, Batch(specialty, INVITED, expires_at, seq))
        held.finish()
        return Reply(seq)


def expire_invites(r: str, now: datetime) -> None:
    """Let invitations go whose time is over, and say so in the consult."""
    missed: list[str] = []
    with holding(r, now) as held:
        over = [s for s in held.offers if s.offer.invited_seq is not None and s.offer.expires_at <= now]
        for standing in over:
            missed.append(people.owner_of_inbox(standing.inbox))
            held.drop_offer(standing, "expired")
        for _, specialty in sorted({(s.offer.invited_seq or 0, s.offer.specialty) for s in over}):
            held.say("consult.invite_ended", {"specialty": specialty})
        held.finish(tell=bool(over))
    for member in missed:
        people.count_missed(member, now)


def _go_on_without(held: Held) -> None:
    """After an answerer went: stay open with those who are left, or wait again on the clock that goes on."""
    if not held.answerers():
        held.drop_offers("withdrawn")
        held.consult.set_clock(resume_clock(held.consult.clock(), held.now))
        say_ringing(held)
    asker = held.asker()
    if asker is not None:
        held.woken.add(asker.member)
    held.finish()


def _check_room(held: Held) -> None:
    standing = {s.offer.invited_seq for s in held.offers if s.offer.invited_seq is not None}
    if len(standing) >= INVITES_STANDING or len(held.parties) >= PARTIES_MOST:
        raise Refusal("consult.full", "Enough colleagues are asked in already.")

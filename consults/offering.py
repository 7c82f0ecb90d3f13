"""Offering a waiting consult in widening rings, and accepting or declining an offer."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import DatabaseError
from django.utils import timezone

from consults import people
from consults.clock import next_due_at, next_ring_at, open_clock, ring_at
from consults.domain import OFFERS_PER_RING, PARTIES_MOST, Role, State
from consults.holding import CLOCK_TIMER, Held, Party, Standing, holding, seal_inbox, unseal_inbox
from consults.models import Consult, Offer, Participant
from consults.shapes import Decline, OfferRef, check_word, read
from realtime.commands import Reply, Request
from realtime.instants import to_ms
from realtime.log import read_events
from realtime.models import Seat, new_id
from realtime.protocol import Refusal
from realtime.timers import set_timer

log = logging.getLogger(__name__)

INVITED: Final = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What is offered to several at once: in which ring (0: invited by event `invited_seq`), until when."""

    specialty: str
    ring: int
    expires_at: datetime
    invited_seq: int | None = None


def widen_soon(r: str, now: datetime) -> None:
    """Offer now what has just been stored; if the database fails, the timer that is due does it."""
    try:
        widen(r, now)
    except (DatabaseError, Refusal):
        log.warning("a ring is left to its timer")


def widen(r: str, now: datetime) -> None:
    """Bring a waiting consult to the ring of `now` and offer it to whoever became available since.

    Does nothing for one that no longer waits. Safe to repeat.
    """
    consult = Consult.objects.filter(pk=r, state=State.WAITING).first()
    if consult is None:
        return
    ring = ring_at(consult.clock(), now)
    found = people.find_available(consult.specialty, consult.language, ring, asked_already(r), now)
    inboxes = {people.inbox_of(member): member for member in found[:OFFERS_PER_RING]}
    if not inboxes and ring == consult.ring:
        due = next_due_at(consult.clock(), now)
        if due is not None:
            set_timer(CLOCK_TIMER, r, due)
        return
    with holding(r, now, *inboxes) as held:
        if held.consult.state != State.WAITING or now >= held.consult.ends_at:
            return
        wider = ring > held.consult.ring
        if wider:
            held.consult.ring = ring
            say_ringing(held)
        make_offers(held, inboxes, Batch(consult.specialty, held.consult.ring, held.consult.ends_at))
        held.finish(tell=wider)


def say_ringing(held: Held) -> None:
    """Tell the consult which ring is asked, when the next begins and when waiting ends."""
    next_at = next_ring_at(held.clock())
    body = {
        "ring": held.consult.ring,
        "next_at": None if next_at is None else to_ms(next_at),
        "ends_at": to_ms(held.consult.ends_at),
    }
    held.say("consult.ringing", body)


def make_offers(held: Held, inboxes: dict[str, str], batch: Batch) -> None:
    """Offer the consult to members by their inboxes (inbox -> member), once to each."""
    consult = held.consult
    standing = {s.inbox for s in held.offers}
    question = question_of(held.r)
    for inbox, member in inboxes.items():
        if inbox in standing:
            continue
        offer_id = new_id()
        offer = Offer.objects.create(
            id=offer_id,
            consult=consult,
            inbox=seal_inbox(offer_id, inbox),
            specialty=batch.specialty,
            ring=batch.ring,
            invited_seq=batch.invited_seq,
            made_at=held.now,
            expires_at=batch.expires_at,
        )
        held.offers.append(Standing(offer, inbox))
        body = offer_body(offer, consult, question)
        held.w.append(inbox, "offer.made", body, ts=to_ms(held.now))
        people.count_offer(member, held.now)
        held.woken.add(member)


def offer_body(offer: Offer, consult: Consult, question: str) -> dict[str, object]:
    """Return what the one who is offered a consult is shown."""
    return {
        "offer": offer.pk,
        "specialty": offer.specialty,
        "question": question,
        "language": consult.language,
        "urgency": consult.urgency,
        "ring": offer.ring,
        "expires_at": to_ms(offer.expires_at),
    }


def question_of(r: str) -> str:
    """Return the question of a consult, as its first event holds it."""
    [event] = read_events(r, after=0, limit=1)
    return str(event["d"]["question"])


def accept(req: Request, now: datetime | None = None) -> Reply:
    """`offer.accept`: take a consult. Exactly one wins a ring, exactly one an invitation.

    Raises Refusal `offer.taken`, `offer.gone`, `offer.yours` (with `d.r`), `consult.not_verified`.
    """
    now = now or timezone.now()
    offer = _access_offer(req, check_word(read(OfferRef, req.d).offer))
    people.check_verified(req.member)
    with holding(offer.consult_id, now, req.stream) as held:
        standing = _access_standing(held, offer.pk)
        if len(held.parties) >= PARTIES_MOST:
            raise Refusal("consult.full", "Enough colleagues take part already.")
        party = _seat(held, req)
        Offer.objects.filter(pk=offer.pk).update(state="accepted")
        held.offers.remove(standing)
        for other in [s for s in held.offers if s.offer.invited_seq == standing.offer.invited_seq]:
            held.drop_offer(other, "taken")
        if standing.offer.invited_seq is None:
            held.consult.set_clock(open_clock(held.consult.clock(), now))
            held.consult.first_taken_at = held.consult.first_taken_at or now
        else:
            held.consult.word_at = now
        held.say("consult.joined", {"badge": party.seat.badge}, seat=party.seat.id)
        seq = held.record(req, "offer.accepted", {"r": held.r, "offer": offer.pk})
        held.woken |= {p.member for p in held.parties if p is not party}
        held.finish()
        return Reply(seq, held.r)


def decline(req: Request, now: datetime | None = None) -> Reply:
    """`offer.decline`: not now, or not my field. Raises Refusal `offer.taken`, `offer.gone`, `offer.yours`."""
    now = now or timezone.now()
    declined = read(Decline, req.d)
    offer = _access_offer(req, check_word(declined.offer))
    with holding(offer.consult_id, now, req.stream) as held:
        standing = _access_standing(held, offer.pk)
        Offer.objects.filter(pk=offer.pk).update(state="declined")
        held.offers.remove(standing)
        people.clear_missed(req.member)
        seq = held.record(req, "offer.declined", {"offer": offer.pk})
        held.finish(tell=False)
        return Reply(seq)


def _access_offer(req: Request, offer_id: str) -> Offer:
    offer = Offer.objects.filter(pk=offer_id).first()
    # Whether it never was, was another's or has been deleted: one answer.
    if offer is None or unseal_inbox(offer) != req.stream:
        raise Refusal("offer.gone", "This offer has ended.")
    return offer


def _access_standing(held: Held, offer_id: str) -> Standing:
    standing = next((s for s in held.offers if s.offer.pk == offer_id), None)
    if standing is None:
        state = Offer.objects.filter(pk=offer_id).values_list("state", flat=True).first()
        if state == "accepted":
            raise Refusal("offer.yours", "You have taken this already.", d={"r": held.r})
        if state == "gone":
            raise Refusal("offer.taken", "A colleague has taken this.")
        raise Refusal("offer.gone", "This offer has ended.")
    if held.now >= standing.offer.expires_at:
        raise Refusal("offer.gone", "This offer has ended.")
    return standing


def _seat(held: Held, req: Request) -> Party:
    ref = people.take_seat(req.member, held.r, joined_seq=held.w.head(held.r))
    Participant.objects.update_or_create(
        seat_id=ref.id,
        defaults={"consult": held.consult, "role": Role.ANSWERER, "joined_at": held.now},
    )
    people.clear_missed(req.member)
    party = Party(Seat.objects.get(pk=ref.id), Role.ANSWERER, req.member, req.stream)
    held.parties.append(party)
    return party


def asked_already(r: str) -> set[str]:
    """Members who take or took part, hold an offer of this consult, or declined one."""
    seats = Participant.objects.filter(consult=r).values_list("seat_id", flat=True)
    offers = Offer.objects.filter(consult=r, state__in=("standing", "declined"))
    return set(people.owners_of_seats(seats).values()) | {
        people.owner_of_inbox(unseal_inbox(offer)) for offer in offers
    }

"""A consult held under its locks: its stream, the inboxes of those who take part, those of standing offers.

Whose inbox has to be told is known only from rows that the consult's own lock protects. So they are read, all
streams are locked together in id order, and what was read is looked at again under the lock; if someone came in
between, it starts over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from consults import people
from consults.clock import Clock, next_due_at
from consults.domain import Act, Role, State, check_may
from consults.models import Consult, Offer, Participant
from realtime.commands import Request
from realtime.instants import to_ms
from realtime.log import Writing, writing
from realtime.models import Seat
from realtime.protocol import refuse
from realtime.sealing import seal, unseal
from realtime.timers import clear_timer, set_timer

CLOCK_TIMER: Final = "consult.clock"
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Party:
    """Someone who sits in the consult now; `member` and `inbox` are never stored with it."""

    seat: Seat
    role: Role
    member: str
    inbox: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An offer that stands, with the inbox that it went to."""

    offer: Offer
    inbox: str


@dataclass(slots=True)
class Held:
    """What a service works on; every method appends or saves within the one transaction."""

    w: Writing
    consult: Consult
    parties: list[Party]
    offers: list[Standing]
    now: datetime
    woken: set[str] = field(default_factory=set)

    @property
    def r(self) -> str:
        """The consult's stream."""
        return str(self.consult.pk)

    def clock(self) -> Clock:
        """Return the consult's times, those of its invitations with them."""
        invites = [s.offer.expires_at for s in self.offers if s.offer.invited_seq is not None]
        return replace(self.consult.clock(), invites_due_at=min(invites, default=None))

    def access_party(self, seat: str, act: Act) -> Party:
        """Return the party of this seat, if it may do this now. Raises Refusal `not_found`, `closed`, `refused`."""
        party = next((p for p in self.parties if p.seat.id == seat), None)
        if party is None:
            raise refuse("not_found")
        check_may(act, State(self.consult.state), party.role)
        return party

    def asker(self) -> Party | None:
        """Return the one who asked, None once they have left."""
        return next((p for p in self.parties if p.role is Role.ASKER), None)

    def answerers(self) -> list[Party]:
        """Those who sit in it to answer, in the order in which they came."""
        return [p for p in self.parties if p.role is Role.ANSWERER]

    def record(self, req: Request, kind: str, body: dict[str, Any]) -> int:
        """Append the one event that records a command and answers its repeats; returns its number."""
        return self.w.append(req.stream, kind, body, seat=req.seat, c=req.c, digest=req.digest, ts=to_ms(self.now))

    def say(self, kind: str, body: dict[str, Any], seat: str | None = None) -> int:
        """Append an event of the service itself to the consult; returns its number."""
        return self.w.append(self.r, kind, body, seat=seat, ts=to_ms(self.now))

    def drop_party(self, party: Party, at_seq: int) -> None:
        """Take a seat away at its own event `at_seq`; the party is told in its inbox."""
        self.w.remove_seat(party.seat.id, at_seq)
        self.parties = [p for p in self.parties if p.seat.id != party.seat.id]
        self._tell_one(party)

    def drop_offers(self, why: str) -> None:
        """Let every standing offer go and say why where it was offered."""
        for standing in list(self.offers):
            self.drop_offer(standing, why)

    def drop_offer(self, standing: Standing, why: str) -> None:
        """Let one standing offer go and say why where it was offered."""
        self.offers = [s for s in self.offers if s.offer.pk != standing.offer.pk]
        Offer.objects.filter(pk=standing.offer.pk).update(state="gone")
        body = {"offer": standing.offer.pk, "why": why}
        self.w.append(standing.inbox, "offer.gone", body, ts=to_ms(self.now))

    def forget_offers(self) -> None:
        """Delete every offer of the consult, so that nothing links it to those who were asked."""
        self.offers = []
        Offer.objects.filter(consult=self.consult).delete()

    def finish(self, *, tell: bool = True) -> None:
        """Save the consult, set its timer and, if `tell`, say in the inboxes of all who take part that it changed."""
        self.consult.save()
        due = next_due_at(self.clock(), self.now)
        if due is None:
            clear_timer(CLOCK_TIMER, self.r)
        else:
            set_timer(CLOCK_TIMER, self.r, due)
        for party in self.parties if tell else ():
            self._tell_one(party)
        people.wake_on_commit(self.woken)

    def _tell_one(self, party: Party) -> None:
        body = {"r": self.r, "state": self.consult.state, "head": self.w.head(self.r)}
        self.w.append(party.inbox, "consult.changed", body, ts=to_ms(self.now))


def seal_inbox(offer: str, inbox: str) -> bytes:
    """Return the inbox, sealed for this offer's row."""
    return seal(inbox.encode(), aad=f"consults_offer:{offer}:inbox")


def unseal_inbox(offer: Offer) -> str:
    """Return the inbox that an offer went to. Raises `realtime.sealing.Unsealable`."""
    return unseal(bytes(offer.inbox), aad=f"consults_offer:{offer.pk}:inbox").decode()


@contextmanager
def holding(r: str, now: datetime, *also: str) -> Iterator[Held]:
    """Hold the consult `r` and the streams `also` within one transaction; what happened in it is lost on a Refusal.

    Raises Refusal `not_found` (no such consult) or `busy` (others kept coming in between).
    """
    for _ in range(_TRIES):
        locked = {r, *also} | {p.inbox for p in _parties(r)} | {s.inbox for s in _offers(r)}
        with ExitStack() as stack:
            held = _load(stack.enter_context(writing(*sorted(locked))), r, now)
            if {p.inbox for p in held.parties} | {s.inbox for s in held.offers} <= locked:
                yield held
                return
    raise refuse("busy")


def _load(w: Writing, r: str, now: datetime) -> Held:
    consult = Consult.objects.select_related("stream").filter(pk=r).first()
    if consult is None:
        raise refuse("not_found")
    return Held(w, consult, _parties(r), _offers(r), now)


def _parties(r: str) -> list[Party]:
    rows = Participant.objects.filter(consult=r, seat__left_seq=None).select_related("seat").order_by("joined_at")
    members = people.owners_of_seats([row.seat.id for row in rows])
    parties = []
    for row in rows:
        member = members.get(row.seat.id)
        inbox = people.find_inbox(member) if member else None
        # Whose account is gone sits there no more, and nobody has to be told.
        if member and inbox:
            parties.append(Party(row.seat, Role(row.role), member, inbox))
    return parties


def _offers(r: str) -> list[Standing]:
    rows = Offer.objects.filter(consult=r, state="standing").order_by("made_at")
    return [Standing(row, unseal_inbox(row)) for row in rows]

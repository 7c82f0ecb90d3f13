"""The only door from consults to members: who may ask, who is available, which inbox is whose.

Account ids pass through here as values of one call and are never stored by this app.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from consults.clock import LAST_RING
from members import availability, directory, push, vault
from realtime.commands import SeatRef
from realtime.protocol import Refusal, refuse


def check_verified(member: str) -> None:
    """Raise Refusal `consult.not_verified` unless the member is verified and not suspended today."""
    if not directory.is_verified(member):
        raise Refusal("consult.not_verified", "Only verified clinicians can ask and answer.")


def check_asked(specialty: str, language: str) -> None:
    """Raise Refusal `malformed` for a specialty or a language that nobody can have."""
    if specialty not in directory.SPECIALTIES or language not in directory.LANGUAGES:
        raise refuse("malformed")


def check_specialty(specialty: str) -> None:
    """Raise Refusal `malformed` for a specialty that nobody can have."""
    if specialty not in directory.SPECIALTIES:
        raise refuse("malformed")


def find_available(specialty: str, language: str, ring: int, exclude: set[str], now: datetime) -> list[str]:
    """Members who can be offered something in this ring (1 to 3) or a nearer one, nearest first."""
    found: list[str] = []
    for near in range(ring):
        found += availability.find_available(
            specialty=specialty, language=language, ring=near, exclude=exclude | set(found), now=now
        )
    return found


def count_available(specialty: str, language: str | None, now: datetime) -> int:
    """How many members are available to a specialty at all, whatever the ring."""
    return len(find_available(specialty, language or "", LAST_RING, set(), now))


def inbox_of(member: str) -> str:
    """Return the member's own stream, made on first use."""
    return vault.inbox_of(member)[0]


def find_inbox(member: str) -> str | None:
    """Return the member's own stream, None where the account is gone."""
    try:
        return inbox_of(member)
    except Refusal:
        return None


def owner_of_inbox(stream: str) -> str:
    """Return the member whose inbox this is."""
    return vault.owner_of_inbox(stream)


def take_seat(member: str, stream: str, *, joined_seq: int) -> SeatRef:
    """Seat the member under a new pseudonym, with the badge of today, which stays."""
    return vault.take_seat(member, stream, joined_seq=joined_seq)


def owners_of_seats(seats: Iterable[str]) -> dict[str, str]:
    """Return the members of seats, by the seat's id."""
    return vault.owners_of_seats(seats)


def find_seat(member: str, stream: str) -> SeatRef:
    """Return the member's seat in a stream. Raises Refusal `not_found`, whether it does not exist or is not theirs."""
    [seat] = vault.find_seats([(member, stream)])
    if seat is None:
        raise refuse("not_found")
    return seat


def find_seats(member: str, streams: Iterable[str]) -> list[SeatRef]:
    """Return the member's seats in these streams, without those that they left."""
    return [seat for seat in vault.find_seats([(member, stream) for stream in streams]) if seat]


def streams_of(member: str) -> list[str]:
    """All streams in which the member has or had a seat."""
    return vault.seats_of(member)


def name_specialty(code: str) -> str:
    """Return the name of a specialty, the code itself where it is no longer known."""
    known = directory.SPECIALTIES.get(code)
    return known.name if known else code


def count_offer(member: str, now: datetime) -> None:
    """Take one from the member's daily budget of offers."""
    availability.count_offer(member, now)


def count_missed(member: str, now: datetime) -> None:
    """Note that an offer ran out unanswered; three in a row end the member's availability."""
    availability.count_missed(member, now)


def clear_missed(member: str) -> None:
    """Note that the member answered an offer, whichever way."""
    availability.clear_missed(member)


def wake_on_commit(members: Iterable[str]) -> None:
    """Have the devices of these members woken, with no content, once the transaction has committed."""
    ids = sorted(set(members))
    if ids:
        transaction.on_commit(lambda: push.wake(ids))

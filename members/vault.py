"""The only door between an account and a seat.

A row is found by keyed digests (of the account, of the seat, of account and stream together) and holds the pair
sealed. Both keys lie outside the database, so that the tables alone link no two threads.
"""

import json
from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction

from members import badges, pseudonyms
from members.errors import NotFound
from members.marks import mark
from members.models import Account, Vault
from realtime.commands import SeatRef
from realtime.log import create_stream
from realtime.models import Inbox, Seat
from realtime.sealing import seal, unseal
from realtime.sql import among, live_seats

Sealed = bytes | memoryview  # PostgreSQL's driver gives a view
TRIES = 24  # names are drawn from tens of thousands, so more than a few collisions in one thread mean a fault


def place_of(account_id: str, stream_id: str) -> str:
    """Return the digest under which an account's place in a stream is kept."""
    return mark("place", account_id, stream_id)


def find_seats(pairs: Sequence[tuple[str, str]]) -> list[SeatRef | None]:
    """Return the seats of (account, stream) pairs in their order, None where there is none or it has left.

    Two queries, however many pairs.
    """
    places = [place_of(member, stream) for member, stream in pairs]
    rows = among("SELECT place_mark, pair FROM members_vault WHERE place_mark {among}", places)
    seat_ids = {place: _open_pair(place, pair)[1] for place, pair in rows}
    seats = live_seats(seat_ids.values())
    return [seats.get(seat_ids.get(place, "")) for place in places]


def access_stream(account: Account, stream_id: str) -> SeatRef:
    """Return this member's seat in a stream. Raises NotFound, whether the stream is missing or not theirs."""
    (seat,) = find_seats([(str(account.pk), stream_id)])
    if seat is None:
        raise NotFound
    return seat


def take_seat(account_id: str, stream_id: str, *, joined_seq: int, badge: str | None = None) -> SeatRef:
    """Give a member a seat in a stream, under a pseudonym of that stream alone, and return it.

    The badge is what the member's class is now and stays as it is (`badge` sets another). Whoever sat there before
    takes the old seat again, under the old name. Runs in the caller's transaction, which holds the stream's lock.
    """
    place = place_of(account_id, stream_id)
    again = _return_to(place)
    if again is not None:
        return again
    if badge is None:
        badge = badges.badge_for(Account.objects.get(pk=account_id))
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                seat = Seat.objects.create(
                    stream_id=stream_id, name=pseudonyms.draw(), badge=badge, joined_seq=joined_seq)
                _store(account_id, stream_id, seat.id)
        except IntegrityError:
            if Vault.objects.filter(place_mark=place).exists():
                raise  # the same member came twice at once: the caller's retry finds the seat
            continue
        return SeatRef(seat.id, stream_id, seat.name, seat.badge)
    raise RuntimeError("no free pseudonym was drawn")


def _return_to(place: str) -> SeatRef | None:
    pair = Vault.objects.filter(place_mark=place).values_list("pair", flat=True).first()
    if pair is None:
        return None
    seat = Seat.objects.get(pk=_open_pair(place, pair)[1])
    if seat.left_seq is not None:
        seat.left_seq = None
        seat.save(update_fields=["left_seq"])
    return SeatRef(seat.id, seat.stream_id, seat.name, seat.badge)


def inbox_of(member: str) -> tuple[str, str]:
    """Return (inbox stream, seat in it) of a member, made on first use. Raises NotFound for no account."""
    sealed = Account.objects.filter(pk=member).values_list("inbox", flat=True).first()
    return _open_inbox(member, sealed) if sealed else _make_inbox(member)


def _make_inbox(member: str) -> tuple[str, str]:
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(pk=member).only("inbox").first()
        if account is None:
            raise NotFound
        if account.inbox:
            return _open_inbox(member, account.inbox)
        stream = create_stream("inbox")
        Inbox.objects.create(stream_id=stream, owner=seal(member.encode(), aad=f"realtime_inbox:{stream}:owner"))
        seat = Seat.objects.create(stream_id=stream, name="You")
        _store(member, stream, seat.id)
        account.inbox = seal(f"{stream} {seat.id}".encode(), aad=f"members_account:{member}:inbox")
        account.save(update_fields=["inbox"])
        return stream, seat.id


def _open_inbox(member: str, sealed: Sealed) -> tuple[str, str]:
    stream, seat = unseal(bytes(sealed), aad=f"members_account:{member}:inbox").decode().split(" ")
    return stream, seat


def owner_of_inbox(stream_id: str) -> str:
    """Return whose inbox a stream is. Raises NotFound."""
    owner = Inbox.objects.filter(pk=stream_id).values_list("owner", flat=True).first()
    if owner is None:
        raise NotFound
    return unseal(bytes(owner), aad=f"realtime_inbox:{stream_id}:owner").decode()


def owner_of_seat(seat_id: str) -> str:
    """Return the account that sits on a seat. Raises NotFound."""
    owner = owners_of_seats([seat_id]).get(seat_id)
    if owner is None:
        raise NotFound
    return owner


def owners_of_seats(seat_ids: Iterable[str]) -> dict[str, str]:
    """Return the accounts of seats by the seat's id, those that exist. One query."""
    marks = {mark("seat", seat_id): seat_id for seat_id in seat_ids}
    rows = Vault.objects.filter(seat_mark__in=marks).values_list("seat_mark", "place_mark", "pair")
    return {marks[seat_mark]: _open_pair(place, pair)[0] for seat_mark, place, pair in rows}


def seats_of(member: str) -> list[str]:
    """Return the ids of all streams in which a member has a seat, the inbox and those left included."""
    rows = Vault.objects.filter(account_mark=mark("account", member)).values_list("place_mark", "pair")
    return [_open_pair(place, pair)[2] for place, pair in rows]


def _store(account_id: str, stream_id: str, seat_id: str) -> None:
    place = place_of(account_id, stream_id)
    pair = json.dumps([account_id, seat_id, stream_id]).encode()
    Vault.objects.create(
        account_mark=mark("account", account_id), seat_mark=mark("seat", seat_id), place_mark=place,
        pair=seal(pair, aad=f"members_vault:{place}:pair"))


def _open_pair(place: str, pair: Sealed) -> tuple[str, str, str]:
    account_id, seat_id, stream_id = json.loads(unseal(bytes(pair), aad=f"members_vault:{place}:pair"))
    return account_id, seat_id, stream_id

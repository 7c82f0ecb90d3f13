"""Fills a migrated database with members and open consults, many at once, and prints who may sign in.

Run as a program with the settings of the server under test: `python -m bench.seed --hall 500 --pairs 250`. It writes
its tables directly, as nothing else may: a service a member would take minutes for what takes seconds here.
"""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import django

SLICE: Final = 2_000
EMAIL: Final = "member{}@bench.example"


@dataclass
class Rows:
    """What is to be stored, by table."""

    accounts: list[Any] = field(default_factory=list)
    streams: list[Any] = field(default_factory=list)
    seats: list[Any] = field(default_factory=list)
    vault: list[Any] = field(default_factory=list)
    consults: list[Any] = field(default_factory=list)
    participants: list[Any] = field(default_factory=list)

    def store(self) -> None:
        """Store all of it in one transaction."""
        from django.db import transaction

        with transaction.atomic():
            for rows in (self.accounts, self.streams, self.seats, self.vault, self.consults, self.participants):
                if rows:
                    type(rows[0]).objects.bulk_create(rows, batch_size=SLICE)


def make_members(rows: Rows, count: int) -> list[str]:
    """Verified members without passwords; returns their ids."""
    from django.utils import timezone

    from members.models import Account

    now = timezone.now()
    for number in range(count):
        rows.accounts.append(Account(
            id=uuid.uuid4(), email=EMAIL.format(number), name=f"Bench Member {number}", password="!",
            role="physician", specialty="emergency_medicine", languages=["en"], region="Europe", verified_at=now))
    return [str(account.id) for account in rows.accounts]


def make_consult(rows: Rows, members: Sequence[str]) -> str:
    """An open consult between these members; returns its stream."""
    from django.utils import timezone

    from consults.domain import Role, State
    from consults.models import Consult, Participant
    from realtime.models import Seat, Stream

    now = timezone.now()
    stream = Stream(kind="consult")
    rows.streams.append(stream)
    rows.consults.append(Consult(
        stream=stream, specialty="cardiology", language="en", urgency="no_hurry", state=State.OPEN, asked_at=now,
        clock_at=now, ends_at=now + timedelta(days=2), opened_at=now, word_at=now))
    for number, member in enumerate(members):
        seat = Seat(stream=stream, name=f"Quiet Heron {number}")
        rows.seats.append(seat)
        rows.vault.append(_vault_row(member, stream.id, seat.id))
        rows.participants.append(Participant(
            seat=seat, consult=rows.consults[-1], joined_at=now, role=Role.ANSWERER if number else Role.ASKER))
    return str(stream.id)


def _vault_row(member: str, stream: str, seat: str) -> Any:
    from members.marks import mark
    from members.models import Vault
    from members.vault import place_of
    from realtime.sealing import seal

    place = place_of(member, stream)
    pair = seal(json.dumps([member, seat, stream]).encode(), aad=f"members_vault:{place}:pair")
    return Vault(account_mark=mark("account", member), seat_mark=mark("seat", seat), place_mark=place, pair=pair)


def _pairs(members: Sequence[str], streams: int) -> Iterator[tuple[str, str]]:
    """Pairs of different members, all members in turn as long as there are streams."""
    size = len(members)
    for number in range(streams):
        turn, place = divmod(number * 2, size)
        other = (place + 1 + 2 * turn) % size
        yield members[place], members[other if other != place else (place + 1) % size]


def make(hall: int, pairs: int, web: int) -> dict[str, list[dict[str, Any]]]:
    """Make `hall` members in one stream, `pairs` consults of two, and `web` more consults among 500 of those.

    Returns the people of each with what signs them in and the streams that they read.
    """
    from realtime.tickets import issue_ticket

    rows = Rows()
    members = make_members(rows, max(hall, pairs * 2, 500 if web else 0))
    in_hall = make_consult(rows, members[:hall]) if hall else ""
    of_pair = {member: [] for member in members[: pairs * 2]}  # type: dict[str, list[str]]
    of_web = {member: [] for member in members[:500]}  # type: dict[str, list[str]]
    for streams, couples in ((of_pair, _pairs(list(of_pair), pairs)), (of_web, _pairs(list(of_web), web))):
        for couple in couples:
            stream = make_consult(rows, couple)
            for member in couple:
                streams[member].append(stream)
    rows.store()

    def shown(chosen: Iterable[tuple[str, list[str]]]) -> list[dict[str, Any]]:
        return [{"ticket": issue_ticket(member, "bench")[0], "streams": streams} for member, streams in chosen]

    return {
        "hall": shown((member, [in_hall]) for member in members[:hall]),
        "pairs": shown(of_pair.items()),
        "web": shown(of_web.items()) if web else [],
    }


def main() -> None:
    """Make it and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hall", type=int, default=500, help="members of one stream")
    parser.add_argument("--pairs", type=int, default=250, help="consults of two")
    parser.add_argument("--web", type=int, default=0, help="more consults of two, among the first 500 members")
    asked = parser.parse_args()
    django.setup()
    json.dump(make(asked.hall, asked.pairs, asked.web), sys.stdout)


if __name__ == "__main__":
    main()

"""Migrates a database and fills it with circles: two in an open consult, and an outsider who is in none.

Run as a program with the settings of the server under test: `python -m tests.peers.circles 20`. Prints JSON. Uses the
apps' own services, so that nothing here knows a table.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

import django
from django.core.management import call_command

SPECIALTIES = ("rheumatology", "haematology", "urology", "nephrology", "neurology", "dermatology", "ophthalmology")
"""Of the circles in turn, so that what one test asks is seldom offered to the people of another."""


def make_circles(count: int) -> list[dict[str, Any]]:
    """Make them, and return what a test has to know of each."""
    from django.db import transaction

    with transaction.atomic():
        return [_make_circle(number) for number in range(count)]


def _make_circle(number: int) -> dict[str, Any]:
    asker, answerer, outsider = (_make_member(number, role) for role in ("asker", "answerer", "outsider"))
    stream = _open_consult(asker["id"], answerer["id"])
    return {"stream": stream, "asker": asker, "answerer": answerer, "outsider": outsider}


def _make_member(number: int, role: str) -> dict[str, str]:
    from members import services, tokens, vault

    email = f"{role}{number}@planted-mail.example"
    specialty = SPECIALTIES[number % len(SPECIALTIES)]
    account = services.create_member(
        email,
        None,
        verified=True,
        name=f"Planted Name{number} {role.title()}",
        role="physician",
        specialty=specialty,
        languages=["en"],
        time_zone="UTC",
        region="Europe",
        years=9,
    )
    _, secret = tokens.create_token(account, "tests")
    inbox, _ = vault.inbox_of(str(account.pk))
    return {
        "id": str(account.pk),
        "email": email,
        "name": account.name,
        "token": secret,
        "inbox": inbox,
        "specialty": specialty,
    }


def _open_consult(asker: str, answerer: str) -> str:
    from django.utils import timezone

    from consults.domain import Role, State
    from consults.models import Consult, Participant
    from members import vault
    from realtime import log

    now = timezone.now()
    stream = log.create_stream("consult")
    times = {"asked_at": now, "clock_at": now, "ends_at": now + timedelta(days=2), "opened_at": now, "word_at": now}
    consult = Consult.objects.create(
        pk=stream, specialty="cardiology", language="en", urgency="no_hurry", state=State.OPEN, **times
    )
    asked: dict[str, Any] = {
        "specialty": "cardiology",
        "question": "Rate or rhythm control?",
        "language": "en",
        "urgency": "no_hurry",
    }
    asked["ends_at"] = int(consult.ends_at.timestamp() * 1000)
    with log.writing(stream) as writing:
        for member, role in ((asker, Role.ASKER), (answerer, Role.ANSWERER)):
            seat = vault.take_seat(member, stream, joined_seq=0)
            Participant.objects.create(seat_id=seat.id, consult=consult, role=role, joined_at=now)
            kind, d = ("consult.asked", asked) if role is Role.ASKER else ("consult.joined", {"badge": seat.badge})
            writing.append(stream, kind, d, seat=seat.id)
    return stream


if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0)
    print(json.dumps(make_circles(int(sys.argv[1]))))

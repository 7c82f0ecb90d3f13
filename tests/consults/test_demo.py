"""The demo's first minute."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from consults.domain import State
from consults.issuing import access_summary
from consults.listing import list_consults, list_offers
from consults.models import Consult
from consults.services import accept
from consults.summaries import TITLE
from members.demo import create_people
from members.vault import inbox_of
from realtime.commands import Request
from realtime.models import Timer


def load() -> None:
    call_command("demo", verbosity=0)


def seen_by(who: str) -> list[dict[str, Any]]:
    return list_consults(str(create_people()[who].pk), None, None).items


def test_the_first_minute_is_that_of_the_product(db: None, clock: time_machine.Traveller) -> None:
    load()
    mine = seen_by("okafor")
    waiting = mine[0]
    assert waiting["question"] == "New fast AF, BP 104/60, on apixaban. Rate or rhythm control tonight?"
    assert waiting["asked_at"] == int((timezone.now() - timedelta(seconds=48)).timestamp() * 1000)
    assert Counter((i["state"], i["end"]) for i in mine) == Counter(
        [("waiting", ""), ("ended", "answered"), ("ended", "nobody"), ("open", "")]
    )
    assert Consult.objects.filter(state=State.OPEN, summaries__isnull=False).exists()
    [offer] = list_offers(str(create_people()["lind"].pk), timezone.now())
    assert offer["question"] == waiting["question"]


def test_the_closed_one_has_its_summary(db: None, clock: time_machine.Traveller) -> None:
    load()
    text = access_summary(Consult.objects.get(specialty="nephrology")).text
    assert text.startswith(TITLE)
    assert "spironolactone" in text
    assert "Adeyemi" not in text


def test_loading_it_again_refreshes_its_clocks_and_makes_nothing_twice(db: None, clock: time_machine.Traveller) -> None:
    load()
    clock.shift(timedelta(days=3))
    load()
    assert Consult.objects.count() == 4
    waiting = Consult.objects.get(state=State.WAITING)
    assert timezone.now() - waiting.asked_at == timedelta(seconds=48)
    assert Timer.objects.filter(kind="consult.clock").count() == 4


def test_what_someone_took_is_kept_and_another_one_waits(db: None, clock: time_machine.Traveller) -> None:
    load()
    lind = str(create_people()["lind"].pk)
    [offer] = list_offers(lind, timezone.now())
    stream, seat = inbox_of(lind)
    d = {"offer": offer["offer"]}
    taken = accept(Request(lind, stream, seat, "You", str(uuid.uuid4()), "offer.accept", d, b"x" * 16)).made
    load()
    load()
    assert Consult.objects.filter(pk=taken, state=State.OPEN).exists()
    assert Consult.objects.filter(state=State.WAITING).count() == 1


def test_it_is_refused_where_the_demo_is_off(db: None, settings: Any) -> None:
    settings.CURBSIDE_DEMO = False
    with pytest.raises(CommandError):
        load()
    assert not Consult.objects.exists()

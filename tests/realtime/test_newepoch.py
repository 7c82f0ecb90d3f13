"""After a restored backup: clients are told that their numbers no longer stand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command

from realtime.commands import SeatRef
from realtime.log import writing
from realtime.models import Stream
from realtime.protocol import Limits, Position
from realtime.reader import read_rooms
from tests.realtime.conftest import Thread


@pytest.mark.django_db
def test_after_renewal_a_position_of_before_is_not_recovered(thread: Callable[[], Thread]) -> None:
    made = thread()
    with writing(made.id) as log:
        log.append(made.id, "message", {"text": "before"}, seat=made.seats[0])
    before = Stream.objects.get(pk=made.id).epoch
    call_command("newepoch")
    after = Stream.objects.get(pk=made.id).epoch
    assert after != before
    seat = SeatRef(made.seats[0], made.id, "Seat 0", "")
    wanted = [("member", Position(made.id, p=1, e=epoch)) for epoch in (before, after)]
    old, new = read_rooms(wanted, lambda pairs: [seat] * len(pairs), Limits())
    assert old is not None and not old.recovered
    assert new is not None and new.recovered

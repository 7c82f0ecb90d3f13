"""Tables that change under rows that are there: filled as they were before, and looked at after, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from realtime.models import new_id

At = Callable[[str], Any]
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.fixture
def at(transactional_db: None) -> Iterator[At]:
    """Brings the tables of calls to one of their migrations, and returns the models as they were there."""

    def go(name: str) -> Any:
        MigrationExecutor(connection).migrate([("voice", name)])
        return MigrationExecutor(connection).loader.project_state([("voice", name)]).apps

    yield go
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def refused(make: Callable[[], object]) -> bool:
    """Whether the database itself refuses this row."""
    try:
        with transaction.atomic():
            make()
    except IntegrityError:
        return True
    return False


@pytest.mark.databases
def test_slips_of_before_stay_as_they_are_and_from_then_on_each_patient_has_one_live_slip_of_a_number(at: At) -> None:
    before = at("0012_records_say_what_a_call_cost")
    clinic = before.get_model("members", "Clinic").objects.create(name="Riverside", country="US", time_zone="UTC").pk

    def slip(models: Any, patient: str, index: str, state: str = "open") -> Any:
        return models.get_model("voice", "Slip").objects.create(
            id=new_id(), clinic_id=clinic, mode="held", mask="•• 62", patient=patient, number_index=index, state=state,
            made_at=NOW, expires_at=NOW)

    for patient, index, state in (
        ("maria", "shared", "claimed"), ("ana", "shared", "closed"), ("maria", "shared", "expired"),
        ("", "other", "open"), ("", "", "open"), ("", "", "open"),
    ):  # fmt: skip
        slip(before, patient, index, state)
    assert refused(lambda: slip(before, "ana", "shared")), "a number had one live slip"
    rows = list(before.get_model("voice", "Slip").objects.order_by("pk").values())
    after = at("0013_one_live_slip_of_a_patient")
    assert list(after.get_model("voice", "Slip").objects.order_by("pk").values()) == rows and len(rows) == 6
    assert not refused(lambda: slip(after, "ana", "shared"))
    assert not refused(lambda: slip(after, "", "shared"))
    assert not refused(lambda: slip(after, "", ""))
    assert [refused(partial(slip, after, *whose)) for whose in (
        ("maria", "shared"), ("ana", "shared", "claimed"), ("", "other"))] == [True] * 3  # fmt: skip


@pytest.mark.databases
def test_what_a_slip_counted_before_is_of_the_kind_that_it_was_and_the_version_before_goes_on_storing_slips(
    at: At
) -> None:
    before = at("0017_media_workers_and_their_calls")
    clinic = before.get_model("members", "Clinic").objects.create(name="Riverside", country="US", time_zone="UTC").pk

    def slip(models: Any, **more: Any) -> Any:
        return models.get_model("voice", "Slip").objects.create(
            id=new_id(), clinic_id=clinic, mode="held", mask="", made_at=NOW, expires_at=NOW, **more)

    slip(before, kind="outgoing", times=3)
    slip(before, kind="incoming", times=4)
    after = at("0019_what_slips_counted_before").get_model("voice", "Slip").objects
    assert set(after.values_list("kind", "attempts", "their_calls")) == {("outgoing", 3, 0), ("incoming", 0, 4)}
    slip(before, kind="incoming", times=1)
    assert after.count() == 3

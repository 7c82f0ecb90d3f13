"""A line for the tests of calls."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection

from tests.voice.carriers.scripted import Scripted
from tests.voice.line import START, Line
from voice.carriers import CARRIERS, carrier_of
from voice.models import CallRecord


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The time, which stands still until a test moves it."""
    with time_machine.travel(START, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def line(db: None, clock: time_machine.Traveller) -> Line:
    """Riverside Clinic and its loopback line."""
    return Line(clock)


@pytest.fixture
def open_line(transactional_db: None, clock: time_machine.Traveller) -> Line:
    """The same with real commits, for threads."""
    return Line(clock)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Iterator[Scripted]:
    """A carrier that does what the test says, in the place of loopback."""
    monkeypatch.setitem(CARRIERS, "scripted", "tests.voice.carriers.scripted.Scripted")
    settings.CURBSIDE_CARRIER = "scripted"
    carrier_of.cache_clear()
    carrier = carrier_of("scripted")
    assert isinstance(carrier, Scripted)
    yield carrier
    carrier_of.cache_clear()


@pytest.fixture(autouse=True)
def _emptied_again(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test with real commits the records go before the tables are emptied, which SQLite does row by row."""
    if "transactional_db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    if connection.vendor == "sqlite" and CallRecord.objects.exists():
        guarding = import_module("voice.migrations.0004_records_append_only")
        with connection.schema_editor() as editor:
            guarding.unguard(None, editor)
            editor.execute("DELETE FROM voice_callrecord")
            guarding.guard(None, editor)

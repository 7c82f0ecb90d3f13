"""The record of a call: written once, kept whole, exported with masks."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from realtime import rows
from tests.voice.line import Line
from tests.voice.test_views import talk
from voice.exporting import _of_legs, csv_pages
from voice.listing import Filters
from voice.models import Attempt, Call, CallNumber, CallRecord
from voice.models.calls import AppendOnly
from voice.records import erase_numbers, record_of


def test_a_record_cannot_be_written_twice_changed_or_removed(line: Line) -> None:
    record = line.record(talk(line))
    with pytest.raises(AppendOnly):
        record.save()
    with pytest.raises(AppendOnly):
        record.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.send([rows.insert(record_of(Call.objects.get(), list(Attempt.objects.all())))])


@pytest.mark.databases
@pytest.mark.parametrize("sql", ["UPDATE voice_callrecord SET talked_s = 1", "DELETE FROM voice_callrecord"])
def test_the_database_itself_refuses_to_change_or_remove_one(line: Line, sql: str) -> None:
    talk(line)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert CallRecord.objects.get().talked_s == 65


@pytest.mark.databases
def test_emptying_the_whole_table_is_refused_too(line: Line) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no TRUNCATE")
    talk(line)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL curbside.truncate = 'off'")
        cursor.execute("TRUNCATE voice_callrecord")


def test_the_sealed_numbers_are_erased_after_their_time_and_the_record_stays_whole(line: Line) -> None:
    r = talk(line)
    assert CallNumber.objects.count() == 3
    before = line.record(r).patient_mask
    assert erase_numbers(timezone.now() - timedelta(days=1)) == 0
    assert erase_numbers(timezone.now() + timedelta(seconds=1)) == 3
    assert CallNumber.objects.count() == 0 and line.record(r).patient_mask == before


def test_the_numbers_of_a_call_that_goes_on_are_not_erased(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    assert erase_numbers(timezone.now() + timedelta(days=1)) == 0


def test_the_export_of_all_clinics_has_one_line_a_call_and_no_number(line: Line, capsys: pytest.CaptureFixture[str]
                                                                     ) -> None:
    calls = [talk(line), talk(line)]
    call_command("exportcdrs", "--since", "2026-03-01")
    text = capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["call"] for row in rows] == calls and rows[0]["provider_codes"] == "200 200"
    assert not re.search(r"5550(100|142|155)", re.sub(r"\D", "", text.replace(rows[0]["call"], "")) or "none")
    call_command("exportcdrs", "--since", "2026-03-05")
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_export_says_of_each_leg_when_it_came_how_far(line: Line) -> None:
    r = talk(line)
    attempts = {a.side: a for a in Attempt.objects.filter(call=r)}
    busy = line.call(number="+16175550163")
    line.pass_to(busy, "ended")
    row, unanswered = list(csv.DictReader(io.StringIO("".join(csv_pages(Filters())))))
    for side, attempt in attempts.items():
        for name in ("dialing_at", "ringing_at", "answered_at", "ended_at"):
            at = getattr(attempt, name)
            assert abs(datetime.fromisoformat(row[f"{side}_{name}"]) - at) <= timedelta(milliseconds=1)
        said = [row[f"{side}_{name}"] for name in ("cause", "carrier_id", "provider_code")]
        assert said == ["completed", attempt.carrier_id, "200"]
    assert (row["patient_confirmed_at"], unanswered["patient_answered_at"]) == ("", "")
    assert unanswered["patient_cause"] == "busy"


def test_the_legs_of_one_side_stand_in_their_order(line: Line) -> None:
    record = line.record(talk(line))
    first = next(leg for leg in record.legs if leg["side"] == "patient")
    second = first | {"n": 2, "answered_at": None, "carrier_id": "CAsecond"}
    record.legs = [*record.legs, second]
    assert _of_legs(record, "patient", "carrier_id") == f"{first['carrier_id']} | CAsecond"
    assert _of_legs(record, "patient", "answered_at").endswith("+00:00 | ")


def test_no_column_of_the_record_could_hold_a_key_of_another_table() -> None:
    assert not [field.name for field in CallRecord._meta.get_fields() if field.is_relation]

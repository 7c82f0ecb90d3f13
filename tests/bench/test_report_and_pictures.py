"""Figures, verdicts, tables and pictures, without measuring anything."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import drawing, profile
from bench.generator import percentile
from bench.report import Report
from bench.table import BEGIN, END, document, printed, write_document


def measured() -> Report:
    report = Report("full", {"cores": 2})
    report.add("hall", "Curbside", "CPU a delivery", "µs", [4.0, 6.0, 5.0])
    report.add("hall", "Socket.IO", "CPU a delivery", "µs", [10.0])
    report.add("hall", "stock Channels", "CPU a delivery", "µs", [90.0])
    report.add("streams", "Curbside", "10", "µs", [])
    return report


def test_the_median_of_the_runs_is_what_a_target_is_held_against() -> None:
    reached = {v.target.against: (v.reached, v.met) for v in measured().verdicts() if v.target.row == "hall"
               and v.target.what == "CPU a delivery"}
    assert reached == {"Socket.IO": (0.5, True), "stock Channels": (5 / 90, False)}


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert {v.met for v in measured().verdicts() if v.target.row == "idle"} == {None}


def test_a_report_is_read_back_as_it_was_stored() -> None:
    report = measured()
    assert Report.from_json(report.to_json()) == report


def test_a_section_that_is_measured_again_takes_the_place_of_what_it_said_before_and_says_so() -> None:
    first = measured()
    first.remarks = ["hall: Socket.IO gave up in run 2.", "calls: kept."]
    first.add("log", "PostgreSQL", "committed", "/s", [9_000.0])
    later = Report("full", {"cores": 2})
    later.add("hall", "Curbside", "CPU a delivery", "µs", [7.0])
    whole = first.renewed(later)
    assert [(f.row, f.system, f.value) for f in whole.figures] == [
        ("hall", "Curbside", 7.0), ("log", "PostgreSQL", 9_000.0)]
    assert whole.remarks == ["calls: kept.", "hall: measured again later, by itself."]


def test_the_tables_name_every_figure_and_verdict() -> None:
    assert "stock Channels" in printed(measured())
    assert "not met" in printed(measured())
    assert "| 5.00 | µs | 4.00 – 6.00 | 0.50 |" in document(measured())


def test_the_document_is_written_between_its_marks_and_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_document(measured(), path)
    written = path.read_text()
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old" not in written


def test_a_document_without_marks_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text("nothing here")
    with pytest.raises(ValueError, match="no place"):
        write_document(measured(), path)
    assert path.read_text() == "nothing here"


def test_pictures_are_well_formed_and_hold_what_was_sampled() -> None:
    raw = ("thread (12): MainThread;Server.run (uvicorn/server.py:86);push (realtime/connection.py:87) 30\n"
           "thread (13): pool_0;_worker (concurrent/futures/thread.py:81) 50\n"
           "thread (14): writer;_store (realtime/writer.py:1);execute <x> (psycopg/cursor.py:1) 10\n")
    read = list(profile.stacks(raw))
    assert sum(count for _, count in read) == 40
    assert profile.heaviest(read)[0] == ("push (realtime/connection.py)", 0.75, 0.75)
    picture = drawing.flames(drawing.tree(read), "a title & more")
    assert "realtime/writer.py" in "".join(ET.fromstring(picture).itertext())
    ET.fromstring(drawing.curve({10: 5.0, 10_000: 6.0}, "t", "streams", "µs"))


def test_percentiles_of_few_values() -> None:
    assert percentile([], 0.99) == 0.0
    assert percentile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert percentile([1.0, 2.0, 3.0], 0.99) == 3.0

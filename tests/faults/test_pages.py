"""Rows, limits, slopes, tables and pictures, without breaking anything."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.faults import drawing, pages
from tests.faults.growth import draw, growth
from tests.faults.report import Limit, Report, Row, Sample, slope


def played() -> Report:
    """Two rows, one of them violated."""
    limit = Limit("recovery", "several", 3.5, 3.0, "s")
    rows = [
        Row("the network cut", "several", 10, 9, 9, 18, 2, 12.3, 0.4, limits=[limit]),
        Row("the disk full", "embedded", violations=["I1: acknowledged and not in the log"]),
    ]
    return Report({"cores": 2}, rows, 90.0)


def sampled(growth_a_second: float) -> list[Sample]:
    """A process whose memory grows so many bytes a second."""
    return [Sample(at, 0, int(50e6 + growth_a_second * at), 20, 30, 10, 5) for at in range(0, 600, 10)]


def test_a_limit_is_met_at_its_bound_and_not_past_it() -> None:
    assert Limit("a", "several", 3.0, 3.0, "s").met
    assert not Limit("a", "several", 3.01, 3.0, "s").met
    assert not Limit("a", "several", 0.4, 0.5, "", at_least=True).met


def test_a_report_is_read_back_as_it_was_stored() -> None:
    assert Report.from_json(played().to_json()) == played()


def test_rows_that_are_played_again_take_their_old_places() -> None:
    again = Report({}, [Row("the disk full", "embedded", sent=7), Row("300 ms", "embedded")])
    renewed = played().renewed(again)
    assert [row.fault for row in renewed.rows] == ["the network cut", "the disk full", "300 ms"]
    assert [row.sent for row in renewed.rows] == [10, 7, 0]
    assert renewed.violations == 0


def test_tables_show_every_row_limit_and_violation() -> None:
    for text in (pages.printed(played()), pages.document(played())):
        assert "not met" in text
        assert "I1: acknowledged and not in the log" in text
    assert "| the network cut | 10 | 9 | 9 | 18 | 2 | 12 | 0.4 | 0 |" in pages.document(played())


def test_a_part_is_written_between_its_marks_and_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("before\n<!-- soak: begin -->\nold\n<!-- soak: end -->\nafter\n")
    pages.write(path, "soak", "new")
    assert path.read_text() == "before\n<!-- soak: begin -->\n\nnew\n\n<!-- soak: end -->\nafter\n"
    with pytest.raises(ValueError, match="no place"):
        pages.write(path, "faults", "new")


def test_the_slope_is_that_of_the_nearest_line() -> None:
    assert slope([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) == pytest.approx(2.0)
    assert slope([(0.0, 1.0), (1.0, 3.0), (2.0, 1.0)]) == pytest.approx(0.0)
    assert slope([]) == slope([(1.0, 1.0)]) == 0.0


def test_what_leaks_is_not_flat_and_what_does_not_is() -> None:
    met = {limit.what: limit.met for limit in growth(sampled(0), 600.0, "several")}
    assert len(met) == 4
    assert all(met.values())
    leaking = [limit for limit in growth(sampled(5_000), 600.0, "several") if not limit.met]
    assert ["memory" in limit.what for limit in leaking] == [True]


def test_the_picture_is_xml_with_a_line_for_each_process() -> None:
    panels = [drawing.Panel("memory <MiB>", [[(0, 1), (1, 2)], [(0, 2), (1, 2)]]), drawing.Panel("threads", [[]])]
    root = ET.fromstring(drawing.picture(panels, "a & b", "minutes"))
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 3
    assert ET.fromstring(draw(sampled(1), "10 minutes")) is not None

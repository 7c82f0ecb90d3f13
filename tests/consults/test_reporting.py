"""Reports."""

from __future__ import annotations

from typing import Any

import pytest

from consults.models import Report
from tests.consults.test_asking import refused
from tests.consults.ward import Ward, last


def test_a_report_is_private_and_never_an_event_of_the_consult(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    before = ward.events(r)
    reply = ward.do("okafor", "consult.report", {"r": r, "reason": "Rude.", "about": 3})
    assert ward.events(r) == before
    assert last(ward.inbox("okafor"), "consult.reported")["d"] == {"r": r}
    assert last(ward.inbox("okafor"), "consult.reported")["s"] == reply.seq
    row = Report.objects.get()
    assert (row.reason, row.about, row.seat.stream_id) == ("Rude.", 3, r)
    assert "consult.reported" not in [e["k"] for e in ward.inbox("lind")]


def test_what_has_ended_can_be_reported(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.do("okafor", "consult.close", {"outcome": "unanswered"}, r)
    ward.do("lind", "consult.report", {"r": r, "reason": "Closed without a word."})
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"r": "A" * 22}, "not_found"),
        ({"r": ""}, "malformed"),
        ({"reason": ""}, "malformed"),
        ({"reason": "x" * 1001}, "too_large"),
        ({"reason": "write to me at a.b@example.com"}, "gate"),
        ({"about": "3"}, "malformed"),
    ],
)
def test_what_cannot_be_reported_is_refused(ward: Ward, change: dict[str, Any], code: str) -> None:
    r = ward.open("okafor", "lind")
    assert refused(ward, "okafor", "consult.report", {"r": r, "reason": "Rude."} | change).code == code
    assert not Report.objects.exists()


def test_a_stranger_cannot_report(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    assert refused(ward, "berg", "consult.report", {"r": r, "reason": "x"}).code == "not_found"


def test_an_inbox_is_no_consult_that_could_be_reported(ward: Ward) -> None:
    inbox = ward.request("okafor", "x", {}).stream
    assert refused(ward, "okafor", "consult.report", {"r": inbox, "reason": "x"}).code == "not_found"

"""A minute costs what the region that is called costs: in the budget, in the record and in the export."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from realtime.protocol import Refusal
from settings.env import Prices
from tests.voice.line import Line
from tests.voice.riverside import make_patient
from tests.voice.test_views import get, parts_of, talk
from voice.models import ClinicLimits, RegionException, Reservation
from voice.prices import check_regions, cost_of, price_of

SWEDEN = "+46701740605"  # of the numbers kept for fiction by PTS


@pytest.fixture(autouse=True)
def prices(settings: Any) -> None:
    """Five cents a minute, nine to Sweden."""
    settings.CURBSIDE_CALL_PRICES = Prices(5, {"SE": 9})


@pytest.fixture
def abroad(line: Line) -> Line:
    """Maria is in Sweden now, and the clinic may call there."""
    RegionException.objects.create(clinic=line.clinic, region="SE", until="2027-01-01T00:00Z", reason="a patient moved")
    line.maria.delete()
    line.maria = make_patient(line.clinic, number=SWEDEN)
    return line


def test_a_region_costs_its_own_price_and_every_other_one_the_default() -> None:
    assert [price_of(region) for region in ("SE", "US", "JM", "001")] == [9, 5, 5, 5]


def test_a_call_reserves_and_keeps_the_price_of_where_it_goes(abroad: Line) -> None:
    r = abroad.call()
    row = Reservation.objects.get(pk=r)
    assert row.cents == row.seconds // 60 * 9
    abroad.pass_to(r, "connected")
    abroad.pass_s(65)
    abroad.do("call.hang_up", {}, r)
    abroad.pass_to(r, "ended")
    assert Reservation.objects.get(pk=r).cents == 2 * 9, "begun minutes"
    assert abroad.record(r).cents == 2 * 9


def test_a_price_that_changes_holds_for_the_next_call(line: Line, settings: Any) -> None:
    r = line.call()
    settings.CURBSIDE_CALL_PRICES = Prices(50, {})
    line.pass_to(r, "connected")
    line.pass_s(65)
    line.do("call.hang_up", {}, r)
    line.pass_to(r, "ended")
    assert (Reservation.objects.get(pk=r).cents, line.record(r).cents) == (10, 10)
    later = talk(line)
    assert (Reservation.objects.get(pk=later).cents, line.record(later).cents) == (100, 100)


def test_the_daily_spend_is_weighed_with_the_price_of_where_the_call_goes(abroad: Line) -> None:
    ClinicLimits.objects.filter(clinic=abroad.clinic).update(longest_call_s=600, cents_day=89)
    with pytest.raises(Refusal) as refusal:
        abroad.call()
    assert refusal.value.code == "call.budget_spend" and refusal.value.d == {"used": 0, "limit": 89}
    ClinicLimits.objects.filter(clinic=abroad.clinic).update(cents_day=90)
    abroad.call()


def test_a_call_that_nobody_answered_cost_nothing(line: Line) -> None:
    r = line.call()
    line.do("call.hang_up", {}, r)
    line.pass_to(r, "ended")
    assert (Reservation.objects.get(pk=r).cents, line.record(r).cents) == (0, 0)


def test_price_and_cost_stand_in_the_record_and_the_export(abroad: Line) -> None:
    r = talk(abroad)
    whole = get(abroad.amara.account, f"/calls/{r}")
    assert {"rule": "price", "says": "SE 9", "used": None, "limit": None} in whole["decisions"]
    text = "".join(part for part, _ in parts_of(abroad, f"/clinics/{abroad.id}/calls.csv", []))
    [row] = csv.DictReader(io.StringIO(text))
    assert row["cents"] == "18" and "price=SE 9" in row["decisions"]


def test_a_call_from_before_there_were_prices_costs_what_nobody_knows() -> None:
    assert cost_of([{"rule": "region", "says": "US"}], 65) is None


def test_a_price_of_a_region_that_there_is_not_stops_the_start(settings: Any) -> None:
    check_regions()
    settings.CURBSIDE_CALL_PRICES = Prices(5, {"UK": 9})
    with pytest.raises(ImproperlyConfigured, match="CURBSIDE_CALL_CENTS_MINUTE") as stopped:
        check_regions()
    assert "UK" not in str(stopped.value)

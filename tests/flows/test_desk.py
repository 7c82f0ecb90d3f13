"""The desk's screens: slips searched, paged and called, an older file read, a clinic left with all that it touches.

The service is pretended, as in ``test_call_states.py``.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.client import clinic_days as day
from tests.client import clinic_runs as runs
from tests.client.pretending import Pretended
from tests.flows.browser import PHONE, Window
from tests.flows.conftest import OpenWindow
from tests.flows.doings import DIALOG, sign_in
from tests.flows.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

ADMINISTRATOR = "Rosa Díaz"
HERE = f"/clinics/{day.CLINIC}"


@pytest.fixture
def desk(installation: Installation, open_window: OpenWindow) -> tuple[Window, Pretended]:
    """An administrator's window of a pretended clinic."""
    window = open_window("phone", installation.url, PHONE)
    voice = Pretended(window.page)
    runs.open_clinic(voice)
    sign_in(window, ADMINISTRATOR)
    return window, voice


def test_slips_are_searched_by_two_letters_paged_and_called(desk: tuple[Window, Pretended]) -> None:
    window, voice = desk
    items: list[dict[str, Any]] = runs.slips()
    voice.answer(f"{HERE}/slips", {"items": items[:4], "next": "2026-01-01T00:00:00+00:00"})
    voice.answer(f"{HERE}/slips/search", lambda body: {"items": items[:1], "next": None}, "POST")
    window.page.goto(f"/clinic/{day.CLINIC}/slips")
    rows, box = window.page.locator(".pane-detail .slip"), window.page.locator(".search input")
    expect(rows).to_have_count(4)
    box.fill("l")
    window.see("Type at least two letters of the name, or the whole number.")
    box.fill("lo")
    expect(rows).to_have_count(1)
    voice.answer("/slips/s1/claim", None, "POST", 204)
    voice.hold(f"{HERE}/slips/search")
    box.fill("bel")
    expect(rows.get_by_role("button").first).to_have_attribute("aria-disabled", "true")
    rows.get_by_role("button").first.click(force=True)
    box.fill("")
    voice.let_go(f"{HERE}/slips/search")
    expect(rows).to_have_count(4)
    asked = [body for method, path, body in voice.asked if path.endswith("/slips/search")]
    assert asked and all(len(body["q"]) >= 2 for body in asked)
    assert not any(path.endswith("/claim") for _, path, _ in voice.asked), "a slip found for other words was taken"
    voice.answer(f"{HERE}/slips", {"items": items, "next": None})
    window.press("Show older slips")
    expect(rows).to_have_count(5)
    expect(window.page.get_by_role("button", name="Call", exact=True)).to_have_count(1)


def test_a_clinic_shows_its_id_and_its_time_zone(desk: tuple[Window, Pretended]) -> None:
    window, voice = desk
    window.page.goto(f"/clinic/{day.CLINIC}")
    window.see(day.CLINIC)
    voice.answer(HERE, {}, "PATCH")
    window.page.locator("#clinic-zone").select_option("Europe/Stockholm")
    window.see("Saved")
    assert ("PATCH", {"time_zone": "Europe/Stockholm"}) in [(method, body) for method, _, body in voice.asked]


def test_an_older_file_is_shown_as_it_was_read_and_unknown_columns_may_be_left_out(
    desk: tuple[Window, Pretended],
) -> None:
    window, voice = desk
    refusal = {"code": "patient.columns", "msg": "", "retry": False,
               "d": {"missing": [], "unknown": [3], "twice": []}}
    voice.answer(f"{HERE}/patients/import", refusal, "POST", status=409)
    window.provoked.append("/patients/import")
    window.page.goto(f"/clinic/{day.CLINIC}/patients")
    window.press("Import")
    data = "name,number,ward\r\nÅsa Öberg,617 555 0170,4\r\n".encode("windows-1252")
    window.page.locator("#import-file").set_input_files(
        {"name": "patients.csv", "mimeType": "text/csv", "buffer": data})
    expect(window.page.locator(DIALOG)).to_contain_text("These columns are not known: ward.")
    voice.answer(f"{HERE}/patients/import", lambda body: {"added": 1, "known": 0, "wrong": []}, "POST")
    window.press("Leave the unknown columns out")
    expect(window.page.locator(DIALOG)).to_contain_text("Åsa Öberg")
    sent = [body for method, path, body in voice.asked if path.endswith("/import")][-1]
    assert sent["ignore"] and "Åsa Öberg" in sent["csv"]

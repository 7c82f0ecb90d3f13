"""The platform team pauses all calls on its page; a clinician reads why before dialling; everybody else cannot."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.flows.browser import DESK, PHONE
from tests.flows.conftest import OpenWindow
from tests.flows.doings import DIALOG, sign_in
from tests.flows.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

TEAM, PHYSICIAN = "Inês Ferreira", "Dr Amara Okafor"
WHY = "The carrier shows a wrong number to patients."


@pytest.mark.parametrize(("name", "shape"), [("phone", PHONE), ("desk", DESK)])
def test_the_team_pauses_all_calls_and_every_clinician_reads_why(
    installation: Installation, open_window: OpenWindow, name: str, shape: dict[str, Any]
) -> None:
    team = open_window(name, installation.url, shape)
    sign_in(team, TEAM)
    team.page.goto("/platform")
    team.see("Calls can be made.")
    team.press("Pause all calls")
    dialog = team.page.locator(DIALOG)
    team.page.locator(f"{DIALOG} .btn-danger").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("Why?").fill(WHY)
    team.stop("pause-dialog")
    team.page.locator(f"{DIALOG} .btn-danger").click()
    team.see(re.compile(f"All calls are paused since .*, by {TEAM}"))
    team.see(WHY)
    team.stop("paused")
    assert team.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    clinician = open_window(name, installation.url, shape)
    sign_in(clinician, PHYSICIAN)
    clinician.page.goto("/calls/new")
    clinician.see(re.compile("The platform team has paused all calls since"))
    clinician.see(WHY)
    assert clinician.page.locator(".btn-call").count() == 0
    clinician.stop("stands-paused-by-team")
    team.press("Let calls go on")
    team.page.locator(f"{DIALOG} .btn-primary").click()
    team.see("Calls can be made.")
    team.page.get_by_text(re.compile("earlier paus")).click()
    team.see(re.compile(f"Ended .* by {TEAM}"))
    team.stop("pauses-earlier")
    clinician.press("Look again")
    expect(clinician.page.locator(".btn-call")).to_be_visible()

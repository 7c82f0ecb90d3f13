"""What ends: a number that can be shown for a few days more.

The service is pretended, as in ``test_call_states.py``.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.client import clinic_days as day
from tests.client.pretending import Pretended
from tests.flows.conftest import Opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHYSICIAN = "Dr Amara Okafor"


def ending(voice: Pretended) -> None:
    """The number that was shown last can be shown for less than three days more."""
    day.open_day(voice)
    voice.answer("/calls", {"items": [day.call_item(day.LOPEZ, day.HOUR, caller_id=day.ENDS["id"])], "next": None})


def test_a_number_says_in_its_last_days_that_it_ends_and_another_is_one_tap_away(opened: Opened) -> None:
    window, _ = opened(ending, PHYSICIAN)
    window.page.goto("/calls/new")
    window.page.locator(".pick").first.click()
    line = window.page.locator(".setup-shown")
    expect(line).to_contain_text("Shows +1 617-555-0102")
    window.see(re.compile("It can be shown for at most 3 days more"))
    expect(window.page.locator(".setup-ends")).to_be_in_viewport(ratio=1)
    window.stop("number-ends")
    window.press("Show +1 617-555-0101 instead")
    expect(line).to_contain_text("Shows +1 617-555-0101")
    expect(window.page.locator(".setup-ends")).to_have_count(0)
    expect(window.page.get_by_role("button", name="Change the number to show")).to_be_focused()

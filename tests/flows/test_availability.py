"""The switch on every screen: a tap counts as soon as what it shows is true, and no answer overtakes another."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.flows.browser import PHONE
from tests.flows.conftest import OpenWindow
from tests.flows.doings import sign_in
from tests.flows.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

LATE_MS = 1500
ANSWERS_COME_LATE = f"""() => {{
  const ask = window.fetch;
  window.fetch = async (...what) => {{
    const answer = await ask(...what);
    if (String(what[0]).endsWith("/availability")) await new Promise((done) => setTimeout(done, {LATE_MS}));
    return answer;
  }};
}}"""
STANDS = "fetch('/api/v1/availability').then((answer) => answer.json()).then((now) => now.on)"


def test_the_switch_can_be_flipped_again_before_its_first_answer(
    installation: Installation, open_window: OpenWindow
) -> None:
    """The inbox tells of a change before its request is answered, and a tap in between counts."""
    phone = open_window("phone", installation.url, PHONE)
    sign_in(phone, "Dr Amara Okafor")
    switch = phone.page.get_by_role("switch")
    switch.tap()
    expect(switch).to_be_checked()
    phone.see("Available only while this screen is open")
    phone.page.evaluate(ANSWERS_COME_LATE)
    for on in (False, True, False):
        switch.tap()
        expect(switch).to_be_checked(checked=on, timeout=LATE_MS)
    phone.page.wait_for_timeout(3 * LATE_MS)
    expect(switch).not_to_be_checked()
    expect(switch).to_have_attribute("aria-busy", "false")
    assert phone.page.evaluate(STANDS) is False

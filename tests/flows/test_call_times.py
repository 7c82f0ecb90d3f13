"""What is due and what ends: calls to be tried again, however old, and a number that can be shown for a few days more.

The service is pretended, as in ``test_call_states.py``.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.client import clinic_days as day
from tests.client.pretending import Pretended, now_ms
from tests.flows.conftest import Opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHYSICIAN = "Dr Amara Okafor"
OLD = day.CALL


def to_retry(stands: bool) -> dict[str, Any]:
    """A call to a typed number three weeks ago, to be tried again in a week."""
    said = {"how": "no_answer", "then": "retry", "retry_at": now_ms() + 7 * day.DAY, "retry_stands": stands}
    return day.call_item(None, 21 * day.DAY, r=OLD, outcome=said)


def weeks(voice: Pretended) -> None:
    """More newer calls than one page holds."""
    day.open_day(voice)
    newer = [day.call_item(day.BELL, n * day.HOUR) for n in range(1, 31)]
    voice.answer("/calls", {"items": newer, "next": str(newer[-1]["at"]), "again": [to_retry(stands=True)]})
    day.ring(voice, day.CONNECTED)
    voice.tell(OLD, "call.ended", {"by": "clinician", "cause": "completed", "reason": "you_hung_up", "talked_s": 9})
    voice.tell(OLD, "call.outcome", {"how": "no_answer", "then": "retry", "retry_at": now_ms() + 7 * day.DAY})
    voice.answer(f"/calls/{OLD}", day.record(to_retry(stands=True)))


def test_a_call_to_try_again_stands_above_thirty_newer_ones_until_it_is_done(opened: Opened) -> None:
    window, voice = opened(weeks, PHYSICIAN)
    window.page.goto("/calls")
    group = window.page.locator(".list-group", has=window.page.get_by_role("heading", name="To try again"))
    expect(group.locator(".item")).to_have_count(1)
    window.stop("calls-again")
    group.locator(".item").click()
    window.page.get_by_role("button", name="Done, no more tries").scroll_into_view_if_needed()
    window.stop("call-to-try-again")
    voice.answer(f"/calls/{OLD}/retry/done", {}, "POST", 204)
    voice.answer(f"/calls/{OLD}", day.record(to_retry(stands=False)))
    window.press("Done, no more tries")
    expect(window.page.get_by_role("button", name="Done, no more tries")).to_have_count(0)
    assert [path for method, path, _ in voice.asked if method == "POST"] == [f"/calls/{OLD}/retry/done"]
    window.page.go_back()
    expect(window.page.locator(".item").first).to_be_visible()
    expect(group).to_have_count(0)


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

"""Times are entered and shown by the clinic's clock, whatever the browser's; filters go into the CSV's link."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.client import clinic_days as day
from tests.client import clinic_runs as runs
from tests.client.pretending import Pretended, now_ms
from tests.flows.conftest import Opened
from tests.flows.doings import DIALOG

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHYSICIAN, ADMINISTRATOR = "Dr Amara Okafor", "Rosa Díaz"


def ms(text: str) -> int:
    """Unix ms of an instant in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def over(voice: Pretended, **whole: Any) -> None:
    """A call that has ended a moment ago."""
    day.ring(voice, day.CONNECTED)
    item = day.record(day.call_item(day.LOPEZ, 200_000, r=day.CALL, talked_s=161))
    voice.answer(f"/calls/{day.CALL}", {**item, **whole})
    end = {"by": "clinician", "cause": "completed", "reason": "you_hung_up", "talked_s": 161}
    voice.tell(day.CALL, "call.ended", end)


def test_a_time_to_try_again_is_the_clinics(opened: Opened) -> None:
    window, voice = opened(day.open_day, PHYSICIAN)
    over(voice)
    window.page.goto(f"/calls/{day.CALL}")
    window.page.get_by_role("radio", name="Spoke with the patient").check()
    window.page.get_by_role("radio", name="Try again at…").check()
    expect(window.page.get_by_role("radio", name=re.compile("In an hour .* in New York"))).to_be_visible()
    window.page.get_by_role("radio", name="At another time").check()
    window.see(re.compile("By the clinic's clock, in New York: it is .* there now"))
    field = window.page.locator("#retry-at")
    year = datetime.now(UTC).year + 1
    field.fill(f"{year}-07-15T09:30")
    field.scroll_into_view_if_needed()
    window.stop("retry-at")
    window.press("Save")
    said = voice.wait_for("call.outcome")
    assert said["retry_at"] == ms(f"{year}-07-15T13:30"), "09:30 in New York, where the browser is in UTC"


def test_a_turn_on_call_is_entered_over_both_changes_of_the_clock(opened: Opened) -> None:
    window, voice = opened(runs.open_clinic, ADMINISTRATOR)
    voice.answer(f"/clinics/{day.CLINIC}/on-call", {"id": "t2"}, "POST", 201)
    window.page.goto(f"/clinic/{day.CLINIC}/incoming")
    expect(window.page.get_by_text(re.compile("in New York")).first).to_be_visible()
    window.press("Add a turn")
    dialog = window.page.locator(DIALOG)
    dialog.get_by_label("Who").select_option("place-okafor")
    dialog.locator("#turn-number").fill("617 555 0121")
    dialog.locator("#turn-from").fill("2027-03-14T02:30")
    expect(dialog.locator("#turn-from-none")).to_contain_text("The clock is put forward over this time")
    dialog.locator("#turn-until").fill("2027-11-07T01:30")
    expect(dialog.locator("#turn-until-twice")).to_contain_text("The second one is meant")
    window.stop("turn-on-call")
    window.page.locator(f"{DIALOG} .btn-primary").click()
    assert not [asked for asked in voice.asked if asked[0] == "POST"], "a time that there is not is not asked for"
    dialog.locator("#turn-from").fill("2027-03-14T03:30")
    window.page.locator(f"{DIALOG} .btn-primary").click()
    expect(dialog).to_have_count(0)
    [body] = [body for method, path, body in voice.asked if method == "POST" and path.endswith("/on-call")]
    assert (body["from"], body["until"]) == (ms("2027-03-14T07:30"), ms("2027-11-07T06:30"))


def test_the_csv_has_the_filters_of_the_page(opened: Opened) -> None:
    window, _ = opened(runs.open_clinic, ADMINISTRATOR)
    window.page.goto(f"/clinic/{day.CLINIC}/calls")
    window.page.get_by_label("Result").select_option("talked")
    window.page.get_by_label("How they ended").select_option("voicemail")
    window.page.get_by_label("Called by").select_option("place-okafor")
    link = window.page.get_by_role("link", name="CSV")
    expect(link).to_have_attribute("href", re.compile("member=place-okafor"))
    query = parse_qs(urlsplit(link.get_attribute("href") or "").query)
    assert {name: values for name, values in query.items() if name != "since"} == {
        "talked": ["true"], "reason": ["voicemail"], "member": ["place-okafor"],
    }  # fmt: skip
    assert query["since"]


def test_after_a_call_a_call_back_that_stands_and_the_desks_slip_are_shown(opened: Opened) -> None:
    window, voice = opened(day.open_day, PHYSICIAN)
    later = now_ms() + 3 * day.HOUR
    over(voice, mode="held", call_back_until=later, slip_until=later + day.HOUR)
    window.page.goto(f"/calls/{day.CALL}")
    window.see(re.compile("A call back of this patient rings your phone until"))
    window.see(re.compile("The clinic's desk has a slip of this call until"))
    window.page.get_by_role("heading", name="If they call back").scroll_into_view_if_needed()
    window.stop("call-back-stands")


def test_a_call_of_which_nobody_said_in_time_how_it_went_says_so(opened: Opened) -> None:
    window, voice = opened(day.open_day, PHYSICIAN)
    over(voice, outcome_until=None)
    window.page.goto(f"/calls/{day.CALL}")
    window.see("It was not said in time. The record stays as it is.")
    assert window.page.get_by_role("button", name="Save").count() == 0
    window.stop("outcome-missed")

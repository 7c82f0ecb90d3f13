"""Before, during and after a call on a phone: what failed, what is dangerous and what the patient wants is said.

The service is pretended, as in ``test_call_states.py``.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.client import clinic_days as day
from tests.client import clinic_runs as runs
from tests.client.pretending import Pretended
from tests.flows.browser import PHONE, Window
from tests.flows.conftest import OpenWindow
from tests.flows.doings import DIALOG, sign_in
from tests.flows.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

PHYSICIAN, ADMINISTRATOR = "Dr Amara Okafor", "Rosa Díaz"
FAILED: dict[str, Any] = {"code": "internal", "msg": "", "retry": True}
WRONG = {**day.LOPEZ, "wrong": True}
BOTH_WRONG = {**WRONG, "id": "both", "name": "Maria Both", "second_wrong": True}


@pytest.fixture
def phone(installation: Installation, open_window: OpenWindow) -> Window:
    """A phone that is signed in nowhere yet."""
    return open_window("phone", installation.url, PHONE)


def to_typing(phone: Window) -> None:
    """Come to where a number is typed."""
    phone.page.goto("/calls/new")
    phone.press("Type a number instead")


def take_what_was_found_before(phone: Window, rows: Locator) -> None:
    """Tap a row of a list for other words, and press Enter on another; both can be seen, and neither is taken."""
    expect(rows.first).to_have_attribute("aria-disabled", "true")
    rows.first.click(force=True)
    rows.nth(1).press("Enter")
    expect(rows).to_have_count(4)
    expect(phone.page.locator(DIALOG)).to_have_count(0)


def test_a_list_that_fails_says_so_and_its_screen_stays(phone: Window) -> None:
    voice = Pretended(phone.page)
    runs.open_clinic(voice)
    phone.provoked += ["/patients/search", "/calls/call1200000"]
    sign_in(phone, ADMINISTRATOR)
    search = f"/clinics/{day.CLINIC}/patients/search"
    phone.page.goto(f"/clinic/{day.CLINIC}/patients")
    rows = phone.page.locator(".pane-detail .thing")
    voice.answer(f"/clinics/{day.CLINIC}/patients/{day.OTHER_LOPEZ['id']}", day.OTHER_LOPEZ)
    expect(rows).to_have_count(4)
    voice.hold(search)
    phone.page.locator("#patients-search").fill("reed")
    take_what_was_found_before(phone, rows)
    assert not any("/patients/lopez" in path for _, path, _ in voice.asked), "another entry was looked at"
    voice.let_go(search)
    expect(rows).to_have_count(1)
    voice.answer(search, FAILED, "POST", status=500)
    phone.page.locator("#patients-search").fill("lop")
    expect(phone.page.locator(".pane-detail .field-error")).to_be_visible()
    expect(rows).to_have_count(0)
    voice.answer("/calls/call1200000", FAILED, status=500)
    phone.page.goto(f"/clinic/{day.CLINIC}/calls")
    phone.page.locator(".pane-detail .thing-button").first.click()
    expect(phone.page.locator(f"{DIALOG} .field-error")).to_be_visible()


def test_nobody_is_chosen_from_what_other_words_found_nor_when_a_search_fails(phone: Window) -> None:
    voice = Pretended(phone.page)
    day.open_day(voice)
    phone.provoked.append("/patients/search")
    sign_in(phone, PHYSICIAN)
    search, rows = f"/clinics/{day.CLINIC}/patients/search", phone.page.locator(".pick")
    phone.page.goto("/calls/new")
    expect(rows).to_have_count(4)
    voice.hold(search)
    phone.page.get_by_label("Patient", exact=True).fill("reed")
    take_what_was_found_before(phone, rows)
    phone.stop("found-before")
    assert not any(path == "/calls/check" for _, path, _ in voice.asked), "somebody was chosen"
    voice.let_go(search)
    expect(rows).to_have_count(1)
    rows.click()
    expect(phone.page.locator(".chosen-name")).to_have_text("Tom Reed")
    phone.press("Change")
    voice.answer(search, FAILED, "POST", status=500)
    phone.page.get_by_label("Patient", exact=True).fill("zz")
    phone.see(re.compile("The search failed"))
    expect(rows).to_have_count(0)
    assert not phone.page.get_by_text("No patient of this clinic").is_visible()


def test_an_emergency_number_fills_the_screen_when_the_typing_rests_or_call_is_pressed(phone: Window) -> None:
    voice = Pretended(phone.page)
    day.open_day(voice)
    sign_in(phone, PHYSICIAN)
    to_typing(phone)
    number = phone.page.locator("#call-number")
    number.press_sequentially("100 555 0100", delay=120)
    phone.page.wait_for_timeout(1300)
    expect(phone.page.locator(DIALOG)).to_have_count(0)
    number.fill("9911")
    phone.page.wait_for_timeout(300)
    expect(phone.page.locator(DIALOG)).to_have_count(0)
    expect(phone.page.get_by_role("link", name="Dial 911 on this phone")).to_be_focused()
    phone.stop("emergency")
    phone.press("Back, without calling")
    number.fill("913")
    phone.page.wait_for_timeout(1300)
    expect(phone.page.locator(DIALOG)).to_have_count(0)
    refusal = day.refused("call.emergency", "An emergency number.", {"tel": "112"})
    voice.answer("/calls/check", {**refusal, "emergency": {"tel": "112"}}, "POST")
    number.fill("11215")
    phone.press("Call as Riverside Clinic")
    expect(phone.page.get_by_role("link", name="Dial 112 on this phone")).to_be_focused()
    assert voice.asked[-1][2]["number"] == "11215", "the service was asked, short as it is"
    phone.press("Back, without calling")
    number.fill("911")
    expect(phone.page.get_by_role("link", name="Dial 911 on this phone")).to_be_visible(timeout=800)
    assert voice.published == []


def test_a_wrong_number_is_marked_the_other_one_chosen_and_asked_about_before_it_rings(phone: Window) -> None:
    voice = Pretended(phone.page)
    day.open_day(voice)
    voice.answer(f"/clinics/{day.CLINIC}/patients/search", {"items": [WRONG, BOTH_WRONG], "more": False}, "POST")
    masks = {"preferred": day.LOPEZ["mask"], "second": day.LOPEZ["second_mask"]}
    known = {"ok": True, "attempts_today": 1, "attempts_week": 3}
    voice.answer("/calls/check", lambda asked: {**known, "mask": masks[asked["to"]]}, "POST")
    voice.stream(day.CALL)
    sign_in(phone, PHYSICIAN)
    phone.page.goto("/calls/new")
    expect(phone.page.locator(".pick").first).to_contain_text("Wrong number")
    phone.page.locator(".pick").first.click()
    expect(phone.page.get_by_role("radio", name=re.compile("^Second"))).to_be_checked()
    phone.see("Somebody else answered the number ending 67")
    expect(phone.page.locator(".setup-who")).to_contain_text("ending 12")
    phone.stop("wrong-number")
    phone.page.get_by_role("radio", name=re.compile("^Preferred")).check()
    expect(phone.page.locator(".setup-who")).to_contain_text("ending 67")
    phone.press("Call as Riverside Clinic")
    dialog = phone.page.locator(DIALOG)
    expect(dialog).to_contain_text("Last time somebody else answered the number ending 67")
    phone.press("Cancel", dialog)
    assert voice.published == []
    phone.press("Call as Riverside Clinic")
    phone.press("Call all the same", dialog)
    assert voice.wait_for("call.start")["to"] == "preferred"


def test_a_phone_shows_beside_the_button_which_number_the_patient_sees(phone: Window) -> None:
    voice = Pretended(phone.page)
    day.open_day(voice)
    sign_in(phone, PHYSICIAN)
    phone.page.goto("/calls/new")
    phone.page.locator(".pick").first.click()
    line = phone.page.locator(".setup-shown")
    expect(line).to_be_in_viewport(ratio=1)
    expect(line).to_contain_text("Shows +1 617-555-0100, partly verified, calls back go to the clinic's telephone")
    phone.stop("call-foot")
    phone.press("Change the number to show")
    expect(phone.page.get_by_role("radio", name="+1 617-555-0100")).to_be_focused()
    phone.page.get_by_role("radio", name="+1 617-555-0101").check()
    expect(line).to_contain_text("Shows +1 617-555-0101, verified by the carrier, calls back land here")
    phone.stop("call-numbers")


def test_during_and_after_a_call_the_patients_wishes_stay_and_nothing_contradicts_them(phone: Window) -> None:
    voice = Pretended(phone.page)
    day.open_day(voice)
    sign_in(phone, PHYSICIAN)
    voice.answer(f"/calls/{day.CALL}", {**day.call_item(day.BELL, 0, r=day.CALL, state="live"), "legs": []})
    voice.stream(day.CALL)
    for kind, d in day.STEPS:
        voice.tell(day.CALL, kind, {**d, "hide_clinic": True, "abroad": "SE"} if kind == "call.started" else d)
    phone.page.goto(f"/calls/{day.CALL}")
    phone.see("Speak with the guardian: Susan Bell")
    phone.see("You may leave a message")
    phone.see("Do not say the clinic's name to whoever answers")
    assert not phone.page.get_by_text("Known to them as").is_visible()
    phone.see("A call abroad: Sweden. This number may be changed or hidden there.")
    phone.stop("call-wishes")
    end = {"by": "clinician", "cause": "completed", "reason": "you_hung_up", "talked_s": 161}
    voice.answer(f"/calls/{day.CALL}", day.record(day.call_item(day.BELL, 200_000, r=day.CALL, talked_s=161)))
    voice.tell(day.CALL, "call.ended", end)
    expect(phone.page.get_by_role("heading", name="How did it go?")).to_be_visible()
    phone.see("Speak with the guardian: Susan Bell")

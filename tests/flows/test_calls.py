"""A physician calls patients through the loopback carrier, in real browsers: each step, each end, nobody's number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.flows.browser import DESK, PHONE, Window
from tests.flows.conftest import OpenWindow
from tests.flows.doings import DIALOG, sign_in
from tests.flows.installation import Installation
from tests.flows.test_keyboard_alone import enter_as

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHYSICIAN, ADMINISTRATOR = "Dr Amara Okafor", "Rosa Díaz"
DIGITS = ("6175550150", "617-555-0150", "5550150", "6175550142", "5550142", "617 555 0123", "6175550123", "5550123")
"""Numbers of people, as somebody might write them: the patients', the physician's own, one that is typed."""
STORED = "[...Array(localStorage.length).keys()].map((n) => localStorage.getItem(localStorage.key(n))).join()"
WHOLE = {"LOOPBACK_PACE": 2, "CALL_PATIENT_ANSWER_S": 6, "CALL_CLINICIAN_ANSWER_S": 8, "CALL_ATTEMPTS_MINUTE": 60}


@pytest.fixture(scope="module")
def clinic(ground: Path) -> Iterator[Installation]:
    """A Curbside with its demo, whose carrier is quicker than people are."""
    with Installation(ground, **WHOLE) as started:
        yield started


def set_up(window: Window, name: str, born: str = "") -> None:
    """Choose whom to call, up to the button."""
    window.page.goto("/calls/new")
    window.page.get_by_label("Patient", exact=True).fill(name)
    window.page.locator(".pick").filter(has_text=name).filter(has_text=born).first.click()
    expect(window.page.locator(".setup-who")).to_contain_text(name)


def call(window: Window, name: str, born: str = "") -> None:
    """Set a call up and ask for it."""
    set_up(window, name, born)
    window.press("Call as Riverside Clinic")


def lane(window: Window, side: str) -> Locator:
    """One of the two lanes."""
    return window.page.get_by_role("region", name=side, exact=True)


def ended(window: Window, why: str | re.Pattern[str]) -> None:
    """Wait until the screen says who ended it and why."""
    expect(window.page.locator(".ended-why")).to_contain_text(why, timeout=30_000)


def say_how_it_went(window: Window, how: str, then: str) -> None:
    """Say it once."""
    window.page.get_by_role("radio", name=how).check()
    window.page.get_by_role("radio", name=then).check()
    window.press("Save")
    expect(window.page.get_by_role("heading", name="How it went")).to_be_visible()


def test_a_physician_calls_a_patient_sees_each_step_hangs_up_and_finds_the_record(
    clinic: Installation, open_window: OpenWindow
) -> None:
    phone = open_window("phone", clinic.url, PHONE)
    asked: list[str] = []
    phone.page.on("request", lambda request: asked.append(request.url))
    sign_in(phone, PHYSICIAN)
    phone.page.get_by_role("navigation", name="Places").get_by_role("link", name="Calls").click()
    phone.page.get_by_role("link", name="Call", exact=True).click()
    before_dialling(phone)
    phone.press("Call as Riverside Clinic")
    expect(lane(phone, "You")).to_contain_text("Your phone rings")
    expect(lane(phone, "Patient")).to_contain_text("Waits for you")
    phone.see("Answer your phone, then press 1.")
    expect(lane(phone, "You")).to_contain_text("Press 1")
    expect(lane(phone, "You")).to_contain_text("You are here")
    expect(lane(phone, "Patient")).to_contain_text("Ringing")
    expect(lane(phone, "Patient")).to_contain_text("Line connected")
    phone.see("Partly verified by the carrier; may be labelled")
    phone.stop("call-connected")
    phone.press("End the call")
    ended(phone, "You ended the call")
    phone.stop("call-ended")
    say_how_it_went(phone, "Spoke with the patient", "Nothing more")
    phone.page.reload()  # the call is closed for good now
    expect(phone.page.get_by_role("heading", name="How it went")).to_be_visible()
    ended(phone, "You ended the call")
    find_the_record(phone)
    leaves_no_number(phone, clinic, asked)


def before_dialling(phone: Window) -> None:
    """Two Maria Lopezes are told apart, and all is said before anything is dialled."""
    search = phone.page.get_by_label("Patient", exact=True)
    search.fill("lop")
    expect(phone.page.locator(".pick")).to_have_count(2)
    expect(phone.page.locator(".pick").nth(0)).to_contain_text("number ending")
    phone.stop("call-patients")
    phone.page.locator(".pick").filter(has_text="born 1958").click()
    expect(phone.page.locator(".setup-who")).to_have_text("Maria Lopez, born 1958, number ending 50")
    phone.press("Change the number to show")
    phone.page.get_by_role("radio", name="+1 617-555-0100").check()
    expect(phone.page.locator(".setup-shown")).to_contain_text("Shows +1 617-555-0100, partly verified")
    phone.see("Needs an interpreter: Spanish")
    phone.see("A call back lands at the clinic's own telephone. Curbside does not see it.")
    phone.see(re.compile("Your phone ending 42 rings first"))
    expect(phone.page.locator(".setup-who")).to_be_visible()
    phone.stop("call-setup")


def find_the_record(phone: Window) -> None:
    """The list has the call, and its page the legs with their times."""
    phone.page.get_by_role("link", name="Back", exact=True).click()
    row = phone.page.locator(".pane-list .item").first
    expect(row).to_contain_text("Maria Lopez")
    expect(row).to_contain_text("You ended the call")
    expect(row).to_contain_text("Spoke with the patient")
    row.click()
    expect(phone.page.locator(".legs")).to_contain_text("Pressed 1")
    expect(phone.page.get_by_role("heading", name="Record")).to_be_visible()


def leaves_no_number(window: Window, installation: Installation, asked: list[str]) -> None:
    """No number of a person in an address, in the browser's storage in clear, on the screen or in the log."""
    stored = window.page.evaluate(STORED)
    shown = window.page.locator("body").inner_text()
    for digits in DIGITS:
        assert not any(digits in url for url in asked), digits
        assert digits not in stored
        assert digits not in shown
        assert digits not in installation.said()


def test_a_phone_that_sleeps_and_wakes_shows_the_truth(clinic: Installation, open_window: OpenWindow) -> None:
    phone = open_window("phone", clinic.proxy.url, PHONE)
    sign_in(phone, PHYSICIAN)
    call(phone, "Maria Lopez", "1958")
    expect(lane(phone, "You")).to_contain_text("Your phone rings")
    with phone.without_network():
        clinic.proxy.cut()
        phone.see(re.compile("The line is away"))
        phone.page.wait_for_timeout(7_000)
        expect(lane(phone, "You")).to_contain_text("Your phone rings")
        clinic.proxy.heal()
    expect(lane(phone, "Patient")).to_contain_text("Line connected", timeout=30_000)
    phone.page.reload()
    expect(lane(phone, "Patient")).to_contain_text("Line connected")
    phone.page.goto("/consults")
    phone.page.get_by_role("link", name="Go to the call").click()
    phone.press("End the call")
    ended(phone, "You ended the call")


def test_a_patient_who_is_not_reached_is_said_so_and_the_desk_has_a_slip(
    clinic: Installation, open_window: OpenWindow
) -> None:
    phone = open_window("phone", clinic.url, PHONE)
    desk = open_window("desk", clinic.url, DESK)
    sign_in(phone, PHYSICIAN)
    sign_in(desk, ADMINISTRATOR)
    call(phone, "Ann Bell")
    ended(phone, "The patient's line was busy")
    expect(phone.page.get_by_role("radio", name="No answer")).to_be_checked()
    phone.page.get_by_role("radio", name="Ask the desk").check()
    phone.press("Save")
    phone.see(re.compile("the desk was asked"))
    desk.page.get_by_role("navigation", name="Places").get_by_role("link", name="Clinic").click()
    slip = desk.page.locator(".slip").filter(has_text="Ann Bell")
    expect(slip.first).to_contain_text("Dr Amara Okafor called")
    desk.stop("slips")
    desk.press("Take it", slip.first)
    desk.see("The slip is yours.")
    desk.page.get_by_role("group", name="Which slips").get_by_role("button", name="Taken").click()
    expect(slip.first).to_contain_text("You took it")
    desk.press("Close", slip.first)
    desk.press("Reached", desk.page.locator(DIALOG))
    expect(slip).to_have_count(0)
    call(phone, "Tom Reed")
    ended(phone, "The patient did not answer")
    retry_in_an_hour(phone)


def retry_in_an_hour(phone: Window) -> None:
    """A time is chosen, and the call stands among those to try again."""
    phone.page.get_by_role("radio", name="Try again at…").check()
    phone.page.get_by_role("radio", name=re.compile("^In an hour")).check()
    phone.press("Save")
    phone.see(re.compile("to be tried again"))
    phone.page.goto("/calls")
    group = phone.page.locator(".list-group").filter(has=phone.page.get_by_role("heading", name="To try again"))
    expect(group).to_contain_text("Tom Reed")


def test_a_phone_of_ones_own_is_proved_by_a_code_and_when_it_is_not_answered_nobody_is_called(
    clinic: Installation, open_window: OpenWindow
) -> None:
    phone = open_window("phone", clinic.url, PHONE)
    sign_in(phone, PHYSICIAN)
    phone.page.goto("/me")
    phone.see("Your phone ending 42 rings first")
    phone.press("Use another phone")
    phone.page.get_by_label("Your phone number").fill("+1 617 555 0162")
    phone.press("Call me with a code")
    phone.press("Use this code")
    code = phone.page.get_by_label("Code", exact=True)
    expect(code).to_have_value(re.compile(r"^\d{6}$"))
    right = code.input_value()
    code.fill("Your code is 000 000.")
    expect(code).to_have_attribute("aria-invalid", "true")
    phone.see("That is not the code.")
    phone.faults[:] = [fault for fault in phone.faults if "409" not in fault]  # the browser says so of any refusal
    code.fill(f"{right[:3]} {right[3:]}")
    phone.see(re.compile("The phone ending 62 can be used from"))
    phone.stop("phone-cooling")
    newest = "(select id from voice_ownphone order by added_at desc limit 1)"
    clinic.change(f"update voice_ownphone set usable_at = datetime('now', '-1 second') where id = {newest}")
    call(phone, "Maria Lopez", "1958")
    ended(phone, "We could not reach your phone. The patient was not called.")
    assert phone.page.get_by_role("heading", name="How did it go?").count() == 0
    phone.stop("call-not-reached")
    clinic.change(f"update voice_ownphone set removed_at = datetime('now') where id = {newest}")


def test_an_emergency_number_is_answered_with_a_link_to_the_handset_and_never_a_call(
    clinic: Installation, open_window: OpenWindow
) -> None:
    phone = open_window("phone", clinic.url, PHONE)
    sign_in(phone, PHYSICIAN)
    before = clinic.query("select count(*) from voice_call")
    sent: list[str] = []
    phone.page.on("request", lambda request: sent.append(request.url))
    phone.page.goto("/calls/new")
    phone.press("Type a number instead")
    with phone.without_network():
        phone.page.get_by_label("Number", exact=True).fill("+1 911")
        expect(phone.page.get_by_role("heading", name="This is an emergency number")).to_be_visible()
    dial = phone.page.get_by_role("link", name="Dial 911 on this phone")
    expect(dial).to_have_attribute("href", "tel:911")
    phone.stop("emergency")
    phone.press("Back, without calling")
    assert not any("/calls/check" in url for url in sent)
    phone.page.get_by_label("Number", exact=True).fill("617 555 0123")
    expect(phone.page.locator(".setup-who")).to_have_text("The number ending 23")
    assert clinic.query("select count(*) from voice_call") == before


def test_a_call_by_keyboard_alone(clinic: Installation, open_window: OpenWindow) -> None:
    desk = open_window("desk", clinic.url, DESK)
    keys = enter_as(desk, PHYSICIAN)
    keys.press("c")
    expect(desk.page.get_by_role("heading", name="Call a patient")).to_be_focused()
    keys.tab_to("Patient")
    keys.type("Maria")
    expect(desk.page.locator(".pick")).to_have_count(2)
    keys.tab_to("Maria Lopez\\s+born 1958")
    keys.press("Enter")
    expect(desk.page.locator("#patient-change")).to_be_focused()
    expect(desk.page.locator(".setup-who")).to_contain_text("born 1958")
    keys.tab_to("Call as Riverside Clinic")
    keys.press("Enter")
    expect(desk.page.get_by_role("heading", level=1).filter(has_text="Reaching your phone")).to_be_focused()
    expect(lane(desk, "Patient")).to_contain_text("Line connected", timeout=30_000)
    keys.tab_to("End the call")
    keys.press("Enter")
    ended(desk, "You ended the call")
    keys.tab_to("Spoke with the patient")
    keys.press("Space")
    keys.tab_to("Nothing more")
    keys.press("Space")
    keys.tab_to("Save")
    keys.press("Enter")
    expect(desk.page.get_by_role("heading", name="How it went")).to_be_visible()


def test_the_screens_of_calls_speak_swedish(clinic: Installation, open_window: OpenWindow) -> None:
    phone = open_window("phone", clinic.url, PHONE)
    phone.page.add_init_script("localStorage.setItem('curbside.language', 'sv')")
    phone.page.goto("/")
    phone.page.get_by_role("button", name=re.compile(PHYSICIAN)).first.click()
    phone.page.wait_for_url("**/consults")
    phone.page.goto("/calls/new")
    phone.page.locator(".pick").filter(has_text="1958").click()
    expect(phone.button("Ring som Riverside Clinic")).to_be_visible()
    phone.see("Delvis verifierat av operatören; kan bli märkt")
    assert english_on(phone.page) == []
    phone.page.goto("/calls")
    assert english_on(phone.page) == []


def english_on(page: Page) -> list[str]:
    """Words that only English has, of those that these screens say."""
    text = page.locator("#main").inner_text()
    words: list[Any] = re.findall(r"\b(?:the|your|number|calls?|patient was|born|ending|today)\b", text)
    return words

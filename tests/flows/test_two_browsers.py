"""Two clinicians, two real browsers, one of them a phone whose network goes in the middle."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.flows.browser import DESK, PHONE, Window
from tests.flows.conftest import OpenWindow
from tests.flows.doings import (
    DIALOG,
    bubble,
    choose,
    composer,
    hear,
    kept,
    say,
    sign_in,
    sign_out,
    wait_until_kept,
    write_question,
)
from tests.flows.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ASKER, ANSWERER = "Dr Amara Okafor", "Dr Jonas Lind"
QUESTION = "New AF for 9 h at 148/min, BP 108/64, on apixaban. Ask the ward on 617 555 0142. Rate or rhythm?"
PHONE_NUMBER = "617 555 0142"
OFFLINE = ("Still 140 after the second dose.", "Potassium is back: 3.4.", "Lungs are clear.")
MEANWHILE = ("What is the QTc?", "And the last echo?")
STORED = "[...Array(localStorage.length).keys()].map((n) => localStorage.getItem(localStorage.key(n))).join()"


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """A Curbside as the first `make run` starts it, on nothing."""
    with Installation() as started:
        yield started


def test_two_clinicians_consult_while_one_loses_the_network_and_nothing_is_lost(
    installation: Installation, open_window: OpenWindow
) -> None:
    phone = open_window("phone", installation.proxy.url, PHONE)
    desk = open_window("desk", installation.url, DESK)
    become_available(desk)
    ask_past_the_gate(phone)
    accept(desk, phone)
    talk(phone, desk)
    lose_the_network(installation, phone, desk)
    change_what_was_read(phone, desk)
    close_with_an_outcome(phone, desk)
    verify_the_summary(desk)
    leave_nothing_behind(phone)
    for text in (*OFFLINE, *MEANWHILE, PHONE_NUMBER):
        assert text not in installation.said()


def become_available(desk: Window) -> None:
    """The demo's own offer stands already; it is declined, and availability is ended and begun."""
    desk.page.goto("/")
    desk.see("Demo. No real patients. No call leaves this computer.")
    desk.stop("landing")
    sign_in(desk, ANSWERER)
    desk.press("Not now")
    expect(desk.page.locator(".offer")).to_have_count(0)
    switch = desk.page.get_by_role("switch", name="Available for cardiology questions")
    switch.click()
    expect(switch).not_to_be_checked()
    switch.click()
    expect(switch).to_be_checked()
    desk.see("Available only while this screen is open")
    desk.stop("available")


def ask_past_the_gate(phone: Window) -> None:
    """A phone number stops the question; what it says of it takes the number out by one tap."""
    phone.page.goto("/")
    phone.stop("landing")
    sign_in(phone, ASKER)
    phone.stop("list")
    write_question(phone, "Cardiology", QUESTION, "Now")
    phone.see("If the patient is in danger, call your emergency team first.")
    phone.see(re.compile("Usual wait: about|Too few questions lately"))
    phone.see("A phone number identifies a person.")
    phone.press(re.compile("^Ask"), phone.page.locator("form"))
    phone.see("There is a problem")
    phone.stop("gate")
    phone.press(re.compile("^(Use|Remove)"), phone.page.locator(".gate"))
    assert PHONE_NUMBER not in phone.page.get_by_label("Question", exact=True).input_value()
    phone.press(re.compile("^Ask"), phone.page.locator("form"))
    phone.see("Asking those available in cardiology")
    expect(phone.page.get_by_role("timer")).to_have_text(re.compile(r"^(09:\d\d|10:00)$"))
    phone.stop("waiting")


def accept(desk: Window, phone: Window) -> None:
    """The sheet comes by itself, with the question and its clock."""
    desk.see("Cardiology question")
    expect(desk.page.locator(".offer-question")).to_contain_text("New AF for 9 h")
    desk.stop("offer")
    desk.press("Accept")
    expect(composer(desk)).to_be_visible()
    expect(composer(phone)).to_be_visible()
    phone.see(re.compile("joined"))


def talk(phone: Window, desk: Window) -> None:
    """Each sees what the other says, that it is typed, and that it was read."""
    say(phone, "Asymptomatic apart from palpitations.")
    hear(desk, "Asymptomatic apart from palpitations.")
    composer(desk).press_sequentially("Rate control first.", delay=20)
    phone.see("Someone is typing")
    composer(desk).press("Enter")
    hear(phone, "Rate control first.")
    expect(bubble(desk, "Rate control first.")).to_contain_text("Read")
    phone.stop("consult")
    desk.stop("consult")


def lose_the_network(installation: Installation, phone: Window, desk: Window) -> None:
    """Both ways are cut: the browser is told, and the sockets that would survive that are broken."""
    with phone.without_network():
        installation.proxy.cut()
        for text in OFFLINE:
            say(phone, text)
            hear(phone, text)
        phone.see(re.compile("3 messages are kept"))
        expect(bubble(phone, OFFLINE[2])).to_contain_text("Waiting on this device")
        for text in MEANWHILE:
            say(desk, text)
            hear(desk, text)
        phone.stop("offline")
        phone.page.reload()
        phone.see("The service cannot be reached")
        phone.stop("reloaded-offline")
        assert not set(OFFLINE) & set(desk.says())
        installation.proxy.heal()
    for text in (*MEANWHILE, *OFFLINE):
        expect(bubble(phone, text)).to_have_count(1, timeout=30_000)
        expect(bubble(desk, text)).to_have_count(1, timeout=30_000)
    expect(bubble(phone, OFFLINE[2])).to_contain_text(re.compile("Sent|Read"))
    assert phone.says() == desk.says()
    assert [text for text in desk.says() if text in OFFLINE] == list(OFFLINE)
    assert len(set(desk.says())) == len(desk.says())
    phone.stop("caught-up")


def change_what_was_read(phone: Window, desk: Window) -> None:
    """A change after it was read says so on the other side; what was removed is gone from both."""
    expect(bubble(desk, MEANWHILE[1])).to_contain_text("Read")
    composer(desk).press("ArrowUp")
    composer(desk).fill("And the last echo, if there is one?")
    composer(desk).press("Enter")
    hear(phone, "And the last echo, if there is one?")
    phone.see(re.compile(r"Changed after you read it, \d\d:\d\d"))
    expect(bubble(phone, OFFLINE[1])).to_contain_text("Read")
    choose(phone, bubble(phone, OFFLINE[1]), "Remove")
    phone.press("Remove", phone.page.locator(DIALOG))
    desk.see(re.compile(r"Removed after you read it, \d\d:\d\d"))
    expect(bubble(desk, OFFLINE[1])).to_have_count(0)
    desk.stop("changed")
    phone.stop("changed")


def close_with_an_outcome(phone: Window, desk: Window) -> None:
    """The asker closes it; the answerer hears so."""
    phone.press("Close")
    phone.page.get_by_role("radio", name=re.compile("^Answered The question")).check()
    phone.page.get_by_label("A word for the summary").fill("Rate control, echo tomorrow.")
    phone.stop("close")
    phone.press("Close the consult", phone.page.locator(DIALOG))
    expect(phone.page.get_by_role("link", name="Consult summary").first).to_be_visible()
    desk.see(re.compile("closed it as"))
    desk.stop("ended")
    phone.stop("ended")


def verify_the_summary(desk: Window) -> None:
    """It names nobody, it is copied by one tap, and one changed word is found."""
    desk.page.get_by_role("link", name="Consult summary").first.click()
    desk.see("Check your hospital's policy before filing it.")
    summary = desk.page.locator("pre.summary").inner_text()
    assert "Potassium is back" not in summary
    assert "Rate control, echo tomorrow." in summary
    for name in (ASKER, ANSWERER, "Okafor", "Lind"):
        assert name not in summary
    desk.stop("summary")
    desk.press("Copy the summary")
    desk.see("The summary is copied.")
    desk.page.get_by_role("link", name="Verify a summary").click()
    field = desk.page.get_by_label("Summary", exact=True)
    field.focus()
    desk.page.keyboard.press("ControlOrMeta+V")
    desk.press("Verify")
    desk.see("Genuine, and nothing was changed since")
    desk.stop("verified")
    field.fill(field.input_value().replace("Rate control first.", "Rhythm control first."))
    desk.press("Verify")
    desk.see("This is not a genuine summary")


def leave_nothing_behind(phone: Window) -> None:
    """What is kept on the device is sealed, and goes with the sign-out."""
    phone.page.get_by_role("link", name="Back", exact=True).click()
    write_question(phone, "Cardiology", "A draft that nobody sends.", "Today")
    assert "A draft that nobody sends." not in str(wait_until_kept(phone))
    sign_out(phone)
    assert kept(phone) == []
    stored = phone.page.evaluate(STORED)
    assert not any(text in stored for text in (*OFFLINE, "draft", ASKER))
    phone.stop("signed-out")

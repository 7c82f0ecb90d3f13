"""One phone on a ward, passed from hand to hand: what one member left on it no other member sees."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.flows.browser import PHONE, Window
from tests.flows.conftest import OpenWindow
from tests.flows.doings import DIALOG, composer, hear, kept, say, sign_in, sign_out, wait_until_kept, write_question
from tests.flows.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FIRST, SECOND = "Dr Amara Okafor", "Dr Jonas Lind"
DRAFT = "Unsent: the troponin has doubled."
WAITING = "Kept: the lactate is 4.1 now."
IDLE_MS = 16 * 60 * 1000


def open_consult(phone: Window, question: str) -> None:
    """Go to the one in the list whose preview begins so."""
    phone.page.get_by_role("link", name=re.compile(question)).click()
    expect(composer(phone)).to_be_visible()


def words_on_screen(phone: Window) -> str:
    """All text of the page, fields included."""
    fields = phone.page.evaluate("[...document.querySelectorAll('input, textarea')].map((one) => one.value).join(' ')")
    return phone.page.locator("body").inner_text() + str(fields)


def test_an_idle_phone_locks_and_gives_its_draft_back_to_whoever_is_signed_in(
    installation: Installation, open_window: OpenWindow
) -> None:
    phone = open_window("locked", installation.url, PHONE)
    phone.page.clock.install()
    sign_in(phone, FIRST)
    open_consult(phone, "QTc 505 ms")
    composer(phone).fill(DRAFT)
    assert DRAFT not in str(wait_until_kept(phone))
    phone.page.clock.fast_forward(IDLE_MS)
    expect(phone.page.get_by_role("heading", name="Locked")).to_be_visible()
    assert DRAFT not in words_on_screen(phone)
    assert "QTc" not in words_on_screen(phone)
    phone.stop("locked")
    phone.press("Unlock")
    expect(composer(phone)).to_have_value(DRAFT)
    sign_out(phone)
    assert kept(phone) == []


def test_the_next_member_on_a_shared_phone_sees_nothing_of_the_one_before(
    installation: Installation, open_window: OpenWindow
) -> None:
    phone = open_window("shared", installation.proxy.url, PHONE)
    sign_in(phone, FIRST)
    write_question(phone, "Nephrology", "A question that was never asked.", "Today")
    wait_until_kept(phone)
    phone.page.get_by_role("link", name="Back", exact=True).click()
    open_consult(phone, "QTc 505 ms")
    consult = phone.page.url
    with phone.without_network():
        installation.proxy.cut()
        say(phone, WAITING)
        hear(phone, WAITING)
        composer(phone).fill(DRAFT)
        assert not any(text in str(wait_until_kept(phone)) for text in (WAITING, DRAFT))
        phone.page.get_by_role("link", name="Back", exact=True).click()
        phone.page.get_by_role("navigation", name="Places").get_by_role("link", name="Me").click()
        phone.press("Sign out")
        phone.see(re.compile("1 message has not been sent yet. Signing out wipes it"))
        phone.stop("sign-out-with-kept")
        phone.press("Sign out", phone.page.locator(DIALOG))
        expect(phone.page.get_by_role("heading", name="Me", exact=True)).to_have_count(0)
        assert [key for key, _ in kept(phone)] in ([], ["leaving"])
        installation.proxy.heal()
    assert "lactate" not in words_on_screen(phone)

    phone.page.goto("/")
    expect(phone.button(f"Sign in as {SECOND}")).to_be_visible()
    assert kept(phone) == []
    sign_in(phone, SECOND)
    phone.press("Not now")
    phone.page.get_by_role("link", name="Ask", exact=True).first.click()
    expect(phone.page.get_by_label("Question", exact=True)).to_have_value("")
    seen = words_on_screen(phone)
    assert not any(text in seen for text in (FIRST, "never asked", WAITING, DRAFT))
    phone.page.goto(consult)
    expect(composer(phone)).to_have_value("")
    assert not any(text in words_on_screen(phone) for text in (FIRST, WAITING, DRAFT))
    sign_out(phone)

    sign_in(phone, FIRST)
    phone.page.goto(consult)
    expect(composer(phone)).to_have_value("")
    assert WAITING not in phone.says()
    assert not installation.query("SELECT 1 FROM realtime_event WHERE body LIKE ?", f"%{WAITING}%")

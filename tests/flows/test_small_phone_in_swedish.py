"""At 360 px in Swedish, whose words are long: nothing is clipped, broken within a word, or written over."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.client import clinic_days as day
from tests.client import clinic_runs as runs
from tests.client.pretending import Pretended
from tests.flows.browser import PHONE, Window
from tests.flows.conftest import OpenWindow
from tests.flows.doings import sign_in
from tests.flows.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SWEDISH = "localStorage.setItem('curbside.language', 'sv')"
CLIPPED = """() => [...document.querySelectorAll("main select, main input[type=time]")]
  .filter((one) => one.offsetParent)
  .filter((one) => {
    const whole = one.cloneNode(true);
    if (one.matches("select")) whole.replaceChildren(one.selectedOptions[0].cloneNode(true));
    Object.assign(whole.style, { position: "absolute", width: "max-content", minWidth: "0", flex: "none" });
    document.body.append(whole);
    const wants = whole.getBoundingClientRect().width;
    whole.remove();
    return wants > one.getBoundingClientRect().width + 1;
  }).map((one) => one.selectedOptions?.[0].textContent ?? one.value)"""
BROKEN = """() => [...document.querySelectorAll(".btn")].filter((one) => one.offsetParent).flatMap((button) => {
  const texts = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
  const broken = [];
  while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(/\\S+/g)) {
    const range = document.createRange();
    range.setStart(texts.currentNode, word.index);
    range.setEnd(texts.currentNode, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) broken.push(word[0]);
  }
  return broken;
})"""
INSIDE = """() => {
  const bar = document.querySelector(".available").getBoundingClientRect();
  return [...document.querySelectorAll(".available-title, .available-note")].map((one) => one.getBoundingClientRect())
    .every((box) => box.top >= bar.top + 4 && box.bottom <= bar.bottom - 4 && box.right <= bar.right);
}"""
BETWEEN = """() => document.querySelector("label[for=after-hours]").getBoundingClientRect().top
  - document.querySelector(".opening-add, .opening-add button").getBoundingClientRect().bottom"""

APART = """() => [...document.querySelectorAll(".opening")].every((row) => {
  const [day, away] = ["select", "button"].map((name) => row.querySelector(name).getBoundingClientRect());
  return day.right <= away.left;
})"""


def to_swedish(window: Window, path: str) -> None:
    """From now on in Swedish."""
    window.page.evaluate(SWEDISH)
    window.page.goto(path)
    expect(window.page.locator("html")).to_have_attribute("lang", "sv")
    expect(window.page.get_by_role("heading", level=1)).to_be_visible()


def test_the_screens_of_a_clinic_show_each_field_whole(installation: Installation, open_window: OpenWindow) -> None:
    phone = open_window("phone", installation.url, PHONE)
    runs.open_clinic(Pretended(phone.page))
    sign_in(phone, "Rosa Díaz")
    to_swedish(phone, f"/clinic/{day.CLINIC}/calls")
    expect(phone.page.locator(".filters select").first).to_be_visible()
    phone.stop("sv-calls")
    assert phone.page.evaluate(CLIPPED) == []
    phone.page.goto(f"/clinic/{day.CLINIC}/incoming")
    expect(phone.page.locator(".opening").first).to_be_visible()
    phone.page.locator(".opening").first.scroll_into_view_if_needed()
    phone.stop("sv-incoming")
    assert phone.page.evaluate(CLIPPED) == []
    assert phone.page.evaluate(APART)
    assert phone.page.evaluate(BETWEEN) >= 12


def test_no_button_breaks_a_word_and_the_bar_holds_all(installation: Installation, open_window: OpenWindow) -> None:
    phone = open_window("phone", installation.url, PHONE)
    sign_in(phone, "Dr Amara Okafor")
    phone.page.get_by_role("switch").first.click()
    expect(phone.page.get_by_role("switch").first).to_have_attribute("aria-checked", "true")
    to_swedish(phone, "/me")
    expect(phone.page.locator(".available-note")).not_to_be_empty()
    phone.stop("sv-me")
    assert phone.page.evaluate(INSIDE)
    assert phone.page.evaluate(BROKEN) == []
    other = open_window("phone", installation.url, PHONE)
    sign_in(other, "Inês Ferreira")
    to_swedish(other, "/me")
    expect(other.page.get_by_role("button", name="Lägg till en autentiseringsapp")).to_be_visible()
    other.page.get_by_role("button", name="Lägg till en autentiseringsapp").scroll_into_view_if_needed()
    other.stop("sv-factor")
    assert other.page.evaluate(BROKEN) == []

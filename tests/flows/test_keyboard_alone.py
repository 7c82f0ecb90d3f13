"""The journey by keyboard alone, on two desks: no pointer touches anything."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.flows.browser import DESK, Window
from tests.flows.conftest import OpenWindow
from tests.flows.doings import bubble, composer, hear
from tests.flows.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

STEPS_MOST = 80
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body || one.tabIndex < 0) return null;  // a heading is no control
  const style = getComputedStyle(one);
  const ring = (part) => part.outlineStyle !== "none" && parseFloat(part.outlineWidth) >= 2;
  const label = one.closest("label");
  const shown = [one, label, one.parentElement].filter(Boolean).some((part) => {
    const look = getComputedStyle(part);
    return ring(look) || (look.boxShadow !== "none" && part !== one.parentElement);
  });
  const box = (style.opacity === "0" && label ? label : one).getBoundingClientRect();
  const name = one.getAttribute("aria-label") || label?.innerText || one.labels?.[0]?.innerText || one.innerText || "";
  return { name: name.trim(), kind: one.type || one.tagName.toLowerCase(), shown,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth };
}"""


@dataclass
class Keys:
    """The keyboard of one window, and what has the focus."""

    page: Page

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Write."""
        self.page.keyboard.type(text)

    def choose(self, label: str) -> None:
        """Have the list that has the focus show an entry, by its first letters; slow keys find another one."""
        shown = "document.activeElement.selectedOptions[0].label"
        for _ in range(5):
            self.type(label)
            if self.page.evaluate(shown) == label:
                return
            self.page.wait_for_timeout(1_500)  # until what was typed is forgotten
        raise AssertionError(f"no {label} by the keyboard")

    def tab_to(self, name: str, back: bool = False) -> None:
        """Go from control to control until one is called so; each on the way shows that it has the focus."""
        for _ in range(STEPS_MOST):
            focused = self.page.evaluate(FOCUSED)
            if focused:
                assert focused["shown"], f"the focus cannot be seen on {focused}"
                assert focused["inside"], f"the focus is out of sight on {focused}"
                if re.match(name, focused["name"]):
                    return
            self.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"no way by the keyboard to {name}")


def enter_as(window: Window, name: str) -> Keys:
    """Sign in from the demo's first page."""
    keys = Keys(window.page)
    window.page.goto("/")
    expect(window.button(f"Sign in as {name}")).to_be_visible()
    keys.tab_to(f"Sign in as {name}")
    keys.press("Enter")
    expect(window.page.get_by_role("heading", name="Consults", exact=True)).to_be_visible()
    return keys


def test_a_consult_is_asked_taken_talked_through_and_closed_by_keyboard_alone(
    installation: Installation, open_window: OpenWindow
) -> None:
    asker = open_window("asker", installation.url, DESK)
    answerer = open_window("answerer", installation.url, DESK)
    asks, answers = enter_as(asker, "Dr Amara Okafor"), enter_as(answerer, "Dr Jonas Lind")

    expect(answerer.button("Accept")).to_be_visible()  # the demo's own offer, which is declined
    answers.press("o")
    expect(answerer.button("Accept")).to_be_focused()
    answers.tab_to("Not my field")
    answers.press("Enter")
    expect(answerer.page.locator(".offer")).to_have_count(0)

    asks.press("?")
    asker.see("Keyboard shortcuts")
    expect(asker.page.locator("dialog kbd").first).to_be_visible()
    asker.stop("shortcuts")
    asks.press("Escape")
    expect(asker.page.locator("dialog")).to_have_count(0)

    asks.press("a")
    expect(asker.page.get_by_role("heading", name="Ask a specialty")).to_be_focused()
    asks.tab_to("Specialty")
    asks.choose("Cardiology")
    asks.tab_to("Question")
    asks.type("Syncope on exertion, systolic murmur. Echo tonight or in the morning?")
    asks.tab_to("Now")
    asks.press("Space")
    asker.see("If the patient is in danger, call your emergency team first.")
    asks.tab_to("Ask cardiology")
    asks.press("Enter")
    asker.see("Asking those available in cardiology")

    expect(answerer.button("Accept")).to_be_visible()
    answers.press("o")
    expect(answerer.button("Accept")).to_be_focused()
    answers.press("Enter")
    expect(composer(answerer)).to_be_visible()
    answers.press("r")
    expect(composer(answerer)).to_be_focused()
    answers.type("Tonight, and no exercise test.")
    answers.press("Enter")
    hear(asker, "Tonight, and no exercise test.")
    answers.press("ArrowUp")
    expect(composer(answerer)).to_have_value("Tonight, and no exercise test.")
    answers.type(" Keep on a monitor.")
    answers.press("Enter")
    hear(asker, "Tonight, and no exercise test. Keep on a monitor.")

    asks.press("r")
    asks.type("Booked")
    asks.press("Shift+Enter")
    asks.type("and on a monitor.")
    asks.press("Enter")
    expect(bubble(answerer, "Booked")).to_contain_text("and on a monitor.")
    answers.press("Escape")
    assert not composer(answerer).evaluate("(one) => one === document.activeElement")

    asks.press("Escape")
    asks.tab_to("Close", back=True)
    asks.press("Enter")
    asker.see("What became of the question")
    asks.tab_to("Answered")
    asks.press("Space")
    asks.tab_to("Close the consult")
    asks.press("Enter")
    expect(asker.page.get_by_role("link", name="Consult summary").first).to_be_visible()
    answerer.see(re.compile("closed it as"))
    asker.stop("closed-by-keyboard")

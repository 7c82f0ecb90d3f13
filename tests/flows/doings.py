"""What people do in the screens, in their words, so that a journey reads as one."""

from __future__ import annotations

import re
import time
from typing import Any

from playwright.sync_api import Locator, expect

from tests.flows.browser import Window

DIALOG = "dialog.dialog"
ENTRIES = """() => new Promise((resolve, reject) => {
  const opened = indexedDB.open("curbside");
  opened.onerror = () => reject(opened.error);
  opened.onsuccess = () => {
    if (!opened.result.objectStoreNames.contains("kept")) return resolve([]);
    const table = opened.result.transaction("kept").objectStore("kept");
    const keys = table.getAllKeys();
    const values = table.getAll();
    values.onsuccess = () => {
      const decoder = new TextDecoder("latin1");
      const text = (value) => (ArrayBuffer.isView(value) ? decoder.decode(value) : JSON.stringify(value));
      resolve(keys.result.map((key, at) => [String(key), text(values.result[at])]));
      opened.result.close();
    };
  };
})"""


def sign_in(window: Window, name: str) -> None:
    """Come to the demo's first page and be somebody by one click."""
    window.page.goto("/")
    window.press(f"Sign in as {name}")
    expect(window.page.get_by_role("heading", name="Consults", exact=True)).to_be_visible()


def sign_out(window: Window) -> None:
    """Sign out on the screen Me."""
    window.page.get_by_role("navigation", name="Places").get_by_role("link", name="Me").click()
    window.press("Sign out")
    window.press("Sign out", window.page.locator(DIALOG))
    expect(window.page.get_by_role("button", name=re.compile("^Sign in as")).first).to_be_visible()


def write_question(window: Window, specialty: str, question: str, urgency: str) -> None:
    """Fill in the form, up to its button."""
    window.page.get_by_role("link", name="Ask", exact=True).first.click()
    window.page.get_by_label("Specialty", exact=True).select_option(label=specialty)
    window.page.get_by_label("Question", exact=True).fill(question)
    window.page.get_by_role("radio", name=re.compile(f"^{urgency}")).check()


def composer(window: Window) -> Locator:
    """Where one writes."""
    return window.page.locator("#composer-text")


def say(window: Window, text: str) -> None:
    """Write a message and send it by the button."""
    composer(window).fill(text)
    window.press("Send")
    expect(composer(window)).to_have_value("")


def hear(window: Window, text: str) -> None:
    """Wait until the conversation says so."""
    expect(bubble(window, text)).to_be_visible()


def bubble(window: Window, text: str) -> Locator:
    """The one message of that text."""
    return window.page.locator("[role=log] article").filter(has_text=text)


def choose(window: Window, message: Locator, action: str) -> None:
    """An entry of a message's menu."""
    if window.touch:
        message.locator(".bubble").tap()
    else:
        message.hover()
        message.locator("summary").click()
    window.press(action, message.locator(".menu-list"))


def kept(window: Window) -> list[tuple[str, str]]:
    """All that the browser's own storage holds: key and content."""
    entries: list[list[Any]] = window.page.evaluate(ENTRIES)
    return [(key, value) for key, value in entries]


def wait_until_kept(window: Window) -> list[tuple[str, str]]:
    """What the storage holds as soon as it holds a draft: it is saved a moment after it is written."""
    deadline = time.monotonic() + 5
    while not any("/draft/" in key for key, _ in kept(window)):
        assert time.monotonic() < deadline, "no draft was kept"
        window.page.wait_for_timeout(100)
    return kept(window)

"""`make screens`: walks the journey in real browsers and stores a dozen pictures under docs/screens.

At every stop axe is asked, in light and in dark; what it finds is printed and ends the program with 1. The pictures are
made at 360, 768 and 1280 px, so that anyone sees the product without starting it.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.client import call_screens
from tests.flows.browser import STILL, Window, launch
from tests.flows.doings import DIALOG, bubble, choose, composer, hear, say, sign_in, write_question
from tests.flows.installation import Installation
from tests.peers.curbside import ROOT

SCREENS = ROOT / "docs" / "screens"
PHONE: dict[str, object] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESK: dict[str, object] = {"viewport": {"width": 1280, "height": 800}}
TABLET: dict[str, object] = {"viewport": {"width": 768, "height": 1024}}
ASKER, ANSWERER, TEAM = "Dr Amara Okafor", "Dr Jonas Lind", "Inês Ferreira"
MARKED = "72-year-old, seen 12 March 2024, troponin 40 to 210, on apixaban. Ward is on 617 555 0142. Heparin now?"
CLEAN = "72-year-old, chest pain for 2 h, troponin 40 to 210, no ST elevation, eGFR 38, on apixaban. Heparin now?"


class Walk:
    """The windows of one walk and the numbering of its pictures."""

    def __init__(self, browser: Browser, home: str, scratch: Path) -> None:
        """Three people's devices, one of each size, a desk of the platform team and one of a clinic."""
        self.phone = Window.open(browser, "phone", home, PHONE, scratch)
        self.desk = Window.open(browser, "desk", home, DESK, scratch)
        self.tablet = Window.open(browser, "tablet", home, TABLET, scratch)
        self.watcher = Window.open(browser, "desk", home, DESK, scratch)
        self.clinic = Window.open(browser, "desk", home, DESK, scratch)
        self.count = 0

    @property
    def faults(self) -> list[str]:
        """What the pages did that they must not do, and what axe found."""
        windows = (self.phone, self.desk, self.tablet, self.watcher, self.clinic)
        return [fault for window in windows for fault in window.faults]

    def stop(self, window: Window, name: str, scheme: str = "light") -> None:
        """Ask axe in both schemes, and keep a picture in one."""
        window.stop(name)
        window.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        window.page.evaluate(STILL)
        self.count += 1
        window.page.screenshot(path=SCREENS / f"{self.count:02d}-{name}-{window.name}-{scheme}.png")
        window.page.emulate_media(color_scheme="light", reduced_motion="reduce")

    def ask(self) -> None:
        """The first page, the form with the gate's marks, and the clock."""
        self.desk.page.goto("/")
        self.desk.see("One minute, two clinicians")
        self.stop(self.desk, "landing")
        sign_in(self.desk, ANSWERER)
        self.desk.see("Not now")
        self.stop(self.desk, "offer")
        self.desk.press("Not now")
        sign_in(self.phone, ASKER)
        self.stop(self.phone, "consults")
        write_question(self.phone, "Cardiology", MARKED, "Now")
        self.phone.page.get_by_label("Question", exact=True).scroll_into_view_if_needed()
        self.phone.see("Use “2024”")
        self.stop(self.phone, "ask")
        self.phone.page.get_by_label("Question", exact=True).fill(CLEAN)
        self.phone.see(re.compile("Usual wait|Too few"))
        self.phone.press("Ask cardiology")
        self.phone.see("Asking those available in cardiology")
        self.stop(self.phone, "waiting", "dark")

    def talk(self) -> None:
        """Accept, talk, change what was read, lose the network."""
        self.desk.page.locator(".offer").get_by_role("button", name="Accept").click()
        expect(composer(self.desk)).to_be_visible()
        say(self.desk, "Hold the heparin for now: apixaban is on board.")
        say(self.desk, "When was the last dose?")
        hear(self.phone, "When was the last dose?")
        say(self.phone, "Eight hours ago. Killip I, pain free now.")
        hear(self.desk, "Killip I")
        expect(bubble(self.desk, "When was the last dose?").get_by_text("Read")).to_be_attached()
        choose(self.desk, bubble(self.desk, "When was the last dose?"), "Edit")
        composer(self.desk).fill("When was the last dose, and what is the creatinine?")
        self.desk.press("Save")
        hear(self.phone, "what is the creatinine?")
        self.phone.see(re.compile("Changed after you read it"))
        self.stop(self.desk, "consult")
        with self.phone.without_network():
            say(self.phone, "08:00 today, creatinine 170.")
            self.phone.see(re.compile("Offline since"))
            self.stop(self.phone, "offline")
        hear(self.desk, "creatinine 170")

    def close(self) -> None:
        """Close with an outcome; the summary; what nobody took; who one is."""
        self.phone.press("Close")
        self.phone.see("What became of the question")
        self.stop(self.phone, "close", "dark")
        dialog = self.phone.page.locator(DIALOG)
        dialog.get_by_role("radio", name=re.compile("^Answered The")).check()
        self.phone.press("Close the consult", dialog)
        self.desk.page.locator(".ended").get_by_role("link", name="Consult summary").click()
        self.desk.see("Check your hospital's policy before filing it.")
        self.stop(self.desk, "summary", "dark")
        sign_in(self.tablet, ASKER)
        self.tablet.page.get_by_role("link", name=re.compile("Neurosurgery")).click()
        self.tablet.see("What you can do next")
        self.stop(self.tablet, "nobody")
        self.tablet.page.goto("/me")
        self.tablet.see("Who you are")
        self.stop(self.tablet, "me", "dark")
        self.phone.page.goto("/who-knows-what")
        self.phone.see("What is stored")
        self.stop(self.phone, "who-knows-what")

    def watch(self) -> None:
        """The platform team's page, with the last minute of this walk in its curves."""
        sign_in(self.watcher, TEAM)
        self.watcher.page.get_by_role("link", name="Platform").click()
        self.watcher.see("All together")
        self.stop(self.watcher, "platform", "dark")


@contextmanager
def start_walk() -> Iterator[Walk]:
    """A fresh installation with its demo, and browsers on it."""
    with Installation() as installation, sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = launch(playwright)
        try:
            yield Walk(browser, installation.url, Path(scratch))
        finally:
            browser.close()


def main() -> int:
    """Make the pictures anew. Returns 1 where a page had a fault."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    for old in SCREENS.glob("*.png"):
        old.unlink()
    with start_walk() as walk:
        walk.ask()
        walk.talk()
        walk.close()
        call_screens.call(walk)
        call_screens.run_clinic(walk, walk.clinic)
        walk.watch()
        for fault in walk.faults:
            sys.stderr.write(fault + "\n")
        return 1 if walk.faults else 0


if __name__ == "__main__":
    sys.exit(main())

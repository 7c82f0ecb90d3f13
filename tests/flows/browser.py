"""Browsers that tests drive: one window of one person, watched for everything that a page must not do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Playwright, Request, expect

from tests.peers.process import find_program, require

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")  # the first costs a sixth less
WITH_SOUND = PROGRAMS[1:]  # the first has no microphone, not even a pretended one
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
DESK = {"viewport": {"width": 1280, "height": 800}}
SAYS_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});"""
STILL = """Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished)).then(() => null)"""
NOT_SIGNED_IN = re.compile(r"the server responded with a status of 401")
RULES = {"resultTypes": ["violations"]}
RULES_OF_COLOUR = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}}


def launch(playwright: Playwright, programs: Sequence[str] = PROGRAMS, flags: Sequence[str] = ()) -> Browser:
    """Start the machine's own Chromium; a test that needs it says so where there is none."""
    program = next(filter(None, map(find_program, programs)), None)
    require(f"Chromium ({programs[0]})", program)
    expect.set_options(timeout=10_000)
    return playwright.chromium.launch(executable_path=str(program), args=[*FLAGS, *flags])


@dataclass
class Window:
    """One person's browser at one size. `faults` is what must stay empty.

    `provoked` are ends of addresses whose refusals and failures the journey wants: the browser itself notes each.
    """

    name: str
    context: BrowserContext
    page: Page
    home: str
    pictures: Path | None
    touch: bool = False
    faults: list[str] = field(default_factory=list)
    provoked: list[str] = field(default_factory=list)
    _forgiving: bool = False

    @classmethod
    def open(cls, browser: Browser, name: str, home: str, shape: dict[str, object], pictures: Path | None
             ) -> Window:
        """A fresh browser with no memory, on a page at `home`."""
        if pictures is None and "device_scale_factor" in shape:
            shape = {**shape, "device_scale_factor": 1}  # nobody looks, and finer points are much work
        context = browser.new_context(
            locale="en-GB", timezone_id="UTC", base_url=home, reduced_motion="reduce", **shape)  # type: ignore[arg-type]  # a TypedDict
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=home)
        context.add_init_script(SAYS_VIOLATIONS)
        window = cls(name, context, context.new_page(), home, pictures, touch="has_touch" in shape)
        window._watch()
        return window

    def _watch(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.name}: {error}"))
        self.page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        place = message.location.get("url", "")
        asked_who = NOT_SIGNED_IN.search(message.text) and place.endswith(("/api/v1/me", "/auth/session"))
        lost = self._forgiving and ("net::ERR" in message.text or "WebSocket" in message.text)
        wanted = "a status of" in message.text and place.endswith(tuple(self.provoked))
        if not asked_who and not lost and not wanted:
            self.faults.append(f"{self.name}: {message.type}: {message.text} ({place})")

    def _on_request(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme in ("data", "blob"):
            return
        if where.netloc != urlsplit(self.home).netloc:
            self.faults.append(f"{self.name}: asked another host: {request.url}")

    @contextmanager
    def without_network(self) -> Iterator[None]:
        """No network. What the browser itself says of lost requests is no fault of the page, from then on."""
        self._forgiving = True
        self.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")  # kept whole before it is needed
        self.context.set_offline(True)
        try:
            yield
        finally:
            self.context.set_offline(False)

    def stop(self, name: str) -> None:
        """A stop of the journey: axe finds nothing, in light and in dark; and a picture, where they are wanted."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.evaluate(STILL)
            self._check(name, scheme)
            self._picture(f"{name}-{self.name}-{scheme}.png")
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")

    def _check(self, name: str, scheme: str) -> None:
        axe = Axe()
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(axe.axe_script)
        options = RULES if scheme == "light" else RULES_OF_COLOUR
        found = self.page.evaluate("(options) => axe.run(options)", options)
        for violation in found["violations"]:
            targets = [node["target"] for node in violation["nodes"]]
            self.faults.append(f"{self.name} at {name} in {scheme}: {violation['id']}: {violation['help']} {targets}")

    def _picture(self, file: str) -> None:
        if self.pictures is not None:
            self.page.screenshot(path=self.pictures / file)

    # Words for what a person does

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """A button by its name."""
        return self.page.get_by_role("button", name=name)

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        """Press the one button of that name."""
        exact = isinstance(name, str)
        (within or self.page).get_by_role("button", name=name, exact=exact).click()

    def see(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page says so."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def says(self) -> list[str]:
        """The messages of the open conversation, from the top to the bottom."""
        return [text.strip() for text in self.page.locator("[role=log] .bubble-text").all_inner_texts()]

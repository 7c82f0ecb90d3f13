"""A call over the browser: the microphone, the way that is chosen, sound, keys, mute, a reload, the way to the phone.

The service's answers are pretended and the other end is a page of the same browser, so that each state can be reached
at will; connections, microphone and sound are real.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.client import clinic_days as day
from tests.client.far_end import LISTENING, MICROPHONE, FarEnd, heard_by
from tests.client.pretending import Pretended
from tests.flows.browser import DESK, PHONE, WITH_SOUND, Window, launch
from tests.flows.conftest import OpenWindow
from tests.flows.doings import DIALOG, sign_in
from tests.flows.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PHYSICIAN = "Dr Amara Okafor"
WIFI = {**day.STEPS[0][1], "way": "webrtc"}
CONNECTED: list[tuple[str, dict[str, Any]]] = [
    ("call.leg", {"side": "clinician", "n": 1, "leg": "confirmed"}), *day.STEPS[5:],
]  # fmt: skip
PILL = ".sound .pill"
HEARD = 0.02
"""An effective value above which something is heard; the pretended microphone beeps once a second."""
QUIET_DB = -70
"""Below this the loudest frequency of what is played is silence."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium with a microphone that beeps."""
    with sync_playwright() as playwright:
        chromium = launch(playwright, WITH_SOUND, MICROPHONE)
        yield chromium
        chromium.close()


class Wifi:
    """A physician's window on a pretended day, and the far end of what it calls."""

    def __init__(self, window: Window, installation: Installation) -> None:
        """Signed in; the service has a media worker."""
        self.window, self.page = window, window.page
        self.far = FarEnd(window.context.new_page(), installation.url)
        window.page.add_init_script(LISTENING)
        self.voice = Pretended(window.page)
        day.open_day(self.voice, webrtc=True)
        self.voice.answer("/calls/media/ice", {"iceServers": []})
        self.voice.answer(f"/calls/{day.CALL}", {**day.call_item(day.LOPEZ, 0, r=day.CALL, state="live"), "legs": []})
        self.voice.answer(f"/calls/{day.CALL}/media", self.far.answer, "POST")
        self.voice.stream(day.CALL)
        sign_in(window, PHYSICIAN)

    def allow(self) -> None:
        """The browser has been told that the microphone may be used."""
        self.window.context.grant_permissions(["microphone"], origin=self.window.home)

    def call(self) -> None:
        """Choose whom, over Wi-Fi, and call; the far end takes it."""
        self.page.goto("/calls/new")
        self.page.locator(".pick").first.click()
        self.page.get_by_role("radio", name="Wi-Fi call").check()
        expect(self.page.locator(".setup-who")).to_contain_text("Maria Lopez")
        self.voice.tell(day.CALL, "call.started", WIFI)
        self.window.press("Call as Riverside Clinic")

    def connect(self) -> None:
        """The service says that both are there."""
        expect(self.page.locator(PILL)).to_have_text("Good sound")
        for kind, d in CONNECTED:
            self.voice.tell(day.CALL, kind, d)
        self.window.see("Line connected. First make sure who answered.")


@pytest.fixture
def wifi(installation: Installation, open_window: OpenWindow) -> Wifi:
    """On a phone."""
    return Wifi(open_window("phone", installation.url, PHONE), installation)


def pill_says(wifi: Wifi, text: str) -> None:
    """Wait until the sound is said to be so."""
    expect(wifi.page.locator(PILL)).to_have_text(text)


def test_a_call_over_the_browser_has_sound_both_ways_and_outlives_what_happens_to_it(wifi: Wifi) -> None:
    wifi.allow()
    wifi.call()
    wifi.connect()
    assert wifi.voice.wait_for("call.start")["way"] == "webrtc"
    assert wifi.far.loudest() > HEARD, "the far end hears the microphone"
    at, loud, playing = heard_by(wifi.page)
    assert playing and loud > -60 and abs(at - 620) < 30, (at, loud)
    wifi.window.stop("wifi-call")
    mutes_and_presses_keys(wifi)
    wifi.voice.answer("/calls/media/ice", {"code": "call.no_media", "msg": "", "retry": True}, status=503)
    wifi.window.provoked.append("/calls/media/ice")  # the workers take no new calls: those under way go on
    wifi.page.reload()
    pill_says(wifi, "Good sound")
    assert (wifi.far.peers, wifi.far.loudest() > HEARD) == (2, True), "it went on without a touch"
    wifi.page.get_by_role("navigation", name="Places").get_by_role("link", name="Consults").click()
    wifi.far.cut()
    wifi.far.wait_for_peer(wifi.page, 3)
    wifi.page.get_by_role("link", name="Go to the call").click()
    pill_says(wifi, "Good sound")
    assert wifi.far.loudest() > HEARD, "a connection that was gone was made anew, wherever one was"
    is_taken_over_and_brought_back(wifi)
    goes_on_by_phone(wifi)


def mutes_and_presses_keys(wifi: Wifi) -> None:
    """Silence while one is muted, and keys to a menu at the other end."""
    wifi.window.press("Mute")
    wifi.window.see("Muted. The patient does not hear you.")
    wifi.page.wait_for_timeout(300)
    assert wifi.far.loudest() < HEARD / 10
    wifi.page.evaluate("() => window.takeMicrophone(true)")  # as a system does for another app
    pill_says(wifi, "On hold")
    assert wifi.voice.wait_for("call.hold") == {"held": True}
    wifi.voice.tell(day.CALL, "call.hold", {"held": True})
    wifi.page.evaluate("() => window.takeMicrophone(false)")
    pill_says(wifi, "Good sound")
    wifi.voice.wait_for("call.hold", times=2)
    told = [frame["d"]["held"] for frame in wifi.voice.published if frame["k"] == "call.hold"]
    assert told == [True, False]
    wifi.voice.tell(day.CALL, "call.hold", {"held": False})
    assert wifi.far.loudest() < HEARD / 10, "one is as muted as before"
    wifi.window.press("Mute")
    assert wifi.far.loudest() > HEARD
    wifi.window.press("Keypad")
    for key in ("4", "2"):
        wifi.window.press(key)
    wifi.page.keyboard.press("#")
    expect(wifi.page.locator(".keypad-pressed")).to_have_text("42#")
    wifi.window.stop("wifi-keypad")
    wifi.window.press("Close")
    assert wifi.page.evaluate("() => window.keysSent.join()").endswith("#")
    wifi.window.press("Keypad")
    expect(wifi.page.locator(".keypad-pressed")).to_have_text("")
    wifi.window.press("Close")


def is_taken_over_and_brought_back(wifi: Wifi) -> None:
    """Another device offers meanwhile: this page does not fight for the sound, until it is told to."""
    wifi.far.peers += 1
    wifi.far.cut()
    wifi.window.see("The sound of this call is on another device or in another window.")
    wifi.window.stop("wifi-elsewhere")
    wifi.window.press("Bring it here")
    pill_says(wifi, "Good sound")
    assert wifi.far.loudest() > HEARD


def goes_on_by_phone(wifi: Wifi) -> None:
    """One's own phone rings, and when it is there the browser lets go of the microphone."""
    wifi.window.press("Go on by phone")
    assert wifi.voice.wait_for("call.hand_over") == {"way": "callback"}
    wifi.voice.tell(day.CALL, "call.hand_over", {"way": "callback"})
    wifi.voice.tell(day.CALL, "call.leg", {"side": "clinician", "n": 2, "leg": "ringing"})
    wifi.window.see("Answer your phone and press 1. Until then speak on here.")
    wifi.voice.tell(day.CALL, "call.leg", {"side": "clinician", "n": 2, "leg": "confirmed"})
    wifi.voice.tell(day.CALL, "call.leg", {"side": "clinician", "n": 1, "leg": "ended", "cause": "completed"})
    expect(wifi.page.locator(".sound")).to_have_count(0)
    wifi.window.see("Line connected. First make sure who answered.")
    assert wifi.page.evaluate("() => sessionStorage.getItem('curbside.sound')") is None
    wifi.page.wait_for_timeout(300)
    assert wifi.far.loudest(500) == 0


def test_the_microphone_is_explained_once_and_where_it_is_refused_the_phone_is_one_tap_away(wifi: Wifi) -> None:
    dialog = wifi.page.locator(DIALOG)
    abroad = {"ok": True, "mask": "•• 67", "region": "SE", "attempts_today": 1, "attempts_week": 3}
    wifi.voice.answer("/calls/check", abroad, "POST")
    wifi.window.context.clear_permissions()  # nothing was ever asked
    wifi.call()
    wifi.window.see("A call abroad: Sweden. This number may be changed or hidden there.")
    expect(dialog).to_contain_text("Your browser asks next: choose Allow.")
    wifi.window.stop("wifi-microphone")
    wifi.window.press("Go on", dialog)
    expect(dialog).to_contain_text("This browser does not let Curbside use the microphone.")
    wifi.window.press("Call my phone", dialog)
    expect(wifi.page.get_by_role("radio", name="Call my phone")).to_be_checked()
    wifi.window.stop("wifi-choice")
    assert wifi.voice.published == []
    wifi.page.reload()
    wifi.page.locator(".pick").first.click()
    expect(wifi.page.get_by_role("radio", name="Call my phone")).to_be_checked()
    wifi.page.get_by_role("radio", name="Wi-Fi call").check()
    wifi.window.press("Call as Riverside Clinic")
    expect(dialog.get_by_role("heading")).to_have_text("The microphone cannot be used")
    wifi.allow()
    wifi.window.press("Try again", dialog)
    pill_says(wifi, "Good sound")
    assert wifi.voice.wait_for("call.start")["way"] == "webrtc"


def test_through_the_loopback_carrier_a_newcomer_hears_a_whole_call_without_any_account(
    installation: Installation, open_window: OpenWindow
) -> None:
    """Everything real: the media worker that `make run` starts, and what its far end says and echoes."""
    window = open_window("desk", installation.url, DESK)
    window.context.grant_permissions(["microphone"], origin=window.home)
    window.page.add_init_script(LISTENING)
    sign_in(window, PHYSICIAN)
    window.page.goto("/calls/new")
    window.page.locator(".pick").filter(has_text="Maria Lopez").filter(has_text="born 1958").click()
    window.page.get_by_role("radio", name="Wi-Fi call").check()
    expect(window.page.locator(".setup-who")).to_contain_text("Maria Lopez")
    window.press("Call as Riverside Clinic")
    expect(window.page.locator(PILL)).to_have_text("Good sound")
    patient = window.page.get_by_role("region", name="Patient", exact=True)
    expect(patient).to_contain_text("Line connected", timeout=30_000)
    said = heard_by(window.page, 4000)
    assert said[2] and said[1] > QUIET_DB, said
    window.page.reload()
    expect(window.page.locator(PILL)).to_have_text("Good sound")
    again = heard_by(window.page, 4000)
    assert again[2] and again[1] > QUIET_DB, "the far end is heard after a reload too"
    window.stop("wifi-real")
    window.press("End the call")
    expect(window.page.locator(".ended-why")).to_contain_text("You ended the call", timeout=30_000)
    [(media,)] = installation.query("select media from voice_attempt where carrier = 'webrtc'")
    assert json.loads(media)["packets"] > 100

"""The pictures of calls and of a clinic, for `make screens`: a real call through the loopback carrier."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.flows.browser import Window
from tests.flows.doings import sign_in

if TYPE_CHECKING:
    from tests.client.screens import Walk

ADMINISTRATOR = "Rosa Díaz"


def call(walk: Walk) -> None:
    """Whom, how it will look, the two lanes, how it went, and the list."""
    phone = walk.phone
    phone.page.goto("/calls/new")
    phone.page.get_by_label("Patient", exact=True).fill("Maria")
    expect(phone.page.locator(".pick")).to_have_count(2)
    walk.stop(phone, "call-patients")
    phone.page.locator(".pick").filter(has_text="born 1958").click()
    phone.press("Change the number to show")
    phone.page.get_by_role("radio", name="+1 617-555-0100").check()
    expect(phone.page.locator(".setup-who")).to_contain_text("born 1958")
    walk.stop(phone, "call-setup")
    phone.press("Call as Riverside Clinic")
    patient = phone.page.get_by_role("region", name="Patient", exact=True)
    expect(patient).to_contain_text("Line connected", timeout=30_000)
    walk.stop(phone, "call", "dark")
    phone.press("End the call")
    expect(phone.page.get_by_role("heading", name="How did it go?")).to_be_visible()
    walk.stop(phone, "call-outcome")
    phone.page.get_by_role("radio", name="Spoke with the patient").check()
    phone.page.get_by_role("radio", name="Nothing more").check()
    phone.press("Save")
    expect(phone.page.get_by_role("heading", name="How it went")).to_be_visible()
    phone.page.goto("/calls/new")
    phone.press("Type a number instead")
    phone.page.get_by_label("Number", exact=True).fill("911")
    expect(phone.page.get_by_role("heading", name="This is an emergency number")).to_be_visible()
    walk.stop(phone, "emergency")
    phone.press("Back, without calling")
    walk.tablet.page.goto("/calls")
    walk.tablet.page.locator(".pane-list .item").first.click()
    expect(walk.tablet.page.get_by_role("heading", name="Record")).to_be_visible()
    walk.stop(walk.tablet, "call-record")


def run_clinic(walk: Walk, desk: Window) -> None:
    """The desk's slips, all calls with their figures, and the numbers with one that ends soon."""
    sign_in(desk, ADMINISTRATOR)
    desk.page.get_by_role("navigation", name="Places").get_by_role("link", name="Clinic").click()
    for part, said in (("slips", "Nothing clinical"), ("calls", "Minutes a day"), ("numbers", "Who may show it")):
        desk.page.locator(f".item-part[href$='/{part}']").click()
        desk.see(re.compile(said))
        walk.stop(desk, f"clinic-{part}", "dark" if part == "numbers" else "light")

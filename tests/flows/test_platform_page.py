"""The place Platform: the team sees all processes live; everybody else has no such place, and a way out."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.flows.browser import DESK, PHONE
from tests.flows.conftest import OpenWindow
from tests.flows.doings import sign_in
from tests.flows.installation import Installation

STAFF, MEMBER = "Inês Ferreira", "Dr Amara Okafor"


def test_the_team_sees_what_every_process_does(installation: Installation, open_window: OpenWindow) -> None:
    for name, shape in (("phone", PHONE), ("desk", DESK)):
        window = open_window(name, installation.url, shape)
        window.page.goto("/")
        sign_in(window, STAFF)
        window.page.get_by_role("link", name="Platform").click()
        expect(window.page.get_by_role("heading", name="Processes", exact=True)).to_be_visible(timeout=15_000)
        window.see("Serves")
        window.see(re.compile("^1 process serves"))
        expect(window.page.get_by_role("img", name=re.compile(r"^Connections: \d+ now, between"))).to_be_visible()
        window.see("Old text has never been erased here")
        window.stop("platform")
        assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"


def test_it_is_live_and_says_how_old_it_is_when_the_network_is_gone(
    installation: Installation, open_window: OpenWindow
) -> None:
    desk = open_window("desk", installation.url, DESK)
    desk.page.goto("/")
    sign_in(desk, STAFF)
    desk.page.get_by_role("link", name="Platform").click()
    tile = desk.page.locator(".tile", has_text="Members connected").locator(".tile-now")
    expect(tile).to_have_text(re.compile(r"^[1-9]"), timeout=20_000)
    before = int(tile.inner_text())
    phone = open_window("phone", installation.url, PHONE)
    phone.page.goto("/")
    sign_in(phone, MEMBER)
    expect(tile).to_have_text(str(before + 1), timeout=20_000)
    with desk.without_network():
        expect(desk.page.get_by_text(re.compile("reconnecting", re.IGNORECASE)).first).to_be_visible(timeout=20_000)
        expect(tile).to_have_text(str(before + 1))


def test_who_is_not_of_the_team_has_no_such_place_and_a_way_out(
    installation: Installation, open_window: OpenWindow
) -> None:
    window = open_window("desk", installation.url, DESK)
    window.page.goto("/")
    sign_in(window, MEMBER)
    expect(window.page.get_by_role("link", name="Me", exact=True)).to_be_visible()
    assert window.page.get_by_role("link", name="Platform").count() == 0
    window.page.goto("/platform")
    window.see("This page is for the platform team")
    window.page.get_by_role("link", name="Go to consults").click()
    expect(window.page).to_have_url(re.compile("/consults$"))
    # That the browser itself says of a 404 in its console is no fault of the page.
    window.faults[:] = [fault for fault in window.faults if "status of 404" not in fault or "/platform" not in fault]

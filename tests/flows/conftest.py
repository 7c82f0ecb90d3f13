"""Whole journeys: a started installation, and browsers on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.client.pretending import Pretended
from tests.flows.browser import DESK, PHONE, Window, launch
from tests.flows.doings import sign_in
from tests.flows.installation import Installation, lay_ground


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for the tests of one file: ended with the file, as its event loop may not stand in others' way."""
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first start makes before it serves, made once for all processes of this run."""
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "ground"
    lay_ground(directory)
    return directory


@pytest.fixture(scope="module")
def installation(ground: Path) -> Iterator[Installation]:
    """A Curbside as a later `make run` starts it, for the tests of one file."""
    with Installation(ground) as started:
        yield started


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Where to put pictures of all stops, for somebody to look at: CURBSIDE_PICTURES."""
    wanted = os.environ.get("CURBSIDE_PICTURES")
    if not wanted:
        return None
    Path(wanted).mkdir(parents=True, exist_ok=True)
    return Path(wanted)


OpenWindow = Callable[[str, str, dict[str, Any]], Window]


@pytest.fixture
def open_window(browser: Browser, pictures: Path | None) -> Iterator[OpenWindow]:
    """Opens a browser of one's own: `open_window("phone", url, PHONE)`. At the end none may have done wrong."""
    opened: list[Window] = []

    def make(name: str, home: str, shape: dict[str, Any]) -> Window:
        opened.append(Window.open(browser, name, home, shape, pictures))
        return opened[-1]

    yield make
    faults = [fault for window in opened for fault in window.faults]
    for window in opened:
        window.context.close()
    assert not faults, "\n".join(faults)


SIZES: dict[str, dict[str, Any]] = {"phone": PHONE, "desk": DESK}
Opened = Callable[[Callable[[Pretended], None], str], tuple[Window, Pretended]]


@pytest.fixture(scope="module")
def signed_in() -> dict[str, Any]:
    """The cookies of those who have signed in at a file's installation: the next window of theirs begins with them."""
    return {}


@pytest.fixture(params=SIZES)
def opened(request: pytest.FixtureRequest, installation: Installation, open_window: OpenWindow,
           signed_in: dict[str, Any]) -> Opened:
    """Opens a window of each size on a pretended day of calls, in which somebody has signed in. At no page yet."""

    def open_(day_of: Callable[[Pretended], None], who: str) -> tuple[Window, Pretended]:
        known = {"storage_state": signed_in[who]} if who in signed_in else {}
        window = open_window(request.param, installation.url, {**SIZES[request.param], **known})
        voice = Pretended(window.page)
        day_of(voice)
        if not known:
            sign_in(window, who)
            signed_in[who] = window.context.storage_state()
        return window, voice

    return open_

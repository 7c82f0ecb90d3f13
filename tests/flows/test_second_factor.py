"""An authenticator app is added in a browser: what the screen says is what the service knows."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from members import demo
from tests.flows.browser import PHONE, Window
from tests.flows.conftest import OpenWindow
from tests.flows.doings import DIALOG
from tests.flows.installation import Installation
from tests.members.people import PERIOD_S, code_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

FACTORS = "SELECT type FROM mfa_authenticator JOIN members_account a ON a.id = user_id WHERE a.email = ?"
EMAIL = "ferreira@demo.curbside.example"


def lasting_code(window: Window, secret: str) -> str:
    """Return a code that is valid for some seconds still."""
    left_s = PERIOD_S - time.time() % PERIOD_S
    if left_s < 6:
        window.page.wait_for_timeout(1000 * left_s + 50)
    return code_of(secret)


def test_an_authenticator_app_is_added_after_the_password_and_only_then_said_to_protect(
    installation: Installation, open_window: OpenWindow
) -> None:
    phone = open_window("phone", installation.url, PHONE)
    phone.provoked += ["/authenticators/totp", "/auth/reauthenticate", "/me/phone", "/auth/session"]
    phone.page.goto("/sign-in")
    phone.page.get_by_label("Email").fill(EMAIL)
    phone.page.get_by_label("Password").fill(demo.PASSWORD)
    phone.press("Sign in")
    expect(phone.page.get_by_role("heading", name="Consults", exact=True)).to_be_visible()
    phone.page.goto("/me")
    phone.press("Add an authenticator app")
    dialog = phone.page.locator(DIALOG)
    secret = dialog.get_by_role("region", name="Key for your authenticator app").inner_text().replace(" ", "")
    dialog.get_by_label("Code from your authenticator app").fill(lasting_code(phone, secret))
    phone.press("Turn it on", dialog)
    password = dialog.get_by_label("Password")
    expect(password).to_be_focused()
    assert installation.query(FACTORS, EMAIL) == []
    password.fill("not the password")
    phone.press("Turn it on", dialog)
    expect(dialog.get_by_role("alert")).to_have_text("That password is not right.")
    phone.stop("second-factor-password")
    password.fill(demo.PASSWORD)
    dialog.get_by_label("Code from your authenticator app").fill(lasting_code(phone, secret))
    phone.press("Turn it on", dialog)
    expect(dialog).to_contain_text("An authenticator app protects this account")
    expect(dialog.get_by_role("region", name="Recovery codes")).to_have_text(re.compile(r"^\w+(\s\w+){9}$"))
    phone.stop("second-factor-on")
    assert ("totp",) in installation.query(FACTORS, EMAIL)

"""Every state of the screens of calls and clinics, at two sizes, in light and dark, with axe on each.

The service is pretended where a real one would need days or bad luck to come to a state; whole journeys with the real
one are in ``test_calls.py``.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.client import clinic_days as day
from tests.client import clinic_runs as runs
from tests.flows.conftest import Opened
from tests.flows.doings import DIALOG

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

PHYSICIAN, ADMINISTRATOR = "Dr Amara Okafor", "Rosa Díaz"
FILE = "name,number\n" + "".join(f"Name {n},+1617555{n:04}\n" for n in range(450))


def test_what_stands_between_a_member_and_a_call_is_said_with_the_way_to_mend_it(opened: Opened) -> None:
    window, voice = opened(day.open_day, PHYSICIAN)
    for name, changes in day.OBSTACLES.items():
        voice.answer("/calls/setup", day.setup(**changes))
        voice.answer("/phone", None)
        window.page.goto("/calls/new")
        expect(window.page.locator(".obstacle h2").first).to_be_visible()
        assert window.page.locator(".btn-call").count() == 0, name
        window.stop(f"stands-{name}")


def test_a_call_that_may_not_be_made_says_why_above_its_button_and_is_not_asked_for(opened: Opened) -> None:
    window, voice = opened(day.open_day, PHYSICIAN)
    for code, d in (("call.region", None), ("call.budget_spend", None), ("call.hours", {"urgent": True})):
        voice.answer("/calls/check", day.refused(code, "As the service says it.", d), "POST")
        window.page.goto("/calls/new")
        window.page.locator(".pick").first.click()
        expect(window.page.locator(".setup-foot [role=alert]")).to_be_visible()
        window.page.locator(".btn-call").focus()  # it is disabled by its words alone, so that it can be read
        window.page.keyboard.press("Enter")
        window.stop(f"refused-{code.partition('.')[2]}")
    voice.answer("/calls/check", lambda body: day.checked(body) if body.get("urgent") else {}, "POST")
    window.press("It is urgent: call all the same")
    expect(window.page.locator(".setup-who")).to_contain_text("Maria Lopez")
    assert voice.published == []
    assert voice.asked[-1][2]["urgent"] is True


def test_each_step_of_a_call_is_on_the_screen(opened: Opened) -> None:
    window, voice = opened(day.open_day, PHYSICIAN)
    for step, said in ((day.RINGING, "Answer your phone, then press 1."), (day.PATIENT_RINGS, "Stay on the line")):
        day.ring(voice, step)
        window.page.goto(f"/calls/{day.CALL}")
        window.see(re.compile(said))
        window.stop(f"call-{step}")
    for kind, d in day.STEPS[day.PATIENT_RINGS :]:
        voice.tell(day.CALL, kind, d)
    window.see("Line connected. First make sure who answered.")
    window.stop("call-connected")
    window.press("End the call")
    voice.wait_for("call.hang_up")
    end = {"by": "clinician", "cause": "completed", "reason": "you_hung_up", "talked_s": 161}
    voice.answer(f"/calls/{day.CALL}", day.record(day.call_item(day.LOPEZ, 200_000, r=day.CALL, talked_s=161)))
    voice.tell(day.CALL, "call.ended", end)
    expect(window.page.locator(".ended-why")).to_have_text("You ended the call")
    window.press("Save")
    window.see("Choose how it went")
    window.stop("call-outcome")


def test_the_parts_of_a_clinic_show_one_of_every_state(opened: Opened) -> None:
    window, _ = opened(runs.open_clinic, ADMINISTRATOR)
    here = f"/clinic/{day.CLINIC}"
    parts = (("slips", ".slip"), ("calls", ".chart"), ("patients", ".thing"), ("incoming", ".opening"),
             ("numbers", ".number"), ("members", ".thing"))  # fmt: skip
    for part, wanted in parts:
        window.page.goto(f"{here}/{part}")
        expect(window.page.locator(f".pane-detail {wanted}").first).to_be_visible()
        if part == "numbers":
            window.page.get_by_text("Revoked and expired (3)").click()
            fold = window.page.locator("details", has_text="Revoked and expired")
            expect(fold).to_contain_text("Ported to another carrier")
            assert fold.get_by_role("button").count() == 0, "nothing can be done with them"
            fold.scroll_into_view_if_needed()
        window.stop(f"clinic-{part}")


def test_revoking_a_number_asks_why(opened: Opened) -> None:
    window, voice = opened(runs.open_clinic, ADMINISTRATOR)
    voice.answer(f"/numbers/{day.OWN['id']}/revoke", None, "POST", 204)
    window.page.goto(f"/clinic/{day.CLINIC}/numbers")
    card = window.page.locator(".number").first
    card.locator("summary").click()
    window.press("Revoke", card.locator(".menu-list"))
    dialog = window.page.locator(DIALOG)
    expect(dialog).to_contain_text("Riverside Children included")
    dialog.get_by_label("Why? (optional)").fill("Ported to another carrier")
    window.stop("number-revoked")
    window.press("Revoke", dialog)
    expect(dialog).to_have_count(0)
    [body] = [body for method, path, body in voice.asked if path.endswith("/revoke")]
    assert body == {"why": "Ported to another carrier"}


def test_removing_a_member_shows_what_it_touches_and_the_last_administrator_stays(opened: Opened) -> None:
    window, voice = opened(runs.open_clinic, ADMINISTRATOR)
    removed = f"/clinics/{day.CLINIC}/members/place-okafor/remove"
    voice.answer(removed, None, "POST", 204)
    window.page.goto(f"/clinic/{day.CLINIC}/members")
    window.page.locator("summary").nth(0).click()
    window.press("Remove from clinic")
    dialog = window.page.locator(DIALOG)
    expect(dialog).to_contain_text("2 rights to show a number: they end")
    expect(dialog).to_contain_text("1 slip that they took: it is due again")
    assert dialog.get_by_role("checkbox").count() == 0, "nobody is named who could be given it"
    dialog.get_by_label("Who takes over what goes on").select_option("Karin Lund, Desk")
    expect(dialog).to_contain_text("1 turn on call: Karin Lund takes it over")
    expect(dialog).to_contain_text("1 slip that they took: Karin Lund takes it over")
    given = dialog.get_by_role("group", name="Give Karin Lund the right to show, with the same end")
    assert [box.is_checked() for box in given.get_by_role("checkbox").all()] == [False, False]
    given.get_by_label("+1 617-555-0101, until").check()
    window.stop("member-removed")
    window.press("Remove from clinic", dialog)
    expect(dialog).to_have_count(0)
    [body] = [body for _, path, body in voice.asked if path.endswith(removed)]
    assert body == {"reassign": "place-lund", "pass_on": ["g2"]}
    window.page.locator("summary").nth(1).click()
    window.press("Leave the clinic")
    window.see("The last administrator cannot leave")
    window.stop("last-administrator")


def test_a_file_of_patients_is_looked_through_and_each_wrong_row_named_before_any_is_added(opened: Opened) -> None:
    window, voice = opened(runs.open_clinic, ADMINISTRATOR)
    voice.answer(f"/clinics/{day.CLINIC}/patients/import", runs.imported, "POST")
    window.page.goto(f"/clinic/{day.CLINIC}/patients")
    window.press("Import")
    window.page.locator("#import-file").set_input_files(
        {"name": "patients.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    )
    expect(window.page.get_by_role("heading", name="Rows that are not taken")).to_be_visible()
    expect(window.page.locator(f"{DIALOG} tbody tr").nth(24)).to_contain_text("202")
    window.stop("import-errors")
    bodies = [body for _, path, body in voice.asked if path.endswith("/import")]
    assert [body["dry"] for body in bodies] == [True] * 5
    assert all(body["csv"].startswith("name,number\n") for body in bodies)
    window.press(re.compile("^Add 3"))
    window.see(re.compile("patients were added"))
    bodies = [body for _, path, body in voice.asked if path.endswith("/import")]
    assert [body["dry"] for body in bodies[5:]] == [False] * 5

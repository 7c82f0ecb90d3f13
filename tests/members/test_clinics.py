"""Clinics and who belongs to them: asked for, verified, joined by invitation, left with everything passed on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from phonenumbers import SUPPORTED_REGIONS

from members import clinic_members, clinics, notices, parts
from members.countries import COUNTRIES
from members.models import Account, Clinic, ClinicInvitation, ClinicMembership, Notice
from members.parts import Choice, Leaving, Part, register_part
from members.vault import inbox_of
from realtime import timers
from realtime.log import read_events
from realtime.protocol import Refusal
from tests.members.browser import Browser
from tests.members.people import make_member

pytestmark = pytest.mark.django_db
WANTED = {"name": "Riverside Clinic", "country": "US", "time_zone": "America/New_York"}


def make_clinic(**fields: Any) -> Clinic:
    return Clinic.objects.create(**{**WANTED, "state": "verified", **fields})


def join(clinic: Clinic, role: str = "physician", account: Account | None = None) -> ClinicMembership:
    return ClinicMembership.objects.create(clinic=clinic, account=account or make_member(), role=role)


def told(account: Account) -> list[dict[str, Any]]:
    while timers.work_off({**clinic_members.TIMERS, **notices.TIMERS}):
        pass
    return [e["d"] for e in read_events(inbox_of(str(account.pk))[0], limit=500) if e["k"] == "notice"]


def refused(call: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        call()
    return refusal.value


@pytest.fixture
def held() -> Iterator[dict[str, Any]]:
    """Something that members hold for clinics, as an app would register it; `passed` is what was passed on."""
    there: dict[str, Any] = {"count": 0, "passed": [], "choices": []}

    def pass_on(leaving: Leaving) -> None:
        there["passed"].append((leaving.place, leaving.heir, leaving.chosen))

    register_part(Part("test", "Things", lambda clinic, account: there["count"], pass_on, needs_heir=True,
                       heir_roles=("desk",), choices=lambda place, now: there["choices"]))
    yield there
    del parts._parts["test"]


def test_the_screens_offer_the_countries_that_a_clinic_can_be_of() -> None:
    text = (Path(__file__).resolve().parents[2] / "client/core/countries.js").read_text()
    assert set(text.split("`")[1].split()) == COUNTRIES == set(SUPPORTED_REGIONS)


def test_a_verified_member_asks_and_the_platform_team_verifies_the_clinic_with_its_first_administrator() -> None:
    rosa = make_member(role="administrator")
    browser = Browser().sign_in(rosa)
    made = browser.call("POST", "/clinics", WANTED).json()
    assert (made["state"], made["role"], made["administrators"]) == ("waiting", "administrator", 1)
    assert browser.call("GET", f"/clinics/{made['id']}/members").status_code == 200
    invited = browser.call("POST", f"/clinics/{made['id']}/members", {"email": "a@example.org", "role": "desk"})
    assert (invited.status_code, invited.json()["code"]) == (403, "clinic.not_verified")
    clinic, staff, now = Clinic.objects.get(), make_member(is_staff=True), timezone.now()
    assert refused(lambda: clinics.verify_clinic(clinic, staff, now)).d == {"field": "evidence"}
    clinic.evidence = "Registry of clinics, entry 4711"
    clinic.save()
    Account.objects.filter(pk=rosa.pk).update(verified_at=None)
    assert refused(lambda: clinics.verify_clinic(clinic, staff, now)).d == {"field": "administrator"}
    Account.objects.filter(pk=rosa.pk).update(verified_at=now)
    clinics.verify_clinic(clinic, staff, now)
    clinic.refresh_from_db()
    assert (clinic.state, clinic.verified_by, clinic.verified_at) == ("verified", staff, now)
    assert [notice["about"] for notice in told(rosa)] == ["clinic.verified"]
    assert browser.get(f"/clinics/{made['id']}")["state"] == "verified"
    assert "4711" not in str(browser.get("/clinics"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name": " "}, "name"), ({"name": "x" * 81}, "name"), ({"name": "a\nb"}, "name"), ({"country": "us"}, "country"),
     ({"country": "U"}, "country"), ({"country": "XX"}, "country"), ({"time_zone": "Mars/Base"}, "time_zone")],
)  # fmt: skip
def test_what_no_clinic_can_have_is_refused(changes: dict[str, str], field: str) -> None:
    answer = Browser().sign_in(make_member()).call("POST", "/clinics", WANTED | changes)
    assert (answer.status_code, answer.json()["d"]) == (422, {"field": field})


def test_who_is_not_verified_asks_for_no_clinic_and_nobody_for_more_than_three() -> None:
    assert Browser().sign_in(make_member(verified_at=None)).call("POST", "/clinics", WANTED).status_code == 403
    browser = Browser().sign_in(make_member())
    ids = [browser.call("POST", "/clinics", WANTED).json()["id"] for _ in range(3)]
    assert browser.call("POST", "/clinics", WANTED).json()["code"] == "too_many"
    assert browser.call("DELETE", f"/clinics/{ids[0]}").status_code == 204
    assert browser.call("POST", "/clinics", WANTED).status_code == 201
    Clinic.objects.filter(pk=ids[1]).update(state="verified", verified_at=timezone.now())
    assert browser.call("DELETE", f"/clinics/{ids[1]}").status_code == 404


def test_a_clinics_name_stays_what_was_verified_and_its_time_zone_changes() -> None:
    place = join(make_clinic(), "administrator")
    browser = Browser().sign_in(place.account)
    answer = browser.call("PATCH", f"/clinics/{place.clinic_id}", {"time_zone": "Europe/Oslo", "name": "Other"})
    assert (answer.json()["time_zone"], answer.json()["name"]) == ("Europe/Oslo", "Riverside Clinic")


def test_nobody_else_sees_a_clinic_and_one_that_is_not_there_is_answered_alike() -> None:
    place = join(make_clinic(), "administrator")
    desk = join(place.clinic, "desk")
    stranger = Browser().sign_in(join(make_clinic(name="Elsewhere"), "administrator").account)
    colleague = Browser().sign_in(desk.account)
    nowhere = "00000000-0000-4000-8000-000000000000"
    asked: list[tuple[str, str, Any]] = [
        ("GET", "/clinics/{c}", None), ("PATCH", "/clinics/{c}", {"time_zone": "UTC"}),
        ("DELETE", "/clinics/{c}", None),
        ("GET", "/clinics/{c}/members", None), ("POST", "/clinics/{c}/members", {"email": "a@b.org", "role": "desk"}),
        ("PATCH", "/clinics/{c}/members/{m}", {"role": "desk"}), ("GET", "/clinics/{c}/members/{m}/touches", None),
        ("POST", "/clinics/{c}/members/{m}/remove", {}), ("DELETE", "/clinics/{c}/invitations/x", None),
    ]  # fmt: skip
    for method, path, body in asked:
        answers = [stranger.call(method, path.format(c=c, m=place.pk), body) for c in (place.clinic_id, nowhere, "x")]
        assert [answer.status_code for answer in answers] == [404] * 3, path
        assert len({answer.content for answer in answers}) == 1
        if path not in ("/clinics/{c}", "/clinics/{c}/members") or method != "GET":
            assert colleague.call(method, path.format(c=place.clinic_id, m=place.pk), body).status_code == 404, path
    assert ClinicMembership.objects.filter(left_at=None).count() == 3


def test_an_invitation_is_answered_alike_whoever_has_the_email_and_joining_is_ones_own_doing() -> None:
    place = join(make_clinic(), "administrator")
    rosa = Browser().sign_in(place.account)
    lind = make_member()
    wanted = {"role": "physician", "can_free_dial": True}
    answers = [rosa.call("POST", f"/clinics/{place.clinic_id}/members", {"email": email, **wanted})
               for email in (lind.email.upper(), "nobody@example.org")]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert set(answers[0].json()) == set(answers[1].json())
    assert not Notice.objects.exists(), "who has the email is looked up later"
    assert [(n["about"], n["name"]) for n in told(lind)] == [("clinic.invited", "Riverside Clinic")]

    browser = Browser().sign_in(lind)
    (invitation,) = browser.get("/clinics")["invitations"]
    assert Browser().sign_in(make_member()).call(
        "POST", f"/clinics/invitations/{invitation['id']}/join").status_code == 404
    joined = browser.call("POST", f"/clinics/invitations/{invitation['id']}/join").json()
    assert (joined["role"], joined["can_free_dial"]) == ("physician", True)
    assert browser.call("POST", f"/clinics/invitations/{invitation['id']}/join").status_code == 404
    assert [(n["about"], n["who"]) for n in told(place.account)] == [("clinic.joined", lind.name)]
    shown = rosa.get(f"/clinics/{place.clinic_id}/members")
    assert sorted(member["name"] for member in shown["items"]) == sorted([place.account.name, lind.name])
    assert [i["email"] for i in shown["invitations"]] == ["nobody@example.org"]
    assert browser.get(f"/clinics/{place.clinic_id}/members")["invitations"] == []


def test_an_invitation_ends_is_replaced_withdrawn_and_turned_down() -> None:
    place = join(make_clinic(), "administrator")
    lind = make_member()
    for role in ("desk", "physician"):
        invitation = clinic_members.invite(place, lind.email, role, can_free_dial=False)
    assert [i.role for i in clinic_members.invitations_for(lind)] == ["physician"]
    assert lind.email.encode() not in bytes(ClinicInvitation.objects.get().email)
    clinic_members.decline(lind, invitation.pk)
    invitation = clinic_members.invite(place, lind.email, "desk", can_free_dial=False)
    clinic_members.withdraw_invitation(place.clinic_id, invitation.pk)
    invitation = clinic_members.invite(place, lind.email, "desk", can_free_dial=False)
    ClinicInvitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert clinic_members.invitations_for(lind) == []
    assert refused(lambda: clinic_members.join(lind, invitation.pk)).code == "not_found"
    for email in ("", "nonsense", "a@b"):
        assert refused(lambda e=email: clinic_members.invite(place, e, "desk", can_free_dial=False)).code == "invalid"


def test_the_last_administrator_neither_leaves_nor_becomes_something_else() -> None:
    place = join(make_clinic(), "administrator")
    browser = Browser().sign_in(place.account)
    mine = f"/clinics/{place.clinic_id}/members/{place.pk}"
    assert browser.get(f"{mine}/touches")["last_administrator"] is True
    for method, path, body in (("POST", f"{mine}/remove", {}), ("PATCH", mine, {"role": "physician"})):
        assert browser.call(method, path, body).json()["code"] == "clinic.last_administrator"
    suspended = join(place.clinic, "administrator")
    Account.objects.filter(pk=suspended.account_id).update(is_active=False)
    assert browser.call("POST", f"{mine}/remove", {}).json()["code"] == "clinic.last_administrator"
    join(place.clinic, "administrator")
    assert browser.call("POST", f"{mine}/remove", {}).status_code == 204
    assert browser.call("GET", f"/clinics/{place.clinic_id}").status_code == 404
    assert [notice["about"] for notice in told(place.account)] == ["clinic.left"]


def test_what_a_member_holds_is_shown_first_and_passed_on_with_their_place(held: dict[str, Any]) -> None:
    rosa = join(make_clinic(), "administrator")
    lind, kim = join(rosa.clinic), join(rosa.clinic)
    stranger = join(make_clinic(name="Elsewhere"))
    browser = Browser().sign_in(rosa.account)
    path = f"/clinics/{rosa.clinic_id}/members/{lind.pk}"
    held["count"] = 3
    shown = {"kind": "test", "says": "Things", "count": 3, "needs_heir": True, "heir_roles": [], "choices": []}
    assert shown in browser.get(f"{path}/touches")["items"]
    answer = browser.call("POST", f"{path}/remove", {})
    assert (answer.status_code, answer.json()["code"], answer.json()["d"]) == (
        409, "clinic.reassign", {"kinds": ["test"]})
    for heir, status in ((lind.pk, 422), (stranger.pk, 404), ("unknown", 404)):
        assert browser.call("POST", f"{path}/remove", {"reassign": heir}).status_code == status
    assert held["passed"] == []
    assert browser.call("POST", f"{path}/remove", {"reassign": kim.pk}).status_code == 204
    assert held["passed"] == [(lind, kim, frozenset())]
    assert browser.call("POST", f"{path}/remove", {"reassign": kim.pk}).status_code == 404
    assert ClinicMembership.objects.get(pk=lind.pk).left_at is not None


def test_an_administrator_alone_chooses_what_an_heir_is_given_besides(held: dict[str, Any]) -> None:
    rosa = join(make_clinic(), "administrator")
    lind, kim = join(rosa.clinic), join(rosa.clinic)
    path = f"/clinics/{rosa.clinic_id}/members/{lind.pk}"
    held["count"], held["choices"] = 1, [Choice("one", "The first", None), Choice("two", "The second", timezone.now())]

    def ask(browser: Browser, heir: str | None, *chosen: str) -> tuple[int, Any]:
        answer = browser.call("POST", f"{path}/remove", {"reassign": heir, "pass_on": list(chosen)})
        return answer.status_code, answer.json()["d"] if answer.content else None

    by_lind, by_rosa = Browser().sign_in(lind.account), Browser().sign_in(rosa.account)
    [shown] = [item["choices"] for item in by_rosa.get(f"{path}/touches")["items"] if item["kind"] == "test"]
    assert [one["id"] for one in shown] == ["one", "two"] and [bool(one["until"]) for one in shown] == [False, True]
    assert [item["choices"] for item in by_lind.get(f"{path}/touches")["items"] if item["kind"] == "test"] == [[]]
    assert ask(by_lind, kim.pk, "one") == (422, {"field": "pass_on"})
    assert ask(by_rosa, None, "one") == (422, {"field": "reassign"})
    assert ask(by_rosa, kim.pk, "one", "of-somebody-else") == (422, {"field": "pass_on"})
    assert held["passed"] == []
    assert ask(by_rosa, kim.pk, "two") == (204, None)
    assert held["passed"] == [(lind, kim, frozenset({"two"}))]


def test_who_left_may_be_invited_again(held: dict[str, Any]) -> None:
    rosa = join(make_clinic(), "administrator")
    lind = join(rosa.clinic)
    clinic_members.remove_member(lind, None, timezone.now())
    again = clinic_members.invite(rosa, lind.account.email, "desk", can_free_dial=False)
    assert clinic_members.join(lind.account, again.pk).pk != lind.pk


def test_a_suspended_clinic_lets_nobody_act_and_says_so_to_its_administrators() -> None:
    rosa = join(make_clinic(), "administrator")
    clinics.suspend_clinic(rosa.clinic)
    assert [notice["about"] for notice in told(rosa.account)] == ["clinic.suspended"]
    assert refused(lambda: clinics.access_verified(rosa.account, str(rosa.clinic_id))).code == "clinic.not_verified"


def test_the_platform_team_verifies_and_suspends_in_the_admin() -> None:
    rosa = join(make_clinic(state="waiting", evidence="x"), "administrator")
    bare = join(make_clinic(name="Bare", state="waiting"), "administrator")
    staff = make_member(is_staff=True, is_superuser=True)
    browser = Browser().sign_in(staff)
    for action, states in (("verify", ["verified", "waiting"]), ("suspend", ["suspended", "suspended"])):
        body = {"action": action, "_selected_action": [str(rosa.clinic_id), str(bare.clinic_id)],
                "csrfmiddlewaretoken": "c" * 32}
        answer = browser.client.post("/staff/admin/members/clinic/", body, headers={"X-CSRFToken": "c" * 32})
        assert answer.status_code == 302
        assert [Clinic.objects.get(pk=place.clinic_id).state for place in (rosa, bare)] == states
    assert browser.client.get("/staff/admin/members/clinic/add/").status_code == 403


def test_a_notice_is_told_once_and_its_row_is_sealed() -> None:
    rosa = make_member()
    notices.tell(str(rosa.pk), "clinic.left", name="Planted Clinic")
    row = Notice.objects.get()
    assert b"Planted" not in bytes(row.body)
    for _ in range(2):
        notices.deliver(row.pk, timezone.now())
    assert told(rosa) == [{"about": "clinic.left", "name": "Planted Clinic"}]


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_leave_at_once_leave_one_behind() -> None:
    clinic = make_clinic()
    both = [join(clinic, "administrator") for _ in range(2)]
    start, results = threading.Barrier(2), [""] * 2

    def leave(at: int) -> None:
        try:
            start.wait()
            clinic_members.remove_member(both[at], None, timezone.now())
            results[at] = "left"
        except Refusal as refusal:
            results[at] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["clinic.last_administrator", "left"]

"""Clinics' numbers, own phones, patients and pauses over HTTP: journeys, and what is not one's own is not there."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.utils import timezone

from members.models import Account
from settings.logs import AllowListFormatter
from tests.members.browser import Browser
from tests.members.people import make_member
from tests.voice.line import Line
from tests.voice.riverside import OWN, PATIENT, PHONE, SECOND, join, make_clinic, make_number, make_patient
from voice.models import CallPause, ClinicNumber, Patient, PatientLook, Proof

NEW = "+16175550110"
NOWHERE = "00000000-0000-4000-8000-000000000000"


def browse(account: Account) -> Browser:
    return Browser().sign_in(account)


def spellings(e164: str) -> list[str]:
    """The digits of a number as people and programs write them."""
    area, exchange, rest = e164[2:5], e164[5:8], e164[8:]
    joined = [mark.join((area, exchange, rest)) for mark in ("", "-", " ", ".")]
    return [*joined, f"({area}) {exchange}-{rest}", f"{area} {exchange}-{rest}", f"{exchange}-{rest}", exchange + rest]


def test_a_number_goes_from_typed_to_shown_over_http(line: Line) -> None:
    rosa, other = browse(line.rosa.account), browse(join(line.clinic, "administrator").account)
    made = rosa.call("POST", f"/clinics/{line.id}/numbers", {"number": "(617) 555-0110", "extension": "42"})
    assert made.status_code == 201, made.content
    number = made.json()
    assert (number["formatted"], number["state"], number["extension"], number["attestation"]) == (
        "+1 617-555-0110", "proving", True, "B")  # fmt: skip
    asked = rosa.call("POST", f"/numbers/{number['id']}/prove/call", {}).json()
    assert (asked["state"], asked["attempts_left"], asked["code"]) == ("waiting", 5, None)
    line.pass_s(8)
    proof = next(n for n in rosa.get(f"/clinics/{line.id}/numbers")["items"] if n["id"] == number["id"])["proof"]
    assert proof["state"] in ("calling", "called") and len(proof["code"]) == 6, "in the demo the code is on the screen"
    wrong = rosa.call("POST", f"/numbers/{number['id']}/prove", {"code": "x"})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["d"]) == (409, "proof.wrong", {"left": 4})
    proved = rosa.call("POST", f"/numbers/{number['id']}/prove", {"code": proof["code"]}).json()
    assert (proved["state"], proved["can_approve"], proved["asked_by"]) == ("approving", False, line.rosa.account.name)
    approved = other.call("POST", f"/numbers/{number['id']}/approve").json()
    assert (approved["state"], approved["proof"]["code"]) == ("live", None)
    until = int((timezone.now() + timedelta(days=1)).timestamp() * 1000)
    granted = rosa.call("POST", f"/numbers/{number['id']}/grants", {"member": line.amara.pk, "until": until}).json()
    over = rosa.call("POST", f"/numbers/{number['id']}/grants", {"member": line.amara.pk, "until": 1_000_000}).json()
    assert over["code"] == "number.past"
    assert granted["grants"] == [{"member": line.amara.pk, "name": line.amara.account.name, "until": until}]
    mine = browse(line.amara.account).get("/calls/setup")["clinics"][0]["numbers"]
    assert number["id"] in [n["id"] for n in mine]
    assert rosa.call("DELETE", f"/numbers/{number['id']}/grants/{line.amara.pk}").status_code == 204
    assert rosa.call("POST", f"/numbers/{number['id']}/revoke").status_code == 204
    assert number["id"] not in [n["id"] for n in rosa.get(f"/clinics/{line.id}/numbers")["items"]]


def test_a_clinic_cannot_give_itself_a_number_that_the_service_holds(line: Line) -> None:
    answer = browse(line.rosa.account).call("POST", f"/clinics/{line.id}/numbers", {"number": NEW, "mode": "held"})
    assert (answer.status_code, answer.json()["code"]) == (409, "number.held")


def test_a_number_is_lent_by_the_clinics_id_and_both_see_it(line: Line) -> None:
    elsewhere = make_clinic("Radiology")
    head = browse(join(elsewhere, "administrator").account)
    rosa = browse(line.rosa.account)
    lent = rosa.call("POST", f"/numbers/{line.own.pk}/consent", {"clinic": str(elsewhere.pk)}).json()
    assert [(one["clinic"], one["state"]) for one in lent["lent"]] == [("Radiology", "approving")]
    (theirs,) = head.get(f"/clinics/{elsewhere.pk}/numbers")["items"]
    assert (theirs["holder"], theirs["can_approve"]) == (line.clinic.name, True)
    assert head.call("POST", f"/numbers/{theirs['id']}/approve").json()["state"] == "live"
    assert rosa.call("POST", f"/numbers/{lent['lent'][0]['id']}/revoke").status_code == 404, "it is theirs"
    assert rosa.call("POST", f"/numbers/{line.own.pk}/consent", {"clinic": "x"}).status_code == 404


def administrators_doings(line: Line) -> list[tuple[str, str, Any]]:
    n = line.own.pk
    return [
        ("GET", "/clinics/{c}/numbers", None), ("POST", "/clinics/{c}/numbers", {"number": NEW}),
        ("POST", "/clinics/{c}/pause", {"on": True}), ("POST", f"/numbers/{n}/prove/call", {}),
        ("POST", f"/numbers/{n}/prove", {"code": "123456"}), ("POST", f"/numbers/{n}/approve", None),
        ("POST", f"/numbers/{n}/revoke", None), ("POST", f"/numbers/{n}/grants", {"member": line.amara.pk}),
        ("DELETE", f"/numbers/{n}/grants/{line.amara.pk}", None),
        ("POST", f"/numbers/{n}/consent", {"clinic": line.id}),
    ]  # fmt: skip


def test_a_clinics_numbers_are_there_for_its_administrators_alone(line: Line) -> None:
    stranger = browse(join(make_clinic("Elsewhere"), "administrator").account)
    desk, physician = browse(join(line.clinic, "desk").account), browse(line.amara.account)
    before = list(ClinicNumber.objects.order_by("pk").values())
    for method, path, body in administrators_doings(line):
        here = path.format(c=line.id)
        nowhere = path.format(c=NOWHERE).replace(line.own.pk, "unknown")
        answers = [who.call(method, here, body) for who in (stranger, desk, physician)]
        answers += [stranger.call(method, nowhere, body), browse(line.rosa.account).call(method, nowhere, body)]
        assert {answer.status_code for answer in answers} == {404}, path
        assert len({answer.content for answer in answers}) == 1, path
    assert list(ClinicNumber.objects.order_by("pk").values()) == before
    assert not CallPause.objects.exists()


def test_a_member_of_another_clinic_is_no_heir_of_a_grant(line: Line) -> None:
    stranger = join(make_clinic("Elsewhere"))
    answer = browse(line.rosa.account).call("POST", f"/numbers/{line.own.pk}/grants", {"member": stranger.pk})
    assert answer.status_code == 404


def test_a_clinic_that_is_not_verified_does_nothing_with_numbers_or_patients(line: Line) -> None:
    type(line.clinic).objects.filter(pk=line.clinic.pk).update(state="suspended")
    rosa = browse(line.rosa.account)
    for method, path, body in [*administrators_doings(line), ("POST", "/clinics/{c}/patients/search", {"q": "ma"})]:
        assert rosa.call(method, path.format(c=line.id), body).json()["code"] == "clinic.not_verified", path


def test_patients_are_there_for_members_of_the_clinic_alone(line: Line) -> None:
    stranger = browse(join(make_clinic("Elsewhere"), "administrator").account)
    p = line.maria.pk
    asked: list[tuple[str, str, Any]] = [
        ("POST", "/clinics/{c}/patients/search", {"q": "maria"}), ("POST", "/clinics/{c}/patients", {"name": "Ann"}),
        ("POST", "/clinics/{c}/patients/import", {"csv": "name,number\na,b"}),
        ("GET", "/clinics/{c}/patients/{p}", None), ("PATCH", "/clinics/{c}/patients/{p}", {"do_not_call": True}),
        ("DELETE", "/clinics/{c}/patients/{p}", None),
    ]  # fmt: skip
    for method, path, body in asked:
        answers = [stranger.call(method, path.format(c=line.id, p=p), body),
                   stranger.call(method, path.format(c=NOWHERE, p=p), body),
                   stranger.call(method, path.format(c="x", p="unknown"), body)]
        if "{p}" in path:
            mine = browse(line.amara.account)
            answers.append(mine.call(method, path.format(c=line.id, p="unknown"), body))
            theirs = make_patient(make_clinic("Third"))
            answers.append(mine.call(method, path.format(c=line.id, p=theirs.pk), body))
        assert {answer.status_code for answer in answers} == {404}, path
        assert len({answer.content for answer in answers}) == 1, path
    assert Patient.objects.filter(pk=p, do_not_call=False).exists()
    assert not PatientLook.objects.exists()


def test_an_address_book_over_http_shows_two_digits_and_records_who_looked(line: Line) -> None:
    amara = browse(line.amara.account)
    made = amara.call("POST", f"/clinics/{line.id}/patients", {
        "name": "Ann Bell", "born": "2019-01-08", "number": "617 555 0163", "second": SECOND, "guardian": "Sue Bell"})
    assert made.status_code == 201, made.content
    patient = made.json()
    assert (patient["mask"], patient["second_mask"], patient["guardian"]) == ("•• 63", "•• 56", "Sue Bell")
    path = f"/clinics/{line.id}/patients/{patient['id']}"
    assert amara.get(path) == patient
    changed = amara.call("PATCH", path, {"message": "no"}).json()
    assert changed == {**patient, "message": "no"}
    assert amara.call("POST", f"/clinics/{line.id}/patients/search", {"q": "ann"}).json() == {
        "items": [{**changed, "born": "2019"}], "more": False}, "the day of birth is for who opens the entry"
    wrong = amara.call("PATCH", path, {"born": "yesterday"})
    assert (wrong.status_code, wrong.json()["d"]) == (409, {"field": "born"})
    assert amara.call("DELETE", path).json()["code"] == "patient.erase_right"
    rosa = browse(line.rosa.account)
    assert rosa.call("DELETE", path).status_code == 204
    assert amara.call("GET", path).status_code == 404
    looks = rosa.get(f"{path}/looks")["items"]
    assert [look["why"] for look in looks] == ["erased", "found", "changed", "opened", "changed"]
    assert [look["who"] for look in looks] == [line.rosa.account.name, *[line.amara.account.name] * 4]
    assert amara.call("GET", f"{path}/looks").status_code == 404, "for administrators"
    stranger = browse(join(make_clinic("Elsewhere"), "administrator").account)
    assert stranger.call("GET", f"{path}/looks").status_code == 404


def test_a_file_is_imported_by_the_desk_and_by_no_physician(line: Line) -> None:
    file = {"csv": "name,number\nAnn Bell,617 555 0163\nTom Reed,12\n"}
    assert browse(line.amara.account).call("POST", f"/clinics/{line.id}/patients/import", file).status_code == 404
    desk = browse(join(line.clinic, "desk").account)
    dry = desk.call("POST", f"/clinics/{line.id}/patients/import", {**file, "dry": True}).json()
    assert dry == desk.call("POST", f"/clinics/{line.id}/patients/import", file).json()
    assert (dry["added"], dry["known"], [wrong["line"] for wrong in dry["wrong"]]) == (1, 0, [3])


def test_ones_phone_over_http_is_a_mask_and_ones_own_alone(line: Line) -> None:
    member = make_member()
    join(line.clinic, account=member)
    browser = browse(member)
    assert browser.get("/phone") is None
    added = browser.call("POST", "/phone", {"number": "617 555 0120"})
    assert (added.status_code, added.json()["verified"], added.json()["mask"]) == (201, False, "•• 20")
    line.pass_s(8)
    code = browser.get("/phone")["waiting"]["code"]
    assert browse(line.rosa.account).call("POST", "/phone/prove", {"code": code}).json()["code"] == "proof.none"
    proved = browser.call("POST", "/phone/prove", {"code": code}).json()
    assert (proved["verified"], proved["mask"], proved["waiting"]) == (True, "•• 20", None)
    assert browser.call("DELETE", "/phone").status_code == 204
    assert browser.get("/phone") is None
    assert browse(line.amara.account).get("/phone")["verified"] is True


def test_calls_are_paused_by_an_administrator_for_the_clinic_and_by_the_platform_team_for_all(line: Line) -> None:
    rosa, staff = browse(line.rosa.account), browse(make_member(is_staff=True))
    assert rosa.call("POST", "/pause", {"on": True}).status_code == 404
    assert rosa.call("POST", f"/clinics/{line.id}/pause", {"on": True}).status_code == 204
    setup = browse(line.amara.account).get("/calls/setup")
    assert (setup["paused"], setup["clinics"][0]["paused"]) == (False, True)
    assert rosa.call("POST", f"/clinics/{line.id}/pause", {"on": False}).status_code == 204
    assert staff.call("POST", "/pause", {"on": True, "reason": "Trunk down"}).status_code == 204
    assert browse(line.amara.account).get("/calls/setup")["paused"] is True
    assert staff.call("POST", "/pause", {"on": False}).status_code == 204
    assert browse(line.amara.account).get("/calls/setup")["paused"] is False


def test_no_number_that_is_typed_comes_back_in_an_answer_a_log_or_an_admin_list(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    """The clinic's own number is shown to its administrators, formatted; nobody's phone and no patient's number is."""
    caplog.set_level(logging.DEBUG)
    make_number(line.clinic, NEW, state="proving")
    amara, rosa = browse(line.amara.account), browse(line.rosa.account)
    planted = {"name": "Ann Bell", "number": "+16175550163", "second": "+16175550164"}
    patient = amara.call("POST", f"/clinics/{line.id}/patients", planted).json()
    seen = json.dumps(patient)
    typed = [(amara, "POST", "/phone", {"number": "617 555 0120"}),
             (amara, "POST", "/phone", {"number": "+1 900 555 0121"}),
             (amara, "POST", f"/clinics/{line.id}/patients/search", {"q": "617-555-0163"}),
             (amara, "PATCH", f"/clinics/{line.id}/patients/{patient['id']}", {"number": "6175550164"}),
             (amara, "PATCH", f"/clinics/{line.id}/patients/{patient['id']}", {"number": "617555"}),
             (rosa, "POST", f"/clinics/{line.id}/patients/import", {"csv": "name,number\nTom,617 555 0165\nX,617555"}),
             (rosa, "POST", f"/clinics/{line.id}/numbers", {"number": "+1 900 555 0122"}),
             (amara, "GET", "/phone", None), (amara, "GET", "/calls/setup", None)]  # fmt: skip
    for who, method, path, body in typed:
        answer = who.call(method, path, body)
        assert answer.status_code < 500
        seen += answer.content.decode() + str(answer.headers)
    line.pass_s(30)
    shown = AllowListFormatter()
    logged = "".join(shown.format(record) for record in caplog.records)
    own = [PATIENT, PHONE, *(f"+161755501{n}" for n in (20, 63, 64, 65)), "+19005550121", "+19005550122"]
    for e164 in own:
        for word in spellings(e164):
            assert word not in seen.replace("+1 617-555-0199", ""), e164
            assert word not in logged
    assert OWN not in seen and Proof.objects.exists()


def test_the_admin_lists_no_number_no_patient_and_no_phone(line: Line) -> None:
    staff = browse(make_member(is_staff=True, is_superuser=True))
    registered = {model.__name__ for model in admin.site._registry if model._meta.app_label == "voice"}
    assert registered <= {"ClinicLimits", "RegionException", "CallPause", "CallRecord", "CallRefusal"}
    seen = staff.client.get("/staff/admin/").content.decode()
    for model in admin.site._registry:
        if model._meta.app_label in ("voice", "members"):
            address = f"/staff/admin/{model._meta.app_label}/{model._meta.model_name}/"
            answer = staff.client.get(address)
            assert answer.status_code == 200, address
            seen += answer.content.decode()
            for row in model._default_manager.all()[:5]:
                seen += staff.client.get(f"{address}{row.pk}/change/").content.decode()
    assert "Riverside" in seen
    for e164 in (OWN, PATIENT, PHONE):
        assert not [word for word in spellings(e164) if word in seen]
    assert "Lopez" not in seen
    assert apps.is_installed("voice")

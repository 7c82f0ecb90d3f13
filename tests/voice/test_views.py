"""Calls over HTTP: what is asked before one, one's own list, the clinic's page, the chart and the export."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from members.models import Account
from realtime.instants import to_ms
from realtime.protocol import Refusal
from tests.voice.line import Line
from tests.voice.riverside import join, make_clinic
from voice.models import CallRefusal


def get(account: Account, path: str, status: int = 200) -> Any:
    client = Client()
    client.force_login(account)
    answer = client.get("/api/v1" + path)
    assert answer.status_code == status, answer.content
    return answer.json() if "json" in answer["Content-Type"] else answer


def post(account: Account, path: str, body: dict[str, Any], status: int = 200) -> Any:
    client = Client()
    client.force_login(account)
    answer = client.post("/api/v1" + path, body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def talk(line: Line, seconds: float = 65, **d: Any) -> str:
    """A call in which the two talked."""
    r = line.call(**d)
    line.pass_to(r, "connected")
    line.pass_s(seconds)
    line.do("call.hang_up", {}, r)
    line.pass_to(r, "ended")
    return r


def test_set_up_names_the_phone_the_numbers_and_the_service_number(line: Line) -> None:
    setup = get(line.amara.account, "/calls/setup")
    assert setup["second_factor"] and not setup["paused"] and setup["phone"]["verified"]
    assert setup["phone"]["mask"].endswith("42") and setup["service_number"] == "+1 617-555-0199"
    [clinic] = setup["clinics"]
    assert {n["mode"] for n in clinic["numbers"]} == {"own", "held"}
    assert (setup["today"], setup["week"]) == (0, 0)
    talk(line)
    assert (get(line.amara.account, "/calls/setup")["today"]) == 1


def test_a_check_says_how_a_call_will_be_presented_and_calls_nobody(line: Line) -> None:
    wish = {"clinic": line.id, "caller_id": line.own.pk, "patient": line.maria.pk}
    answer = post(line.amara.account, "/calls/check", wish)
    assert answer["ok"] and answer["mask"].endswith("55") and answer["shown"] == "+1 617-555-0100"
    assert answer["attestation"] == "B" and "clinic's own line" in answer["calls_back"]
    assert (answer["attempts_today"], answer["attempts_week"]) == (0, 0)
    assert line.legs() == 0
    talk(line)
    assert post(line.amara.account, "/calls/check", wish)["attempts_today"] == 1


def test_a_check_of_an_emergency_number_says_what_to_dial_on_the_handset(line: Line) -> None:
    wish = {"clinic": line.id, "caller_id": line.own.pk, "number": "911"}
    answer = post(line.amara.account, "/calls/check", wish)
    assert not answer["ok"] and answer["emergency"] == {"tel": "911"} and answer["refusal"]["code"] == "call.emergency"


def test_a_check_needs_a_patient_or_a_number_and_not_both(line: Line) -> None:
    wish = {"clinic": line.id, "caller_id": line.own.pk}
    assert post(line.amara.account, "/calls/check", wish, 422)["code"] == "malformed"


def test_own_calls_are_listed_newest_first_with_what_was_refused(line: Line) -> None:
    r = talk(line)
    line.do("call.outcome", {"how": "spoke"}, r)
    line.pass_s(60)
    with pytest.raises(Refusal):
        line.call(number="+1 876 555 0123")
    refused, called = get(line.amara.account, "/calls")["items"]
    assert (refused["state"], refused["reason"]) == ("refused", "call.region") and refused["says"]
    assert (called["r"], called["state"], called["reason"], called["talked_s"]) == (r, "ended", "you_hung_up", 65)
    assert called["patient"]["name"] == "Maria Lopez" and called["mask"].endswith("55")
    assert called["outcome"] == {"how": "spoke", "then": "done", "retry_at": None} and called["who"] is None
    assert get(line.amara.account, f"/calls/{refused['r']}")["legs"] == []


def test_one_call_has_its_legs_with_times_and_the_rules_that_were_asked(line: Line) -> None:
    r = talk(line)
    whole = get(line.amara.account, f"/calls/{r}")
    assert [(leg["side"], leg["cause"]) for leg in whole["legs"]] == [
        ("clinician", "completed"), ("patient", "completed")]  # fmt: skip
    for leg in whole["legs"]:
        times = [leg[name] for name in ("dialing_at", "ringing_at", "answered_at", "ended_at")]
        assert times == sorted(times)
    assert {one["rule"] for one in whole["decisions"]} >= {"right", "emergency", "region", "type", "hours"}
    assert whole["ended_at"] - whole["bridged_at"] >= 65_000


def test_a_page_of_calls_leads_to_the_next(line: Line) -> None:
    for n in range(35):
        at = timezone.now() - timedelta(minutes=n + 1)
        CallRefusal.objects.create(account=line.amara.account_id, clinic=line.clinic.pk, code="call.region", at=at)
    first = get(line.amara.account, "/calls")
    assert len(first["items"]) == 30
    second = get(line.amara.account, f"/calls?before={first['next']}")
    assert len(second["items"]) == 5 and second["next"] is None
    assert not {i["r"] for i in first["items"]} & {i["r"] for i in second["items"]}
    assert get(line.amara.account, "/calls?before=yesterday", 422)["code"] == "malformed"


def test_the_clinic_sees_all_its_calls_with_who_made_them_and_filters_them(line: Line) -> None:
    r = talk(line)
    rosa = line.rosa.account
    [item] = get(rosa, f"/clinics/{line.id}/calls")["items"]
    assert item["r"] == r and item["who"] == line.amara.account.name
    assert get(rosa, f"/clinics/{line.id}/calls?reason=you_no_answer")["items"] == []
    assert len(get(rosa, f"/clinics/{line.id}/calls?talked=true&member={line.amara.pk}")["items"]) == 1
    assert get(rosa, f"/clinics/{line.id}/calls?talked=false")["items"] == []
    assert get(rosa, f"/calls/{r}")["who"] == line.amara.account.name


def test_nobody_else_sees_a_call_and_is_told_no_more_than_that_it_is_not_found(line: Line) -> None:
    r = talk(line)
    stranger = join(make_clinic("Hillside"), "administrator").account
    colleague = join(line.clinic).account
    for account in (stranger, colleague):
        for path in (f"/calls/{r}", f"/clinics/{line.id}/calls", f"/clinics/{line.id}/calls/minutes",
                     f"/clinics/{line.id}/calls.csv"):  # fmt: skip
            assert get(account, path, 404)["code"] == "not_found"
    assert get(colleague, "/calls")["items"] == []


def test_the_chart_counts_minutes_by_the_clinics_days_and_reasons(line: Line) -> None:
    talk(line, 90)
    line.pass_s(60)
    talk(line, 30)
    chart = get(line.rosa.account, f"/clinics/{line.id}/calls/minutes")
    assert len(chart["days"]) == 31 and chart["days"][-1] == {"day": "2026-03-02", "calls": 2, "minutes": 2.0}
    assert [(one["reason"], one["count"]) for one in chart["reasons"]] == [("you_hung_up", 2)]


def test_the_export_holds_masks_and_no_formula(line: Line) -> None:
    line.own.evidence = "=cmd()"
    line.own.save()
    r = talk(line, purpose="result")
    answer = get(line.rosa.account, f"/clinics/{line.id}/calls.csv")
    text = b"".join(answer.streaming_content).decode()
    [row] = csv.DictReader(io.StringIO(text))
    assert row["call"].removeprefix("'") == r and row["talked_s"] == "65" and row["evidence"] == "'=cmd()"
    assert row["patient_mask"].endswith("55") and "5550155" not in text.replace(" ", "").replace("-", "")


def test_the_export_has_what_the_list_has_under_each_filter(line: Line) -> None:
    other = join(line.clinic).account
    first = talk(line)
    line.pass_s(60)
    silent = line.call()
    line.pass_to(silent, "reaching_clinician")
    line.do("call.hang_up", {}, silent)
    line.pass_to(silent, "ended")
    line.pass_s(60)
    between = to_ms(timezone.now())
    CallRefusal.objects.create(account=other.pk, clinic=line.clinic.pk, code="call.region", at=timezone.now())
    line.pass_s(1)
    later = talk(line)
    [refused] = CallRefusal.objects.values_list("pk", flat=True)
    expected = {
        "": [first, silent, refused, later],
        f"?since={between}": [refused, later],
        f"?until={between}": [first, silent],
        "?talked=true": [first, later],
        "?talked=false": [silent, refused],
        "?reason=you_called_off": [silent],
        "?reason=call.region": [refused],
        "?reason=call.region&talked=true": [],
        f"?member={line.amara.pk}": [first, silent, later],
        f"?member={line.amara.pk}&talked=true&since={between}": [later],
    }
    shown = {query: list_of(line, query) for query in expected}
    assert shown == expected
    assert {query: exported(line, query) for query in expected} == shown


def list_of(line: Line, query: str) -> list[str]:
    """The ids of the clinic's list, the oldest first."""
    return [item["r"] for item in reversed(get(line.rosa.account, f"/clinics/{line.id}/calls{query}")["items"])]


def exported(line: Line, query: str) -> list[str]:
    """The ids of the clinic's CSV."""
    answer = get(line.rosa.account, f"/clinics/{line.id}/calls.csv{query}")
    text = b"".join(answer.streaming_content).decode()
    # An id may begin with a dash, which the CSV marks as no formula.
    return [row["call"].removeprefix("'") for row in csv.DictReader(io.StringIO(text))]

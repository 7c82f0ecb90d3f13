"""Calls over HTTP: what is asked before one, one's own list, the clinic's page, the chart and the export."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.utils import timezone

from members import clinic_members
from members.clinics import suspend_clinic
from members.models import Account, Clinic
from realtime.instants import to_ms
from realtime.protocol import Refusal
from tests.voice.line import Line
from tests.voice.riverside import join, make_clinic
from voice import exporting
from voice.models import CallRecord, CallRefusal, Slip
from voice.owning import register


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
    assert (clinic["country"], setup["webrtc"]) == ("US", False)
    register("here", timezone.now())
    assert get(line.amara.account, "/calls/setup")["webrtc"] is True
    assert (setup["today"], setup["week"]) == (0, 0)
    talk(line)
    assert (get(line.amara.account, "/calls/setup")["today"]) == 1


def test_a_check_says_how_a_call_will_be_presented_and_calls_nobody(line: Line) -> None:
    wish = {"clinic": line.id, "caller_id": line.own.pk, "patient": line.maria.pk}
    answer = post(line.amara.account, "/calls/check", wish)
    assert answer["ok"] and answer["mask"].endswith("55") and answer["shown"] == "+1 617-555-0100"
    assert answer["attestation"] == "B" and "clinic's own line" in answer["calls_back"]
    assert (answer["attempts_today"], answer["attempts_week"], answer["region"]) == (0, 0, "US")
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
    assert called["outcome"] == {"how": "spoke", "then": "done", "retry_at": None, "retry_stands": False}
    assert called["who"] is None
    assert get(line.amara.account, f"/calls/{refused['r']}")["legs"] == []


def test_one_call_has_its_legs_with_times_and_the_rules_that_were_asked(line: Line) -> None:
    r = talk(line)
    whole = get(line.amara.account, f"/calls/{r}")
    assert [(leg["side"], leg["cause"]) for leg in whole["legs"]] == [
        ("clinician", "completed"), ("patient", "completed")]  # fmt: skip
    for leg in whole["legs"]:
        times = [leg[name] for name in ("dialing_at", "ringing_at", "answered_at", "ended_at")]
        assert times == sorted(times)
    # The words for these stand in the client's catalogues: tests/client/core/rules.test.mjs.
    assert {one["rule"]: one["says"] for one in whole["decisions"] if one["limit"] is None} == {
        "right": "own", "emergency": "none", "region": "US", "type": "fixed_or_mobile", "hours": "any",
        "price": "US 5"}
    counted = {one["rule"]: (one["used"], one["says"]) for one in whole["decisions"] if one["limit"] is not None}
    assert counted == dict.fromkeys(
        ("own_calls", "attempts_minute", "attempts_hour", "attempts_day", "destinations_hour", "concurrent_calls",
         "minutes_day", "cents_day", "trunk_calls"), (0, ""))  # fmt: skip
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


def parts_of(line: Line, path: str, read: list[Any]) -> list[tuple[str, int]]:
    """The parts of an answer as an ASGI server sends them, each with how much had been read by then."""
    client = AsyncClient()
    client.force_login(line.rosa.account)

    async def ask() -> list[tuple[str, int]]:
        answer: Any = await client.get("/api/v1" + path)
        assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
        return [(part.decode(), len(read)) async for part in answer.streaming_content]

    return async_to_sync(ask)()


def test_the_first_bytes_of_an_export_come_before_its_last_rows_are_read(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [talk(line) for _ in range(5)]
    read: list[Any] = []
    cells = exporting._cells

    def watched(record: CallRecord) -> Iterator[str]:
        read.append(record.call)
        return cells(record)

    monkeypatch.setattr(exporting, "_cells", watched)
    monkeypatch.setattr(exporting, "CHUNK", 2)
    parts = parts_of(line, f"/clinics/{line.id}/calls.csv", read)
    assert [count for _, count in parts] == [0, 2, 4, 5]
    text = "".join(part for part, _ in parts)
    assert [row["call"] for row in csv.DictReader(io.StringIO(text))] == read
    assert sorted(read) == sorted(made)


def test_the_export_holds_masks_and_no_formula(line: Line) -> None:
    line.own.evidence = "=cmd()"
    line.own.save()
    r = talk(line, purpose="result")
    text = "".join(part for part, _ in parts_of(line, f"/clinics/{line.id}/calls.csv", []))
    [row] = csv.DictReader(io.StringIO(text))
    assert row["call"] == r and row["talked_s"] == "65" and row["evidence"] == "'=cmd()"
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
    text = "".join(part for part, _ in parts_of(line, f"/clinics/{line.id}/calls.csv{query}", []))
    # An id may begin with a dash, which the CSV marks as no formula.
    return [row["call"] for row in csv.DictReader(io.StringIO(text))]


FOREVER = 253_402_300_799_000


def test_no_span_of_the_chart_is_longer_than_its_days_or_later_than_now(line: Line) -> None:
    path = f"/clinics/{line.id}/calls/minutes"
    chart = get(line.rosa.account, f"{path}?until={FOREVER}")
    assert len(chart["days"]) == 31 and chart["days"][-1]["day"] == "2026-03-02"
    chart = get(line.rosa.account, f"{path}?since=0&until={FOREVER}")
    assert len(chart["days"]) == 93 and chart["days"][-1]["day"] == "2026-03-02"
    assert len(get(line.rosa.account, f"{path}?since=0&until=86400000")["days"]) == 2


def test_a_chart_that_would_end_before_it_begins_is_malformed_wherever_the_clinic_is(line: Line) -> None:
    for time_zone in ("Asia/Tokyo", "America/New_York"):
        Clinic.objects.filter(pk=line.clinic.pk).update(time_zone=time_zone)
        for span in (f"since={FOREVER}", f"since={FOREVER}&until={FOREVER}", "since=2000&until=1000"):
            refused = get(line.rosa.account, f"/clinics/{line.id}/calls/minutes?{span}", 422)
            assert refused["code"] == "malformed"


@pytest.mark.parametrize("how", ["removed", "suspended"])
def test_who_has_left_a_clinic_keeps_the_mask_of_a_call_and_reads_no_patient(line: Line, how: str) -> None:
    r = talk(line)
    line.pass_s(70)
    with pytest.raises(Refusal):
        line.call(caller_id="none")
    items = get(line.amara.account, "/calls")["items"]
    assert [item["patient"]["name"] for item in items] == ["Maria Lopez"] * 2
    if how == "removed":
        clinic_members.remove_member(line.amara, None, timezone.now())
    else:
        suspend_clinic(line.clinic)
    items = get(line.amara.account, "/calls")["items"]
    assert [item["patient"] for item in items] == [None, None] and items[1]["mask"].endswith("55")
    for item in items:
        assert get(line.amara.account, f"/calls/{item['r']}")["patient"] is None
    with pytest.raises(Refusal, match="not_found"):
        line.do("call.outcome", {"how": "wrong_number", "then": "desk"}, r)
    line.maria.refresh_from_db()
    assert line.maria.wrong_at is None and not Slip.objects.exists()

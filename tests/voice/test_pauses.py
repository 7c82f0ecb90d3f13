"""The pause of all calls: set and ended by the platform team alone, with a reason that every clinician reads."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from members.models import Account
from realtime.instants import to_ms
from realtime.protocol import Refusal
from tests.members.browser import Browser
from tests.members.people import make_member
from tests.voice.line import Line
from voice.call import Cause, Stage
from voice.models import Call, CallPause


@pytest.fixture
def team(line: Line) -> Account:
    """Somebody of the platform team."""
    return make_member(is_staff=True)


def browse(account: Account) -> Browser:
    return Browser().sign_in(account)


def test_a_pause_wants_a_reason_and_says_who_since_when_and_why(line: Line, team: Account) -> None:
    staff = browse(team)
    refused = staff.call("POST", "/pause", {"on": True, "reason": "  "})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert staff.call("POST", "/pause", {"on": True}).status_code == 422
    assert staff.call("POST", "/pause", {"on": True, "reason": "x" * 201}).status_code == 422
    assert not CallPause.objects.exists()
    assert staff.call("POST", "/pause", {"on": True, "reason": " The trunk is down. "}).status_code == 204
    began = to_ms(line.swept_at)
    standing = {"since": began, "reason": "The trunk is down.", "by": team.name, "ended_at": None, "ended_by": None}
    assert staff.get("/pause") == {"standing": standing, "earlier": []}


def test_every_clinician_reads_the_reason_before_dialling_and_no_call_begins(line: Line, team: Account) -> None:
    assert browse(line.amara.account).get("/calls/setup")["pause"] is None
    browse(team).call("POST", "/pause", {"on": True, "reason": "The trunk is down."})
    setup = browse(line.amara.account).get("/calls/setup")
    assert setup["paused"] is True
    assert setup["pause"] == {"since": to_ms(line.swept_at), "reason": "The trunk is down."}
    assert team.name not in str(setup), "who it was is for the team"
    with pytest.raises(Refusal) as refusal:
        line.call()
    assert refusal.value.code == "call.paused" and line.legs() == 0


def test_two_who_talk_go_on_and_a_patient_who_does_not_ring_yet_is_not_called(line: Line, team: Account) -> None:
    r = line.call()
    line.pass_to(r, "reaching_clinician")
    browse(team).call("POST", "/pause", {"on": True, "reason": "The trunk is down."})
    line.pass_to(r, "ended")
    assert Call.objects.get().cause == Cause.PAUSED and line.legs() == 1
    browse(team).call("POST", "/pause", {"on": False})
    talking = line.call()
    line.pass_to(talking, "connected")
    browse(team).call("POST", "/pause", {"on": True, "reason": "Again."})
    line.pass_s(30)
    assert Call.objects.get(pk=talking).stage == Stage.CONNECTED


def test_the_end_of_a_pause_says_who_and_every_pause_stays(line: Line, team: Account) -> None:
    other = make_member(is_staff=True)
    for n in range(22):
        browse(team).call("POST", "/pause", {"on": True, "reason": f"Reason {n}"})
        line.clock.shift(timedelta(minutes=1))
        browse(other).call("POST", "/pause", {"on": False})
    shown = browse(team).get("/pause")
    assert shown["standing"] is None and CallPause.objects.count() == 22
    assert [one["reason"] for one in shown["earlier"]] == [f"Reason {n}" for n in range(21, 1, -1)]
    assert {(one["by"], one["ended_by"]) for one in shown["earlier"]} == {(team.name, other.name)}
    assert shown["earlier"][0]["ended_at"] - shown["earlier"][0]["since"] == 60_000


def test_a_second_pause_keeps_the_reason_and_the_name_of_the_first(line: Line, team: Account) -> None:
    browse(team).call("POST", "/pause", {"on": True, "reason": "First"})
    browse(make_member(is_staff=True)).call("POST", "/pause", {"on": True, "reason": "Second"})
    [row] = CallPause.objects.all()
    assert (row.reason, row.by_id) == ("First", team.pk)


@pytest.mark.parametrize("fields", [{}, {"is_staff": True, "is_active": False}])
def test_for_everybody_else_there_is_no_such_thing(line: Line, fields: dict[str, bool]) -> None:
    browse(make_member(is_staff=True)).call("POST", "/pause", {"on": True, "reason": "Down"})
    for account in (make_member(**fields), line.rosa.account):
        browser = browse(account)
        for method, body in (("GET", None), ("POST", {"on": False}), ("POST", {"on": True, "reason": "Mine"})):
            assert browser.call(method, "/pause", body).status_code in (401, 404)
    assert Client().get("/api/v1/pause").status_code == 401
    assert [(row.reason, row.ended_at) for row in CallPause.objects.all()] == [("Down", None)]


def test_a_clinics_own_pause_is_not_shown_as_one_of_all(line: Line, team: Account) -> None:
    browse(line.rosa.account).call("POST", f"/clinics/{line.id}/pause", {"on": True})
    setup = browse(line.amara.account).get("/calls/setup")
    assert (setup["paused"], setup["pause"], setup["clinics"][0]["paused"]) == (False, None, True)
    assert browse(team).get("/pause") == {"standing": None, "earlier": []}


def test_the_command_pauses_with_a_reason_and_nobodys_name(line: Line, team: Account) -> None:
    call_command("pause_calls", "--reason", "At night", stdout=StringIO())
    assert browse(team).get("/pause")["standing"]["reason"] == "At night"
    assert browse(team).get("/pause")["standing"]["by"] is None
    call_command("pause_calls", "--end", stdout=StringIO())
    assert browse(team).get("/pause")["standing"] is None
    with pytest.raises(CommandError):
        call_command("pause_calls", "--reason", "x" * 201, stdout=StringIO())


def test_a_pause_cannot_be_changed_or_removed_in_the_admin(line: Line) -> None:
    boss = make_member(is_staff=True, is_superuser=True)
    row = CallPause.objects.create(reason="Down")
    browser = Client()
    browser.force_login(boss)
    assert browser.get("/staff/admin/voice/callpause/").status_code == 200
    assert browser.get("/staff/admin/voice/callpause/add/").status_code == 403
    for path in ("delete/", "change/"):
        browser.post(f"/staff/admin/voice/callpause/{row.pk}/{path}", {"post": "yes", "reason": "Other"})
    assert CallPause.objects.get().reason == "Down"

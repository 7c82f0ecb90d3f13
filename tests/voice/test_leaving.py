"""Who leaves a clinic: what of calls it touches, what an heir takes over, what is given on because it was chosen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from members import notices
from members.clinic_members import remove_member
from members.models import ClinicMembership
from members.parts import touches
from members.vault import inbox_of
from realtime import timers
from realtime.instants import to_ms
from realtime.log import read_events
from tests.members.browser import Browser
from tests.voice.line import Line
from tests.voice.riverside import join, make_grant, make_number
from voice import clinic_numbers, slips
from voice.models import ClinicNumber, Grant, Slip
from voice.number_timers import wait_alone
from voice.rights import grants_of


def touched(place: ClinicMembership) -> dict[str, dict[str, Any]]:
    """What ending a place touches, as an administrator is shown it, by kind."""
    return {item["kind"]: item for item in touches(place, timezone.now(), may_choose=True)}


def may_show(place: ClinicMembership) -> dict[str, Any]:
    """The numbers that somebody may show now, and until when."""
    held = grants_of(str(place.account_id), timezone.now())
    return dict(held.values_list("clinic_number", "until"))


def told(place: ClinicMembership) -> list[str]:
    while timers.work_off(notices.TIMERS):
        pass
    return [e["d"]["about"] for e in read_events(inbox_of(str(place.account_id))[0], limit=500) if e["k"] == "notice"]


def test_a_right_to_show_a_number_is_given_on_only_where_it_was_chosen_and_no_longer_than_it_was(line: Line) -> None:
    heir, until = join(line.clinic), timezone.now() + timedelta(days=3)
    Grant.objects.filter(pk=line.grants[0].pk).update(until=until)
    path = f"/clinics/{line.id}/members/{line.amara.pk}"
    rosa = Browser().sign_in(line.rosa.account)
    [item] = [item for item in rosa.get(f"{path}/touches")["items"] if item["kind"] == "grants"]
    assert [(one["says"], one["until"]) for one in item["choices"]] == [
        ("+1 617-555-0100", to_ms(until)), ("+1 617-555-0101", None)]
    [chosen, _] = item["choices"]
    assert rosa.call("POST", f"{path}/remove", {"reassign": heir.pk, "pass_on": [chosen["id"]]}).status_code == 204
    assert may_show(heir) == {line.own.pk: until} and may_show(line.amara) == {}
    given = Grant.objects.get(membership=heir)
    assert (given.given_by_id, told(heir)) == (line.rosa.account_id, ["number.granted"])
    assert not Grant.objects.filter(membership=line.amara, ended_at=None).exists()


def test_an_heir_is_given_no_right_that_nobody_chose(line: Line) -> None:
    heir = join(line.clinic)
    remove_member(line.amara, heir, timezone.now(), by=line.rosa)
    assert (may_show(heir), told(heir)) == ({}, [])


def test_an_heir_who_may_show_a_number_longer_already_keeps_that_and_else_gets_the_longer(line: Line) -> None:
    heir, soon = join(line.clinic), timezone.now() + timedelta(days=1)
    own = make_grant(line.own, heir)
    make_grant(line.held, heir, until=soon)
    Grant.objects.filter(pk=line.grants[0].pk).update(until=soon)
    remove_member(line.amara, heir, timezone.now(), by=line.rosa, chosen=[grant.pk for grant in line.grants])
    assert may_show(heir) == {line.own.pk: None, line.held.pk: None}
    assert Grant.objects.get(pk=own.pk).ended_at is None


def test_only_what_could_be_given_now_is_offered(line: Line) -> None:
    clinic_numbers.revoke(line.held, timezone.now())
    Grant.objects.filter(pk=line.grants[0].pk).update(until=timezone.now())
    assert touched(line.amara)["grants"]["choices"] == []
    third = make_grant(make_number(line.clinic, "+16175550102", state="expired"), line.amara)
    assert [one["id"] for one in touched(line.amara)["grants"]["choices"]] == [third.pk]
    line.amara.clinic.state = "suspended"
    assert touched(line.amara)["grants"]["choices"] == [], "its administrators give nothing either"


def test_claimed_slips_go_to_an_heir_of_the_desk_and_are_else_open_again(line: Line) -> None:
    line.pass_to(line.call(number="+16175550162"), "ended")
    slip, now = Slip.objects.get(), timezone.now()
    people = [join(line.clinic, "desk") for _ in range(3)]
    slips.claim(people[0].account, slip.pk)
    shown = touched(people[0])["slips"]
    assert (shown["count"], shown["needs_heir"], shown["heir_roles"]) == (1, False, ["desk", "administrator"])
    for leaver, heir, state, claimed_by in (
        (people[0], people[1], "claimed", people[1].account_id),
        (people[1], line.amara, "open", None),
        (people[2], None, "open", None),
    ):
        if leaver == people[2]:
            slips.claim(leaver.account, slip.pk)
        line.clock.shift(60)
        remove_member(leaver, heir, timezone.now(), by=line.rosa)
        slip.refresh_from_db()
        assert (slip.state, slip.claimed_by_id) == (state, claimed_by)
        assert slip.claimed_at == (timezone.now() if claimed_by else None) and slip.made_at <= now


def test_an_approval_that_nobody_else_could_give_is_shown_and_waits_a_day_once_they_left(line: Line) -> None:
    leaver = join(line.clinic, "administrator")
    waiting = make_number(line.clinic, "+16175550102", state="approving", asked_by=line.rosa.account, expires_at=None)
    own = make_number(line.clinic, "+16175550103", state="approving", asked_by=leaver.account, expires_at=None)
    assert touched(leaver)["approvals"]["count"] == 1
    assert "approvals" not in touched(line.amara)
    third = join(line.clinic, "administrator")
    assert "approvals" not in touched(leaver), "another administrator can"
    remove_member(third, None, timezone.now())
    remove_member(leaver, None, timezone.now())
    assert wait_alone(timezone.now()) == 1
    assert ClinicNumber.objects.get(pk=waiting.pk).single_until == timezone.now() + timedelta(days=1)
    assert ClinicNumber.objects.get(pk=own.pk).single_until is None

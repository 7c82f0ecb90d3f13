"""Where calls to held numbers go: the rule, the hours on the clinic's own clock, who is on call, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from members.clinic_members import remove_member
from members.errors import Invalid, NotFound, ToReassign
from members.parts import touches
from realtime.protocol import Refusal
from tests.members.browser import Browser
from tests.voice.line import Line
from tests.voice.riverside import HELD, OWN, PHONE, Riverside, join, make_clinic, make_phone
from voice import offers, routing
from voice.models import CallBackOffer, IncomingRule, OnCallTurn
from voice.sealed import open_in

DESK, DUTY = "+16175550170", "+16175550171"
SHUT: list[routing.Opening] = []


@pytest.fixture
def riverside(db: None) -> Riverside:
    """The clinic without a line."""
    return Riverside()


def put(riverside: Riverside, route: str = "desk", desk_number: str | None = DESK, after_hours: str = "message",
        openings: list[routing.Opening] = SHUT, language: str = "en") -> None:
    """Rosa says where calls go."""
    routing.change_rule(riverside.rosa.account, riverside.id, route=route, after_hours=after_hours, openings=openings,
                        desk_number=desk_number, language=language)


def on_call(riverside: Riverside, number: str = DUTY, hours: float = 8, starts_in: float = 0) -> str:
    """Amara is on call."""
    starts = timezone.now() + timedelta(hours=starts_in)
    return routing.add_turn(riverside.rosa.account, riverside.id, riverside.amara.pk, number, starts,
                            starts + timedelta(hours=hours))


def test_without_a_rule_nobody_is_rung(riverside: Riverside) -> None:
    assert routing.places_now(riverside.clinic, timezone.now()) == []


def test_the_desks_number_lies_sealed_and_is_shown_masked(riverside: Riverside) -> None:
    put(riverside)
    rule = IncomingRule.objects.get()
    assert open_in(rule, "desk") == DESK
    assert DESK[2:].encode() not in bytes(rule.desk or b"")
    assert routing.access_rule(riverside.rosa.account, riverside.id)["desk"] == {"mask": "•• 70"}
    put(riverside, "message", desk_number=None)
    assert IncomingRule.objects.get().desk is not None, "left out, it stays"
    put(riverside, "message", desk_number="")
    assert IncomingRule.objects.get().desk is None


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("911", "emergency"),
        ("988", "emergency"),
        ("+19005550100", "premium"),
        ("+442071838750", "of another country"),
        ("12", "not a number"),
        (HELD, "comes in here itself"),
        (PHONE, "a member's own"),
    ],
    ids=lambda value: value if not value[-1].isdigit() else "",
)
def test_what_no_desk_can_have_is_refused(riverside: Riverside, number: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        put(riverside, desk_number=number)
    assert refused.value.d == {"field": "desk_number"}
    assert number not in refused.value.msg
    with pytest.raises(Invalid) as refused_turn:
        on_call(riverside, number)
    with pytest.raises(Invalid) as nonsense:
        put(riverside, desk_number="nonsense")
    assert refused.value.msg == refused_turn.value.msg == nonsense.value.msg, "a sentence would tell whose phone it is"


def test_the_clinics_own_number_may_be_its_desk(riverside: Riverside) -> None:
    put(riverside, desk_number=OWN)
    assert routing.places_now(riverside.clinic, timezone.now()) == [("desk", OWN)]


def test_a_desk_that_has_become_somebodys_own_phone_is_not_rung(riverside: Riverside) -> None:
    put(riverside)
    make_phone(join(riverside.clinic, "desk").account, DESK)
    assert routing.places_now(riverside.clinic, timezone.now()) == []


@pytest.mark.parametrize(
    ("route", "after_hours", "openings", "desk_number"),
    [
        ("everybody", "message", [], DESK),
        ("desk", "later", [], DESK),
        ("desk", "message", [], None),
        ("hours", "message", [], DESK),
        ("hours", "message", [routing.Opening(7, time(8), time(9))], DESK),
        ("hours", "message", [routing.Opening(0, time(9), time(9))], DESK),
        ("hours", "message", [routing.Opening(0, time(22), time(6))], DESK),
    ],
)
def test_a_rule_that_leads_nowhere_is_refused(
    riverside: Riverside, route: str, after_hours: str, openings: list[routing.Opening], desk_number: str | None
) -> None:
    with pytest.raises(Invalid):
        put(riverside, route, desk_number, after_hours, openings)
    assert not IncomingRule.objects.exists()


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (datetime(2026, 3, 2, 12, 59, tzinfo=UTC), False),  # Monday 07:59 in Boston
        (datetime(2026, 3, 2, 13, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 21, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 22, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 9, 12, 0, tzinfo=UTC), True),  # the clocks went forward on the 8th
        (datetime(2026, 3, 3, 15, 0, tzinfo=UTC), False),  # Tuesday
        (datetime(2026, 3, 8, 3, 30, tzinfo=UTC), True),  # Saturday 22:30 in Boston, Sunday in UTC
    ],
)
def test_hours_are_those_of_the_clinics_own_clock(riverside: Riverside, now: datetime, is_open: bool) -> None:
    put(riverside, "hours", openings=[routing.Opening(5, time(22), time(23)), routing.Opening(0, time(8), time(17))])
    assert bool(routing.places_now(riverside.clinic, now)) is is_open


def test_outside_of_its_hours_who_is_on_call_is_rung(riverside: Riverside) -> None:
    never = [routing.Opening(day, time(0, 0), time(0, 1)) for day in range(7)]
    on_call(riverside)
    with time_machine.travel(datetime.now(UTC).replace(hour=17)):
        on_call(riverside)
        put(riverside, "hours", after_hours="on_call", openings=never)
        assert routing.places_now(riverside.clinic, timezone.now()) == [("on_call", DUTY)]
        put(riverside, "hours", after_hours="message", openings=never)
        assert routing.places_now(riverside.clinic, timezone.now()) == []


def test_who_is_on_call_comes_before_the_desk_and_the_later_turn_before_the_earlier(riverside: Riverside) -> None:
    put(riverside, "on_call")
    now = timezone.now()
    assert routing.places_now(riverside.clinic, now) == [("desk", DESK)]
    on_call(riverside)
    on_call(riverside, "+16175550172", starts_in=1)
    assert routing.places_now(riverside.clinic, now + timedelta(minutes=1)) == [("on_call", DUTY), ("desk", DESK)]
    later = routing.places_now(riverside.clinic, now + timedelta(hours=2))
    assert later == [("on_call", "+16175550172"), ("desk", DESK)]
    assert routing.places_now(riverside.clinic, now + timedelta(hours=10)) == [("desk", DESK)]


def test_who_has_left_the_clinic_is_not_on_call(riverside: Riverside) -> None:
    put(riverside, "on_call")
    on_call(riverside)
    riverside.amara.left_at = timezone.now()
    riverside.amara.save()
    assert routing.places_now(riverside.clinic, timezone.now()) == [("desk", DESK)]


def test_turns_are_of_members_end_in_the_future_and_last_two_weeks_at_most(riverside: Riverside) -> None:
    now, rosa = timezone.now(), riverside.rosa.account
    stranger = join(make_clinic("Hillside")).pk
    for member, starts, ends in [
        (stranger, now, now + timedelta(hours=1)),
        (riverside.member, now, now + timedelta(hours=1)),
        ("somebody", now, now + timedelta(hours=1)),
        (riverside.amara.pk, now, now),
        (riverside.amara.pk, now, now + timedelta(days=15)),
        (riverside.amara.pk, now - timedelta(hours=2), now - timedelta(hours=1)),
        (riverside.amara.pk, datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)),
        (riverside.amara.pk, now, datetime(9999, 12, 31, 23, 59, tzinfo=UTC)),
    ]:
        with pytest.raises(Invalid):
            routing.add_turn(rosa, riverside.id, member, DUTY, starts, ends)
    assert not OnCallTurn.objects.exists()


def test_only_an_administrator_changes_where_calls_go(riverside: Riverside) -> None:
    desk = join(riverside.clinic, "desk").account
    put(riverside)
    turn = on_call(riverside)
    assert routing.access_rule(desk, riverside.id)["route"] == "desk"
    for forbidden in (desk, riverside.amara.account):
        with pytest.raises(NotFound):
            routing.change_rule(forbidden, riverside.id, route="message", after_hours="message", openings=[],
                                desk_number=None, language="en")
        with pytest.raises(NotFound):
            routing.remove_turn(forbidden, turn)
    with pytest.raises(NotFound):
        routing.access_rule(riverside.amara.account, riverside.id)
    routing.remove_turn(riverside.rosa.account, turn)
    assert not OnCallTurn.objects.exists()


def test_leaving_the_clinic_shows_turns_and_passes_them_on(riverside: Riverside) -> None:
    on_call(riverside)
    heir = join(riverside.clinic)
    assert {touch["kind"] for touch in touches(riverside.amara, timezone.now())} >= {"on_call"}
    with pytest.raises(ToReassign):
        remove_member(riverside.amara, None, timezone.now())
    remove_member(riverside.amara, heir, timezone.now())
    assert OnCallTurn.objects.get().account_id == heir.account_id


# --- offers ----------------------------------------------------------------------------------------------------------


def talked(line: Line, caller_id: str) -> str:
    """A call that has ended."""
    r = line.call(caller_id=caller_id)
    line.pass_to(r, "connected")
    line.do("call.hang_up", {}, r)
    line.pass_to(r, "ended")
    return r


def test_an_offer_is_for_ones_own_call_of_a_held_number_and_a_day_at_most(line: Line) -> None:
    own, held = (talked(line, number.pk) for number in (line.own, line.held))
    now, amara = timezone.now(), line.amara.account
    soon = now + timedelta(hours=1)
    with pytest.raises(NotFound):
        offers.offer_call_back(line.rosa.account, held, soon)
    with pytest.raises(Invalid):
        offers.offer_call_back(amara, own, soon)
    for until in (now, now + timedelta(hours=25)):
        with pytest.raises(Invalid):
            offers.offer_call_back(amara, held, until)
    offers.offer_call_back(amara, held, soon)
    offers.offer_call_back(amara, held, soon + timedelta(hours=1))
    assert offers.offer_until(held, now) == soon + timedelta(hours=1)
    shown = Browser().sign_in(amara).get(f"/calls/{held}")
    assert shown["call_back_until"] == int((soon + timedelta(hours=1)).timestamp() * 1000)
    assert offers.offer_until(held, soon + timedelta(hours=2)) is None
    offers.withdraw_offer(amara, held)
    assert not CallBackOffer.objects.exists()
    line.phone.delete()
    with pytest.raises(Refusal) as refused:
        offers.offer_call_back(amara, held, soon)
    assert refused.value.code == "call.no_phone"


def test_nobody_offers_to_take_the_call_back_of_a_patient_who_never_rang_or_of_a_stranger(line: Line) -> None:
    amara, until = line.amara.account, timezone.now() + timedelta(hours=1)
    unrung = line.call(caller_id=line.held.pk)
    line.do("call.hang_up", {}, unrung)
    line.pass_to(unrung, "ended")
    with pytest.raises(Invalid):
        offers.offer_call_back(amara, unrung, until)
    line.pass_s(120)
    wrong = talked(line, line.held.pk)
    offers.offer_call_back(amara, wrong, until)
    line.do("call.outcome", {"how": "wrong_number", "then": "done"}, wrong)
    assert not CallBackOffer.objects.exists(), "a stranger's call back would ring the physician's own phone"
    with pytest.raises(Invalid):
        offers.offer_call_back(amara, wrong, until)


# --- HTTP ------------------------------------------------------------------------------------------------------------


def test_an_administrator_sets_the_rule_over_http(riverside: Riverside) -> None:
    browser = Browser().sign_in(riverside.rosa.account)
    where = f"/clinics/{riverside.id}/incoming"
    assert browser.get(where) == {
        "route": "message", "after_hours": "message", "language": "en", "desk": None, "hours": [], "on_call": []
    }  # fmt: skip
    wanted = {"route": "hours", "after_hours": "on_call", "desk_number": "(617) 555-0170", "language": "sv",
              "hours": [{"day": 0, "from": "08:00", "to": "17:00"}]}
    assert browser.call("PUT", where, wanted).status_code == 204
    now = int(timezone.now().timestamp() * 1000)
    [amara] = [m for m in browser.get(f"/clinics/{riverside.id}/members")["items"]
               if m["name"] == riverside.amara.account.name]
    turn = {"member": amara["id"], "number": DUTY, "from": now, "until": now + 3_600_000}
    made = browser.call("POST", f"/clinics/{riverside.id}/on-call", turn)
    assert made.status_code == 201
    shown = browser.get(where)
    assert shown["desk"] == {"mask": "•• 70"}
    assert shown["hours"] == [{"day": 0, "from": "08:00", "to": "17:00"}]
    assert shown["on_call"] == [
        {"id": made.json()["id"], "member": amara["id"], "name": riverside.amara.account.name, "mask": "•• 71",
         "from": now, "until": now + 3_600_000}
    ]  # fmt: skip
    assert browser.call("DELETE", f"/on-call/{made.json()['id']}").status_code == 204
    for wrong in ({"member": "nobody"}, {"from": 253_402_300_700_000, "until": 253_402_300_799_000},
                  {"until": 253_402_300_799_000}):
        assert browser.call("POST", f"/clinics/{riverside.id}/on-call", turn | wrong).status_code == 422
    refused = browser.call("PUT", where, {**wanted, "desk_number": PHONE})
    assert (refused.status_code, refused.json()["d"]) == (422, {"field": "desk_number"})
    assert browser.call("PUT", where, {"route": "everybody"}).status_code == 422

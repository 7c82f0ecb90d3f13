"""A member's own phone: proved by a code before it rings, and slow to change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from members import notices
from members.models import Account
from members.vault import inbox_of
from realtime import timers
from realtime.log import read_events
from realtime.protocol import Refusal
from tests.voice.line import Line
from tests.voice.riverside import PHONE, join
from voice import phones
from voice.models import OwnPhone, Proof
from voice.sealed import open_in

FIRST = "+16175550120"
SECOND = "+16175550121"


def told(account: Account) -> list[dict[str, Any]]:
    while timers.work_off(notices.TIMERS):
        pass
    events = read_events(inbox_of(str(account.pk))[0], limit=500)
    return [event["d"] for event in events if event["k"] == "notice"]


def prove(line: Line, account: Account, raw: str) -> OwnPhone:
    phones.add_phone(account, raw, timezone.now())
    line.pass_s(6)
    code = open_in(Proof.objects.filter(phone__account=account).latest("call_at"), "code")
    line.pass_s(30)
    return phones.prove_phone(account, code, timezone.now())


def refused(call: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        call()
    return refusal.value


@pytest.fixture
def member(line: Line) -> Account:
    """Somebody of the clinic who has no phone yet."""
    return join(line.clinic).account


def test_who_is_not_verified_makes_us_ring_nobody(line: Line, member: Account) -> None:
    member.verified_at = None
    member.save()
    client = Client()
    client.force_login(member)
    answer = client.post("/api/v1/phone", {"number": FIRST}, content_type="application/json")
    assert answer.json()["code"] == "call.not_verified"
    assert not Proof.objects.exists() and not OwnPhone.objects.filter(account=member).exists()


def test_the_first_phone_rings_as_soon_as_its_code_was_said_and_not_before(line: Line, member: Account) -> None:
    own = str(member.pk)
    assert refused(lambda: phones.own_phone(own)).code == "call.no_phone"
    phones.add_phone(member, "617 555 0120", timezone.now())
    line.pass_s(6)
    assert refused(lambda: phones.own_phone(own)).code == "call.no_phone"
    shown = phones.show_phone(own, timezone.now())
    assert (shown["verified"], shown["waiting"]["mask"], shown["waiting"]["state"]) == (False, "•• 20", "calling")
    proof = Proof.objects.get()
    assert shown["waiting"]["code"] == open_in(proof, "code"), "in the demo, where nobody's phone can ring"
    phones.prove_phone(member, open_in(proof, "code"), timezone.now())
    assert phones.own_phone(own) == FIRST
    assert told(member) == [{"about": "phone.added", "mask": "•• 20", "at": int(timezone.now().timestamp() * 1000)}]


def test_the_code_is_shown_in_a_demo_alone(line: Line, member: Account, settings: Any) -> None:
    phones.add_phone(member, FIRST, timezone.now())
    line.pass_s(6)
    for demo, carrier in ((False, "loopback"), (True, "twilio")):
        settings.CURBSIDE_DEMO, settings.CURBSIDE_CARRIER = demo, carrier
        assert phones.show_phone(str(member.pk), timezone.now())["waiting"]["code"] is None


def test_a_change_is_told_and_cools_down_while_the_phone_of_before_still_rings(line: Line, member: Account) -> None:
    own = str(member.pk)
    prove(line, member, FIRST)
    line.pass_s(40 * 86_400)
    prove(line, member, SECOND)
    assert phones.own_phone(own) == FIRST
    shown = phones.show_phone(own, timezone.now())
    assert (shown["mask"], shown["cooling"]["mask"]) == ("•• 20", "•• 21")
    assert [notice["about"] for notice in told(member)] == ["phone.added", "phone.changed"]
    line.pass_s(86_399)
    assert phones.own_phone(own) == FIRST
    line.pass_s(1)
    assert phones.own_phone(own) == SECOND
    assert phones.show_phone(own, timezone.now())["cooling"] is None


def test_taking_a_phone_away_and_adding_another_is_a_change_too(line: Line, member: Account) -> None:
    own = str(member.pk)
    prove(line, member, FIRST)
    phones.remove_phones(member, timezone.now())
    assert refused(lambda: phones.own_phone(own)).code == "call.no_phone"
    prove(line, member, SECOND)
    refusal = refused(lambda: phones.own_phone(own))
    assert refusal.code == "call.phone_cooling"
    assert refusal.after is not None and 86_000 < refusal.after <= 86_400
    assert {notice["about"] for notice in told(member)} == {"phone.added", "phone.removed", "phone.changed"}
    line.pass_s(86_400)
    assert phones.own_phone(own) == SECOND


def test_the_same_phone_proved_again_is_no_change_and_a_month_later_nothing_is(line: Line, member: Account) -> None:
    prove(line, member, FIRST)
    phones.remove_phones(member, timezone.now())
    prove(line, member, FIRST)
    assert phones.own_phone(str(member.pk)) == FIRST
    phones.remove_phones(member, timezone.now())
    line.pass_s(31 * 86_400)
    prove(line, member, SECOND)
    assert phones.own_phone(str(member.pk)) == SECOND


def test_another_number_typed_replaces_the_one_that_waits(line: Line, member: Account) -> None:
    phones.add_phone(member, FIRST, timezone.now())
    line.pass_s(6)
    code = open_in(Proof.objects.get(), "code")
    line.pass_s(120)
    phones.add_phone(member, SECOND, timezone.now())
    line.pass_s(1)
    wrong = refused(lambda: phones.prove_phone(member, code, timezone.now()))
    assert wrong.code in ("proof.wrong", "proof.none")
    assert OwnPhone.objects.filter(account=member, removed_at=None).count() == 1


@pytest.mark.parametrize(
    ("raw", "code"),
    [("911", "call.emergency"), ("+1 900 555 1234", "call.type"), ("+881 612 345 678", "call.type"),
     ("+44 20 7946 0123", "call.region"), ("nonsense", "call.invalid")],
)  # fmt: skip
def test_a_phone_that_cannot_be_rung_is_refused_and_nobody_is_called(
    line: Line, member: Account, raw: str, code: str
) -> None:
    assert refused(lambda: phones.add_phone(member, raw, timezone.now())).code == code
    assert not Proof.objects.exists()


def test_one_phone_may_be_of_two_members_as_on_a_ward(line: Line, member: Account) -> None:
    prove(line, member, PHONE)
    assert phones.own_phone(str(member.pk)) == phones.own_phone(line.member) == PHONE


def test_ringing_a_strangers_phone_is_bounded_whoever_asks(line: Line) -> None:
    for _ in range(10):
        somebody = join(line.clinic).account
        phones.add_phone(somebody, FIRST, timezone.now())
        line.pass_s(timedelta(minutes=15).total_seconds())
    last = join(line.clinic).account
    assert refused(lambda: phones.add_phone(last, FIRST, timezone.now())).code == "proof.week"

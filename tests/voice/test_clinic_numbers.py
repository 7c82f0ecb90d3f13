"""The life of a clinic's number, from the call that proves it to its end, played over the loopback carrier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from members import clinic_members, notices
from members.models import ClinicMembership
from members.services import suspend
from members.vault import inbox_of
from realtime import timers
from realtime.log import read_events
from realtime.models import Timer
from realtime.protocol import Refusal
from tests.voice.line import Line
from tests.voice.riverside import OWN, join, make_clinic, make_number
from voice import clinic_numbers, grants, number_timers, proofs
from voice.approvals import LIVES, TIMER
from voice.models import ClinicNumber, Grant, Proof
from voice.pauses import set_pause
from voice.rights import access_caller_id, still_may_show
from voice.sealed import open_in

NEW = "+16175550110"


def code_of(refusal: pytest.ExceptionInfo[Refusal]) -> str:
    return refusal.value.code


def told(place: ClinicMembership) -> list[str]:
    """What a member was told, in order."""
    while timers.work_off(notices.TIMERS):
        pass
    events = read_events(inbox_of(str(place.account_id))[0], limit=500)
    return [str(event["d"]["about"]) for event in events if event["k"] == "notice"]


def ask(line: Line, raw: str = NEW, **how: Any) -> ClinicNumber:
    by = how.pop("by", line.rosa)
    return clinic_numbers.ask_number(by, raw, how.pop("extension", ""), how.pop("call_at", None), timezone.now())


def hear(line: Line, number: ClinicNumber, by: ClinicMembership | None = None) -> str:
    """Have the number called and listen; the code."""
    clinic_numbers.call_to_prove(number, by or line.rosa, timezone.now())
    line.pass_s(6)
    proof = number.proofs.latest("call_at")
    assert proof.answered_at is not None
    return open_in(proof, "code")


def prove(line: Line, number: ClinicNumber, by: ClinicMembership | None = None) -> ClinicNumber:
    code = hear(line, number, by)
    clinic_numbers.prove(number, by or line.rosa, code, timezone.now())
    number.refresh_from_db()
    return number


def live(line: Line) -> ClinicNumber:
    """A new number that somebody else approved."""
    other = join(line.clinic, "administrator")
    number = prove(line, ask(line))
    clinic_numbers.approve(number, other, timezone.now())
    number.refresh_from_db()
    return number


def test_a_number_is_proved_by_the_code_that_its_phone_hears_and_approved_by_somebody_else(line: Line) -> None:
    other = join(line.clinic, "administrator")
    number = ask(line)
    assert (number.state, number.mode, number.attestation) == ("proving", "own", "B")
    number = prove(line, number)
    assert (number.state, number.single_until) == ("approving", None)
    assert told(other) == ["number.approve"]
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.approve(number, line.rosa, timezone.now())
    assert code_of(refusal) == "number.someone_else"
    with pytest.raises(Refusal) as refusal:
        access_caller_id(line.member, line.id, number.pk)
    assert code_of(refusal) == "call.no_right"
    clinic_numbers.approve(number, other, timezone.now())
    number.refresh_from_db()
    assert number.proved_at is not None
    assert (number.state, number.expires_at) == ("live", number.proved_at + LIVES)
    assert told(line.rosa) == ["number.live"]


def test_one_administrator_alone_waits_a_day_and_one_who_joins_meanwhile_has_to_approve(line: Line) -> None:
    alone = prove(line, ask(line))
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.approve(alone, line.rosa, timezone.now())
    assert code_of(refusal) == "number.waits"
    assert refusal.value.after is not None and 86_000 < refusal.value.after <= 86_400
    line.pass_s(86_399)
    alone.refresh_from_db()
    assert alone.state == "approving"
    line.pass_s(1)
    alone.refresh_from_db()
    assert (alone.state, alone.approved_by) == ("live", None)

    second = prove(line, ask(line, "+16175550111"))
    late = join(line.clinic, "administrator")
    line.pass_s(90_000)
    second.refresh_from_db()
    assert (second.state, second.single_until) == ("approving", None)
    assert told(late) == ["number.approve"]
    clinic_numbers.approve(second, late, timezone.now())


def demote(other: ClinicMembership) -> None:
    clinic_members.change_member(other, role="desk", can_free_dial=None)


LEFT: dict[str, Callable[[ClinicMembership], None]] = {
    "left": lambda other: clinic_members.remove_member(other, None, timezone.now()),
    "given another role": demote,
    "suspended": lambda other: suspend(other.account, timezone.now()),
}


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("how", LEFT)
def test_who_is_left_alone_waits_a_day_from_then_on(line: Line, how: str, asked: bool) -> None:
    other = join(line.clinic, "administrator")
    number = prove(line, ask(line))
    assert number_timers.wait_alone(timezone.now()) == 0, "somebody else can approve it"
    line.pass_s(90_000)
    LEFT[how](other)
    left_at = timezone.now()
    if asked:
        with pytest.raises(Refusal, match="number.waits"):
            clinic_numbers.approve(number, line.rosa, left_at)
    else:
        assert number_timers.wait_alone(left_at) == 1
    assert number_timers.wait_alone(left_at) == 0
    number.refresh_from_db()
    assert (number.state, number.single_until) == ("approving", left_at + timedelta(days=1))
    assert told(line.rosa)[-1] == "number.waits"
    line.pass_s(86_400)
    number.refresh_from_db()
    assert number.state == "live"


def test_nothing_is_approved_by_itself_for_who_administers_the_clinic_no_more(line: Line) -> None:
    number = prove(line, ask(line))
    assert ClinicNumber.objects.exclude(single_until=None).get() == number
    suspend(line.rosa.account, timezone.now())
    line.pass_s(90_000)
    number.refresh_from_db()
    assert (number.state, number.single_until) == ("approving", None)
    assert number_timers.wait_alone(timezone.now()) == 0
    clinic_numbers.approve(number, join(line.clinic, "administrator"), timezone.now())


def test_five_wrong_codes_end_the_proof_whatever_comes_then(line: Line) -> None:
    number = ask(line)
    right = hear(line, number)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    left = []
    for _ in range(5):
        with pytest.raises(Refusal) as refusal:
            clinic_numbers.prove(number, line.rosa, wrong, timezone.now())
        assert code_of(refusal) == "proof.wrong"
        left.append((refusal.value.d or {})["left"])
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.prove(number, line.rosa, right, timezone.now())
    assert code_of(refusal) == "proof.over"
    assert Proof.objects.get().code is None
    prove(line, number)


def test_the_fifth_try_may_be_the_right_one_and_spaces_do_not_matter(line: Line) -> None:
    number = ask(line)
    right = hear(line, number)
    for _ in range(4):
        with pytest.raises(Refusal):
            clinic_numbers.prove(number, line.rosa, "", timezone.now())
    clinic_numbers.prove(number, line.rosa, f" {right[:3]}-{right[3:]} ", timezone.now())
    assert Proof.objects.get().state == "proved"


def test_a_code_lives_minutes(line: Line) -> None:
    number = ask(line)
    right = hear(line, number)
    line.pass_s(601)
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.prove(number, line.rosa, right, timezone.now())
    assert code_of(refusal) == "proof.over"


def test_before_the_call_there_is_no_code_to_say(line: Line) -> None:
    number = ask(line, call_at=timezone.now() + timedelta(hours=2))
    guess = open_in(number.proofs.get(), "code")
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.prove(number, line.rosa, guess, timezone.now())
    assert code_of(refusal) == "proof.none"


def test_the_call_comes_at_the_time_that_was_picked_with_the_extension_and_says_who_it_is(line: Line) -> None:
    at = timezone.now() + timedelta(hours=2)
    number = ask(line, extension="4017", call_at=at)
    proof = number.proofs.get()
    line.pass_s(7190)
    assert line.legs() == 0
    assert proofs.order_of(proof.pk) is not None
    order = proofs.order_of(proof.pk)
    assert order is not None
    assert (order.to, order.digits, order.confirm, order.room) == (NEW, "4017", False, "")
    digits = ", ".join(open_in(proof, "code"))
    spoken = proofs.say_of(proof.reference)
    assert spoken is not None and (order.say, order.language) == (spoken.text, spoken.language)
    assert "Curbside" in order.say and "Riverside Clinic" in order.say and digits in order.say
    line.pass_s(20)
    assert line.legs() == 1
    assert number.proofs.get().answered_at is not None
    with pytest.raises(Refusal) as refusal:
        ask(line, "+16175550111", call_at=timezone.now() + timedelta(days=8))
    assert code_of(refusal) == "proof.when"
    assert ClinicNumber.objects.filter(state="proving").count() == 1, "what is refused leaves nothing behind"


def test_another_time_replaces_the_one_before_and_costs_no_call(line: Line) -> None:
    number = ask(line, call_at=timezone.now() + timedelta(hours=2))
    for hours in range(3, 20):
        clinic_numbers.call_to_prove(number, line.rosa, timezone.now(), timezone.now() + timedelta(hours=hours))
    assert number.proofs.count() == 1
    line.pass_s(18 * 3600)
    assert line.legs() == 0
    line.pass_s(2 * 3600)
    assert line.legs() == 1


def test_a_number_is_called_ten_times_a_week_whoever_asks_and_one_call_at_a_time(line: Line) -> None:
    number = ask(line)
    clinic_numbers.call_to_prove(number, line.rosa, timezone.now())
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.call_to_prove(number, line.rosa, timezone.now())
    assert code_of(refusal) == "proof.standing"
    line.pass_s(60)
    elsewhere = make_clinic("Elsewhere")
    stranger = join(elsewhere, "administrator")
    theirs = clinic_numbers.ask_number(stranger, NEW, "", None, timezone.now())
    for _ in range(9):
        hear(line, theirs, stranger)
        line.pass_s(200)
    for subject, by in ((theirs, stranger), (number, line.rosa)):
        with pytest.raises(Refusal) as refusal:
            clinic_numbers.call_to_prove(subject, by, timezone.now())
        assert code_of(refusal) == "proof.week"
    line.pass_s(8 * 86_400)
    hear(line, number)


def test_a_member_asks_for_ten_such_calls_a_day_whatever_the_number(line: Line) -> None:
    for n in range(10):
        clinic_numbers.call_to_prove(ask(line, f"+161755501{n + 10}"), line.rosa, timezone.now())
    last = ask(line, "+16175550130")
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.call_to_prove(last, line.rosa, timezone.now())
    assert code_of(refusal) == "proof.day"


@pytest.mark.parametrize(("digits", "cause"), [("63", "busy"), ("62", "no_answer"), ("66", "refused")])
def test_a_call_that_nobody_hears_ends_its_code(line: Line, digits: str, cause: str) -> None:
    number = ask(line, f"+161755501{digits}")
    clinic_numbers.call_to_prove(number, line.rosa, timezone.now())
    line.pass_s(120)
    proof = number.proofs.get()
    assert (proof.state, proof.cause, proof.code) == ("failed", cause, None)
    assert proofs.say_of(proof.reference) is None
    assert proofs.is_proof(proof.reference)


def test_a_pause_stops_a_proving_call_too(line: Line) -> None:
    number = ask(line, call_at=timezone.now() + timedelta(hours=1))
    set_pause(None, None, timezone.now(), on=True)
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.call_to_prove(number, line.rosa, timezone.now())
    assert code_of(refusal) == "call.paused"
    line.pass_s(3700)
    assert line.legs() == 0
    assert number.proofs.get().cause == "paused"


@pytest.mark.parametrize(
    ("raw", "code"),
    [("911", "number.not_shown"), ("411", "number.invalid"), ("+1 900 555 1234", "number.not_shown"),
     ("+1 212 976 1234", "number.not_shown"), ("+44 843 123 4567", "number.not_shown"),
     ("+44 20 7946 0123", "number.region"), ("nonsense", "number.invalid"), (OWN, "number.here")],
)  # fmt: skip
def test_what_may_not_be_shown_is_refused(line: Line, raw: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        ask(line, raw)
    assert code_of(refusal) == code


def test_a_toll_free_number_may_be_shown(line: Line) -> None:
    assert ask(line, "+1 800 555 0199").state == "proving"


def test_another_clinics_number_is_refused_and_two_who_prove_it_at_once_are_one_holder(line: Line) -> None:
    elsewhere = make_clinic("Elsewhere")
    stranger = join(elsewhere, "administrator")
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.ask_number(stranger, OWN, "", None, timezone.now())
    assert code_of(refusal) == "number.elsewhere"
    theirs = clinic_numbers.ask_number(stranger, NEW, "", None, timezone.now())
    ours = ask(line)
    code = hear(line, theirs, stranger)
    line.pass_s(30)
    prove(line, ours)
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.prove(theirs, stranger, code, timezone.now())
    assert code_of(refusal) == "number.elsewhere"
    theirs.refresh_from_db()
    assert theirs.state == "proving"


def test_reminders_come_at_14_3_and_1_days_and_then_the_end(line: Line) -> None:
    number = live(line)
    heard = len(told(line.rosa))
    assert number.expires_at is not None
    for days, about in ((15, []), (14, ["number.expires"]), (4, []), (3, ["number.expires"]), (1, ["number.expires"])):
        line.pass_s((number.expires_at - timedelta(days=days) - timezone.now()).total_seconds())
        now_told = told(line.rosa)[heard:]
        heard += len(now_told)
        assert now_told == about, days
    grants.give(number, line.amara, line.rosa, None, timezone.now())
    access_caller_id(line.member, line.id, number.pk)
    line.pass_s(86_400)
    number.refresh_from_db()
    assert number.state == "expired"
    assert told(line.rosa)[-1] == "number.expired"
    for check in (lambda: access_caller_id(line.member, line.id, number.pk),
                  lambda: still_may_show(number.pk, line.member)):
        with pytest.raises(Refusal) as refusal:
            check()
        assert code_of(refusal) == "call.number_expired"
    assert not Timer.objects.filter(kind=TIMER, subject=number.pk).exists()


def test_a_number_that_is_past_its_end_is_expired_before_any_timer_ran(line: Line) -> None:
    ClinicNumber.objects.filter(pk=line.own.pk).update(expires_at=timezone.now())
    with pytest.raises(Refusal) as refusal:
        access_caller_id(line.member, line.id, line.own.pk)
    assert code_of(refusal) == "call.number_expired"


def test_reminders_that_were_slept_through_are_one(line: Line) -> None:
    number = live(line)
    heard = len(told(line.rosa))
    assert number.expires_at is not None
    line.clock.move_to(number.expires_at - timedelta(hours=20), tick=False)
    line.work()
    assert told(line.rosa)[heard:] == ["number.expires"]


def test_proved_again_a_number_lives_ninety_days_more_without_another_approval(line: Line) -> None:
    number = live(line)
    line.pass_s(88 * 86_400)
    number = prove(line, number)
    assert (number.state, number.expires_at, number.reminded_days) == ("live", timezone.now() + LIVES, None)
    line.pass_s(91 * 86_400)
    number = prove(line, number)
    assert number.state == "live"


def test_revoked_a_number_is_shown_by_nobody_at_once(line: Line) -> None:
    elsewhere = make_clinic("Radiology")
    head = join(elsewhere, "administrator")
    lent = clinic_numbers.lend(line.own, str(elsewhere.pk), line.rosa, timezone.now())
    clinic_numbers.approve(lent, head, timezone.now())
    lent.refresh_from_db()
    grants.give(lent, head, head, None, timezone.now())
    still_may_show(lent.pk, str(head.account_id))
    still_may_show(line.own.pk, line.member)
    clinic_numbers.revoke(line.own, timezone.now())
    for number, member in ((line.own.pk, line.member), (lent.pk, str(head.account_id))):
        with pytest.raises(Refusal) as refusal:
            still_may_show(number, member)
        assert code_of(refusal) == "call.no_right"
    assert not Grant.objects.filter(clinic_number__in=[line.own, lent], ended_at=None).exists()
    assert "number.revoked" in told(head)
    ask(line, OWN)


def test_a_second_department_needs_the_holders_consent_and_its_own_approval(line: Line) -> None:
    elsewhere = make_clinic("Radiology")
    head = join(elsewhere, "administrator")
    lent = clinic_numbers.lend(line.held, str(elsewhere.pk), line.rosa, timezone.now())
    assert (lent.state, lent.mode, lent.attestation) == ("approving", "held", "A")
    assert told(head) == ["number.approve"]
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.lend(line.held, str(elsewhere.pk), line.rosa, timezone.now())
    assert code_of(refusal) == "number.here"
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.lend(lent, str(make_clinic("Third").pk), head, timezone.now())
    assert code_of(refusal) == "number.state"
    for nowhere in ("nonsense", str(make_clinic("Waiting", state="waiting").pk)):
        with pytest.raises(Refusal) as refusal:
            clinic_numbers.lend(line.own, nowhere, line.rosa, timezone.now())
        assert code_of(refusal) == "not_found"
    clinic_numbers.approve(lent, head, timezone.now())
    grants.give(lent, head, head, None, timezone.now())
    shown = access_caller_id(str(head.account_id), str(elsewhere.pk), lent.pk)
    assert shown.evidence == "consent of its holder"
    ClinicNumber.objects.filter(pk=line.held.pk).update(expires_at=timezone.now())
    with pytest.raises(Refusal) as refusal:
        still_may_show(lent.pk, str(head.account_id))
    assert code_of(refusal) == "call.number_expired"


def test_a_held_number_is_assigned_by_the_platform_team_and_approved_by_the_clinic(line: Line) -> None:
    held = clinic_numbers.assign(line.id, NEW, timezone.now(), vetted=True)
    assert (held.state, held.attestation, held.asked_by) == ("approving", "A", None)
    assert told(line.rosa) == ["number.approve"]
    clinic_numbers.approve(held, line.rosa, timezone.now())
    held.refresh_from_db()
    assert (held.state, held.expires_at) == ("live", None)
    assert clinic_numbers.assign(line.id, "+16175550111", timezone.now(), vetted=False).attestation == "B"
    with pytest.raises(Refusal) as refusal:
        clinic_numbers.call_to_prove(held, line.rosa, timezone.now())
    assert code_of(refusal) == "number.state"


def test_a_grant_ends_at_its_time_and_when_it_is_taken_back(line: Line) -> None:
    colleague = join(line.clinic)
    member = str(colleague.account_id)
    now = timezone.now()
    grants.give(line.own, colleague, line.rosa, now + timedelta(hours=1), now)
    still_may_show(line.own.pk, member)
    line.pass_s(3600)
    with pytest.raises(Refusal):
        still_may_show(line.own.pk, member)
    grants.give(line.own, colleague, line.rosa, None, timezone.now())
    still_may_show(line.own.pk, member)
    grants.take_back(line.own, colleague.pk, timezone.now())
    with pytest.raises(Refusal):
        still_may_show(line.own.pk, member)
    with pytest.raises(Refusal):
        grants.take_back(line.own, colleague.pk, timezone.now())
    with pytest.raises(Refusal):
        grants.give(line.own, colleague, line.rosa, timezone.now(), timezone.now())
    assert told(colleague) == ["number.granted", "number.granted"]


def end_place(line: Line) -> None:
    ClinicMembership.objects.filter(pk=line.amara.pk).update(left_at=timezone.now())


def suspend_account(line: Line) -> None:
    type(line.amara.account).objects.filter(pk=line.member).update(is_active=False)


def lapse(line: Line) -> None:
    type(line.amara.account).objects.filter(pk=line.member).update(verified_at=None)


def suspend_clinic(line: Line) -> None:
    type(line.clinic).objects.filter(pk=line.id).update(state="suspended")


@pytest.mark.parametrize("breaking", [end_place, suspend_account, lapse, suspend_clinic])
def test_every_link_of_the_right_must_hold_both_times_it_is_asked_for(line: Line, breaking: Any) -> None:
    access_caller_id(line.member, line.id, line.own.pk)
    still_may_show(line.own.pk, line.member)
    breaking(line)
    for check in (lambda: access_caller_id(line.member, line.id, line.own.pk),
                  lambda: still_may_show(line.own.pk, line.member)):
        with pytest.raises(Refusal) as refusal:
            check()
        assert code_of(refusal) == "call.no_right"


def test_the_number_of_one_clinic_cannot_be_shown_for_another(line: Line) -> None:
    elsewhere = make_clinic("Elsewhere")
    join(elsewhere, account=line.amara.account)
    make_number(elsewhere, NEW)
    for clinic, number in ((str(elsewhere.pk), line.own.pk), (line.id, "unknown"), ("nonsense", line.own.pk)):
        with pytest.raises(Refusal) as refusal:
            access_caller_id(line.member, clinic, number)
        assert code_of(refusal) == "call.no_right"


def test_how_a_number_is_presented_is_said_before_dialling(line: Line) -> None:
    own = access_caller_id(line.member, line.id, line.own.pk)
    held = access_caller_id(line.member, line.id, line.held.pk)
    assert (own.mode, own.attestation, own.says) == ("own", "B", "Partly verified by the carrier; may be labelled.")
    assert "does not see it" in own.calls_back
    assert (held.mode, held.attestation, held.says) == ("held", "A", "Verified by the carrier.")
    assert OWN[2:] not in repr(own) and own.formatted not in repr(own)

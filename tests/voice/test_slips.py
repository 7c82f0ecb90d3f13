"""Slips at the desk: left once, found, claimed by one, closed, expired; and nothing clinical on them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from members.errors import NotFound
from members.models import Account
from realtime import timers
from realtime.instants import to_ms
from realtime.models import Timer
from realtime.protocol import Refusal
from tests.members.browser import Browser
from tests.voice.line import Line
from tests.voice.riverside import PATIENT, Riverside, join, make_clinic, make_patient
from voice import slips
from voice.models import ReturnCall, Slip
from voice.sealed import blind_index, mask
from voice.timers import TIMERS

NO_ANSWER = "+16175550162"  # the loopback's script of a phone that nobody answers


@pytest.fixture
def unanswered(line: Line) -> str:
    """A call of Amara's that nobody answered."""
    line.maria.delete()
    line.maria = make_patient(line.clinic, number=NO_ANSWER)
    r = line.call(caller_id=line.held.pk)
    line.pass_to(r, "ended")
    return r


@pytest.fixture
def desk(line: Line) -> Account:
    """Somebody at Riverside's desk."""
    return join(line.clinic, "desk").account


def test_an_unanswered_call_leaves_one_slip_that_says_who_when_and_until_when(line: Line, unanswered: str) -> None:
    [slip] = Slip.objects.all()
    assert (slip.call, slip.patient, slip.account_id) == (unanswered, line.maria.pk, line.amara.account_id)
    assert (slip.kind, slip.mode, slip.cause, slip.state) == ("outgoing", "held", "no_answer", "open")
    assert slip.mask == "•• 62"
    assert slip.expires_at - slip.made_at == timedelta(hours=72)


def test_one_call_says_until_when_the_desk_keeps_its_slip(line: Line, unanswered: str) -> None:
    slip = Slip.objects.get()
    assert Browser().sign_in(line.amara.account).get(f"/calls/{unanswered}")["slip_until"] == to_ms(slip.expires_at)
    line.clock.move_to(slip.expires_at, tick=False)
    assert Browser().sign_in(line.amara.account).get(f"/calls/{unanswered}")["slip_until"] is None
    line.clock.move_to(slip.made_at, tick=False)
    slips.close(line.rosa.account, slip.pk, "reached")
    assert Browser().sign_in(line.amara.account).get(f"/calls/{unanswered}")["slip_until"] is None


def test_a_clinics_own_number_leaves_one_too(line: Line) -> None:
    line.maria.delete()
    line.maria = make_patient(line.clinic, number=NO_ANSWER)
    line.pass_to(line.call(), "ended")
    assert Slip.objects.get().mode == "own"


def test_a_call_that_was_talked_or_never_reached_the_patients_phone_leaves_none(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    line.do("call.hang_up", {}, r)
    line.pass_to(r, "ended")
    other = line.call()
    line.do("call.hang_up", {}, other)
    line.pass_to(other, "ended")
    assert not Slip.objects.exists()


def test_who_left_a_message_or_asks_the_desk_leaves_a_slip_after_a_call_that_connected(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    line.do("call.hang_up", {}, r)
    line.pass_to(r, "ended")
    line.do("call.outcome", {"how": "left_message", "then": "desk"}, r)
    assert Slip.objects.get().cause == "left_message"


def test_who_reaches_the_patient_later_has_closed_the_slip(line: Line, unanswered: str) -> None:
    line.pass_s(120)
    r = line.call()
    line.pass_to(r, "ended")
    assert Slip.objects.get().state == "open"
    Slip.objects.update(account=line.rosa.account)
    line.do("call.outcome", {"how": "spoke", "then": "done"}, r)
    slip = Slip.objects.get()
    assert (slip.state, slip.how) == ("closed", "reached"), "whoever spoke to them, nobody need call again"


def test_a_slip_is_claimed_by_one_given_back_and_closed_once(line: Line, unanswered: str, desk: Account) -> None:
    slip, other = Slip.objects.get(), join(line.clinic, "desk").account
    slips.claim(desk, slip.pk)
    slips.claim(desk, slip.pk)
    with pytest.raises(Refusal) as taken:
        slips.claim(other, slip.pk)
    assert taken.value.code == "slip.taken"
    slips.give_back(other, slip.pk)
    slips.claim(other, slip.pk)
    slips.close(other, slip.pk, "reached")
    for again in (slips.claim, slips.give_back):
        with pytest.raises(Refusal) as over:
            again(desk, slip.pk)
        assert over.value.code == "slip.over"
    with pytest.raises(Refusal):
        slips.close(desk, slip.pk, "not_needed")
    slip.refresh_from_db()
    assert (slip.state, slip.how, slip.closed_by_id, slip.claimed_by_id) == ("closed", "reached", other.pk, other.pk)
    assert not Timer.objects.filter(kind=slips.TIMER).exists()


@pytest.mark.databases
def test_of_many_who_claim_a_slip_at_once_one_has_it(open_line: Line) -> None:
    clinic = open_line.clinic
    slip = Slip.objects.create(clinic=clinic, mode="held", mask="•• 62", made_at=timezone.now(),
                               expires_at=timezone.now() + timedelta(hours=1))
    people = [join(clinic, "desk").account for _ in range(8)]
    got: list[object] = []
    refused: list[str] = []

    def claim(account: Account) -> None:
        try:
            slips.claim(account, slip.pk)
            got.append(account.pk)
        except Refusal as refusal:
            refused.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=(account,)) for account in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [Slip.objects.get().claimed_by_id]
    assert refused == ["slip.taken"] * 7


def test_a_slip_that_nobody_closes_expires(line: Line, unanswered: str) -> None:
    slip = Slip.objects.get()
    assert Timer.objects.get(kind=slips.TIMER, subject=slip.pk).due_at == slip.expires_at
    for early, state in ((timedelta(seconds=1), "open"), (timedelta(0), "expired")):
        line.clock.move_to(slip.expires_at - early)
        timers.work_off(TIMERS)
        assert Slip.objects.get().state == state


def test_only_the_clinics_desk_and_administrators_see_its_slips(line: Line, unanswered: str, desk: Account) -> None:
    assert slips.slips_of(desk, line.id).count() == 1
    assert slips.slips_of(line.rosa.account, line.id).count() == 1
    stranger = join(make_clinic("Hillside"), "desk").account
    for other in (line.amara.account, stranger):
        with pytest.raises(NotFound):
            slips.slips_of(other, line.id)
        with pytest.raises(NotFound):
            slips.access_slip(other, Slip.objects.get().pk)


def test_a_slip_is_found_by_the_beginning_of_a_name_and_by_the_whole_number(
    line: Line, unanswered: str, desk: Account
) -> None:
    for query in ("lop", "Maria", "maria lopez", "+1 617 555 0162", "(617) 555-0162"):
        assert [slip.call for slip in slips.find_slips(desk, line.id, query)] == [unanswered], query
    for query in ("opez", "Tom", "+16175550155", "maria smith"):
        assert slips.find_slips(desk, line.id, query) == [], query
    with pytest.raises(Refusal):
        slips.find_slips(desk, line.id, "x")


def test_equal_numbers_of_two_clinics_have_nothing_in_common(line: Line, unanswered: str) -> None:
    other = join(make_clinic("Hillside"), "desk")
    assert slips.find_slips(other.account, str(other.clinic_id), NO_ANSWER) == []


def test_a_slip_is_removed_some_time_after_it_has_expired(line: Line, unanswered: str) -> None:
    ends = Slip.objects.get().expires_at
    assert slips.forget(ends) == 0
    assert slips.forget(ends + timedelta(seconds=1)) == 1
    assert not Slip.objects.exists()


# --- HTTP ------------------------------------------------------------------------------------------------------------


def test_the_desk_works_a_slip_off_over_http(line: Line, unanswered: str, desk: Account) -> None:
    browser = Browser().sign_in(desk)
    [item] = browser.get(f"/clinics/{line.id}/slips?state=open")["items"]
    assert item["patient"] == {"id": line.maria.pk, "name": "Maria Lopez", "born": "1958-03-02", "mask": "•• 62"}
    assert (item["shown"], item["calls_back"], item["callers"]) == ("+1 617-555-0101", True, [line.amara.account.name])
    assert (item["r"], item["state"], item["mine"], item["until"]) == (unanswered, "open", False, None)
    assert browser.call("POST", f"/slips/{item['id']}/claim").status_code == 204
    [found] = browser.call("POST", f"/clinics/{line.id}/slips/search", {"q": "lopez"}).json()["items"]
    assert (found["state"], found["mine"], found["claimed_by"]) == ("claimed", True, desk.name)
    assert browser.call("POST", f"/slips/{item['id']}/open").status_code == 204
    assert browser.call("POST", f"/slips/{item['id']}/close", {"how": "cured"}).status_code == 422
    assert browser.call("POST", f"/slips/{item['id']}/close", {"how": "reached"}).status_code == 204
    assert browser.call("POST", f"/slips/{item['id']}/claim").json()["code"] == "slip.over"
    assert browser.get(f"/clinics/{line.id}/slips?state=open")["items"] == []


def test_for_a_clinics_own_number_the_slip_says_that_a_call_back_is_not_seen(line: Line, desk: Account) -> None:
    line.maria.delete()
    line.maria = make_patient(line.clinic, number=NO_ANSWER)
    line.pass_to(line.call(), "ended")
    [item] = Browser().sign_in(desk).get(f"/clinics/{line.id}/slips")["items"]
    assert (item["calls_back"], item["shown"]) == (False, "+1 617-555-0100")


def test_slips_come_in_pages_the_newest_first(line: Line, desk: Account) -> None:
    now = timezone.now()
    for n in range(53):
        Slip.objects.create(clinic=line.clinic, mode="held", mask="•• 62", made_at=now - timedelta(minutes=n),
                            expires_at=now + timedelta(hours=1))
    browser = Browser().sign_in(desk)
    first = browser.get(f"/clinics/{line.id}/slips")
    second = browser.call("GET", f"/clinics/{line.id}/slips?before={first['next'].replace('+', '%2B')}").json()
    at = [item["at"] for item in first["items"] + second["items"]]
    assert len(at) == 53 and at == sorted(at, reverse=True) and second["next"] is None


def test_strangers_are_told_that_there_is_nothing(riverside: Riverside) -> None:
    slip = Slip.objects.create(clinic=riverside.clinic, mode="held", mask="•• 62", made_at=timezone.now(),
                               expires_at=timezone.now() + timedelta(hours=1))
    stranger = Browser().sign_in(join(make_clinic("Hillside"), "administrator").account)
    asked: list[tuple[str, str, Any]] = [
        ("GET", f"/clinics/{riverside.id}/slips", None),
        ("POST", f"/clinics/{riverside.id}/slips/search", {"q": PATIENT}),
        ("POST", f"/slips/{slip.pk}/claim", None),
        ("POST", f"/slips/{slip.pk}/close", {"how": "reached"}),
        ("GET", f"/clinics/{riverside.id}/incoming", None),
        ("PUT", f"/clinics/{riverside.id}/incoming", {"route": "message"}),
        ("POST", f"/clinics/{riverside.id}/on-call", {"member": "x", "number": PATIENT, "from": 0, "until": 1}),
        ("DELETE", "/on-call/" + "a" * 22, None),
        ("POST", "/calls/" + "a" * 22 + "/call-back", {"until": 1}),
    ]
    assert [stranger.call(*one).status_code for one in asked] == [404] * len(asked)


def test_attempts_to_reach_one_number_share_a_slip_that_counts_and_is_the_latests(line: Line, unanswered: str) -> None:
    first = Slip.objects.get()
    line.pass_s(120)
    second = line.call(caller_id=line.held.pk)
    line.pass_to(second, "ended")
    line.do("call.outcome", {"how": "no_answer", "then": "desk"}, unanswered)
    slip = Slip.objects.get()
    assert (slip.pk, slip.call, slip.attempts, slip.patient) == (first.pk, second, 2, line.maria.pk)
    assert slip.expires_at - first.expires_at == slip.made_at - first.made_at > timedelta(seconds=100)
    assert Timer.objects.get(kind=slips.TIMER).due_at == slip.expires_at
    slips.close(line.rosa.account, slip.pk, "not_needed")
    line.do("call.outcome", {"how": "no_answer", "then": "desk"}, second)
    assert Slip.objects.get().state == "closed"
    line.pass_s(120)
    line.pass_to(line.call(), "ended")
    assert Slip.objects.filter(state="open").count() == 1


@pytest.mark.databases
def test_of_many_calls_of_one_number_at_once_one_slip_is_left_and_it_counts_them(open_line: Line) -> None:
    def come(n: int) -> None:
        try:
            with transaction.atomic():
                slips.called_back(coming(open_line, n), timezone.now())
        finally:
            connection.close()

    threads = [threading.Thread(target=come, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Slip.objects.get().their_calls == 6


def test_attempts_to_reach_somebody_and_their_own_calls_are_counted_apart(line: Line) -> None:
    def counted() -> tuple[str, int, int]:
        slip = Slip.objects.get()
        return slip.kind, slip.attempts, slip.their_calls

    for n in range(2):
        slips.called_back(coming(line, n, NO_ANSWER), timezone.now())
    assert counted() == ("incoming", 0, 2)
    for _ in range(3):
        line.pass_s(120)
        line.pass_to(line.call(number=NO_ANSWER), "ended")
    assert counted() == ("outgoing", 3, 2)
    slips.called_back(coming(line, 3, NO_ANSWER), timezone.now())
    assert counted() == ("outgoing", 3, 3)
    [shown] = Browser().sign_in(line.rosa.account).get(f"/clinics/{line.id}/slips")["items"]
    assert (shown["attempts"], shown["their_calls"]) == (3, 3)


def coming(line: Line, n: int, number: str = "") -> ReturnCall:
    """A call that came in and nobody took."""
    index = blind_index(line.id, number) if number else ""
    return ReturnCall.objects.create(
        carrier="loopback", carrier_id=f"in{n}", clinic=line.clinic, came_at=timezone.now(), caller_id=line.held.pk,
        number_index=index, mask=mask(number) if number else "")


def test_callers_who_withhold_their_number_share_one_slip_and_so_do_strangers_beyond_a_bound(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slips, "MOST_STRANGERS", 3)
    for n in range(30):
        slips.called_back(coming(line, n), timezone.now())
    shared = Slip.objects.get()
    assert (shared.kind, shared.their_calls, shared.mask) == ("incoming", 30, "")
    for n in range(5):
        slips.called_back(coming(line, 100 + n, f"+1617555020{n}"), timezone.now())
    assert Slip.objects.count() == 3
    shared.refresh_from_db()
    assert (shared.their_calls, shared.mask) == (33, "")
    slips.called_back(coming(line, 200, PATIENT), timezone.now())
    assert Slip.objects.get(patient=line.maria.pk).mask == "•• 55", "a patient is never lost among strangers"
    slips.close(line.rosa.account, shared.pk, "not_needed")
    slips.called_back(coming(line, 201), timezone.now())
    assert Slip.objects.get(their_calls=1, mask="").state == "open"


def test_a_slip_closed_as_a_wrong_number_marks_that_number_of_the_patient(line: Line, unanswered: str) -> None:
    slips.close(line.rosa.account, Slip.objects.get().pk, "wrong_number")
    line.maria.refresh_from_db()
    assert (line.maria.wrong_at is not None, line.maria.second_wrong_at) == (True, None)


def test_who_reached_a_wrong_number_leaves_nothing_open_at_the_desk(line: Line, unanswered: str) -> None:
    line.do("call.outcome", {"how": "wrong_number", "then": "done"}, unanswered)
    assert (Slip.objects.get().state, Slip.objects.get().how) == ("closed", "wrong_number")


@pytest.fixture
def riverside(db: None) -> Riverside:
    """The clinic without a line."""
    return Riverside()

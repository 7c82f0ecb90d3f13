"""Who may not call any more calls no longer: calls end at once, and nobody waits for a lock that waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection, transaction
from django.utils import timezone

from members import standing
from members.clinic_members import remove_member
from members.clinics import suspend_clinic
from members.parts import touches
from members.services import suspend
from tests.voice.line import Line
from tests.voice.riverside import join, make_grant
from voice import clinic_numbers, ending, grants, phones
from voice.budgets import lock_scopes
from voice.call import By, Cause
from voice.ending import end_shown
from voice.models import Call, Grant, OwnPhone, PatientLook
from voice.services import end_call, end_unanswered
from voice.sweep import end_unstanding

LOSSES: dict[str, Callable[[Line], None]] = {
    "member suspended": lambda line: suspend(line.amara.account, timezone.now()),
    "clinic suspended": lambda line: suspend_clinic(line.clinic),
    "member removed": lambda line: remove_member(line.amara, None, timezone.now()),
}


@pytest.mark.parametrize("stage", ["reaching_patient", "connected"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_call_ends_at_once_with_the_standing_it_was_made_in(line: Line, loss: str, stage: str) -> None:
    r = line.call()
    line.pass_to(r, stage)
    LOSSES[loss](line)
    assert Call.objects.get(pk=r).stage == "ending"
    line.pass_s(10)
    record = line.record(r)
    assert (record.cause, record.by) == ("revoked", "clinic" if loss == "member removed" else "service")


def test_the_calls_of_others_go_on(line: Line) -> None:
    colleague = join(line.clinic)
    r = line.call()
    line.pass_to(r, "connected")
    assert next(one["kind"] for one in touches(line.amara, timezone.now())) == "calls"
    suspend(colleague.account, timezone.now())
    remove_member(join(line.clinic), None, timezone.now())
    assert Call.objects.get(pk=r).stage == "connected"


@pytest.mark.parametrize("loss", LOSSES)
def test_a_call_whose_end_was_lost_with_a_process_is_ended_by_the_sweep(
    line: Line, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    monkeypatch.setattr(standing, "_endings", [])
    LOSSES[loss](line)
    assert Call.objects.get(pk=r).stage == "connected"
    assert end_unstanding(timezone.now()) == 1
    line.pass_s(10)
    assert line.record(r).cause == "revoked"
    assert end_unstanding(timezone.now()) == 0


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """Do these at the same time, and return how each ended: "" or the name of its error."""
    ended = [""] * len(deeds)

    def run(at: int) -> None:
        try:
            deeds[at]()
        except Exception as error:
            ended[at] = type(error).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


@pytest.mark.databases
def test_removing_who_is_in_a_call_and_a_webhook_of_that_call_do_not_wait_for_each_other(
    open_line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    r, ready = open_line.call(), threading.Barrier(2)

    def slowly(call: str, by: By, cause: Cause, now: datetime) -> None:
        ready.wait()
        time.sleep(0.3)
        end_call(call, by, cause, now)

    def hear() -> None:
        ready.wait()
        end_call(r, By.SERVICE, Cause.CANCELLED, timezone.now())

    monkeypatch.setattr(ending, "end_call", slowly)
    assert at_once(lambda: remove_member(open_line.amara, None, timezone.now()), hear) == ["", ""]
    assert Call.objects.get(pk=r).stage in ("ending", "ended")
    open_line.amara.refresh_from_db()
    assert open_line.amara.left_at is not None


@pytest.mark.databases
def test_a_new_phone_and_a_call_that_begins_do_not_wait_for_each_other(open_line: Line) -> None:
    account, begun = open_line.amara.account, threading.Event()

    def call() -> None:
        """What the start of a call holds at its commit: its scopes, and rows that refer to the account."""
        with transaction.atomic():
            lock_scopes(f"account:{account.pk}")
            PatientLook.objects.create(patient=open_line.maria.pk, clinic=open_line.clinic, account=account,
                                       why="dialling", at=timezone.now())
            begun.set()
            time.sleep(0.5)

    def change() -> None:
        begun.wait()
        phones.add_phone(account, "+16175550190", timezone.now())

    assert at_once(call, change) == ["", ""]
    assert OwnPhone.objects.filter(account=account, proved_at=None).count() == 1


@pytest.mark.parametrize(("stage", "reason"), [
    ("reaching_clinician", "right_revoked"), ("reaching_patient", "right_revoked_talking")])  # fmt: skip
@pytest.mark.parametrize("lost", [True, False])
def test_a_call_that_no_patient_has_answered_ends_with_the_right_to_its_number(
    line: Line, stage: str, reason: str, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = line.call()
    line.pass_to(r, stage)
    if lost:
        monkeypatch.setattr(clinic_numbers, "end_shown", lambda *_: 0)
    clinic_numbers.revoke(line.held, timezone.now())
    assert end_unstanding(timezone.now()) == 0 and Call.objects.get(pk=r).stage == stage, "another number"
    clinic_numbers.revoke(line.own, timezone.now())
    assert not lost or end_unstanding(timezone.now()) == 1
    assert Call.objects.get(pk=r).stage == "ending"
    line.pass_s(10)
    record = line.record(r)
    assert (record.cause, record.by, record.reason) == ("revoked", "clinic", reason)
    assert end_unstanding(timezone.now()) == 0


def test_those_who_talk_go_on_talking_under_a_number_that_was_revoked(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    clinic_numbers.revoke(line.own, timezone.now())
    assert end_unstanding(timezone.now()) == 0
    line.pass_s(60)
    assert Call.objects.get(pk=r).stage == "connected"


def test_a_patient_who_answers_while_the_number_is_revoked_is_not_hung_up(line: Line) -> None:
    r = line.call()
    line.pass_to(r, "reaching_patient")
    assert end_shown([line.held.pk], timezone.now()) == 0
    line.pass_to(r, "connected")
    assert not end_unanswered(r, By.CLINIC, Cause.REVOKED, timezone.now())
    assert Call.objects.get(pk=r).stage == "connected"


@pytest.mark.parametrize(("stage", "reason"), [
    ("reaching_clinician", "right_revoked"), ("reaching_patient", "right_revoked_talking")])  # fmt: skip
@pytest.mark.parametrize("lost", [True, False])
def test_a_right_that_is_taken_back_ends_its_members_call_that_no_patient_has_answered(
    line: Line, stage: str, reason: str, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    colleague, r = join(line.clinic), line.call()
    make_grant(line.own, colleague)
    line.pass_to(r, stage)
    if lost:
        monkeypatch.setattr(grants, "end_shown", lambda *_: 0)
    grants.take_back(line.own, colleague.pk, timezone.now())
    grants.take_back(line.held, line.amara.pk, timezone.now())
    assert end_unstanding(timezone.now()) == 0 and Call.objects.get(pk=r).stage == stage, "another's, another number's"
    grants.take_back(line.own, line.amara.pk, timezone.now())
    assert not lost or end_unstanding(timezone.now()) == 1
    assert Call.objects.get(pk=r).stage == "ending"
    line.pass_s(10)
    record = line.record(r)
    assert (record.cause, record.by, record.reason) == ("revoked", "clinic", reason)


def test_those_who_talk_go_on_talking_under_a_right_that_is_taken_back_and_ringing_ones_once_it_is_given_again(
    line: Line
) -> None:
    r = line.call()
    line.pass_to(r, "connected")
    grants.take_back(line.own, line.amara.pk, timezone.now())
    assert end_unstanding(timezone.now()) == 0
    assert Call.objects.get(pk=r).stage == "connected"
    line.do("call.hang_up", {}, r)
    line.pass_to(r, "ended")
    make_grant(line.own, line.amara)
    line.pass_to(line.call(), "reaching_patient")
    assert end_unstanding(timezone.now()) == 0
    Grant.objects.all().delete()
    assert end_unstanding(timezone.now()) == 0, "nobody took it back"

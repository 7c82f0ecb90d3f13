"""Numbers of which nothing is to be done any more stay in the clinic's list: who revoked them, when and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from members.models import Account, Clinic
from realtime.instants import to_ms
from tests.members.browser import Browser
from tests.voice.line import Line
from tests.voice.riverside import join, make_clinic, make_number
from voice import clinic_numbers
from voice.models import ClinicNumber


def numbers_of(account: Account, clinic: Clinic) -> dict[str, Any]:
    shown: dict[str, Any] = Browser().sign_in(account).get(f"/clinics/{clinic.pk}/numbers")
    return shown


def lend(line: Line) -> tuple[Clinic, Account, ClinicNumber]:
    """Riverside's own number, lent to Radiology and approved there."""
    elsewhere = make_clinic("Radiology")
    head = join(elsewhere, "administrator")
    lent = clinic_numbers.lend(line.own, str(elsewhere.pk), line.rosa, timezone.now())
    clinic_numbers.approve(lent, head, timezone.now())
    return elsewhere, head.account, lent


def test_a_revoked_number_stays_with_who_revoked_it_when_and_why(line: Line) -> None:
    rosa = Browser().sign_in(line.rosa.account)
    at = to_ms(timezone.now())
    assert rosa.call("POST", f"/numbers/{line.own.pk}/revoke", {"why": "  Ported away. "}).status_code == 204
    line.clock.shift(timedelta(minutes=1))
    assert rosa.call("POST", f"/numbers/{line.held.pk}/revoke").status_code == 204, "a reason can be left out"
    shown = numbers_of(line.rosa.account, line.clinic)
    assert shown["items"] == []
    held, own = shown["ended"]
    assert (own["id"], own["state"], own["formatted"]) == (line.own.pk, "revoked", "+1 617-555-0100")
    assert (own["revoked_at"], own["revoked_by"], own["revoked_why"]) == (at, line.rosa.account.name, "Ported away.")
    assert (held["id"], held["revoked_why"], held["revoked_at"]) == (line.held.pk, "", at + 60_000)


def test_a_reason_that_is_too_long_revokes_nothing(line: Line) -> None:
    answer = Browser().sign_in(line.rosa.account).call("POST", f"/numbers/{line.own.pk}/revoke", {"why": "x" * 201})
    assert answer.status_code == 422
    assert numbers_of(line.rosa.account, line.clinic)["ended"] == []


def test_the_department_is_told_which_clinic_revoked_it_and_not_who_or_why(line: Line) -> None:
    radiology, head, lent = lend(line)
    Browser().sign_in(line.rosa.account).call("POST", f"/numbers/{line.own.pk}/revoke", {"why": "Misused by one of us"})
    [theirs] = numbers_of(head, radiology)["ended"]
    assert (theirs["id"], theirs["holder"]) == (lent.pk, line.clinic.name)
    assert (theirs["revoked_by"], theirs["revoked_why"]) == (None, "")


def test_a_lent_number_expires_with_its_holders_proof_and_comes_back_with_it(line: Line) -> None:
    radiology, head, lent = lend(line)
    assert line.own.expires_at is not None
    line.clock.move_to(line.own.expires_at, tick=False)
    shown = numbers_of(head, radiology)
    assert shown["items"] == []
    [theirs] = shown["ended"]
    assert (theirs["id"], theirs["state"]) == (lent.pk, "expired")
    assert (theirs["expires_at"], theirs["revoked_at"]) == (to_ms(line.own.expires_at), None)
    ClinicNumber.objects.filter(pk=line.own.pk).update(expires_at=timezone.now() + timedelta(days=90))
    shown = numbers_of(head, radiology)
    assert ([one["state"] for one in shown["items"]], shown["ended"]) == (["live"], [])


def test_a_number_of_ones_own_that_expired_stays_where_it_can_be_proved_again(line: Line) -> None:
    assert line.own.expires_at is not None
    line.clock.move_to(line.own.expires_at, tick=False)
    shown = numbers_of(line.rosa.account, line.clinic)
    assert (line.own.pk, "expired") in [(one["id"], one["state"]) for one in shown["items"]]
    assert shown["ended"] == []


def test_the_newest_fifty_are_shown(line: Line) -> None:
    for n in range(52):
        at = timezone.now() + timedelta(minutes=n)
        make_number(line.clinic, "+16175550110", state="revoked", revoked_at=at, revoked_why=str(n))
    shown = numbers_of(line.rosa.account, line.clinic)["ended"]
    assert [one["revoked_why"] for one in shown] == [str(n) for n in range(51, 1, -1)]

"""What its retention time is over for is erased; what is needed still, and records, stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from realtime import holds
from realtime.retention import purge
from tests.voice.line import Line
from tests.voice.riverside import HELD, OWN, join, make_patient
from voice import clinic_numbers, phones
from voice.models import BudgetScope, CallNumber, CallRecord, OwnPhone, Patient, Proof, Reservation
from voice.numbers import formatted, mask
from voice.retention import remove_expired
from voice.rotation import rotate
from voice.sealed import open_in, seal_in


@pytest.fixture
def talked(line: Line) -> Line:
    """A call that has ended, and one that goes on."""
    r = line.call()
    line.pass_to(r, "connected")
    line.do("call.hang_up", {}, r)
    line.pass_to(r, "ended")
    return line


def test_numbers_of_calls_are_erased_in_time_and_the_record_keeps_its_mask(talked: Line) -> None:
    assert CallNumber.objects.count() == 3
    remove_expired(timezone.now() + timedelta(days=89))
    assert CallNumber.objects.count() == 3
    remove_expired(timezone.now() + timedelta(days=91))
    assert CallNumber.objects.count() == 0
    assert CallRecord.objects.get().patient_mask == "•• 55"


@pytest.mark.parametrize("everything", [True, False])
def test_what_is_held_keeps_its_numbers_and_patients_until_the_hold_is_lifted(talked: Line, everything: bool) -> None:
    make_patient(talked.clinic, "Tom Reed", used_at=timezone.now() - timedelta(days=2_000))
    hold = holds.place(None if everything else CallRecord.objects.get().call, by="Counsel", why="Claim 14/2026")
    remove_expired(timezone.now() + timedelta(days=400))
    assert (CallNumber.objects.count(), Patient.objects.count()) == (3, 2 if everything else 1)
    holds.lift(hold.pk, by="Counsel", why="Settled")
    remove_expired(timezone.now() + timedelta(days=400))
    assert (CallNumber.objects.count(), Patient.objects.count()) == (0, 1)


def test_a_call_that_goes_on_keeps_its_numbers(line: Line) -> None:
    line.pass_to(line.call(), "connected")
    remove_expired(timezone.now() + timedelta(days=400))
    assert CallNumber.objects.count() == 3


def test_patients_whom_nobody_calls_are_erased_and_zero_days_mean_never(line: Line, settings: Any) -> None:
    make_patient(line.clinic, "Tom Reed", used_at=timezone.now() - timedelta(days=1_096))
    settings.CURBSIDE_KEEP_PATIENT_DAYS = 0
    remove_expired(timezone.now())
    assert Patient.objects.count() == 2
    settings.CURBSIDE_KEEP_PATIENT_DAYS = 1_095
    remove_expired(timezone.now())
    assert list(Patient.objects.all()) == [line.maria]


def test_what_a_call_took_of_the_budgets_is_forgotten_once_nothing_counts_it(talked: Line) -> None:
    remove_expired(timezone.now() + timedelta(days=8))
    assert Reservation.objects.count() == 1, "a clinic's calls to a number are counted over a week"
    remove_expired(timezone.now() + timedelta(days=11))
    assert not Reservation.objects.exists()


def test_a_phone_that_was_removed_is_erased_once_it_makes_the_next_no_change_any_more(line: Line) -> None:
    phones.add_phone(line.amara.account, "+16175550120", timezone.now())
    index = OwnPhone.objects.get(proved_at=None).number_index
    BudgetScope.objects.get_or_create(key=f"number:{index}")
    phones.remove_phones(line.amara.account, timezone.now())
    remove_expired(timezone.now() + timedelta(days=29))
    assert OwnPhone.objects.count() == 2 and Proof.objects.filter(number_index=index).count() == 1
    assert BudgetScope.objects.filter(key=f"number:{index}").exists()
    remove_expired(timezone.now() + timedelta(days=30, seconds=1))
    assert not OwnPhone.objects.exists() and not Proof.objects.filter(number_index=index).exists()
    assert not BudgetScope.objects.filter(key__startswith="number:").exists()


def test_a_phone_whose_code_nobody_typed_is_erased_and_one_in_use_stays(line: Line) -> None:
    member = join(line.clinic).account
    phones.add_phone(member, "+16175550120", timezone.now())
    line.clock.shift(timedelta(days=29))
    phones.add_phone(member, "+16175550120", timezone.now())
    remove_expired(timezone.now() + timedelta(days=2))
    assert member.phones.exists(), "it was rung again since"
    remove_expired(timezone.now() + timedelta(days=31))
    assert list(OwnPhone.objects.all()) == [line.phone]


def test_a_revoked_number_keeps_its_last_two_digits_alone(line: Line, settings: Any) -> None:
    seal_in(line.own, "extension", "4017")
    line.own.save()
    clinic_numbers.revoke(line.own, timezone.now(), line.rosa.account, "moved")
    remove_expired(timezone.now() + timedelta(days=89))
    line.own.refresh_from_db()
    assert (open_in(line.own, "number"), open_in(line.own, "extension")) == (OWN, "4017")
    remove_expired(timezone.now() + timedelta(days=91))
    line.own.refresh_from_db()
    line.held.refresh_from_db()
    assert (formatted(open_in(line.own, "number")), line.own.extension) == (mask(OWN), None)
    assert (line.own.number_index, line.own.revoked_why) == ("", "moved")
    assert open_in(line.held, "number") == HELD, "it is live"
    settings.CURBSIDE_NUMBER_KEYS = {**settings.CURBSIDE_NUMBER_KEYS, 2: bytes(range(32))}
    list(rotate())
    line.own.refresh_from_db()
    assert (open_in(line.own, "number"), line.own.number_index) == (mask(OWN), "")
    assert clinic_numbers.ask_number(line.rosa, OWN, "", None, timezone.now()).state == "proving"


@pytest.mark.parametrize("kept", [True, False])
def test_a_hold_on_everything_keeps_phones_and_revoked_numbers_too(line: Line, kept: bool) -> None:
    clinic_numbers.revoke(line.own, timezone.now())
    phones.remove_phones(line.amara.account, timezone.now())
    if kept:
        holds.place(None, by="Counsel", why="Claim 14/2026")
    remove_expired(timezone.now() + timedelta(days=400))
    line.own.refresh_from_db()
    assert (OwnPhone.objects.exists(), line.own.number_index != "") == (kept, kept)


def test_codes_that_are_over_are_erased_and_old_proofs_are_forgotten(line: Line) -> None:
    number = clinic_numbers.ask_number(line.rosa, "+16175550110", "", timezone.now(), timezone.now())
    remove_expired(timezone.now() + timedelta(minutes=9))
    assert Proof.objects.get().code is not None
    remove_expired(timezone.now() + timedelta(minutes=9))
    line.clock.shift(timedelta(minutes=11))
    purge(lambda run: None)
    proof = number.proofs.get()
    assert (proof.code, proof.state, proof.cause) == (None, "failed", "over")
    remove_expired(timezone.now() + timedelta(days=31))
    assert not Proof.objects.exists()

"""A dial whose outcome is unknown is matched to its own leg or to none, where the carrier keeps no name of ours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from members.models import ClinicMembership
from tests.voice.carriers.scripted import Killed, Scripted
from tests.voice.line import Line
from tests.voice.riverside import PATIENT, PHONE, join, make_grant, make_phone, set_up_totp
from voice.models import Action, Attempt, Call, Proof
from voice.sweep import sweep

COLLEAGUE = "+16175550143"


@pytest.fixture
def nameless(scripted: Scripted) -> Scripted:
    """A carrier that knows a leg by its numbers and its time alone."""
    scripted.by_order = True
    return scripted


def another(line: Line, phone: str = COLLEAGUE) -> ClinicMembership:
    """A colleague who may call the same patient with the same number, and who calls from now on."""
    place = join(line.clinic)
    set_up_totp(place.account)
    make_phone(place.account, phone)
    make_grant(line.own, place)
    line.amara = place
    return place


def lose(line: Line, scripted: Scripted, when: str, side: str) -> str:
    """A call whose dial of a side dies with its process, before or after the carrier was asked."""
    r = line.call()
    setattr(scripted, when, f"dial {side}")
    if side == "patient":
        line.work()
        scripted.say(r, "clinician", "answered")
        scripted.say(r, "clinician", "key", digits="1")
    with pytest.raises(Killed):
        line.work()
    return r


def leg_of(r: str, side: str) -> str:
    """What the carrier calls a leg, as far as we know."""
    return str(Attempt.objects.get(call=r, side=side).carrier_id)


def states() -> list[str]:
    """How the dials stand whose process died."""
    return sorted(Action.objects.filter(kind="dial").exclude(state="done").values_list("state", flat=True))


def test_a_lost_dial_is_found_by_its_numbers_and_its_time(line: Line, nameless: Scripted) -> None:
    r = lose(line, nameless, "die_after", "clinician")
    line.pass_s(20)
    assert leg_of(r, "clinician") == "leg-1"


def test_the_next_call_to_the_same_phone_is_never_taken_for_the_lost_one(line: Line, nameless: Scripted) -> None:
    lost = lose(line, nameless, "die_before", "clinician")
    line.pass_s(60)
    assert Call.objects.get(pk=lost).cause == "uncertain"
    following = lose(line, nameless, "die_after", "clinician")
    for _ in range(10):
        sweep(timezone.now())
    assert leg_of(lost, "clinician") == "" and "hangup leg-1" not in nameless.asked
    line.pass_s(20)
    assert leg_of(following, "clinician") == "leg-1", "the lost one before it is in nobody's way"
    assert leg_of(lost, "clinician") == "" and "hangup leg-1" not in nameless.asked


def test_a_colleagues_call_to_the_same_patient_is_not_taken_while_its_dial_is_on_the_way(
    line: Line, nameless: Scripted
) -> None:
    lost = lose(line, nameless, "die_before", "patient")
    another(line)
    theirs = lose(line, nameless, "die_after", "patient")
    line.pass_s(20)
    assert states() == ["unknown", "unknown"], "two were lost, and one leg is there: nobody knows whose"
    assert (leg_of(lost, "patient"), leg_of(theirs, "patient")) == ("", "")
    nameless.say(theirs, "patient", "ringing", leg="leg-3")
    line.pass_s(5)
    assert (leg_of(lost, "patient"), leg_of(theirs, "patient")) == ("", "leg-3")
    assert "hangup leg-3" not in nameless.asked


def test_a_leg_that_another_attempt_has_learnt_while_the_carrier_was_asked_is_not_taken(
    line: Line, nameless: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = lose(line, nameless, "die_before", "patient")
    another(line)
    theirs = lose(line, nameless, "die_after", "patient")
    line.pass_s(20)
    monkeypatch.setattr("voice.lost_dials._learnt", lambda attempt, asked: [])  # as it was a moment earlier
    nameless.say(theirs, "patient", "ringing", leg="leg-3")
    line.pass_s(5)
    assert (leg_of(lost, "patient"), leg_of(theirs, "patient")) == ("", "leg-3")


def test_a_call_that_speaks_a_code_on_the_same_phone_is_not_taken_for_the_lost_one(
    line: Line, nameless: Scripted
) -> None:
    lost = lose(line, nameless, "die_after", "clinician")
    phone = make_phone(line.amara.account, PHONE)
    now = timezone.now()
    Proof.objects.create(phone=phone, asked_by=line.amara.account, number_index=phone.number_index, attempts_left=5,
                         call_at=now, expires_at=now, state="called")
    line.pass_s(25)
    assert leg_of(lost, "clinician") == "", "the leg may be the one that speaks"


def test_the_same_patient_shown_another_number_is_somebody_else(line: Line, nameless: Scripted) -> None:
    lost = lose(line, nameless, "die_before", "patient")
    another(line)
    make_grant(line.held, line.amara)
    line.own = line.held
    theirs = lose(line, nameless, "die_after", "patient")
    assert [order.to for order in nameless.dialled.values()].count(PATIENT) == 1
    line.pass_s(20)
    assert (leg_of(lost, "patient"), leg_of(theirs, "patient")) == ("", "leg-3")


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_two_loops_that_look_for_lost_dials_at_once_give_each_leg_to_one_attempt(
    open_line: Line, nameless: Scripted
) -> None:
    own = lose(open_line, nameless, "die_after", "clinician")
    another(open_line, PHONE)  # a phone that two share
    theirs = lose(open_line, nameless, "die_before", "clinician")
    third = another(open_line)
    alone = lose(open_line, nameless, "die_after", "clinician")
    Action.objects.filter(state="claimed").update(state="unknown", done_at=timezone.now())
    together = Barrier(2)

    def look() -> None:
        together.wait()
        for _ in range(3):
            sweep(timezone.now())
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(look) for _ in range(2)]:
            future.result()
    assert str(third.account_id) == str(Call.objects.get(pk=alone).account)
    assert (leg_of(own, "clinician"), leg_of(theirs, "clinician")) == ("", ""), "one leg, and two may have made it"
    assert leg_of(alone, "clinician") == "leg-2"
    assert not Action.objects.filter(kind="hangup").exists()

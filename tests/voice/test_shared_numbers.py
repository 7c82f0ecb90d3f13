"""A telephone that several patients share, or that is not a patient's first one: whose slip it is, and who is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.voice.line import Line
from tests.voice.riverside import SECOND, make_patient
from tests.voice.test_slips import NO_ANSWER, coming
from voice import slips
from voice.models import Patient, Slip
from voice.sealed import blind_index


@pytest.fixture
def ana(line: Line) -> Patient:
    """Maria's daughter, whose number is her mother's; nobody answers there."""
    line.maria.delete()
    line.maria = make_patient(line.clinic, number=NO_ANSWER)
    return make_patient(line.clinic, "Ana Lopez", "2019-05-06", number=NO_ANSWER)


def unanswered(line: Line, patient: Patient) -> str:
    """A call of Amara's to a patient that nobody answered."""
    line.pass_s(120)
    r = line.call(caller_id=line.held.pk, patient=patient.pk)
    line.pass_to(r, "ended")
    return r


def states() -> dict[str, str]:
    """The state of each slip by whom it is of."""
    return dict(Slip.objects.values_list("patient", "state"))


def live_slip(line: Line, patient: str, number: str = NO_ANSWER) -> Slip:
    """A slip that is open for an hour."""
    now = timezone.now()
    return Slip.objects.create(clinic=line.clinic, mode="held", mask="•• 62", patient=patient, made_at=now,
                               number_index=blind_index(line.id, number), expires_at=now + timedelta(hours=1))


def test_mother_and_child_who_share_a_telephone_have_a_slip_each_that_counts_its_own(line: Line, ana: Patient) -> None:
    first, second, third = (unanswered(line, who) for who in (line.maria, ana, line.maria))
    assert second != first
    assert set(Slip.objects.values_list("patient", "call", "attempts", "state")) == {
        (line.maria.pk, third, 2, "open"), (ana.pk, second, 1, "open")}


def test_who_spoke_with_the_child_has_not_reached_the_mother(line: Line, ana: Patient) -> None:
    unanswered(line, line.maria)
    r = unanswered(line, ana)
    line.do("call.outcome", {"how": "spoke", "then": "done"}, r)
    assert states() == {line.maria.pk: "open", ana.pk: "closed"}


def test_who_asks_the_desk_is_not_answered_by_a_later_slip_of_the_other(line: Line, ana: Patient) -> None:
    r = unanswered(line, line.maria)
    Slip.objects.all().delete()
    unanswered(line, ana)
    line.do("call.outcome", {"how": "no_answer", "then": "desk"}, r)
    assert states() == {line.maria.pk: "open", ana.pk: "open"}


def test_a_call_back_is_noted_on_every_live_slip_of_its_number_and_makes_none(line: Line, ana: Patient) -> None:
    unanswered(line, line.maria)
    latest = unanswered(line, ana)
    other = live_slip(line, line.maria.pk, "+16175550188")
    line.pass_s(60)
    now = timezone.now()
    slip = slips.called_back(coming(line, 1, NO_ANSWER), now)
    assert slip is not None and slip.call == latest, "the call that came in is of the newest"
    assert dict(Slip.objects.values_list("pk", "called_back_at")) == {
        one.pk: None if one.pk == other.pk else now for one in Slip.objects.all()}
    assert Slip.objects.count() == 3


def test_a_slip_of_nobody_by_name_ends_with_the_only_patient_who_has_its_number(line: Line, ana: Patient) -> None:
    live_slip(line, "")
    line.do("call.outcome", {"how": "spoke", "then": "done"}, unanswered(line, ana))
    assert states() == {"": "open", ana.pk: "closed"}, "it may be her mother's"
    line.maria.delete()
    line.do("call.outcome", {"how": "spoke", "then": "done"}, unanswered(line, ana))
    assert Slip.objects.get(patient="").state == "closed"


@pytest.mark.databases
@pytest.mark.parametrize("patient", ["", "p1"])
def test_the_database_lets_a_patient_and_nobody_by_name_have_one_live_slip_of_a_number(line: Line, patient: str
                                                                                      ) -> None:
    live_slip(line, "another")
    slip = live_slip(line, patient)
    with pytest.raises(IntegrityError), transaction.atomic():
        live_slip(line, patient)
    Slip.objects.filter(pk=slip.pk).update(state="closed")
    live_slip(line, patient)


# --- who is named on the slip of a call that came in -----------------------------------------------------------------


def test_who_calls_from_their_second_number_is_named(line: Line) -> None:
    tom = make_patient(line.clinic, "Tom Reed", number="+16175550171", second=SECOND)
    slips.called_back(coming(line, 1, SECOND), timezone.now())
    assert Slip.objects.get().patient == tom.pk


def test_of_several_who_share_a_telephone_nobody_is_named_and_none_is_lost_among_strangers(
    line: Line, ana: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slips, "MOST_STRANGERS", 0)
    make_patient(line.clinic, "Eva Lopez", number=SECOND, second=NO_ANSWER)
    for n in range(2):
        slips.called_back(coming(line, n, NO_ANSWER), timezone.now())
    slip = Slip.objects.get()
    assert (slip.patient, slip.mask, slip.their_calls) == ("", "•• 62", 2)


@pytest.mark.parametrize("which", ["wrong_at", "second_wrong_at"])
def test_a_number_that_is_known_to_be_wrong_names_only_whom_it_is_right_of(line: Line, ana: Patient, which: str
                                                                           ) -> None:
    Patient.objects.filter(pk=ana.pk).update(wrong_at=timezone.now())
    mother = {"wrong_at": "", "second_wrong_at": line.maria.pk}[which]
    Patient.objects.filter(pk=line.maria.pk).update(**{which: timezone.now()})
    slips.called_back(coming(line, 1, NO_ANSWER), timezone.now())
    assert Slip.objects.get().patient == mother


# --- a number that was dialled without the address book --------------------------------------------------------------


def dialled(line: Line) -> str:
    """A call of Amara's to the number that nobody answered, typed by hand."""
    line.pass_s(120)
    r = line.call(caller_id=line.held.pk, number=NO_ANSWER)
    line.pass_to(r, "ended")
    return r


def test_a_number_that_was_typed_leaves_the_slip_of_the_one_patient_who_has_it(line: Line, ana: Patient) -> None:
    line.maria.delete()
    unanswered(line, ana)
    latest = dialled(line)
    slip = Slip.objects.get()
    assert (slip.patient, slip.call, slip.attempts) == (ana.pk, latest, 2)
    line.do("call.outcome", {"how": "spoke", "then": "done"}, latest)
    assert states() == {ana.pk: "closed"}


def test_a_number_that_was_typed_and_several_have_names_none_of_them_and_settles_nothing_of_theirs(
    line: Line, ana: Patient
) -> None:
    unanswered(line, ana)
    r = dialled(line)
    assert states() == {ana.pk: "open", "": "open"}
    line.do("call.outcome", {"how": "spoke", "then": "done"}, r)
    assert states() == {ana.pk: "open", "": "closed"}


def test_a_number_that_was_typed_and_nobody_has_names_nobody(line: Line) -> None:
    line.do("call.outcome", {"how": "spoke", "then": "done"}, dialled(line))
    assert states() == {"": "closed"}

"""Numbers that a clinic does not call any more: the mark is of the number, as a keyed index, and outlives the patient.

Erasing a patient, or adding them anew, therefore changes nothing; whoever has a marked number is marked again. Only the
clinic's desk or an administrator clears a mark (``voice.address_book`` asks for the role).
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from voice.models import DoNotCall, Patient
from voice.sealed import blind_indexes, open_in


def is_marked(clinic_id: UUID, e164: str) -> bool:
    """Return whether a clinic does not call this number, whoever dials it and whether or not a patient was chosen."""
    return bool(_marked(clinic_id, blind_indexes(str(clinic_id), e164)))


def take_marks(clinic_id: UUID, patients: Sequence[Patient]) -> None:
    """Mark rows, which the caller saves, that have a number with a mark."""
    wanted = {patient.pk: set(_indexes(patient)) for patient in patients if not patient.do_not_call}
    found = _marked(clinic_id, {index for indexes in wanted.values() for index in indexes})
    for patient in patients:
        patient.do_not_call = patient.do_not_call or bool(wanted[patient.pk] & found)


def keep_marks(patients: Iterable[Patient], now: datetime) -> None:
    """Mark the numbers of those of these patients who are not to be called, in the caller's transaction."""
    DoNotCall.objects.bulk_create(
        [DoNotCall(clinic_id=patient.clinic_id, number_index=index, at=now)
         for patient in patients if patient.do_not_call
         for index in {patient.number_index, patient.second_index} - {""}],
        ignore_conflicts=True)


def clear_marks(patient: Patient, indexes: Collection[str]) -> None:
    """Take the marks of a patient's numbers away, but for those of somebody else who is marked too."""
    others = Patient.objects.filter(clinic=patient.clinic_id, do_not_call=True).exclude(pk=patient.pk)
    for index in indexes:
        if not others.filter(Q(number_index=index) | Q(second_index=index)).exists():
            DoNotCall.objects.filter(clinic=patient.clinic_id, number_index=index).delete()


def indexes_of(patient: Patient) -> set[str]:
    """Return the indexes of a patient's numbers under every key version."""
    return set(_indexes(patient))


def _indexes(patient: Patient) -> list[str]:
    numbers = (open_in(patient, column) for column in ("number", "second"))
    return [index for number in numbers if number for index in blind_indexes(str(patient.clinic_id), number)]


def _marked(clinic_id: UUID, indexes: Collection[str]) -> set[str]:
    wanted = set(indexes)
    marks = DoNotCall.objects.filter(clinic=clinic_id, number_index__in=wanted).values_list("number_index", flat=True)
    people = Patient.objects.filter(clinic=clinic_id, do_not_call=True)
    firsts = people.filter(number_index__in=wanted).values_list("number_index", flat=True)
    seconds = people.filter(second_index__in=wanted).values_list("second_index", flat=True)
    return {*marks, *firsts, *seconds}

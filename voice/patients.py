"""A clinic's address book. Names, birth dates and numbers lie sealed; who looks is recorded.

Found by the beginning of a name and by a whole number, through keyed indexes of the clinic. Every member of a verified
clinic may look up its patients; another clinic's are not found.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from members.clinics import find_place
from realtime import rows
from realtime.protocol import refuse as refuse_plainly
from realtime.rows import Part
from voice.models import Patient, PatientLook
from voice.refusals import refuse
from voice.sealed import mask, open_in

FOUND_AGAIN: Final = timedelta(hours=1)
WHICH: Final = {"preferred": "number", "second": "second"}


@dataclass(frozen=True, slots=True)
class PatientView:
    """A patient as a member of the clinic sees them: never a whole number. `born` is ISO 8601 or ""."""

    id: str
    clinic: str
    name: str = field(repr=False)
    born: str = field(repr=False)
    mask: str | None
    second_mask: str | None
    guardian: str = field(repr=False)
    message: str
    hide_clinic: bool
    language: str
    interpreter: bool
    do_not_call: bool
    wrong: bool
    second_wrong: bool


def access_row(account_id: str, clinic_id: str, patient_id: str) -> Patient:
    """Return the row of a patient. Raises Refusal `not_found`."""
    place = find_place(account_id, clinic_id)
    if place is None or place.clinic.state != "verified":
        raise refuse_plainly("not_found")
    patient = Patient.objects.filter(pk=patient_id, clinic=place.clinic_id).first()
    if patient is None:
        raise refuse_plainly("not_found")
    return patient


def view_of(patient: Patient) -> PatientView:
    """Return what is shown of a row."""
    number, second = open_in(patient, "number"), open_in(patient, "second")
    return PatientView(
        id=patient.pk,
        clinic=str(patient.clinic_id),
        name=open_in(patient, "name"),
        born=open_in(patient, "born"),
        mask=mask(number) if number else None,
        second_mask=mask(second) if second else None,
        guardian=open_in(patient, "guardian"),
        message=patient.message,
        hide_clinic=patient.hide_clinic,
        language=patient.language,
        interpreter=patient.interpreter,
        do_not_call=patient.do_not_call,
        wrong=patient.wrong_at is not None,
        second_wrong=patient.second_wrong_at is not None,
    )


def number_to_dial(patient: Patient, which: str) -> str:
    """Return the E.164 number of a patient, ``preferred`` or ``second``. Raises Refusal `call.no_number`."""
    number = open_in(patient, WHICH[which]) if which in WHICH else ""
    if not number:
        raise refuse("call.no_number")
    return number


def mask_of(clinic_id: str, patient_id: str, which: str) -> str:
    """Return the mask of a patient's number, "" where there is none."""
    row = Patient.objects.filter(pk=patient_id, clinic=UUID(clinic_id)).first()
    number = open_in(row, WHICH[which]) if row is not None else ""
    return mask(number) if number else ""


def remember_look(account_id: str, patient_id: str, why: str = "dialling") -> None:
    """Record that a member saw who the patient is. `why`: opened, dialling or changed."""
    rows.send(looking(account_id, patient_id, why))


def looking(account_id: str, patient_id: str, why: str) -> list[Part]:
    """Return what records a look, to be sent with other statements; of a patient who is gone nothing is recorded."""
    now = timezone.now()
    return [
        Part("INSERT INTO voice_patientlook (patient, clinic_id, account_id, why, at) "
             "SELECT id, clinic_id, %s, %s, %s FROM voice_patient WHERE id = %s",
             rows.given(UUID(account_id), why, now, patient_id)),
        Part("UPDATE voice_patient SET used_at = %s WHERE id = %s", rows.given(now, patient_id)),
    ]  # fmt: skip


def remember_found(account_id: str, clinic_id: UUID, patient_ids: Collection[str]) -> None:
    """Record whose names a member found by a search: each once in an hour, as one types a name letter by letter."""
    now = timezone.now()
    looks = PatientLook.objects.filter(account=UUID(account_id), why="found", at__gt=now - FOUND_AGAIN)
    known = set(looks.filter(patient__in=patient_ids).values_list("patient", flat=True))
    PatientLook.objects.bulk_create(
        PatientLook(patient=patient, clinic_id=clinic_id, account_id=account_id, why="found", at=now)
        for patient in patient_ids if patient not in known
    )


def having_number(clinic_id: UUID, indexes: Collection[str]) -> list[str]:
    """Return the ids of a clinic's patients who have a number, by its indexes, unless it is known to be wrong."""
    having = Q(number_index__in=indexes, wrong_at=None) | Q(second_index__in=indexes, second_wrong_at=None)
    return list(Patient.objects.filter(having, clinic=clinic_id).order_by("pk").values_list("pk", flat=True))


def note_wrong_number(patient_id: str, which: str) -> None:
    """Mark a number of a patient as somebody else's, until it is changed."""
    column = {"preferred": "wrong_at", "second": "second_wrong_at"}[which]
    Patient.objects.filter(pk=patient_id).update(**{column: timezone.now()})


def show_patients(patient_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return patients by their id as calls show them, with what to know before one speaks; those erased are missing."""
    rows = Patient.objects.filter(pk__in=set(patient_ids))
    return {row.pk: _beside_a_call(row) for row in rows}


def _beside_a_call(row: Patient) -> dict[str, Any]:
    shown = asdict(view_of(row))
    del shown["clinic"]
    return shown

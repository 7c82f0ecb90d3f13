"""What changes a clinic's address book, and how patients are found in it. Names and numbers never leave sealed rows.

Each change is a look that is recorded. Any member of the clinic adds patients and changes what is said of them; numbers
are for the desk, administrators and who may dial freely, since whoever writes a number can call it; erasing, and taking
a do-not-call mark away, for the desk and administrators.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from members.directory import LANGUAGES
from members.models import Clinic, ClinicMembership
from realtime.protocol import refuse as refuse_plainly
from voice.do_not_call import clear_marks, indexes_of, keep_marks, take_marks
from voice.finding import beginnings_of, matches, sought
from voice.models import Patient, PatientLook, PatientWord
from voice.numbers import DIALLED, Number, Unreadable, find_emergency, read_number
from voice.patients import PatientView, view_of
from voice.refusals import refuse
from voice.sealed import blind_index, blind_indexes, open_in, seal_in

MESSAGES: Final = ("yes", "name_only", "no")
NAME_LENGTH: Final = 120
FOUND_MOST: Final = 20
FEWEST_DIGITS: Final = 5
EARLIEST: Final = date(1880, 1, 1)
FLAGS: Final = ("hide_clinic", "interpreter", "do_not_call")
NUMBERS: Final = {"number", "second"}
WRONG: Final = {"number": "wrong_at", "second": "second_wrong_at"}
KEEPERS: Final = ("desk", "administrator")


def find_patients(clinic: Clinic, query: str) -> tuple[list[PatientView], bool]:
    """Return patients by the beginning of their name or by a whole number, and whether there are more.

    For a query that is too short the patients who were called or looked at last.
    """
    by_number = _find_number(clinic, query)
    beginnings = sought(query)
    rows = Patient.objects.filter(clinic=clinic).order_by("-used_at", "pk")
    if by_number is not None:
        rows = rows.filter(Q(number_index__in=by_number) | Q(second_index__in=by_number))
    elif beginnings:
        for beginning in beginnings:
            rows = rows.filter(pk__in=_with_word(clinic, beginning))
    views: list[PatientView] = []
    for row in rows.iterator(chunk_size=100):
        view = view_of(row)
        if by_number is None and beginnings and not matches(view.name, query):
            continue
        if len(views) == FOUND_MOST:
            return views, True
        views.append(view)
    return views, False


def _find_number(clinic: Clinic, query: str) -> list[str] | None:
    """Return the indexes of the number that a query is, None where it is a name."""
    if sum(letter.isdigit() for letter in query) < FEWEST_DIGITS or any(letter.isalpha() for letter in query):
        return None
    try:
        return blind_indexes(str(clinic.pk), read_number(query, clinic.country).e164)
    except Unreadable:
        return []


def _with_word(clinic: Clinic, beginning: str) -> Any:
    indexes = blind_indexes(_scope(clinic.pk), beginning)
    return PatientWord.objects.filter(index__in=indexes).values("patient")


def _scope(clinic_id: UUID) -> str:
    return f"{clinic_id}:name"


@transaction.atomic
def add_patient(place: ClinicMembership, fields: Mapping[str, Any], now: datetime) -> Patient:
    """Store a patient of the clinic of this place and return the row. Raises Refusal `patient.*`."""
    patient = Patient(clinic=place.clinic)
    _check_rights(patient, place, fields)
    apply_fields(patient, {"number": "", "second": "", "born": "", "guardian": "", **fields}, now)
    if "name" not in fields:
        raise refuse("patient.name", d={"field": "name"})
    take_marks(place.clinic_id, [patient])
    patient.save()
    keep_marks([patient], now)
    keep_words([patient])
    note_change(patient, place, now)
    return patient


@transaction.atomic
def change_patient(patient: Patient, place: ClinicMembership, fields: Mapping[str, Any], now: datetime) -> Patient:
    """Store changes of a patient and return the row as it is then; what is left out stays, whoever changes it at once.

    Raises Refusal `not_found`, `patient.*`.
    """
    row = Patient.objects.select_for_update().filter(pk=patient.pk).first()
    if row is None:
        raise refuse_plainly("not_found")
    _check_rights(row, place, fields)
    was_marked, before = row.do_not_call, indexes_of(row)
    apply_fields(row, fields, now)
    if was_marked and not row.do_not_call:
        clear_marks(row, before | indexes_of(row))
    elif NUMBERS & set(fields):
        take_marks(row.clinic_id, [row])
    row.save(update_fields=sorted(_columns(fields)))
    keep_marks([row], now)
    if "name" in fields:
        row.words.all().delete()
        keep_words([row])
    note_change(row, place, now)
    return row


def _columns(fields: Iterable[str]) -> set[str]:
    """Return the columns that a change of these fields writes: others may be written by somebody else meanwhile."""
    numbers = NUMBERS & set(fields)
    more = {column for name in numbers for column in (f"{name}_index", WRONG[name], "do_not_call")}
    return set(fields) | more


def _check_rights(patient: Patient, place: ClinicMembership, fields: Mapping[str, Any]) -> None:
    """Raise Refusal `patient.number_right`, `patient.do_not_call_right` where a change is not this member's."""
    if place.role in KEEPERS:
        return
    for name in sorted(NUMBERS & set(fields)):
        if not place.can_free_dial and (fields[name].strip() or open_in(patient, name)):
            raise refuse("patient.number_right", d={"field": name})
    if patient.do_not_call and not fields.get("do_not_call", True):
        raise refuse("patient.do_not_call_right", d={"field": "do_not_call"})


@transaction.atomic
def erase_patient(patient: Patient, place: ClinicMembership, now: datetime) -> None:
    """Erase a patient; who did it stays recorded, and so do the records of calls with their masks.

    Raises Refusal `patient.erase_right`.
    """
    if place.role not in KEEPERS:
        raise refuse("patient.erase_right")
    note_change(patient, place, now, why="erased")
    patient.delete()


def note_change(patient: Patient, place: ClinicMembership, now: datetime, why: str = "changed") -> None:
    """Record who changed a patient."""
    PatientLook.objects.create(
        patient=patient.pk, clinic_id=patient.clinic_id, account_id=place.account_id, why=why, at=now)


def apply_fields(patient: Patient, fields: Mapping[str, Any], now: datetime) -> None:
    """Put checked values into a row that the caller saves. Raises Refusal `patient.*`, whose ``d`` names the field."""
    _put_texts(patient, fields, now)
    for column in ("number", "second"):
        if column in fields:
            _put_number(patient, column, fields[column])
    for flag in FLAGS:
        setattr(patient, flag, fields.get(flag, getattr(patient, flag)))
    for column, known in (("message", MESSAGES), ("language", LANGUAGES)):
        wanted = fields.get(column, getattr(patient, column))
        if wanted not in known:
            raise refuse("patient.field", d={"field": column})
        setattr(patient, column, wanted)


def _put_texts(patient: Patient, fields: Mapping[str, Any], now: datetime) -> None:
    if "name" in fields:
        seal_in(patient, "name", clean_name(fields["name"], "name"))
    if "guardian" in fields:
        guardian = fields["guardian"]
        seal_in(patient, "guardian", clean_name(guardian, "guardian") if guardian.strip() else "")
    if "born" in fields:
        seal_in(patient, "born", clean_birth(fields["born"], now))


def _put_number(patient: Patient, column: str, raw: str) -> None:
    e164 = read_callable(raw, patient.clinic.country, column).e164 if raw.strip() else ""
    before = open_in(patient, column)
    seal_in(patient, column, e164)
    setattr(patient, f"{column}_index", blind_index(str(patient.clinic_id), e164) if e164 else "")
    if e164 != before:
        setattr(patient, WRONG[column], None)


def clean_name(name: str, field: str) -> str:
    """Return a name without signs that nobody sees and doubled spaces.

    Raises Refusal `patient.name`, and `patient.letters` for U+FFFD, which stands where a file was read in another
    encoding than it was written in.
    """
    if "\ufffd" in name:
        raise refuse("patient.letters", d={"field": field})
    cleaned = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in name).split())
    if not cleaned or len(cleaned) > NAME_LENGTH:
        raise refuse("patient.name", d={"field": field})
    return cleaned


def clean_birth(born: str, now: datetime) -> str:
    """Return a birth date as ISO 8601, "" for none. Raises Refusal `patient.born`."""
    if not born.strip():
        return ""
    try:
        day = date.fromisoformat(born.strip())
    except ValueError:
        raise refuse("patient.born", d={"field": "born"}) from None
    if not EARLIEST <= day <= now.date():
        raise refuse("patient.born", d={"field": "born"})
    return day.isoformat()


def read_callable(raw: str, country: str, field: str) -> Number:
    """Return a number that could be called, wherever it is. Raises Refusal `patient.number`."""
    try:
        read = read_number(raw, country)
    except Unreadable:
        raise refuse("patient.number", d={"field": field}) from None
    if read.type not in DIALLED or find_emergency(read.e164, country):
        raise refuse("patient.number", d={"field": field})
    return read


def keep_words(patients: Iterable[Patient]) -> None:
    """Store the indexes under which patients are found by name; those of before are gone already."""
    PatientWord.objects.bulk_create([
        PatientWord(patient=patient, index=blind_index(_scope(patient.clinic_id), beginning))
        for patient in patients
        for beginning in beginnings_of(open_in(patient, "name"))
    ])


def forget_unused(before: datetime) -> int:
    """Erase patients whom nobody called or looked at since an instant; return how many."""
    unused = Patient.objects.filter(used_at__lt=before)
    count = unused.count()
    unused.delete()
    return count

"""A clinic's patients from CSV: rows that are right are stored, rows that are wrong are named with the field.

No answer repeats what stood in a row, and columns are told by their place: a file without a head begins with a patient.
A patient of the same name, birth date and number is known already and stays as they are, so that a file can be sent
again; without a number nobody is known. Source: RFC 4180, with a semicolon too, as spreadsheets of many countries write
it.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from members.models import Clinic, ClinicMembership
from realtime.protocol import Refusal
from voice.address_book import FLAGS, apply_fields, keep_words
from voice.do_not_call import keep_marks, take_marks
from voice.finding import words_of
from voice.models import Patient, PatientLook
from voice.refusals import refuse
from voice.sealed import blind_indexes, open_in

MOST_ROWS: Final = 500
TOGETHER: Final = 100
"""Rows that one transaction stores: on SQLite everybody else's writing waits meanwhile."""
TEXTS: Final = ("name", "born", "number", "second", "message", "language", "guardian")
WORDS: Final = {"": False, "no": False, "n": False, "0": False, "false": False, "nej": False,
                "yes": True, "y": True, "1": True, "true": True, "x": True, "ja": True, "j": True}
MESSAGE_WORDS: Final = {"ja": "yes", "nej": "no", "bara namn": "name_only"}
COLUMNS: Final = {
    **{column: column for column in (*TEXTS, *FLAGS)},
    "namn": "name", "född": "born", "födelsedatum": "born", "nummer": "number", "telefon": "number",
    "andra nummer": "second", "meddelande": "message", "språk": "language", "närstående": "guardian",
    "tolk": "interpreter", "dölj kliniken": "hide_clinic", "ring inte": "do_not_call",
}  # fmt: skip
"""What a column may be called, in English and Swedish, and what it is."""
NEEDED: Final = {"name", "number"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that was not taken: its line in the file (the head is line 1), the field, the code and the sentence."""

    line: int
    field: str
    code: str
    msg: str


@dataclass(slots=True)
class Imported:
    """What became of a file."""

    added: int = 0
    known: int = 0
    wrong: list[Wrong] = field(default_factory=list)


def import_patients(place: ClinicMembership, text: str, now: datetime, *, dry: bool = False, ignore: bool = False,
                    most: int = MOST_ROWS) -> Imported:
    """Store the patients of a file, some at a time; with `dry` only say what would become of it.

    `ignore`: leave columns out that are not known; `most`: how many rows are taken. Raises Refusal `patient.columns`
    (``d``: columns that are ``missing`` by name, and that are ``unknown`` by their place from 1), `patient.rows`.
    """
    result, fresh = Imported(), []
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for line, row in list(_rows(text, most, ignore=ignore)):
        patient = Patient(clinic=place.clinic)
        try:
            apply_fields(patient, _fields(row), now)
        except Refusal as refusal:
            result.wrong.append(Wrong(line, (refusal.d or {}).get("field", ""), refusal.code, refusal.msg))
            continue
        key = (open_in(patient, "number"), open_in(patient, "born"), tuple(words_of(open_in(patient, "name"))))
        if key[0] and (key in seen or _is_known(place.clinic, *key)):
            result.known += 1
            continue
        seen.add(key)
        fresh.append(patient)
    result.added = len(fresh)
    for first in range(0, 0 if dry else len(fresh), TOGETHER):
        _store(place, fresh[first : first + TOGETHER], now)
    return result


def _store(place: ClinicMembership, patients: list[Patient], now: datetime) -> None:
    with transaction.atomic():
        take_marks(place.clinic_id, patients)
        Patient.objects.bulk_create(patients)
        keep_marks(patients, now)
        keep_words(patients)
        PatientLook.objects.bulk_create([
            PatientLook(patient=patient.pk, clinic_id=place.clinic_id, account_id=place.account_id, why="changed",
                        at=now) for patient in patients])


def _rows(text: str, most: int, *, ignore: bool) -> Iterator[tuple[int, dict[str, str]]]:
    lines = text.removeprefix("\ufeff")
    head = lines.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(lines, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",",
                            restval="")
    names = _columns([str(name) for name in reader.fieldnames or ()], ignore=ignore)
    reader.fieldnames = names
    count = 0
    try:
        for row in reader:
            count += 1
            if count > most:
                raise refuse("patient.rows")
            yield reader.line_num, {name: row[name] for name in names if name in COLUMNS}
    except csv.Error:
        raise refuse("patient.columns") from None
    if not count:
        raise refuse("patient.rows")


def _columns(head: list[str], *, ignore: bool) -> list[str]:
    """Return what the columns are, those that are to be ignored by their place. Raises Refusal `patient.columns`."""
    names = [COLUMNS.get(" ".join(name.split()).lower(), "") for name in head]
    missing = sorted(NEEDED - set(names))
    twice = [n for n, name in enumerate(names, 1) if name and name in names[: n - 1]]
    unknown = [n for n, name in enumerate(names, 1) if not name]
    if missing or twice or (unknown and not ignore):
        raise refuse("patient.columns", d={"missing": missing, "unknown": unknown, "twice": twice})
    return [name or f"{n}" for n, name in enumerate(names, 1)]


def _fields(row: dict[str, str]) -> dict[str, Any]:
    """Return a row as values; an empty cell leaves what is usual. Raises Refusal `patient.field`."""
    fields: dict[str, Any] = {name: row[name].strip() for name in TEXTS if name in row}
    for name in ("message", "language"):
        if not fields.get(name, "x"):
            del fields[name]
    if "message" in fields:
        fields["message"] = MESSAGE_WORDS.get(fields["message"].lower(), fields["message"])
    for flag in FLAGS:
        if flag in row:
            word = row[flag].strip().lower()
            if word not in WORDS:
                raise refuse("patient.field", d={"field": flag})
            fields[flag] = WORDS[word]
    return fields


def _is_known(clinic: Clinic, number: str, born: str, words: tuple[str, ...]) -> bool:
    indexes = blind_indexes(str(clinic.pk), number)
    same = Patient.objects.filter(Q(number_index__in=indexes) | Q(second_index__in=indexes), clinic=clinic)
    return any(tuple(words_of(open_in(patient, "name"))) == words and open_in(patient, "born") == born
               for patient in same)

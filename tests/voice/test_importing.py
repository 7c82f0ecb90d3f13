"""An address book from CSV: right rows are stored, wrong ones are named by line, and nothing is repeated."""

from __future__ import annotations

import io
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from members.models import ClinicMembership
from realtime.protocol import Refusal
from tests.voice.riverside import Riverside
from voice import importing
from voice.address_book import find_patients
from voice.importing import MOST_ROWS, Imported, import_patients
from voice.models import Patient, PatientLook
from voice.patients import view_of

HEAD = "name,born,number,second,message,language,interpreter,do_not_call\n"
GOOD = HEAD + (
    'Maria Lopez,1958-03-02,617 555 0170,,name_only,es,yes,\r\n'
    '"Reed, Tom",,+1 617 555 0171,+1 617 555 0172,no,,,x\n'
)  # fmt: skip


@pytest.fixture
def riverside(db: None) -> Riverside:
    made = Riverside()
    made.maria.delete()
    return made


def take(riverside: Riverside, text: str, **how: Any) -> Imported:
    return import_patients(riverside.rosa, text, timezone.now(), **how)


def test_a_file_becomes_patients_who_are_found(riverside: Riverside) -> None:
    result = take(riverside, GOOD)
    assert (result.added, result.known, result.wrong) == (2, 0, [])
    maria = find_patients(riverside.clinic, "lopez")[0][0]
    assert (maria.born, maria.mask, maria.language, maria.interpreter) == ("1958-03-02", "•• 70", "es", True)
    tom = find_patients(riverside.clinic, "617 555 0172")[0][0]
    assert (tom.name, tom.message, tom.language, tom.do_not_call) == ("Reed, Tom", "no", "en", True)
    assert PatientLook.objects.filter(why="changed", account=riverside.rosa.account_id).count() == 2


def test_sent_again_it_adds_nobody_and_a_namesake_is_somebody_else(riverside: Riverside) -> None:
    take(riverside, GOOD)
    more = "MARIA LÓPEZ,1958-03-02,617-555-0170,,,,,\nMaria Lopez,1985-11-19,617 555 0173,,,,,\n"
    again = take(riverside, GOOD + more)
    assert (again.added, again.known) == (1, 3)
    assert len(find_patients(riverside.clinic, "lopez")[0]) == 2


def test_who_shares_a_name_and_a_line_is_known_by_the_birth_date_and_without_a_number_nobody_is(
    riverside: Riverside,
) -> None:
    text = ("name,born,number\nAnna Berg,1950-01-01,617 555 0170\nAnna Berg,1980-01-01,617 555 0170\n"
            "Leo Berg,1980-01-01,\nLeo Berg,1980-01-01,\n")
    assert take(riverside, text).added == 4
    again = take(riverside, text)
    assert (again.added, again.known) == (2, 2)


def test_swedish_columns_and_words_are_read(riverside: Riverside) -> None:
    result = take(riverside, "Namn;Födelsedatum;Nummer;Tolk;Ring inte;Meddelande;Språk\n"
                             "Åsa Öberg;1958-03-02;617 555 0170;ja;nej;nej;sv\n")
    assert (result.added, result.wrong) == (1, [])
    [asa] = find_patients(riverside.clinic, "åsa")[0]
    assert (asa.name, asa.interpreter, asa.do_not_call, asa.message) == ("Åsa Öberg", True, False, "no")


def test_columns_that_are_missing_or_unknown_are_told_and_may_be_ignored(riverside: Riverside) -> None:
    text = "name,ward,number,notes\nMaria Lopez,4,617 555 0170,planted\n"
    with pytest.raises(Refusal) as refusal:
        take(riverside, text)
    assert refusal.value.d == {"missing": [], "unknown": [2, 4], "twice": []}
    assert take(riverside, text, ignore=True).added == 1
    with pytest.raises(Refusal) as missing:
        take(riverside, "name,planted\na,b\n", ignore=True)
    assert missing.value.d == {"missing": ["number"], "unknown": [2], "twice": []}


def test_a_name_whose_letters_were_lost_is_refused(riverside: Riverside) -> None:
    [wrong] = take(riverside, "name,number\n\ufffdsa \ufffdberg,617 555 0170\n").wrong
    assert (wrong.field, wrong.code) == ("name", "patient.letters")


def test_rows_are_stored_in_many_short_transactions(riverside: Riverside, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    store = importing._store

    def counted(place: ClinicMembership, rows: list[Patient], now: datetime) -> None:
        sizes.append(len(rows))
        store(place, rows, now)

    monkeypatch.setattr(importing, "_store", counted)
    assert take(riverside, "name,number\n" + "".join(f"Ann {n},\n" for n in range(205))).added == 205
    assert sizes == [100, 100, 5]
    assert Patient.objects.count() == 205


@pytest.mark.parametrize("text", [GOOD.replace(",", ";").replace('"Reed; Tom"', '"Reed; Tom"'), "\ufeff" + GOOD])
def test_a_spreadsheets_semicolons_and_byte_order_mark_are_read(riverside: Riverside, text: str) -> None:
    assert take(riverside, text).added == 2


def test_a_wrong_row_is_named_by_line_and_field_and_the_others_are_stored(riverside: Riverside) -> None:
    text = HEAD + (
        "Maria Lopez,1958-03-02,617 555 0170,,,,,\n"
        "Planted Nobody,2.3.58,617 555 0171,,,,,\n"
        "Planted Second,,12,,,,,\n"
        ",,617 555 0172,,,,,\n"
        "Planted Third,,617 555 0174,911,,,,\n"
        "Planted Fourth,,617 555 0175,,,,perhaps,\n"
        "Ann Bell,,617 555 0176\n"
    )  # fmt: skip
    result = take(riverside, text)
    assert result.added == 2
    assert [(wrong.line, wrong.field, wrong.code) for wrong in result.wrong] == [
        (3, "born", "patient.born"), (4, "number", "patient.number"), (5, "name", "patient.name"),
        (6, "second", "patient.number"), (7, "interpreter", "patient.field"),
    ]  # fmt: skip
    assert "Planted" not in repr(result) and "0171" not in repr(result)


def test_a_dry_run_says_the_same_and_stores_nothing(riverside: Riverside) -> None:
    assert take(riverside, GOOD, dry=True).added == 2
    assert not Patient.objects.exists() and not PatientLook.objects.exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "patient.columns"), ("Maria Lopez,617 555 0170\n", "patient.columns"), (HEAD, "patient.rows"),
     ("name,number,diagnosis\na,b,c\n", "patient.columns"), ("name,number,name\na,b,c\n", "patient.columns"),
     ("name,born\na,b\n", "patient.columns"), ("name,number\n" + "a,1\n" * (MOST_ROWS + 1), "patient.rows")],
)  # fmt: skip
def test_what_is_no_such_file_is_refused_whole(riverside: Riverside, text: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        take(riverside, text)
    assert refusal.value.code == code
    assert not Patient.objects.exists()


def run(monkeypatch: pytest.MonkeyPatch, riverside: Riverside, data: bytes, by: str = "", **how: Any) -> str:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    out = io.StringIO()
    by = by or riverside.rosa.account.email
    call_command("import_patients", clinic=riverside.id, by=by, stdout=out, stderr=out, **how)
    return out.getvalue()


def test_the_command_reads_the_standard_input_in_a_members_name(
    monkeypatch: pytest.MonkeyPatch, riverside: Riverside
) -> None:
    assert run(monkeypatch, riverside, GOOD.encode(), dry=True) == "2 would be added, 0 known already\n"
    assert run(monkeypatch, riverside, GOOD.encode()) == "2 added, 0 known already\n"
    assert view_of(Patient.objects.order_by("-added_at")[0]).name
    for data, by in ((b"\xff", ""), (GOOD.encode(), "nobody@example.org"), (b"x", ""),
                     ((HEAD + "Planted,,12,,,,,\n").encode(), "")):
        with pytest.raises(CommandError) as refused:
            run(monkeypatch, riverside, data, by)
        assert "Planted" not in str(refused.value)

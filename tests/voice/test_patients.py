"""A clinic's address book: found by name and number, sealed at rest, looked at on the record, of one clinic alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from members.models import ClinicMembership
from realtime.protocol import Refusal
from tests.members.browser import Browser
from tests.voice.riverside import PATIENT, SECOND, Riverside, join, make_clinic
from voice import address_book
from voice.address_book import add_patient, change_patient, erase_patient, find_patients, forget_unused
from voice.finding import LONGEST, beginnings_of, matches, sought, words_of
from voice.models import Patient, PatientLook, PatientWord
from voice.patients import (
    access_row,
    note_wrong_number,
    number_to_dial,
    remember_look,
    show_patients,
    view_of,
)

NAMES = st.text(st.characters(categories=["L", "M", "Zs", "Pd"]), min_size=1, max_size=60)


@given(NAMES)
def test_every_word_of_a_name_finds_it_whole_and_begun(name: str) -> None:
    for word in words_of(name):
        assert matches(name, word)
        for length in range(2, len(word) + 1):
            assert matches(name, word[:length])
            assert set(sought(word[:length])) <= set(beginnings_of(name)) | {word[:length][:LONGEST]}


@pytest.mark.parametrize("query", ["maria", "LOPEZ", "lóp", "mar lop", "lopez, maria", "ma"])
def test_case_accents_order_and_signs_do_not_matter(query: str) -> None:
    assert matches("María López-Ruiz", query)
    assert not matches("Tom Reed", query)


@pytest.fixture
def riverside(db: None) -> Riverside:
    Patient.objects.all().delete()
    made = Riverside()
    made.maria.delete()
    return made


def add(place: ClinicMembership, name: str = "Maria Lopez", **fields: Any) -> Patient:
    return add_patient(place, {"name": name, "born": "1958-03-02", "number": PATIENT, **fields}, timezone.now())


def refused(call: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        call()
    return refusal.value


def names(riverside: Riverside, query: str) -> list[str]:
    return sorted(view.name for view in find_patients(riverside.clinic, query)[0])


def test_patients_are_found_by_the_beginning_of_a_name_and_by_a_whole_number(riverside: Riverside) -> None:
    add(riverside.amara)
    add(riverside.amara, "Mariana Łukasiewicz", number="+16175550157", second=SECOND)
    add(riverside.amara, "Tom Reed", number="")
    assert names(riverside, "mari") == ["Maria Lopez", "Mariana Łukasiewicz"]
    assert names(riverside, "mari lop") == ["Maria Lopez"]
    assert names(riverside, "aria") == []
    assert names(riverside, "marianas") == []
    for typed in ("617-555-0155", PATIENT, "(617) 555 0155"):
        assert names(riverside, typed) == ["Maria Lopez"]
    assert names(riverside, SECOND) == ["Mariana Łukasiewicz"]
    assert names(riverside, "617 555 0199") == []
    assert names(riverside, "617555") == []
    assert len(names(riverside, "")) == len(names(riverside, "m")) == 3


def test_a_name_that_begins_alike_beyond_the_index_is_told_apart(riverside: Riverside) -> None:
    add(riverside.amara, "Christopherson Ann")
    assert names(riverside, "christophers") == ["Christopherson Ann"]
    assert names(riverside, "christophel") == []


def test_more_than_a_page_is_said_and_not_shown(riverside: Riverside) -> None:
    for n in range(address_book.FOUND_MOST + 1):
        add(riverside.amara, f"Maria {chr(97 + n)}", number="")
    found, more = find_patients(riverside.clinic, "maria")
    assert (len(found), more) == (address_book.FOUND_MOST, True)


def test_one_clinics_patients_are_found_in_no_other(riverside: Riverside) -> None:
    patient = add(riverside.amara)
    elsewhere = make_clinic("Elsewhere")
    stranger = join(elsewhere, "administrator")
    for query in ("maria", PATIENT, ""):
        assert find_patients(elsewhere, query) == ([], False)
    member, theirs = str(stranger.account_id), str(elsewhere.pk)
    for account, clinic, wanted in ((member, theirs, patient.pk), (member, riverside.id, patient.pk),
                                    (riverside.member, riverside.id, "unknown"), (riverside.member, "x", patient.pk)):
        assert refused(lambda a=account, c=clinic, w=wanted: access_row(a, c, w)).code == "not_found"
    same = add(stranger)
    assert same.number_index != patient.number_index
    indexes = [set(PatientWord.objects.filter(patient=p).values_list("index", flat=True)) for p in (same, patient)]
    assert indexes[0] and not indexes[0] & indexes[1]


def test_what_is_shown_of_a_patient_is_two_digits_and_what_is_dialled_is_the_number(riverside: Riverside) -> None:
    patient = add(riverside.amara, second=SECOND, guardian="Sue Lopez", message="no", interpreter=True, language="es")
    view = view_of(access_row(riverside.member, riverside.id, patient.pk))
    assert (view.name, view.born, view.mask, view.second_mask) == ("Maria Lopez", "1958-03-02", "•• 55", "•• 56")
    assert (view.guardian, view.message, view.interpreter, view.language) == ("Sue Lopez", "no", True, "es")
    assert "Lopez" not in repr(view) and "1958" not in repr(view)
    assert (number_to_dial(patient, "preferred"), number_to_dial(patient, "second")) == (PATIENT, SECOND)
    bare = add(riverside.amara, "Tom Reed", number="")
    assert view_of(bare).mask is None
    for which in ("preferred", "second", "third"):
        assert refused(lambda w=which: number_to_dial(bare, w)).code == "call.no_number"


def test_no_row_holds_a_name_a_date_or_a_number(riverside: Riverside) -> None:
    add(riverside.amara, second=SECOND, guardian="Sue Lopez")
    remember_look(riverside.member, Patient.objects.get().pk)
    dump = b""
    with connection.cursor() as cursor:
        for table in ("voice_patient", "voice_patientword", "voice_patientlook"):
            cursor.execute(f"SELECT * FROM {table}")
            for row in cursor.fetchall():
                dump += b"".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row)
    assert len(dump) > 500
    for word in (b"Maria", b"maria", b"Lopez", b"Sue", b"1958", b"0155", PATIENT[1:].encode(), SECOND[1:].encode()):
        assert word not in dump


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [({"name": "  "}, "patient.name", "name"), ({"name": "x" * 121}, "patient.name", "name"),
     ({"born": "2.3.1958"}, "patient.born", "born"), ({"born": "2999-01-01"}, "patient.born", "born"),
     ({"born": "1700-01-01"}, "patient.born", "born"), ({"number": "123"}, "patient.number", "number"),
     ({"number": "911"}, "patient.number", "number"), ({"second": "+1 900 555 1234"}, "patient.number", "second"),
     ({"language": "xx"}, "patient.field", "language"), ({"message": "always"}, "patient.field", "message"),
     ({"guardian": "x" * 121}, "patient.name", "guardian")],
)  # fmt: skip
def test_what_no_patient_can_have_is_refused_by_field(
    riverside: Riverside, fields: dict[str, Any], code: str, field: str
) -> None:
    refusal = refused(lambda: add(riverside.amara, **fields))
    assert (refusal.code, refusal.d) == (code, {"field": field})
    assert not Patient.objects.exists()


def test_a_change_leaves_the_rest_and_is_found_by_its_new_name_alone(riverside: Riverside) -> None:
    patient = add(riverside.amara, second=SECOND)
    note_wrong_number(patient.pk, "preferred")
    note_wrong_number(patient.pk, "second")
    row = access_row(riverside.member, riverside.id, patient.pk)
    assert (view_of(row).wrong, view_of(row).second_wrong) == (True, True)
    change_patient(row, riverside.amara, {"name": "Maria  Reyes", "number": "617 555 0158"}, timezone.now())
    view = view_of(access_row(riverside.member, riverside.id, patient.pk))
    assert (view.name, view.born, view.mask, view.second_mask) == ("Maria Reyes", "1958-03-02", "•• 58", "•• 56")
    assert (view.wrong, view.second_wrong) == (False, True), "another number is not wrong until somebody says so"
    assert (names(riverside, "lopez"), names(riverside, "reyes")) == ([], ["Maria Reyes"])
    assert names(riverside, PATIENT) == []


def test_looks_and_changes_are_recorded_and_outlive_the_patient(riverside: Riverside) -> None:
    patient = add(riverside.amara)
    remember_look(riverside.member, patient.pk, "opened")
    remember_look(riverside.member, patient.pk)
    erase_patient(patient, riverside.rosa, timezone.now())
    remember_look(riverside.member, patient.pk or "gone")
    looks = PatientLook.objects.order_by("pk").values_list("why", "account", "clinic")
    account, clinic = riverside.amara.account_id, riverside.clinic.pk
    rosa = riverside.rosa.account_id
    assert list(looks) == [(why, rosa if why == "erased" else account, clinic)
                           for why in ("changed", "opened", "dialling", "erased")]
    assert not PatientWord.objects.exists()


def test_lists_show_those_who_are_still_there(riverside: Riverside) -> None:
    patient = add(riverside.amara)
    assert show_patients([patient.pk, "gone"]) == {
        patient.pk: {"id": patient.pk, "name": "Maria Lopez", "born": "1958-03-02", "mask": "•• 55",
                     "second_mask": None, "guardian": "", "message": patient.message, "hide_clinic": False,
                     "language": patient.language, "interpreter": False, "do_not_call": False, "wrong": False,
                     "second_wrong": False}
    }  # fmt: skip


def test_who_was_called_last_comes_first_and_who_is_not_called_for_long_is_erased(riverside: Riverside) -> None:
    first, second = add(riverside.amara), add(riverside.amara, "Tom Reed")
    remember_look(riverside.member, first.pk)
    assert [view.name for view in find_patients(riverside.clinic, "")[0]] == ["Maria Lopez", "Tom Reed"]
    Patient.objects.filter(pk=second.pk).update(used_at=timezone.now() - timedelta(days=400))
    assert forget_unused(timezone.now() - timedelta(days=365)) == 1
    assert list(Patient.objects.all()) == [first]


def test_whom_a_search_shows_is_recorded_once_an_hour_and_is_no_use_of_the_entry(riverside: Riverside) -> None:
    maria, tom = add(riverside.amara), add(riverside.amara, "Tom Reed")
    before = dict(Patient.objects.values_list("pk", "used_at"))
    browser = Browser().sign_in(riverside.amara.account)

    def search(query: str) -> list[str]:
        found = browser.call("POST", f"/clinics/{riverside.id}/patients/search", {"q": query}).json()["items"]
        return [item["born"] for item in found]

    def looks() -> list[str]:
        found = PatientLook.objects.filter(why="found", account=riverside.amara.account, clinic=riverside.clinic)
        return sorted(found.values_list("patient", flat=True))

    assert search("lo") == search("lopez") == ["1958"]
    assert looks() == [maria.pk]
    assert search("") == ["1958", "1958"]
    assert looks() == sorted([maria.pk, tom.pk])
    PatientLook.objects.update(at=timezone.now() - timedelta(minutes=61))
    assert search("reed") == ["1958"]
    assert looks() == sorted([maria.pk, tom.pk, tom.pk])
    assert dict(Patient.objects.values_list("pk", "used_at")) == before

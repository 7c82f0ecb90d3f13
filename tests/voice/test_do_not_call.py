"""Do-not-call: acknowledged marks stay, whoever writes beside them, and no way round them or round free dialling."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from realtime.retention import purge
from tests.members.browser import Browser
from tests.voice.line import Line
from tests.voice.riverside import PATIENT, SECOND, Riverside, join
from voice.address_book import add_patient, change_patient, forget_unused
from voice.do_not_call import is_marked
from voice.importing import import_patients
from voice.models import DoNotCall, Patient
from voice.patients import remember_look

OTHER = "+16175550177"


@pytest.fixture
def riverside(db: None) -> Riverside:
    return Riverside()


def mark(riverside: Riverside) -> None:
    """Maria asked not to be called."""
    change_patient(riverside.maria, riverside.rosa, {"do_not_call": True}, timezone.now())


@pytest.mark.databases
def test_a_mark_that_was_acknowledged_stays_whatever_is_changed_at_the_same_time(open_line: Line) -> None:
    line, lost = open_line, []
    for n in range(15):
        person = add_patient(line.rosa, {"name": f"Race {n}", "number": ""}, timezone.now())
        begin = threading.Barrier(3)

        def act(work: Any, begin: threading.Barrier = begin) -> None:
            begin.wait()
            try:
                work()
            finally:
                connection.close()

        changes: list[dict[str, Any]] = [{"do_not_call": True}, {"guardian": "Sue Lopez"}]
        works: list[Callable[[], object]] = [
            partial(change_patient, person, line.rosa, fields, timezone.now()) for fields in changes]
        works.append(partial(remember_look, line.member, person.pk))
        threads = [threading.Thread(target=act, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        row = Patient.objects.get(pk=person.pk)
        if not (row.do_not_call and row.guardian):
            lost.append(n)
    assert lost == []


def test_a_change_made_from_an_older_row_writes_its_own_columns_alone(riverside: Riverside) -> None:
    older = Patient.objects.get(pk=riverside.maria.pk)
    mark(riverside)
    Patient.objects.filter(pk=older.pk).update(wrong_at=timezone.now(), used_at=timezone.now() - timedelta(days=9))
    change_patient(older, riverside.rosa, {"guardian": "Sue Lopez"}, timezone.now())
    row = Patient.objects.get(pk=older.pk)
    assert row.do_not_call and row.guardian and row.wrong_at
    assert row.used_at < timezone.now() - timedelta(days=8)


def test_the_mark_is_of_the_number_and_outlives_the_patient(riverside: Riverside) -> None:
    mark(riverside)
    Patient.objects.update(used_at=timezone.now() - timedelta(days=1_096))
    purge(lambda run: None)
    assert not Patient.objects.exists()
    assert is_marked(riverside.clinic.pk, PATIENT)
    anew = add_patient(riverside.amara, {"name": "M. Lopez", "second": PATIENT}, timezone.now())
    assert anew.do_not_call, "whoever has the number is marked again"
    taken = import_patients(riverside.rosa, f"name,number\nMia Lopez,{PATIENT}\n", timezone.now())
    assert taken.added == 1
    assert Patient.objects.filter(do_not_call=True).count() == 2
    row = DoNotCall.objects.get()
    assert PATIENT[2:] not in row.number_index


def test_a_number_from_a_file_that_says_so_is_marked(riverside: Riverside) -> None:
    import_patients(riverside.rosa, f"name,number,do_not_call\nTom Reed,{OTHER},yes\n", timezone.now())
    assert forget_unused(timezone.now() + timedelta(days=1)) == 2
    assert is_marked(riverside.clinic.pk, OTHER)
    assert not is_marked(riverside.clinic.pk, PATIENT)


def test_the_desk_takes_a_mark_away_but_not_that_of_somebody_else_with_the_number(riverside: Riverside) -> None:
    mark(riverside)
    son = add_patient(riverside.rosa, {"name": "Leo Lopez", "number": PATIENT, "second": SECOND}, timezone.now())
    assert is_marked(riverside.clinic.pk, SECOND)
    desk = join(riverside.clinic, "desk")
    change_patient(son, desk, {"do_not_call": False}, timezone.now())
    assert (is_marked(riverside.clinic.pk, SECOND), is_marked(riverside.clinic.pk, PATIENT)) == (False, True)
    change_patient(riverside.maria, desk, {"do_not_call": False}, timezone.now())
    assert not is_marked(riverside.clinic.pk, PATIENT)


def test_a_change_of_the_number_leaves_the_mark_with_both(riverside: Riverside) -> None:
    mark(riverside)
    change_patient(riverside.maria, riverside.rosa, {"number": OTHER}, timezone.now())
    assert is_marked(riverside.clinic.pk, PATIENT) and is_marked(riverside.clinic.pk, OTHER)


def test_a_marked_number_is_called_in_no_way_by_who_may_dial_freely(line: Line) -> None:
    change_patient(line.maria, line.rosa, {"do_not_call": True}, timezone.now())
    physician = Browser().sign_in(line.amara.account)
    where = f"/clinics/{line.id}/patients"
    assert physician.call("PATCH", f"{where}/{line.maria.pk}", {"do_not_call": False}).json()["code"] == (
        "patient.do_not_call_right")
    assert physician.call("DELETE", f"{where}/{line.maria.pk}").json()["code"] == "patient.erase_right"
    assert Browser().sign_in(line.rosa.account).call("DELETE", f"{where}/{line.maria.pk}").status_code == 204
    anew = physician.call("POST", where, {"name": "Ann", "number": PATIENT})
    assert (anew.status_code, anew.json()["do_not_call"]) == (201, True)
    for whom in ({"number": PATIENT}, {"patient": anew.json()["id"]}):
        order = {"clinic": line.id, "caller_id": line.own.pk, **whom}
        assert physician.call("POST", "/calls/check", order).json()["refusal"]["code"] == "call.do_not_call"


def test_numbers_are_written_by_who_may_dial_freely_by_the_desk_and_by_administrators(riverside: Riverside) -> None:
    bound = Browser().sign_in(join(riverside.clinic).account)
    where = f"/clinics/{riverside.id}/patients"
    for column in ("number", "second"):
        for method, path in (("POST", where), ("PATCH", f"{where}/{riverside.maria.pk}")):
            answer = bound.call(method, path, {"name": "Ann", column: OTHER}).json()
            assert (answer["code"], answer["d"]) == ("patient.number_right", {"field": column})
    assert bound.call("PATCH", f"{where}/{riverside.maria.pk}", {"number": ""}).status_code == 409
    assert bound.call("POST", where, {"name": "Ann"}).status_code == 201
    assert bound.call("PATCH", f"{where}/{riverside.maria.pk}", {"do_not_call": True, "guardian": "Sue"}).json()[
        "do_not_call"]
    for place in (join(riverside.clinic, "desk"), riverside.rosa, riverside.amara):
        browser = Browser().sign_in(place.account)
        assert browser.call("PATCH", f"{where}/{riverside.maria.pk}", {"number": OTHER}).status_code == 200

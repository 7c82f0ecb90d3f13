"""A clinic's address book over HTTP. Names and numbers go in bodies, never in an address, and come back as masks."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from members.auth import account_of, signed_in
from members.clinics import ADMINISTRATOR, access_verified
from members.problems import PROBLEMS
from realtime.instants import to_ms
from realtime.protocol import refuse
from voice import address_book, importing
from voice.models import Patient, PatientLook
from voice.patients import PatientView, access_row, remember_found, remember_look, view_of
from voice.views.call_schemas import PatientNamed

router = Router(tags=["patients"], auth=signed_in)
FILE_CHARS = 500_000
LOOKS_MOST = 200
YEAR = 4  # the first characters of an ISO date

Name = Annotated[str, Field(max_length=400)]
Typed = Annotated[str, Field(max_length=40)]
Message = Literal["yes", "name_only", "no"]


class PatientShown(PatientNamed):
    """A patient. `born` is ISO 8601 or ""; the masks are the last two digits; `wrong`: somebody else answers there.

    `message`: what may be left on a machine. `hide_clinic`: the clinic's name is not to be seen or said there.
    """


class PatientsFound(Schema):
    """Patients that were found, `born` being the year alone; `more`: there are others, so say more of the name."""

    items: list[PatientShown]
    more: bool


class Sought(Schema):
    """The beginning of a name, or a whole number; empty: those who were called or looked at last."""

    q: str = Field(default="", max_length=120)


class PatientChanges(Schema):
    """What changes of a patient; what is left out stays."""

    name: Name = ""
    born: str = Field(default="", max_length=20)
    number: Typed = ""
    second: Typed = ""
    message: Message = "name_only"
    hide_clinic: bool = False
    language: str = Field(default="en", max_length=16)
    interpreter: bool = False
    guardian: Name = ""
    do_not_call: bool = False


class PatientWanted(PatientChanges):
    """A new patient."""

    name: Name


class Look(Schema):
    """Somebody saw or changed a patient; `who` is null once they are gone.

    `why`: found (by a search, told once an hour), opened, dialling, changed, erased.
    """

    at: int
    who: str | None
    why: str


class LooksShown(Schema):
    """Who looked at a patient, the latest first."""

    items: list[Look]


class File(Schema):
    """A CSV file as text, its first row the columns' names; `dry`: only say what would become of it.

    At most 500 rows: longer files are sent in parts, each with the first row. `ignore`: leave columns out that are not
    known.
    """

    csv: str = Field(max_length=FILE_CHARS)
    dry: bool = False
    ignore: bool = False


class WrongRow(Schema):
    """A row that was not taken, by its line in the file."""

    line: int
    field: str
    code: str
    msg: str


class ImportShown(Schema):
    """What became of a file: `known` ones were in the address book already."""

    added: int
    known: int
    wrong: list[WrongRow]


@router.post("/clinics/{clinic}/patients/search", response={200: PatientsFound, **PROBLEMS})
def search(request: HttpRequest, clinic: str, sought: Sought) -> Any:
    """Find patients of one of my clinics, which is recorded. A POST, so that no name stands in an address."""
    place = access_verified(account_of(request), clinic)
    found, more = address_book.find_patients(place.clinic, sought.q)
    remember_found(str(place.account_id), place.clinic_id, [view.id for view in found])
    return {"items": [_shown(view) | {"born": view.born[:YEAR]} for view in found], "more": more}


@router.post("/clinics/{clinic}/patients", response={201: PatientShown, **PROBLEMS})
def add_patient(request: HttpRequest, clinic: str, wanted: PatientWanted) -> Any:
    """Add a patient to the address book. With a number: for the desk, administrators and who may dial freely."""
    place = access_verified(account_of(request), clinic)
    return Status(201, _shown(view_of(address_book.add_patient(place, wanted.model_dump(), timezone.now()))))


@router.post("/clinics/{clinic}/patients/import", response={200: ImportShown, **PROBLEMS})
def import_file(request: HttpRequest, clinic: str, file: File) -> Any:
    """Add patients from a file; rows that are wrong are named, and the others are stored."""
    place = access_verified(account_of(request), clinic, {"desk", "administrator"})
    result = importing.import_patients(place, file.csv, timezone.now(), dry=file.dry, ignore=file.ignore)
    return {"added": result.added, "known": result.known, "wrong": [asdict(wrong) for wrong in result.wrong]}


@router.get("/clinics/{clinic}/patients/{patient}", response={200: PatientShown, **PROBLEMS})
def show_patient(request: HttpRequest, clinic: str, patient: str) -> Any:
    """One patient; that one looked is recorded."""
    row = _access(request, clinic, patient)
    remember_look(str(account_of(request).pk), row.pk, "opened")
    return _shown(view_of(row))


@router.get("/clinics/{clinic}/patients/{patient}/looks", response={200: LooksShown, **PROBLEMS})
def list_looks(request: HttpRequest, clinic: str, patient: str) -> Any:
    """Who looked at a patient, the latest first, for the clinic's administrators; of one who was erased, too."""
    place = access_verified(account_of(request), clinic, {ADMINISTRATOR})
    looks = PatientLook.objects.filter(patient=patient, clinic=place.clinic_id).select_related("account")
    found = looks.order_by("-pk")[:LOOKS_MOST]
    if not found:
        raise refuse("not_found")
    return {"items": [{"at": to_ms(look.at), "who": look.account.name if look.account else None, "why": look.why}
                      for look in found]}


@router.patch("/clinics/{clinic}/patients/{patient}", response={200: PatientShown, **PROBLEMS})
def change_patient(request: HttpRequest, clinic: str, patient: str, changes: PatientChanges) -> Any:
    """Change a patient. A number is replaced by typing it anew: the one of before is shown to nobody.

    Numbers are for the desk, administrators and who may dial freely; that a patient may be called again is said by the
    desk or an administrator.
    """
    row = _access(request, clinic, patient)
    place = access_verified(account_of(request), clinic)
    fields = {name: getattr(changes, name) for name in changes.model_fields_set}
    return _shown(view_of(address_book.change_patient(row, place, fields, timezone.now())))


@router.delete("/clinics/{clinic}/patients/{patient}", response={204: None, **PROBLEMS})
def erase_patient(request: HttpRequest, clinic: str, patient: str) -> Any:
    """Erase a patient from the address book, for its desk and administrators. Records of calls keep their masks.

    A do-not-call mark is kept with the number and holds for whoever has it later.
    """
    row = _access(request, clinic, patient)
    address_book.erase_patient(row, access_verified(account_of(request), clinic), timezone.now())
    return Status(204, None)


def _access(request: HttpRequest, clinic: str, patient: str) -> Patient:
    return access_row(str(account_of(request).pk), clinic, patient)


def _shown(view: PatientView) -> dict[str, Any]:
    return {name: value for name, value in asdict(view).items() if name != "clinic"}

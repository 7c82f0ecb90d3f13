"""Renewing what is sealed: every value under an older key version is sealed anew, and indexes are made of it again.

Row by row with compare-and-set, batch by batch with a commit, so that it may be broken off, run beside the servers, and
run again: what is renewed already is skipped. Indexes of rows that hold no number (slips, offers of a call back,
reservations) stay under the version of their day and end with the row: keep the older key until then. So do do-not-call
marks of numbers that no patient has any more, and those do not end: without the older key they are forgotten.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone

from voice.address_book import keep_words
from voice.do_not_call import keep_marks
from voice.models import CallNumber, ClinicNumber, IncomingRule, OnCallTurn, OwnPhone, Patient, Proof
from voice.sealed import EVERYWHERE, blind_index, is_current, open_in, seal_in

BATCH: Final = 200


def _no_index(row: Any) -> dict[str, str]:
    return {}


def _everywhere(row: Any) -> dict[str, str]:
    return {"number_index": blind_index(EVERYWHERE, open_in(row, "number"))}


def _of_number(row: ClinicNumber) -> dict[str, str]:
    return _everywhere(row) if row.number_index else {}  # erased: what is sealed is its mask


def _of_patient(row: Any) -> dict[str, str]:
    numbers = {column: open_in(row, column) for column in ("number", "second")}
    return {f"{column}_index": blind_index(str(row.clinic_id), number) if number else ""
            for column, number in numbers.items()}


def _no_more(row: Any) -> None:
    pass


def _proofs(row: ClinicNumber | OwnPhone) -> None:
    """Calls that proved a number are counted by its index, whoever asked for them."""
    row.proofs.update(number_index=blind_index(EVERYWHERE, open_in(row, "number")))


def _words(row: Patient) -> None:
    row.words.all().delete()
    keep_words([row])
    for name, index in _of_patient(row).items():
        setattr(row, name, index)
    row.refresh_from_db(fields=["do_not_call"])  # the desk may have cleared it since; from the update on it waits
    keep_marks([row], timezone.now())


@dataclass(frozen=True, slots=True)
class Sealing:
    """The sealed columns of a table, the indexes that are made of them, and what else hangs on them."""

    rows: models.Manager[Any]
    columns: tuple[str, ...]
    indexes: Callable[[Any], dict[str, str]] = _no_index
    more: Callable[[Any], None] = _no_more


SEALED: Final = (
    Sealing(ClinicNumber.objects, ("number", "extension"), _of_number, _proofs),
    Sealing(OwnPhone.objects, ("number",), _everywhere, _proofs),
    Sealing(Proof.objects, ("code",)),
    Sealing(Patient.objects, ("name", "born", "number", "second", "guardian"), _of_patient, _words),
    Sealing(CallNumber.objects, ("sealed",)),
    Sealing(IncomingRule.objects, ("desk",)),
    Sealing(OnCallTurn.objects, ("number",)),
)


def rotate() -> Iterator[tuple[str, int]]:
    """Renew all that lies under an older key; yields the table's name and how many rows each batch renewed."""
    for sealing in SEALED:
        rows = sealing.rows.order_by("pk")
        page = list(rows[:BATCH])
        while page:
            yield sealing.rows.model.__name__, _renew(sealing, page)
            page = list(rows.filter(pk__gt=page[-1].pk)[:BATCH])


def _renew(sealing: Sealing, page: list[Any]) -> int:
    renewed = 0
    with transaction.atomic():
        for row in page:
            before = {column: getattr(row, column) for column in sealing.columns}
            if all(sealed is None or is_current(sealed) for sealed in before.values()):
                continue
            for column in sealing.columns:
                seal_in(row, column, open_in(row, column))
            changes = {column: getattr(row, column) for column in sealing.columns} | sealing.indexes(row)
            # Somebody who changed the row meanwhile has sealed it under the key of today.
            if sealing.rows.filter(pk=row.pk, **before).update(**changes):
                sealing.more(row)
                renewed += 1
    return renewed

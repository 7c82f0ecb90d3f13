"""``manage.py reconcilecdrs``: holds the call records against a carrier's own list, and fails where they differ."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TextIO

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from voice.carriers import CARRIERS, carrier_of
from voice.carriers.base import CarrierError
from voice.carriers.lists import Listed, Listing
from voice.management.commands.exportcdrs import instant
from voice.reconciling import Difference, reconcile, reconcile_with

ID_COLUMNS: Final = ("carrierid", "sid", "callsid")
LENGTH_COLUMNS: Final = ("lasteds", "duration")
PARENT_COLUMNS: Final = ("parentcallsid",)


def read_list(file: TextIO) -> Iterator[Listed]:
    """Yield the legs of a carrier's list, separated by commas or tabs. Raises CommandError.

    Columns: its id of the leg, seconds, and where there is one the leg of which it was begun. Their names count in any
    spelling: ``parent_call_sid``, ``ParentCallSid``, ``Parent Call SID``.
    """
    heading = file.readline()
    names = next(csv.reader([heading], delimiter=_between(heading)), [])
    columns = {"".join(letter for letter in name.lower() if letter.isalnum()): name for name in names}
    id_name, length_name, parent_name = (
        next((columns[name] for name in wanted if name in columns), None)
        for wanted in (ID_COLUMNS, LENGTH_COLUMNS, PARENT_COLUMNS))
    if id_name is None or length_name is None:
        raise CommandError("the list needs a column with the carrier's id of a leg and one with its seconds")
    for row in csv.DictReader(file, names, delimiter=_between(heading)):
        yield Listed(row[id_name], int(row[length_name] or 0), (row[parent_name] or "") if parent_name else "")


def _between(heading: str) -> str:
    return "\t" if "\t" in heading else ","


class Command(BaseCommand):
    """Print every leg on which the two do not agree."""

    help = "Compare the records with the list that the carrier itself keeps. Exit 1 where a leg differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose list, and of which time."""
        parser.add_argument("--carrier", choices=list(CARRIERS), required=True)
        parser.add_argument("--since", type=instant, required=True, help="ISO 8601")
        parser.add_argument("--until", type=instant, required=True, help="ISO 8601")
        parser.add_argument("--list", metavar="FILE", help="its list as CSV instead of asking it; - is standard input")

    def handle(self, *args: Any, carrier: str, since: datetime, until: datetime, **options: Any) -> None:
        """Compare, and say what differs."""
        found = self._compare(carrier, since, until, options["list"])
        for one in found:
            there = "goes on" if one.kind == "goes_on" else one.there_s
            self.stdout.write(f"{one.carrier_id}: {one.kind}, here {one.here_s}, there {there}")
        if found:
            raise CommandError(f"{len(found)} legs differ")
        self.stdout.write("the records and the carrier agree")

    def _compare(self, carrier: str, since: datetime, until: datetime, file: str | None) -> list[Difference]:
        if file == "-":
            return reconcile(carrier, read_list(sys.stdin), since, until)
        if file:
            with Path(file).open(encoding="utf-8", newline="") as lines:
                return reconcile(carrier, read_list(lines), since, until)
        try:
            asked = carrier_of(carrier)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        if not isinstance(asked, Listing):
            raise CommandError("this carrier keeps no list that can be asked for: give one with --list")
        try:
            return reconcile_with(carrier, asked, since, until)
        except CarrierError as error:
            code = error.provider_code or "no code"
            raise CommandError(f"the carrier could not be asked: {error} ({code})") from None

"""``manage.py reconcilecdrs``: compares the call records with a carrier's own list, and fails where they differ."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from voice.carriers import CARRIERS
from voice.exporting import Listed, reconcile
from voice.management.commands.exportcdrs import instant

ID_COLUMNS = ("carrierid", "sid", "callsid")
LENGTH_COLUMNS = ("lasteds", "duration")
PARENT_COLUMNS = ("parentcallsid",)


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

    help = "Compare the records with the CSV of a carrier on standard input. Exit 1 where a leg differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose list, and of which time."""
        parser.add_argument("--carrier", choices=list(CARRIERS), required=True)
        parser.add_argument("--since", type=instant, required=True, help="ISO 8601")
        parser.add_argument("--until", type=instant, required=True, help="ISO 8601")

    def handle(self, *args: Any, carrier: str, since: datetime, until: datetime, **options: Any) -> None:
        """Read the list, compare, and say what differs."""
        found = reconcile(carrier, read_list(sys.stdin), since, until)
        for one in found:
            self.stdout.write(f"{one.carrier_id}: {one.kind}, here {one.here_s}, there {one.there_s}")
        if found:
            raise CommandError(f"{len(found)} legs differ")
        self.stdout.write("the records and the carrier agree")

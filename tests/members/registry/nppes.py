"""A file in the shape of the NPPES monthly file: 330 columns, of people who do not exist. For tests and bench."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

from stdnum import luhn

from members.registry.layouts import NPI_PREFIX, NPPES

WIDTH: Final = 330
KNOWN: Final = ["NPI", "Entity Type Code", *dict.fromkeys(name for names in NPPES.columns.values() for name in names)]
HEAD: Final = list(dict.fromkeys(KNOWN))
HEAD.extend(f"Filler {n}" for n in range(WIDTH - len(HEAD)))
FAMILIES: Final = ("Okafor", "Lindqvist", "O'Hara", "Nguyen", "Garcia-Lopez", "Øverland", "Smith", "Chaudhry")
GIVEN: Final = ("Ada", "Björn", "Chidi", "Dana", "Eve", "Farid", "Grace", "Hugo")
FIELDS: Final = ("207RC0000X", "207Q00000X", "2084N0400X", "163W00000X", "183500000X", "208000000X")


def npi(n: int) -> str:
    """The n-th number with a right check digit."""
    nine = str(100_000_000 + n)
    return nine + str(luhn.calc_check_digit(NPI_PREFIX + nine))


def person(n: int, **fields: str) -> dict[str, str]:
    """The n-th person; `fields` are columns with other values, by their names in the file."""
    return {
        "NPI": npi(n), "Entity Type Code": "1", "Provider Last Name (Legal Name)": FAMILIES[n % 8],
        "Provider First Name": GIVEN[n // 8 % 8], "Provider Credential Text": "MD",
        "Provider Business Practice Location Address State Name": "NY", "Provider Enumeration Date": "05/23/2005",
        "Healthcare Provider Taxonomy Code_1": FIELDS[n % 6], "Provider License Number_1": f"A{n:07}",
        "Provider License Number State Code_1": "NY", **fields,
    }  # fmt: skip


def write(path: Path, people: Any) -> Path:
    """Write a file of these."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(HEAD)
        for one in people:
            writer.writerow([one.get(name, "") for name in HEAD])
    return path

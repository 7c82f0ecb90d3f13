"""How the file of a registry is laid out: its columns, what its values mean, and whether a number can be one of it.

The United States' NPPES is built in; any other registry is described by a mapping file of an operator. Pure: no Django.
Source: CMS, "NPPES Data Dissemination, Readme" and "Code Values".
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec
from stdnum import luhn

NPI_PREFIX: Final = "80840"
"""Stands before the ten digits where the check digit is reckoned. Source: CMS, "Requirements for NPI check digit"."""
TAXONOMIES: Final = 15
BETWEEN: Final = str.maketrans("", "", " -./\u00a0\u2011")
"""What people put between the parts of a number."""
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class LayoutError(Exception):
    """A mapping file, or the head of a registry's file, is not what it has to be. The message is for the operator."""


def bare(number: str) -> str:
    """Return a number as it is kept, however it is spaced."""
    return number.upper().translate(BETWEEN)


def is_npi(number: str) -> bool:
    """Return whether ten digits are a National Provider Identifier by their check digit."""
    return len(number) == 10 and number.isascii() and number.isdigit() and number[0] in "12" \
        and bool(luhn.is_valid(NPI_PREFIX + number))  # fmt: skip


def is_luhn(number: str) -> bool:
    """Return whether digits end with the check digit of Luhn."""
    return number.isascii() and number.isdigit() and bool(luhn.is_valid(number))


CHECKS: Final[dict[str, Callable[[str], bool]]] = {"": bool, "luhn": is_luhn, "npi": is_npi}


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One registry's file: a head, and one line for each entry.

    `columns` has for each of `TEXTS`, `MANY` and `DATES` the names of its columns in the file, the preferred first;
    `number` and `family` are needed. `leave_out`: a column, and the values of the lines that are no person.
    `active`: a column and the values with which an entry stands; without it one stands that has not `ended`.
    `specialties`: what the registry's words for a field are here; a word that is not named is tried by its beginning,
    the longest first. `dates`: as strptime reads them.
    """

    registry: str
    country: str
    columns: Mapping[str, tuple[str, ...]]
    check: str = ""
    delimiter: str = ","
    encoding: str = "utf-8"
    dates: str = "%Y-%m-%d"
    leave_out: Mapping[str, tuple[str, ...]] = NOTHING
    active: Mapping[str, tuple[str, ...]] = NOTHING
    specialties: Mapping[str, str] = NOTHING

    def is_number(self, number: str) -> bool:
        """Return whether this can be a number of the registry."""
        return len(number) <= NUMBER_LENGTH and CHECKS[self.check](number)

    def date(self, written: str) -> date | None:
        """Return a date, None where nothing is written. Raises ValueError."""
        return datetime.strptime(written, self.dates).date() if written else None  # noqa: DTZ007  (a day has no zone)

    def specialty(self, word: str) -> str:
        """Return the code of the specialty that a word of the registry stands for; empty where none is named."""
        for length in range(len(word), 0, -1):
            if found := self.specialties.get(word[:length]):
                return found
        return ""


TEXTS: Final = ("number", "family", "given", "middle", "former", "credential", "region")
MANY: Final = ("field", "licence", "licence_region")
DATES: Final = ("issued", "ended", "restored")
NEEDED: Final = ("number", "family")
NUMBER_LENGTH: Final = 32


def _each(name: str) -> tuple[str, ...]:
    return tuple(f"{name}_{n}" for n in range(1, TAXONOMIES + 1))


# Source: NUCC, "Health Care Provider Taxonomy": a code's first four signs are its classification.
NUCC: Final[Mapping[str, str]] = MappingProxyType({
    "207K": "allergy", "207L": "anaesthesiology", "207N": "dermatology", "207P": "emergency_medicine",
    "207Q": "family_medicine", "207R": "general_medicine", "207RC0000X": "cardiology", "207RC0001X": "cardiology",
    "207RI0011X": "cardiology", "207RC0200X": "critical_care", "207RE0101X": "endocrinology",
    "207RG0100X": "gastroenterology", "207RG0300X": "geriatrics", "207RH0000X": "haematology",
    "207RH0003X": "haematology", "207RI0008X": "hepatology", "207RI0200X": "infectious_disease",
    "207RN0300X": "nephrology", "207RP1001X": "pulmonology", "207RR0500X": "rheumatology", "207RX0202X": "oncology",
    "207S": "genetics", "207T": "neurosurgery", "207V": "gynaecology", "207W": "ophthalmology",
    "207X": "orthopaedics", "207Y": "ent", "207Z": "pathology", "2080": "paediatrics", "2084N": "neurology",
    "2084P": "psychiatry", "2085": "radiology", "2086": "general_surgery", "2086S0129X": "vascular_surgery",
    "2088": "urology", "208D": "general_medicine", "208G": "thoracic_surgery", "208M": "general_medicine",
    "208U": "clinical_pharmacology",
})  # fmt: skip

NPPES: Final = Layout(
    registry="us-npi", country="US", check="npi", dates="%m/%d/%Y",
    columns={
        "number": ("NPI",),
        "family": ("Provider Last Name (Legal Name)",),
        "given": ("Provider First Name",),
        "middle": ("Provider Middle Name",),
        "former": ("Provider Other Last Name",),
        "credential": ("Provider Credential Text",),
        "region": ("Provider Business Practice Location Address State Name",),
        "field": _each("Healthcare Provider Taxonomy Code"),
        "licence": _each("Provider License Number"),
        "licence_region": _each("Provider License Number State Code"),
        "issued": ("Provider Enumeration Date",),
        "ended": ("NPI Deactivation Date",),
        "restored": ("NPI Reactivation Date",),
    },
    leave_out={"Entity Type Code": ("2",)},
    specialties=NUCC,
)  # fmt: skip


def read_layout(text: str) -> Layout:
    """Return the layout that a mapping file describes (TOML). Raises LayoutError."""
    try:
        layout = msgspec.convert(_listed(tomllib.loads(text)), Layout)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise LayoutError(f"the mapping is not right: {error}") from None
    strange = sorted(set(layout.columns) - {*TEXTS, *MANY, *DATES})
    missing = [name for name in NEEDED if not layout.columns.get(name)]
    if strange or missing:
        raise LayoutError(f"the mapping's columns are not right: unknown {strange}, missing {missing}")
    if layout.check not in CHECKS:
        raise LayoutError(f"the mapping's check must be one of {sorted(CHECKS)}")
    if not layout.registry.replace("-", "").isalnum() or len(layout.registry) > 16 or layout.registry == NPPES.registry:
        raise LayoutError("the mapping's registry must be a word of up to 16 letters, digits and dashes of its own")
    if len(layout.country) != 2 or len(layout.delimiter) != 1:
        raise LayoutError("the mapping's country has two letters, its delimiter one sign")
    return layout


def _listed(mapping: dict[str, Any]) -> dict[str, Any]:
    """Let a single name stand where several may."""
    return {
        name: {key: [one] if isinstance(one, str) else one for key, one in value.items()}
        if name in ("columns", "leave_out", "active") and isinstance(value, dict) else value
        for name, value in mapping.items()
    }  # fmt: skip

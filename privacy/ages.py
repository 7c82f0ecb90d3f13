"""Ages over 89 and postal codes, with the coarser form that can stand. Pure.

Source: 45 CFR 164.514(b)(2)(i)(B) and (C); the three-digit areas of at most 20,000 people are those that the
department's guidance lists from the census of 2000.
"""

import re
from collections.abc import Iterator

from privacy.plain import Reading
from privacy.spans import Span

_OLD = r"(?P<age>9\d|1[0-2]\d)"
AGE = re.compile(
    rf"(?<![\w.,/<>-]){_OLD}(?:[ -]?(?:years?|yrs?)[ -]?old|[ -]?y/?o\b|[ -]?y\.o\.|[ -](?:years?|yrs?) of age)", re.I)
AGED = re.compile(
    rf"\b(?:aged?|age of|age is|age was|age:) ?{_OLD}"
    r"(?![\w+%/-]|[.,]\d| ?(?:%|mg|kg|months?|days?|weeks?|hours?|min))", re.I)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR"
    "|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|PR")
ZIP = re.compile(r"\bzip(?: ?code)?(?: is)?[ :]{1,2}(?P<zip>\d{5}(?:-\d{4})?)(?!\w|[.,]\d)", re.I)
STATE_ZIP = re.compile(rf"[A-Za-z], ?(?:{_STATES}),? (?P<zip>\d{{5}}(?:-\d{{4}})?)(?!\w|[.,]\d)")
_FEW = "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"
FEW = frozenset(_FEW.split())


def find_ages(reading: Reading) -> Iterator[Span]:
    """Yield ages from 90 on."""
    if not reading.has_word("old", "yo", "y/o", "y.o", "age"):
        return
    for pattern in (AGE, AGED):
        for match in pattern.finditer(reading.plain):
            yield Span(match.start("age"), match.end("age"), "age", "90+")


def find_zips(reading: Reading) -> Iterator[Span]:
    """Yield postal codes of the United States that are said to be one or stand behind a state."""
    if not reading.has_shape("99999"):
        return
    for pattern in (ZIP, STATE_ZIP):
        for match in pattern.finditer(reading.plain):
            area = match["zip"][:3]
            yield Span(match.start("zip"), match.end("zip"), "zip", "000" if area in FEW else area)

"""Numbers given to one person: national identity numbers and record numbers. Pure.

The former are known by their form and check digits, the latter by the words before them. Source: the formats and
check digits of python-stdnum.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stdnum.be import nn
from stdnum.bg import egn
from stdnum.br import cpf
from stdnum.ch import ssn as ch_ssn
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.dk import cpr
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.mx import curp
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.tr import tckimlik
from stdnum.us import itin, ssn
from stdnum.za import idnr

from privacy.plain import Reading
from privacy.spans import Span

Check = Callable[[str], bool]

_BEGIN, _END = r"(?<![\w.,/+-])", r"(?![\w]|[.,/-]\d)"


class Form(NamedTuple):
    """A form of numbers: the shapes of which one must occur, the pattern, and the checks of which one must hold."""

    shapes: tuple[str, ...]
    pattern: re.Pattern[str]
    checks: tuple[Check, ...]


def _form(shapes: str, pattern: str, *checks: Check) -> Form:
    return Form(tuple(shapes.split("|")), re.compile(_BEGIN + pattern + _END), checks)


FORMS = (
    _form("999-99-9999", r"\d{3}-\d{2}-\d{4}", ssn.is_valid, itin.is_valid),
    _form("999999-9999|999999+9999", r"(?:\d\d)?\d{6}[-+]\d{4}", personnummer.is_valid, cpr.is_valid),
    _form("999999-999|999999+999|999999A999", r"\d{6}[-+A]\d{3}[0-9A-Z]", hetu.is_valid),
    _form("99999999999|999999 99999", r"\d{6} ?\d{5}", fodselsnummer.is_valid, pesel.is_valid, ik.is_valid,
          tckimlik.is_valid, nn.is_valid),
    _form("99.99.99-999.99", r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d", nn.is_valid),
    _form("999.999.999-99", r"\d{3}\.\d{3}\.\d{3}-\d\d", cpf.is_valid),
    _form("999.9999.9999.99", r"756\.\d{4}\.\d{4}\.\d\d", ch_ssn.is_valid),
    _form("999 999 9999", r"\d{3} \d{3} \d{4}", nhs.is_valid),
    _form("9999999999", r"\d{10}", egn.is_valid, nhs.is_valid),
    _form("9999999999999", r"\d{13}", cnp.is_valid, idnr.is_valid),
    _form("999999-9999999", r"\d{6}-\d{7}", rrn.is_valid),
    _form("99999999999999999", r"\d{17}[\dX]", ric.is_valid),
    _form("9999999999999|9 99 99 9", r"[12] ?\d\d ?\d\d ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d", nir.is_valid),
    _form("999999/9999", r"\d{6}/\d{4}", rc.is_valid),
    _form("99999999", r"\d{8}-?[A-Z]", dni.is_valid),
    _form("9999999", r"[XYZ]-?\d{7}-?[A-Z]", nie.is_valid),
    _form("9999999", r"\d{7}[A-W][A-IW]?", pps.is_valid),
    _form("|".join(f"99{month}99" for month in "ABCDEHLMPRST"),
          r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]", codicefiscale.is_valid),
    _form("999999", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", curp.is_valid),
)
SIX_DIGITS = re.compile(r"9(?:\D?9){5}")  # no number of any form has fewer, nor more than one sign between two
INSURANCE = re.compile(
    r"(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ|HR|RR|BP|PT|TT|PR)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"(?:\d{6}| \d\d \d\d \d\d )[A-D](?!\w)")

_NUMBER = r"(?: ?(?:numbers?|no|nr|num|id|card)\b\.?| ?#)"
_SAYS = r"(?: (?:is|was))?[ :=#.]{0,4}"
_VALUE = r"([A-Z]{0,4}[- ]?\d[\dA-Z-]{3,18}(?: \d{2,5}){0,4})(?!\w|\.\d)"
SOCIAL = re.compile(
    r"\b(?:ssn|social security|national insurance|nino|personnummer|cpr|bsn|aadhaar|tax file|tfn|nin"
    r"|national id(?:entity)?|identity card|social insurance|passport)" + _NUMBER + "?" + _SAYS + _VALUE, re.I)
RECORD = re.compile(
    r"\b(?:(?:mrn|m\.r\.n\.|medical record|health card|chart#|urn|medicare|medicaid)" + _NUMBER + "?|"
    r"(?:patient|hospital|record|chart|case|encounter|visit|accession|account|acct|insurance|policy|member(?:ship)?"
    r"|health plan|beneficiary|nhs|chi|ur|unit record|licen[cs]e|certificate)" + _NUMBER + ")" + _SAYS + _VALUE, re.I)
TOKEN = re.compile(r"9[\dA-Za-z-]{3}")
SOCIAL_WORDS = ("ssn", "social", "national", "nin", "personn", "cpr", "bsn", "aadhaar", "tax", "tfn", "identity",
                "passport")
RECORD_WORDS = (
    "mrn", "m.r.n", "urn", "medic", "health", "patient", "hospital", "record", "chart", "case", "encounter", "visit",
    "accession", "acc", "insurance", "policy", "member", "beneficiary", "nhs", "chi", "ur ", "licen", "certificate")


def find_national_ids(reading: Reading) -> Iterator[Span]:
    """Yield numbers of a national form whose check digits or dates are right."""
    text = reading.plain
    if not SIX_DIGITS.search(reading.shape):
        return
    for form in FORMS:
        if not reading.has_shape(*form.shapes):
            continue
        for match in form.pattern.finditer(text):
            if any(check(match[0]) for check in form.checks):
                yield Span(match.start(), match.end(), "national_id")
    if reading.has_shape("999999", " 99 99 99 "):
        for match in INSURANCE.finditer(text):
            yield Span(match.start(), match.end(), "national_id")


def find_record_numbers(reading: Reading) -> Iterator[Span]:
    """Yield numbers that are said to be a person's: at least four digits behind "MRN", "patient no." and the like."""
    if not TOKEN.search(reading.shape):
        return
    if reading.has_word(*SOCIAL_WORDS):
        yield from _find_said(SOCIAL, reading.plain, "national_id", 6)
    if reading.has_word(*RECORD_WORDS):
        yield from _find_said(RECORD, reading.plain, "record_number", 4)


def _find_said(pattern: re.Pattern[str], text: str, category: str, least: int) -> Iterator[Span]:
    for match in pattern.finditer(text):
        if sum(map(str.isdigit, match[1])) >= least:
            yield Span(match.start(1), match.end(1), category)

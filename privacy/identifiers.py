"""Numbers given to one person: national identity numbers, by their form and check digits, and record numbers, by the
words before them. Pure. Source: the formats and check digits of python-stdnum."""

import re
from collections.abc import Callable, Iterator

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

from privacy.spans import Span

Check = Callable[[str], bool]

_BEGIN, _END = r"(?<![\w.,/+-])", r"(?![\w]|[.,/-]\d)"


def _form(pattern: str, *checks: Check) -> tuple[re.Pattern[str], tuple[Check, ...]]:
    return re.compile(_BEGIN + pattern + _END), checks


# A form and the checks of which one must hold.
NUMERIC = (
    _form(r"\d{3}-\d{2}-\d{4}", ssn.is_valid, itin.is_valid),
    _form(r"(?:\d\d)?\d{6}[-+]\d{4}", personnummer.is_valid, cpr.is_valid),
    _form(r"\d{6}[-+A]\d{3}[0-9A-Z]", hetu.is_valid),
    _form(r"\d{6} ?\d{5}", fodselsnummer.is_valid, pesel.is_valid, ik.is_valid, tckimlik.is_valid, nn.is_valid),
    _form(r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d", nn.is_valid),
    _form(r"\d{3}\.\d{3}\.\d{3}-\d\d", cpf.is_valid),
    _form(r"756\.\d{4}\.\d{4}\.\d\d", ch_ssn.is_valid),
    _form(r"\d{3} \d{3} \d{4}", nhs.is_valid),
    _form(r"\d{10}", egn.is_valid, nhs.is_valid),
    _form(r"\d{13}", cnp.is_valid, idnr.is_valid),
    _form(r"\d{6}-\d{7}", rrn.is_valid),
    _form(r"\d{17}[\dX]", ric.is_valid),
    _form(r"[12] ?\d\d ?\d\d ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d", nir.is_valid),
    _form(r"\d{6}/\d{4}", rc.is_valid),
    _form(r"\d{8}-?[A-Z]", dni.is_valid),
    _form(r"[XYZ]-?\d{7}-?[A-Z]", nie.is_valid),
    _form(r"\d{7}[A-W][A-IW]?", pps.is_valid),
    _form(r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]", codicefiscale.is_valid),
    _form(r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", curp.is_valid),
)
INSURANCE = re.compile(
    r"(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ|HR|RR|BP|PT|TT|PR)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"(?:\d{6}| \d\d \d\d \d\d )[A-D](?!\w)")

_NUMBER = r"(?: ?(?:numbers?|no|nr|num|id|card)\b\.?| ?#)"
_SAYS = r"(?: (?:is|was))?[ :=#.]{0,4}"
_TOKEN = r"([A-Z]{0,4}[- ]?\d[\dA-Z-]{3,18}(?: \d{2,5}){0,4})(?!\w|\.\d)"
SOCIAL = re.compile(
    r"\b(?:ssn|social security|national insurance|nino|personnummer|cpr|bsn|aadhaar|tax file|tfn|nin"
    r"|national id(?:entity)?|identity card|social insurance|passport)" + _NUMBER + "?" + _SAYS + _TOKEN, re.I)
RECORD = re.compile(
    r"\b(?:(?:mrn|m\.r\.n\.|medical record|health card|chart#|urn|medicare|medicaid)" + _NUMBER + "?|"
    r"(?:patient|hospital|record|chart|case|encounter|visit|accession|account|acct|insurance|policy|member(?:ship)?"
    r"|health plan|beneficiary|nhs|chi|ur|unit record|licen[cs]e|certificate)" + _NUMBER + ")" + _SAYS + _TOKEN, re.I)
SPOKEN_WORDS = re.compile(
    r"ssn|social|nin|personn|cpr|bsn|aadhaar|tax|tfn|identity|passport|mrn|m\.r\.n|urn|medic|health"
    r"|patient|hospital|record|chart|case|encounter|visit|accession|acc|insurance|policy|member|beneficiary|nhs|chi|ur\b"
    r"|licen|certificate|national", re.I)


def find_national_ids(text: str) -> Iterator[Span]:
    """Yield numbers of a national form whose check digits or dates are right."""
    for pattern, checks in NUMERIC:
        for match in pattern.finditer(text):
            if any(check(match[0]) for check in checks):
                yield Span(match.start(), match.end(), "national_id")
    for match in INSURANCE.finditer(text):
        yield Span(match.start(), match.end(), "national_id")


def find_record_numbers(text: str) -> Iterator[Span]:
    """Yield numbers that are said to be a person's: at least four digits behind "MRN", "patient no." and the like."""
    if not SPOKEN_WORDS.search(text):
        return
    for pattern, category in ((SOCIAL, "national_id"), (RECORD, "record_number")):
        for match in pattern.finditer(text):
            if sum(map(str.isdigit, match[1])) >= (6 if category == "national_id" else 4):
                yield Span(match.start(1), match.end(1), category)

"""Telephone numbers as values: read, judged, shown. Sans-IO: no Django, no clock, no network.

Only this file knows ``phonenumbers``. Whoever holds an E.164 number holds something that may not be logged.
Source: ITU-T E.164, E.129, the North American Numbering Plan (N11 codes), libphonenumber's metadata.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, shortnumberinfo
from phonenumbers import timezone as number_zones

LONGEST_RAW: Final = 40
ELSEWHERE: Final = "001"  # libphonenumber's region of what belongs to no country: +800, +808, +870, +878, +881 to +883

TYPES: Final = {
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
DIALLED: Final = frozenset({"fixed", "mobile", "fixed_or_mobile", "voip"})
SHOWN: Final = DIALLED | {"toll_free", "company"}
"""What may be dialled, and what a clinic may show. All else is refused, also types that are yet to be invented."""

_EMERGENCY = """
000 061 062 066 080 091 100 101 102 103 104 106 107 108 110 111 112 113 114 115 116 117 118 119 120 122 123 130 133 140
144 15 150 155 158 17 18 180 190 191 192 193 194 195 197 198 199 911 933 988 991 992 993 994 995 996 997 998 999 1300
1669
"""
EMERGENCY: Final = frozenset(_EMERGENCY.split())
"""Emergency and crisis numbers of the world that stand alone, those that libphonenumber does not know (988) included.

Nobody's number is this short, so one that is an emergency number elsewhere only is refused too.
"""
EXITS: Final = ("00", "011", "0011", "810")  # what stands before a country code
OUTSIDE: Final = ("1", "9", "0")  # a trunk prefix, or what a switchboard wants before an outside line
COUNTRY_CODES: Final = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
_ANY_OUTSIDE: Final = (*OUTSIDE, "8")
_LEVELS: Final = 2  # of prefixes that lead out, one behind the other: "9 1 911"
_LONGEST_SHORT: Final = 7
_EVERYWHERE: Final = frozenset({"112", "911"})
_TAIL: Final = re.compile(r"(?<=\d)[\s)]*(?:[,;#*]|[^\W\d_])")
"""Behind a digit: an extension, a pause, a parameter of a `tel:` address."""
_SERVICES: Final = tuple(re.compile(rf"^[*#]+\d{{{n}}}[*#,\s]*(?=\+?\d)") for n in (2, 3))
"""What hides or shows one's own number: "*67", "#31#"."""


class Unreadable(ValueError):
    """What was typed is no telephone number. Holds nothing of what was typed."""

    def __init__(self) -> None:
        super().__init__("no telephone number")


@dataclass(frozen=True, slots=True)
class Number:
    """A valid number: E.164, its region (ISO 3166, or ``001`` for none) and its type, a word of `TYPES`."""

    e164: str
    region: str
    type: str

    def __repr__(self) -> str:
        """Never the number: a value like this ends up in tracebacks."""
        return f"Number({self.region} {self.type} {mask(self.e164)})"


def read_number(raw: str, region: str) -> Number:
    """Return the number that somebody typed, read as dialled from `region`. Raises Unreadable.

    An extension is refused here: whoever dials would reach the switchboard and not the person.
    """
    if len(raw) > LONGEST_RAW:
        raise Unreadable
    try:
        parsed = phonenumbers.parse(unicodedata.normalize("NFKC", raw), region)
    except phonenumbers.NumberParseException:
        raise Unreadable from None
    if parsed.extension or not phonenumbers.is_valid_number(parsed):
        raise Unreadable
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    region = phonenumbers.region_code_for_number(parsed) or ELSEWHERE
    return Number(e164, region, _sharpen(e164, region, TYPES.get(phonenumbers.number_type(parsed), "unknown")))


def _sharpen(e164: str, region: str, kind: str) -> str:
    """What libphonenumber takes for an ordinary line: satellite phones, and NANP's exchange 976 and 555-1212."""
    if region == ELSEWHERE:
        return "global"
    if e164.startswith("+1") and (e164[5:8] == "976" or e164[5:] == "5551212"):
        return "premium"
    return kind


def find_emergency(raw: str, region: str) -> str | None:
    """Return the emergency number that `raw` dials, None where it dials none. Looked at before anything else.

    Found behind a service code, an exit code, a country code, a trunk prefix and a switchboard's 9 too, and before an
    extension: "*67 911", "+1911", "9 1 911", "+44 999", "911 ext 5". And behind an area code ("030 110"), where nobody
    has a number that would reach the emergency service when dialled in the same town.
    """
    if len(raw) > LONGEST_RAW:
        return None
    text = unicodedata.normalize("NFKC", raw).strip().casefold().removeprefix("tel:").strip()
    found = (_found_in(part, region) for part in _cuts(text))
    return next(filter(None, found), None) or _find_disguised(text, region)


def _cuts(text: str) -> list[str]:
    """What was typed before each extension, pause or parameter, the shortest first, and all of it."""
    return list(dict.fromkeys([*(text[: tail.start()] for tail in _TAIL.finditer(text)), text]))


def _found_in(text: str, region: str) -> str | None:
    digits = _digits(text)
    if not digits or digits in EMERGENCY:
        return digits or None
    # In many countries what is typed behind an emergency number changes nothing.
    if len(digits) <= _LONGEST_SHORT and shortnumberinfo.connects_to_emergency_number(digits, region):
        return next((digits[:n] for n in (3, 2) if digits[:n] in EMERGENCY), digits)
    rests = _candidates(digits, region, abroad=text.startswith("+"))
    return next((rest for rest in rests if rest in EMERGENCY), None)


def _find_disguised(text: str, region: str) -> str | None:
    """What is left of a number without its area code; and, of what is nobody's number, without all that leads out.

    Behind a service code too, which nobody types before the number of somebody abroad.
    """
    behind = [service.sub("", text) for service in _SERVICES if service.match(text)]
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is not None and not parsed.extension and phonenumbers.is_valid_number(parsed):
        if not behind:
            return _behind_area_code(parsed)
    else:
        behind.append(text)
    parts = [part for whole in behind for part in _cuts(whole)]
    found = (_found_in(part, region) or _found_outside({_digits(part)}) for part in parts)
    return next(filter(None, found), None)


def _found_outside(ahead: set[str]) -> str | None:
    """One prefix behind the other is taken off: "9 1 911"."""
    for _ in range(_LEVELS):
        ahead = ahead | {digits[1:] for digits in ahead if digits[:1] in _ANY_OUTSIDE}
    return max(ahead & EMERGENCY, key=lambda one: (len(one), one), default=None)


def _behind_area_code(parsed: phonenumbers.PhoneNumber) -> str | None:
    national = phonenumbers.national_significant_number(parsed)
    rest = national[phonenumbers.length_of_geographical_area_code(parsed) :]
    region = phonenumbers.region_code_for_number(parsed) or ELSEWHERE
    known = rest != national and shortnumberinfo.is_emergency_number(rest, region)
    return rest if known or (rest != national and rest in _EVERYWHERE) else None


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c)) for c in text if unicodedata.digit(c, None) is not None)


def _candidates(digits: str, region: str, *, abroad: bool) -> Iterable[str]:
    """What is left of digits when prefixes are taken off: at most one way abroad and one prefix of a line."""
    code = str(phonenumbers.country_code_for_region(region) or "")
    beyond = {digits} if abroad else {digits[len(e) :] for e in EXITS if digits.startswith(e)}
    rests = {digits, digits.removeprefix(code), *beyond}
    for number in beyond:
        rests |= {number[n:] for n in (1, 2, 3) if number[:n] in COUNTRY_CODES}
    for rest in sorted(rests):
        yield rest
        for prefix in OUTSIDE:
            if rest.startswith(prefix):
                yield rest[len(prefix) :]


MASKED: Final = "••"


def formatted(e164: str) -> str:
    """Return a number as people write it, with its country code; the mask of one that was erased stays as it is."""
    if e164.startswith(MASKED):
        return e164
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)


def mask(e164: str) -> str:
    """Return what may be shown of somebody's number: its last two digits."""
    return f"{MASKED} {e164[-2:]}"


def zones_of(e164: str) -> tuple[str, ...]:
    """Return the time zones in which a number can be; none where nobody knows."""
    found = number_zones.time_zones_for_number(phonenumbers.parse(e164))
    return tuple(zone for zone in found if zone != number_zones.UNKNOWN_TIMEZONE)


def is_region(code: str) -> bool:
    """Return whether numbers of this region are known."""
    return code in phonenumbers.SUPPORTED_REGIONS

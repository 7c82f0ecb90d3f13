"""Full dates, and what can stand instead: the year, or how long ago. Pure: today is an argument."""

import re
from collections.abc import Iterator
from datetime import date

from privacy.spans import Span

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")
_LONG = "|".join(MONTHS)
_SHORT = r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
_MONTH = rf"(?P<month>{_LONG}|(?:{_SHORT})\b\.?)"
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?P<year>(?:18|19|20)\d\d|'\d\d)"
_SINCE = (r"\b(?:on|since|from|until|till|by|before|after|born|dob|d\.o\.b\.?|date|dated|died|admitted|discharged|seen"
          r"|operated|visit(?:ed)?)\b(?: on)?[ :]{1,3}(?:the )?")

ISO = re.compile(r"(?<![\w.,/-])(?P<year>(?:18|19|20)\d\d)(?P<sep>[-/.])(?P<month>0?[1-9]|1[0-2])(?P=sep)"
                 r"(?P<day>3[01]|[12]\d|0?[1-9])(?!\d|[.,/-]\d)")
NUMERIC = re.compile(r"(?<![\w.,/+-])(?P<a>\d{1,2})(?P<sep> ?[-/.] ?)(?P<b>\d{1,2})(?P=sep)"
                     r"(?P<year>(?:18|19|20)\d\d)(?!\d|[.,/-]\d)")
SHORT_YEAR = re.compile(r"(?<![\w.,/+-])(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<year>\d\d)(?![\w%]|[.,/-]\d)")
TOLD = re.compile(_SINCE + "$", re.I)
DAY_MONTH = re.compile(rf"(?<![\w.,/]){_DAY}(?P<th>st|nd|rd|th)?(?:[ -]| of ){_MONTH}(?:,? ?[- ]?{_YEAR})?(?!\w)", re.I)
MONTH_DAY = re.compile(rf"(?<!\w){_MONTH}[ -](?:the )?{_DAY}(?P<th>st|nd|rd|th)?(?:,? ?{_YEAR})?(?!\w|[.,/]\d)", re.I)
COMPACT = re.compile(r"\b(?:dob|d\.o\.b\.?|born|date of birth)[ :]{0,3}(?P<year>(?:18|19|20)\d\d)(?P<month>0[1-9]|1[0-2])"
                     r"(?P<day>0[1-9]|[12]\d|3[01])(?!\w)", re.I)
NAMES = re.compile(rf"(?:{_LONG}|{_SHORT})", re.I)


def find_dates(text: str, today: date | None) -> Iterator[Span]:
    """Yield days that are told exactly; a month with its year, and a year, are none."""
    for pattern in (ISO, COMPACT):
        for match in pattern.finditer(text):
            day = _day(int(match["year"]), int(match["month"]), int(match["day"]))
            if day:
                yield _span(match.start("year"), match.end(), match["year"], day, today)
    for match in NUMERIC.finditer(text):
        a, b = int(match["a"]), int(match["b"])
        if _day(2000, a, b) or _day(2000, b, a):
            yield _span(match.start(), match.end(), match["year"], _sure_day(int(match["year"]), a, b), today)
    for match in SHORT_YEAR.finditer(text):
        if _is_short_date(match, text):
            yield Span(match.start(), match.end(), "date", _century(match["year"], today))
    if NAMES.search(text):
        yield from _find_named(text, today)


def _find_named(text: str, today: date | None) -> Iterator[Span]:
    for pattern in (DAY_MONTH, MONTH_DAY):
        for match in pattern.finditer(text):
            number = _number(match["month"])
            if not _day(2000, number, int(match["day"])) or not _is_named_date(match, text):
                continue
            year = match["year"]
            if year is None:
                yield Span(match.start(), match.end(), "date")
            elif year.startswith("'"):
                yield Span(match.start(), match.end(), "date", _century(year[1:], today))
            else:
                day = _day(int(year), number, int(match["day"]))
                yield _span(match.start(), match.end(), year, day, today)


def _is_named_date(match: re.Match[str], text: str) -> bool:
    """A year, an ordinal or a word like "since" makes it a date: "May 10 mg help?" is none, "OCT 3" neither."""
    if match["year"]:
        return True
    if match["month"].lower() in ("may", "march", "mar", "oct", "dec", "sep", "jun", "jan") and not match["th"]:
        told = TOLD.search(text, max(0, match.start() - 24), match.start())
        return bool(told) and match["month"][:1].isupper()
    return bool(match["th"] or TOLD.search(text, max(0, match.start() - 24), match.start()))


def _is_short_date(match: re.Match[str], text: str) -> bool:
    """Three numbers of two digits are a date with a zero in front, or behind a word like "since"."""
    a, b = int(match["a"]), int(match["b"])
    if not (_day(2000, a, b) or _day(2000, b, a)):
        return False
    if TOLD.search(text, max(0, match.start() - 24), match.start()):
        return True
    zero = match["a"].startswith("0") or match["b"].startswith("0")
    return zero and match["sep"] != "." and len(match["a"]) == len(match["b"]) == 2


def _number(name: str) -> int:
    return next(index for index, month in enumerate(MONTHS, 1) if month.startswith(name.lower().rstrip(".")[:3]))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _sure_day(year: int, a: int, b: int) -> date | None:
    """Return the day of two numbers, None where either could be the month."""
    days = {day for day in (_day(year, a, b), _day(year, b, a)) if day}
    return days.pop() if len(days) == 1 else None


def _century(year: str, today: date | None) -> str | None:
    """Return a year of two digits in full, where today tells the century."""
    if today is None:
        return None
    return str(int(year) + (2000 if int(year) <= today.year % 100 else 1900))


def _span(start: int, end: int, year: str, day: date | None, today: date | None) -> Span:
    ago = (today - day).days if today and day else -1
    words = {0: "today", 1: "yesterday"}.get(ago) or (f"{ago} days ago" if 1 < ago <= 60 else year)
    return Span(start, end, "date", words)

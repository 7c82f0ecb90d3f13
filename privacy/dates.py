"""Full dates, and what can stand instead: the year, or how long ago. Pure: today is an argument."""

import re
from collections.abc import Iterator
from datetime import date

from privacy.plain import Reading
from privacy.spans import Span

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")
_LONG = "|".join(MONTHS)
_SHORT = r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
_MONTH = rf"(?P<month>{_LONG}|(?:{_SHORT})\b\.?)"
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?P<year>(?:18|19|20)\d\d|'\d\d)"
_SINCE = ("on since from until till by before after born dob d.o.b d.o.b. date dated died admitted discharged seen"
          " operated visit visited")
SINCE = frozenset(_SINCE.split())

ISO = re.compile(r"(?<![\w.,/-])(?P<year>(?:18|19|20)\d\d)(?P<sep>[-/.])(?P<month>0?[1-9]|1[0-2])(?P=sep)"
                 r"(?P<day>3[01]|[12]\d|0?[1-9])(?!\d|[.,/-]\d)")
NUMERIC = re.compile(r"(?<![\w.,/+-])(?P<a>\d{1,2})(?P<sep> ?[-/.] ?)(?P<b>\d{1,2})(?P=sep)"
                     r"(?P<year>(?:18|19|20)\d\d)(?!\d|[.,/-]\d)")
SHORT_YEAR = re.compile(
    r"(?<![\w.,/+-])(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<year>\d\d)(?![\w%]|[.,/-]\d)")
DAY_MONTH = re.compile(rf"(?<![\w.,/]){_DAY}(?P<th>st|nd|rd|th)?(?:[ -]| of ){_MONTH}(?:,? ?[- ]?{_YEAR})?(?!\w)", re.I)
MONTH_DAY = re.compile(rf"(?<!\w){_MONTH}[ -](?:the )?{_DAY}(?P<th>st|nd|rd|th)?(?:,? ?{_YEAR})?(?!\w|[.,/]\d)", re.I)
COMPACT = re.compile(r"\b(?:dob|d\.o\.b\.?|born|date of birth)[ :]{0,3}"
                     r"(?P<year>(?:18|19|20)\d\d)(?P<month>0[1-9]|1[0-2])"
                     r"(?P<day>0[1-9]|[12]\d|3[01])(?!\w)", re.I)
THREE_NUMBERS = re.compile(r"9 ?[-/.] ?9{1,2} ?[-/.] ?9")
STEMS = tuple(month[:3] for month in MONTHS)
COMMON = frozenset(("may", "march", "mar", "oct", "dec", "sep", "jun", "jan"))
_STEM = "|".join(STEMS)
NAMED = re.compile(rf"(?:{_STEM})[a-z]{{0,6}}\.?[ -](?:the )?\d|\d(?:st|nd|rd|th)?(?: of)?[ -](?:{_STEM})")


def find_dates(reading: Reading, today: date | None) -> Iterator[Span]:
    """Yield days that are told exactly; a month with its year, and a year, are none."""
    text = reading.plain
    if THREE_NUMBERS.search(reading.shape):
        yield from _find_numeric(text, today)
    if reading.has_word("dob", "d.o.b", "born", "birth"):
        yield from _find_ordered(COMPACT, text, today)
    if reading.has_word(*STEMS) and NAMED.search(reading.lower):
        yield from _find_named(text, today)


def _find_numeric(text: str, today: date | None) -> Iterator[Span]:
    yield from _find_ordered(ISO, text, today)
    for match in NUMERIC.finditer(text):
        a, b = int(match["a"]), int(match["b"])
        if _day(2000, a, b) or _day(2000, b, a):
            yield _span(match.start(), match.end(), match["year"], _sure_day(int(match["year"]), a, b), today)
    for match in SHORT_YEAR.finditer(text):
        if _is_short_date(match, text):
            yield Span(match.start(), match.end(), "date", _century(match["year"], today))


def _find_ordered(pattern: re.Pattern[str], text: str, today: date | None) -> Iterator[Span]:
    for match in pattern.finditer(text):
        day = _day(int(match["year"]), int(match["month"]), int(match["day"]))
        if day:
            yield _span(match.start("year"), match.end(), match["year"], day, today)


def _find_named(text: str, today: date | None) -> Iterator[Span]:
    for pattern in (DAY_MONTH, MONTH_DAY):
        for match in pattern.finditer(text):
            if not _is_named_date(match, text):
                continue
            number = STEMS.index(match["month"][:3].lower()) + 1
            if not _day(2000, number, int(match["day"])):
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
    if match["th"]:
        return True
    if match["month"].lower() in COMMON and not match["month"][0].isupper():
        return False
    return _is_told(match, text)


def _is_told(match: re.Match[str], text: str) -> bool:
    """Return whether a word such as "since" or "born on the" stands right before."""
    before = text[max(0, match.start() - 20) : match.start()].lower().rstrip(" :").removesuffix(" the")
    return bool(before) and before.rsplit(None, 1)[-1] in SINCE


def _is_short_date(match: re.Match[str], text: str) -> bool:
    """Three numbers of two digits are a date with a zero in front, or behind a word like "since"."""
    a, b = int(match["a"]), int(match["b"])
    if not (_day(2000, a, b) or _day(2000, b, a)):
        return False
    if _is_told(match, text):
        return True
    zero = match["a"].startswith("0") or match["b"].startswith("0")
    return zero and match["sep"] != "." and len(match["a"]) == len(match["b"]) == 2


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

"""The sure part of the gate: what no text may hold when it is stored. Pure: no Django, no clock, no network.

Sure means that the form alone tells: a number that could as well be a dose, a pressure or a result stays. Measured
on the corpus in ``tests/privacy``; nothing is claimed beyond it. Source: 45 CFR 164.514(b)(2).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from privacy.ages import find_ages, find_zips
from privacy.contacts import find_addresses, find_network_addresses, find_phones
from privacy.dates import find_dates
from privacy.identifiers import find_national_ids, find_record_numbers
from privacy.plain import Reading, drop_invisible
from privacy.spans import Span, to_wire
from realtime.protocol import Refusal

MOST_SPANS = 50
HALF = re.compile("[\ud800-\udfff]")
SEVEN_DIGITS = re.compile(r"9(?:[^9\n]{0,3}9){6}")


def screen(text: str, *, today: date | None = None) -> list[Span]:
    """Return what may not stay, in the order of the text, at most 50 stretches that do not overlap.

    Offsets count code points; ``spans.to_wire`` gives them in UTF-16 code units. With `today` a date of the last
    60 days is rewritten as how long ago it was, else as its year.
    """
    kept: list[Span] = []
    seen, places = drop_invisible(text)
    for span in _find(Reading(seen), today):
        if not any(span.start < other.end and other.start < span.end for other in kept):
            kept.append(span)
            if len(kept) == MOST_SPANS:
                break
    if places is not None:
        kept = [replace(span, start=places[span.start], end=places[span.end - 1] + 1) for span in kept]
    return sorted(kept, key=lambda span: span.start)


def _find(reading: Reading, today: date | None) -> Iterator[Span]:
    """Yield hits, those first that say most about what overlaps."""
    yield from find_addresses(reading)
    if "9" in reading.shape:
        yield from find_record_numbers(reading)
        yield from find_national_ids(reading)
        yield from find_dates(reading, today)
        yield from find_zips(reading)
        if reading.shape.count("9") > 6 and SEVEN_DIGITS.search(reading.shape):
            yield from find_phones(reading)
        yield from find_ages(reading)
    yield from find_network_addresses(reading)


def check_text(text: str, *, today: date | None = None) -> None:
    """Raise Refusal("gate") where the text holds what may not be stored, with the stretches for its author.

    ``d.spans`` holds start and end in UTF-16 code units, category, reason and rewrite (or null), and none of the
    text. Raises Refusal("malformed") for a NUL or half a surrogate pair, which a database cannot keep.
    """
    if "\0" in text or (not text.isascii() and HALF.search(text)):
        raise Refusal("malformed", "The text holds a character that cannot be stored.")
    spans = screen(text, today=today)
    if spans:
        raise Refusal("gate", "This could identify a patient. Change or remove what is marked.",
                      d={"spans": to_wire(text, spans)})

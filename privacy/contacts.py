"""Ways to reach somebody: email and web addresses, network addresses, phone numbers. Pure.

Every pattern starts at the edge of a word and repeats a bounded number of times, so that a search is linear.
"""

import ipaddress
import re
from collections.abc import Iterator

from privacy.plain import Reading
from privacy.spans import Span

UNIT = (r"(?: ?(?:mg|mcg|µg|ug|ng|pg|g|kg|ml|l|dl|mmol|mol|units?|iu|u|bpm|mmhg|cm|mm|ms|hz|kcal|h|hours?|days?|%|x)"
        r"(?![a-z]))")

EMAIL = re.compile(r"(?<![\w.%+'-])\w[\w.%+'-]{0,63}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])", re.I)
SPOKEN_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64} ?[\[(] ?at ?[\])] ?[\w-]{1,63}(?: ?(?:\.|[\[(] ?dot ?[\])]) ?[\w-]{2,63}){1,4}", re.I)
URL = re.compile(r"(?<!\w)(?:(?:https?|ftp)://|www\.)[^\s<>\"']{2,2000}", re.I)
DOMAIN = re.compile(
    r"(?<![\w.@-])(?:[A-Za-z0-9-]{1,63}\.){0,4}[A-Za-z0-9-]{2,63}\."
    r"(?:com|org|net|edu|gov|info|health|(?:co|org|nhs|ac|gov)\.uk)(?![\w-])(?:/[^\s<>\"']{0,2000})?")
IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
NO_IPV4_AFTER = re.compile(r"(?:\bEC|\bv|\bversion|\bver\.?|\bsection|§) ?$", re.I)
IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{6,39}(?![\w:])")

INTERNATIONAL = re.compile(r"(?<![\w+])(?:\+|00)\(?[1-9](?:[ ().\-/]{0,2}\d){6,14}(?!\d)")
AMERICAN = re.compile(
    r"(?<![\w.,/+-])(?:1[ .-])?(?:\(([2-9]\d\d)\) ?|([2-9]\d\d)[ .-])([2-9]\d\d)[ .-](\d{4})"
    r"(?!\d|[.,/-]\d|" + UNIT + ")",
    re.I)
NATIONAL = re.compile(
    r"(?:\((?<![\w.,/+-]\()0\d{1,4}\)|0(?<![\w.,/+-]0)(?<!\(0)\d{1,4})"
    r"(?:(?: |-|/| - )\d{2,8}){1,5}(?!\d|[.,/:-]\d|" + UNIT + ")", re.I)
DECIMAL = re.compile(r"(?<!\d)\d{1,3}\.\d{1,2}(?!\d)")
UNBROKEN = re.compile(r"0(?<![\w.,/+-]0)[1-9]\d{8,9}(?!\w|[.,]\d)")
SAID = re.compile(
    r"\b(?:(?:tele)?phone|tel|mobile|mob|cell(?:phone)?|fax|pager|bleep|whatsapp"
    r"|(?:call|ring|text|reach|contact)(?: (?:me|us|him|her|them|back|(?:the |his |her |their )?"
    r"(?:wife|husband|son|daughter|mother|father|family|carer|relatives?|patient|ward|office|clinic)))?"
    r"(?: directly)?(?: (?:at|on|via)))\b"
    r"\.?(?: ?(?:number|no|nr|num)\b\.?)?(?: (?:is|was|at|on))?[ :.#=]{0,3}"
    r"(\(?\d(?:[ ().-]{0,2}\d){6,14})(?!\d|[.,/]\d|" + UNIT + ")", re.I)


ANNOUNCING = ("phone", "tel", "mob", "cell", "fax", "pager", "bleep", "whatsapp", "call", "ring", "text", "reach",
              "contact")
DOMAINS = (".com", ".org", ".net", ".edu", ".gov", ".info", ".health", ".uk")


def find_addresses(reading: Reading) -> Iterator[Span]:
    """Yield email addresses, spelt out or not, and web addresses."""
    text = reading.plain
    if "@" in text:
        yield from _spans(EMAIL, text, "email")
    if reading.has_word("at)", "at]", "at )", "at ]"):
        yield from _spans(SPOKEN_EMAIL, text, "email")
    if reading.has_word("://", "www."):
        yield from _spans(URL, text, "url")
    if reading.has_word(*DOMAINS):
        yield from _spans(DOMAIN, text, "url")


def _spans(pattern: re.Pattern[str], text: str, category: str) -> Iterator[Span]:
    for match in pattern.finditer(text):
        end = match.start() + len(match[0].rstrip(".,;:!?)")) if category == "url" else match.end()
        yield Span(match.start(), end, category)


def find_network_addresses(reading: Reading) -> Iterator[Span]:
    """Yield IPv4 and IPv6 addresses; enzyme numbers (EC 3.4.21.5) and versions are none."""
    text = reading.plain
    if reading.has_shape("9.9.9", "9.99.9", "9.999.9"):
        for match in IPV4.finditer(text):
            if _is_address(match[0]) and not NO_IPV4_AFTER.search(text[max(0, match.start() - 9) : match.start()]):
                yield Span(match.start(), match.end(), "ip")
    if text.count(":") > 2:
        for match in IPV6.finditer(text):
            groups = [group for group in match[0].split(":") if group]
            if len(groups) >= 3 and match[0].count(":") >= 3 and _is_address(match[0]):
                yield Span(match.start(), match.end(), "ip")


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def find_phones(reading: Reading) -> Iterator[Span]:
    """Yield phone and fax numbers: international, North American, with a leading zero, or announced as one."""
    text = reading.plain
    if "+" in text or "00" in text:
        yield from _find_international(text)
    if reading.has_shape("999 9999", "999-9999", "999.9999"):
        for match in AMERICAN.finditer(text):
            if _is_american(match):
                yield Span(match.start(), match.end(), "phone")
    if "0" in text:
        yield from _find_national(text)
    if reading.has_word(*ANNOUNCING):
        for match in SAID.finditer(text):
            if not DECIMAL.search(match[1]):
                yield Span(match.start(1), match.end(1), "phone")


def _find_international(text: str) -> Iterator[Span]:
    for match in INTERNATIONAL.finditer(text):
        digits = _digits(match[0]).removeprefix("00")
        if 8 <= len(digits) <= 15:
            yield Span(match.start(), _cut(match, 11) if match[0].startswith("+1") else match.end(), "phone")


def _find_national(text: str) -> Iterator[Span]:
    for match in NATIONAL.finditer(text):
        if 9 <= len(_digits(match[0])) <= 11 and not _is_clock(match[0]):
            yield Span(match.start(), match.end(), "phone")
    for match in UNBROKEN.finditer(text):
        yield Span(match.start(), match.end(), "phone")


def _digits(word: str) -> str:
    return "".join(filter(str.isdigit, word))


def _cut(match: re.Match[str], most: int) -> int:
    """Return where the digit number `most` ends, for plans whose numbers have one length."""
    seen = 0
    for index, character in enumerate(match[0]):
        seen += character.isdigit()
        if seen == most:
            return match.start() + index + 1
    return match.end()


def _is_american(match: re.Match[str]) -> bool:
    """Doses and results are told in threes too: "250-500-1000", "ferritin 300 450 1200"."""
    area, exchange, line = match[1] or match[2], match[3], match[4]
    if match[1]:
        return True
    if all(int(part) % 50 == 0 for part in (area, exchange, line)):
        return False
    return " " not in match[0].strip() or line.startswith("0") or match[0].startswith("1 ")


def _is_clock(word: str) -> bool:
    """Return whether groups are hours of a day ("06 10 14 18 22"), or a time before short results."""
    groups = re.findall(r"\d+", word)
    if all(len(group) == 2 and int(group) <= 24 for group in groups):
        return True
    first = groups[0]
    timed = len(first) == 4 and int(first[:2]) < 24 and int(first[2:]) < 60
    return timed and (all(len(group) <= 3 for group in groups[1:]) or all(len(group) == 4 for group in groups))

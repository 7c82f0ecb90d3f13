"""Text made plain for the rules, character by character, so that offsets stay. Pure.

Digits of all scripts, dashes, spaces and full-width letters and signs become their ASCII likes. What has no width
is left out first (`drop_invisible`), which alone moves offsets.
"""

import re
import string
import unicodedata

_LAST_DIGIT = 0x1FBF9  # the last decimal digit of Unicode 15
_SIGNS = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d",
    " ": "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "@": "\uff20\ufe6b", ".": "\uff0e\u2024", "/": "\uff0f\u2044\u2215", "(": "\uff08", ")": "\uff09",
    "+": "\uff0b", ":": "\uff1a",
}
_TABLE = {ord(character): sign for sign, characters in _SIGNS.items() for character in characters} | {
    code: str(unicodedata.decimal(chr(code)))
    for code in range(128, _LAST_DIGIT + 1)
    if chr(code).isdecimal()
} | {ord(letter) + 0xFEE0: letter for letter in string.ascii_letters}


_NINES = {ord(digit): "9" for digit in "012345678"}
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")


def drop_invisible(text: str) -> tuple[str, list[int] | None]:
    """Return a text without what has no width, and where each character stood; None where nothing was left out."""
    if text.isascii() or not _INVISIBLE.search(text):
        return text, None
    places = [index for index, character in enumerate(text) if not _INVISIBLE.match(character)]
    return "".join(text[index] for index in places), places


def make_plain(text: str) -> str:
    """Return a text of the same length in which look-alikes of digits and signs are ASCII."""
    return text if text.isascii() and "\t" not in text else text.translate(_TABLE)


class Reading:
    """A text as the rules read it: plain, in lower case, and its shape, in which every digit is a 9.

    A message passes the gate on its way to the writer, so each rule first asks in nanoseconds whether a shape or a
    word that it needs occurs at all.
    """

    __slots__ = ("lower", "plain", "shape")

    def __init__(self, text: str) -> None:
        self.plain = make_plain(text)
        self.lower = self.plain.lower()
        self.shape = self.plain.translate(_NINES)

    def has_shape(self, *shapes: str) -> bool:
        """Return whether one of these occurs, digits written as 9."""
        for shape in shapes:  # noqa: SIM110  (any() over a generator costs three times as much)
            if shape in self.shape:
                return True
        return False

    def has_word(self, *words: str) -> bool:
        """Return whether one of these, in lower case, occurs."""
        for word in words:  # noqa: SIM110
            if word in self.lower:
                return True
        return False

"""Text made plain for the rules, character by character, so that offsets stay: digits of all scripts, dashes, spaces
and full-width signs become their ASCII likes. Pure."""

import sys
import unicodedata

_SIGNS = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d",
    " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "@": "\uff20\ufe6b", ".": "\uff0e\u2024", "/": "\uff0f\u2044\u2215", "(": "\uff08", ")": "\uff09",
    "+": "\uff0b", ":": "\uff1a",
}
_TABLE = {ord(character): sign for sign, characters in _SIGNS.items() for character in characters} | {
    code: str(unicodedata.decimal(chr(code)))
    for code in range(128, sys.maxunicode + 1)
    if unicodedata.category(chr(code)) == "Nd"
}


def make_plain(text: str) -> str:
    """Return a text of the same length in which look-alikes of digits and signs are ASCII."""
    return text if text.isascii() else text.translate(_TABLE)

"""The values inside headers: addresses, parameters, `Via`, `CSeq`. Sans-IO: the standard library only.

Every function here reads from left to right once, so that no value can take long. Source: RFC 3261, section 25.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from voice.sip.message import WORD, Headers, Malformed

SEQUENCE_MOST: Final = 2**31 - 1
_VIA: Final = re.compile(
    rf"SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*({WORD})[ \t]+"
    r"([^\s;:,\[\]]+|\[[0-9A-Fa-f:.]+\])[ \t]*(?::[ \t]*(\d{1,5}))?[ \t]*(;.*)?"
)
_CSEQ: Final = re.compile(rf"([0-9]{{1,10}})[ \t]+({WORD})")
_PAIR: Final = re.compile(rf"[ \t]*({WORD})[ \t]*=[ \t]*(\"(?:[^\"\\]|\\.)*\"|[^\s,\"]+)[ \t]*(?:,|$)")
_SCHEME: Final = re.compile(rf"({WORD})[ \t]+")


@dataclass(frozen=True, slots=True)
class Address:
    """An address of a header: its URI as it came, and the parameters behind it, names in lower case."""

    uri: str = field(repr=False)
    parameters: dict[str, str] = field(repr=False)

    @property
    def tag(self) -> str:
        """The tag, empty where there is none."""
        return self.parameters.get("tag", "")


@dataclass(frozen=True, slots=True)
class Via:
    """One hop."""

    transport: str
    host: str
    port: int | None
    branch: str


def split(text: str, separator: str = ",") -> list[str]:
    """Return the parts of a value, stripped; what stands in quotes or in <> is not parted. Raises Malformed."""
    parts, begin, quoted, inside, skip = [], 0, False, False, False
    for at, letter in enumerate(text):
        if skip:
            skip = False
        elif quoted:
            skip, quoted = letter == "\\", letter != '"'
        elif letter == '"' and not inside:
            quoted = True
        elif letter in "<>":
            inside = letter == "<"
        elif letter == separator and not inside:
            parts.append(text[begin:at].strip())
            begin = at + 1
    if quoted or inside:
        raise Malformed("a quote or a bracket is not closed")
    parts.append(text[begin:].strip())
    return parts


def values(headers: Headers, name: str) -> list[str]:
    """Return all values of a header that is a list, whether in one line or in many. Raises Malformed."""
    return [part for line in headers.all(name) for part in split(line) if part]


def tokens(headers: Headers, name: str) -> set[str]:
    """Return the words of a header that is a list of words, in lower case."""
    return {word.strip().lower() for line in headers.all(name) for word in line.split(",") if word.strip()}


def parse_parameters(text: str) -> dict[str, str]:
    """Return ``;name=value;name`` by name; one without a value has an empty one. Raises Malformed."""
    found: dict[str, str] = {}
    for part in split(text, ";"):
        name, equals, value = part.partition("=")
        if equals and not name.strip():
            raise Malformed("a parameter has no name")
        if name.strip():
            found[name.strip().lower()] = unquote(value.strip())
    return found


def unquote(value: str) -> str:
    """Return what a quoted string holds; what is not quoted stays."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])


def parse_address(text: str) -> Address:
    """Return the address of a ``From``, ``To``, ``Contact``, ``Route`` or the like. Raises Malformed."""
    head, *rest = split(text, ";")
    if head.endswith(">"):
        before, _, uri = head[:-1].rpartition("<")
        if uri.strip() != uri or (before.strip().startswith('"') != before.strip().endswith('"')):
            raise Malformed("an address is not one")
    else:
        uri = head
        if "<" in head or "," in head or '"' in head:
            raise Malformed("an address is not one")
    if not uri or any(letter.isspace() for letter in uri) or ":" not in uri:
        raise Malformed("an address is not one")
    return Address(uri, parse_parameters(";".join(rest)))


def parse_via(text: str) -> Via:
    """Return one hop. Raises Malformed."""
    found = _VIA.fullmatch(text)
    if found is None:
        raise Malformed("a Via is not one")
    transport, host, port, rest = found.groups()
    branch = parse_parameters(rest or "").get("branch", "")
    return Via(transport.upper(), host.lower(), int(port) if port else None, branch)


def parse_cseq(headers: Headers) -> tuple[int, str]:
    """Return number and method of ``CSeq``. Raises Malformed. Source: RFC 3261, section 8.1.1.5."""
    found = _CSEQ.fullmatch(headers.one("cseq"))
    if found is None or int(found[1]) > SEQUENCE_MOST:
        raise Malformed("CSeq is not one", headers=headers)
    return int(found[1]), found[2]


def parse_challenge(text: str) -> tuple[str, dict[str, str]]:
    """Return the scheme of a challenge and its parameters, both with names in lower case. Raises Malformed."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise Malformed("a challenge is not one")
    found: dict[str, str] = {}
    at = scheme.end()
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None:
            raise Malformed("a challenge is not one")
        found[pair[1].lower()] = unquote(pair[2])
        at = pair.end()
    return scheme[1].lower(), found


def parse_span(text: str | None) -> tuple[int, dict[str, str]] | None:
    """Return seconds and parameters of ``Session-Expires`` or ``Min-SE``; None where it is missing or cannot be read.

    It never raises: a call that was answered must not hang on how long a far end says that it may last.
    """
    try:
        head, *rest = split(text, ";") if text else [""]
        return (int(head), parse_parameters(";".join(rest))) if re.fullmatch(r"[0-9]{1,8}", head) else None
    except Malformed:
        return None


def quote(text: str) -> str:
    """Return `text` as a quoted string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

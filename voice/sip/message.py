"""SIP messages as values: read from bytes, written to bytes. Sans-IO: the standard library only.

Values of headers stay text, as they came: an address or a route that is sent back must be the same to the letter.
Only headers of `WRITTEN` are ever written, so nothing that a caller or a far end brings along gets out by accident.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

COMPACT: Final = {
    "c": "content-type", "e": "content-encoding", "f": "from", "i": "call-id", "k": "supported", "l": "content-length",
    "m": "contact", "o": "event", "r": "refer-to", "s": "subject", "t": "to", "u": "allow-events", "v": "via",
    "x": "session-expires",
}  # fmt: skip
"""Source: RFC 3261, section 7.3.3; RFC 3515, RFC 4028, RFC 6665."""

WRITTEN: Final = {
    "via": "Via", "max-forwards": "Max-Forwards", "route": "Route", "record-route": "Record-Route", "from": "From",
    "to": "To", "call-id": "Call-ID", "cseq": "CSeq", "contact": "Contact",
    "p-asserted-identity": "P-Asserted-Identity", "authorization": "Authorization",
    "proxy-authorization": "Proxy-Authorization", "allow": "Allow", "accept": "Accept", "supported": "Supported",
    "unsupported": "Unsupported", "require": "Require", "session-expires": "Session-Expires", "min-se": "Min-SE",
    "expires": "Expires", "retry-after": "Retry-After", "user-agent": "User-Agent", "content-type": "Content-Type",
}  # fmt: skip
"""Every header that we write, `Content-Length` aside, which is counted."""

REASONS: Final = {
    200: "OK", 400: "Bad Request", 405: "Method Not Allowed", 415: "Unsupported Media Type",
    416: "Unsupported URI Scheme", 420: "Bad Extension", 422: "Session Interval Too Small",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 488: "Not Acceptable Here",
    491: "Request Pending", 500: "Server Internal Error", 505: "Version Not Supported",
}  # fmt: skip

WORD: Final = r"[A-Za-z0-9\-.!%*_+`'~]+"
_REQUEST: Final = re.compile(rf"({WORD}) ([^\s<>]+) SIP/(\d+\.\d+)")
_RESPONSE: Final = re.compile(r"SIP/2\.0 ([1-6]\d\d)(?: (.*))?")
_FIELD: Final = re.compile(rf"({WORD})[ \t]*:(.*)", re.DOTALL)
_BARE: Final = re.compile(r"[\r\n]")
FIELDS_MOST: Final = 200


class Malformed(Exception):
    """What came is no SIP, or says what SIP does not allow.

    `status` is what a request like this is answered with, 0: it is a response, and those are never answered.
    `headers` are those that could be read. The message is a constant sentence and holds nothing of what came.
    """

    def __init__(self, message: str, status: int = 400, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


class Headers:
    """The headers of a message in order; names in lower case and in their long form."""

    __slots__ = ("fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self.fields = list(fields)

    def get(self, name: str) -> str | None:
        """Return the first value of this name."""
        return next((value for key, value in self.fields if key == name), None)

    def all(self, name: str) -> list[str]:
        """Return the values of this name, one for each line."""
        return [value for key, value in self.fields if key == name]

    def one(self, name: str) -> str:
        """Return the only value of this name. Raises Malformed where there is none, or more than one."""
        values = self.all(name)
        if len(values) != 1:
            raise Malformed("a header is missing, or there twice", headers=self)
        return values[0]

    def __bytes__(self) -> bytes:
        lines = []
        for name, value in self.fields:
            if _BARE.search(value):
                raise ValueError("a header holds the end of a line")
            lines.append(f"{WRITTEN[name]}: {value}\r\n")
        return "".join(lines).encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Request:
    """A request. The `repr` shows the method alone: everything else may hold a number."""

    method: str
    uri: str = field(repr=False)
    headers: Headers = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    def __bytes__(self) -> bytes:
        return _written(f"{self.method} {self.uri} SIP/2.0", self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """A response. The `repr` shows the status alone."""

    status: int
    reason: str = field(repr=False)
    headers: Headers = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    def __bytes__(self) -> bytes:
        return _written(f"SIP/2.0 {self.status} {self.reason}", self.headers, self.body)


def _written(first: str, headers: Headers, body: bytes) -> bytes:
    if _BARE.search(first):
        raise ValueError("a first line holds the end of a line")
    head = first.encode("utf-8", "surrogateescape") + b"\r\n" + bytes(headers)
    return head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def parse_head(head: bytes) -> Request | Response:
    """Return what the lines before an empty one say, without the empty one; the body is empty.

    Raises Malformed, with the headers where those can be read. Source: RFC 3261, sections 7 and 25.
    """
    first, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    headers = _parse_fields(lines)
    if first.startswith("SIP/"):
        found = _RESPONSE.fullmatch(first)
        if found is None:
            raise Malformed("a response is not one", 0, headers)
        return Response(int(found[1]), found[2] or "", headers)
    found = _REQUEST.fullmatch(first)
    if found is None or _BARE.search(first):
        raise Malformed("the first line is neither a request nor a response", headers=headers)
    method, uri, version = found.groups()
    if version != "2.0":
        raise Malformed("another version of SIP", 505, headers)
    return Request(method, uri, headers)


def _parse_fields(lines: list[str]) -> Headers:
    """Read headers; a line that begins with a space goes on with the one before (RFC 3261, section 7.3.1)."""
    whole: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t"):
            if not whole:
                raise Malformed("the first header begins with a space")
            whole[-1] += " " + line.strip(" \t")
        else:
            whole.append(line)
    if len(whole) > FIELDS_MOST:
        raise Malformed("too many headers")
    headers = Headers()
    for line in whole:
        found = _FIELD.fullmatch(line)
        if found is None or _BARE.search(line):
            raise Malformed("a line is no header")
        name = found[1].lower()
        headers.fields.append((COMPACT.get(name, name), found[2].strip(" \t")))
    return headers


def content_length(headers: Headers) -> int:
    """Return the length of the body in bytes. Raises Malformed where it is missing, doubtful or no number.

    Over a stream there is no other way to know where a message ends. Source: RFC 3261, sections 18.3 and 20.14.
    """
    values = set(headers.all("content-length"))
    if len(values) != 1 or not re.fullmatch(r"[0-9]{1,9}", value := values.pop()):
        raise Malformed("the length of the body is not known", headers=headers)
    return int(value)

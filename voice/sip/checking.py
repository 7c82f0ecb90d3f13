"""Which requests of a far end are looked at, and what those that are not are answered. Sans-IO.

Source: RFC 3261, sections 8.2 and 16.3. What comes from outside is refused before anything acts on it.
"""

from __future__ import annotations

from typing import Final

from voice.sip.line import ALLOW, Field
from voice.sip.message import Malformed, Request, Response
from voice.sip.values import parse_address, parse_cseq, parse_via, tokens, values

KNOWN: Final = frozenset({"timer"})
"""What we understand where a far end requires it."""
SCHEMES: Final = ("sip:", "sips:", "tel:")
BODIES: Final = frozenset({"INVITE", "UPDATE", "ACK"})
"""In these a body is a session description; of others it is not read."""


class Refused(Malformed):
    """A request that is answered with this status and these headers."""

    def __init__(self, message: str, status: int, fields: list[Field] | None = None) -> None:
        super().__init__(message, status)
        self.fields = fields or []


def check_request(request: Request) -> None:
    """Raise Malformed or Refused unless the request may be acted on. An ACK is never answered, whatever it says."""
    headers = request.headers
    for name in ("from", "to", "call-id", "cseq"):
        headers.one(name)
    for via in values(headers, "via") or [""]:
        parse_via(via)
    parse_address(headers.one("from"))
    parse_address(headers.one("to"))
    if parse_cseq(headers)[1] != request.method:
        raise Malformed("CSeq names another method")
    if request.method not in ALLOW:  # REFER among them: who is called is our word
        raise Refused("a method that we do not take", 405, [("allow", ", ".join(ALLOW))])
    if not request.uri.lower().startswith(SCHEMES):
        raise Refused("an address that is none of ours", 416)
    if "?" in request.uri.rpartition("@")[2]:
        raise Malformed("an address brings headers along")
    required = tokens(headers, "require") - KNOWN
    if required and request.method not in ("ACK", "CANCEL"):
        raise Refused("an extension that we do not know", 420, [("unsupported", ", ".join(sorted(required)))])
    if request.body and request.method in BODIES:
        _check_body(request)


def _check_body(request: Request) -> None:
    kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/sdp" or tokens(request.headers, "content-encoding") - {"identity"}:
        raise Refused("a body that we do not read", 415, [("accept", "application/sdp")])


def check_response(response: Response) -> tuple[str, str]:
    """Return branch and method by which a response finds its request. Raises Malformed.

    One that has more than our own ``Via`` was meant for a proxy. Source: RFC 3261, sections 8.1.3.3 and 17.1.3.
    """
    hops = values(response.headers, "via")
    if len(hops) != 1:
        raise Malformed("a response is not ours")
    for name in ("from", "to", "call-id"):
        response.headers.one(name)
    parse_address(response.headers.one("to"))
    return parse_via(hops[0]).branch, parse_cseq(response.headers)[1]

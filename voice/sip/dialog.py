"""A dialog: its two tags, its route set, where the far end is now, and the numbers of its requests. Sans-IO.

Source: RFC 3261, section 12.
"""

from __future__ import annotations

from voice.sip.line import Field, Line
from voice.sip.message import Headers, Malformed, Request, Response
from voice.sip.values import parse_address, parse_cseq, values

CREDENTIALS = ("authorization", "proxy-authorization")


class Dialog:
    """One dialog that our INVITE made. `local` and `remote` are ``From`` and ``To`` of our requests, to the letter."""

    def __init__(self, invite: Request, response: Response) -> None:
        """Begin it with the answer to `invite`. Raises Malformed."""
        self.call_id = invite.headers.one("call-id")
        self.local, self.remote = invite.headers.one("from"), response.headers.one("to")
        self.local_tag, self.remote_tag = parse_address(self.local).tag, parse_address(self.remote).tag
        self.sequence = parse_cseq(invite.headers)[0]
        self.far_sequence: int | None = None
        self.target = invite.uri
        self.routes = values(response.headers, "record-route")[::-1]
        for route in self.routes:
            parse_address(route)
        self.retarget(response.headers)

    def retarget(self, headers: Headers) -> None:
        """Take a new ``Contact``, as a re-INVITE, an UPDATE and their answers may bring it. Raises Malformed."""
        if contacts := values(headers, "contact"):
            uri = parse_address(contacts[0]).uri
            if not uri.lower().startswith(("sip:", "sips:")):
                raise Malformed("a contact is no SIP address")
            self.target = uri

    def take_sequence(self, request: Request) -> bool:
        """Note the number of a request of the far end. False: it is older than what came already."""
        sequence, _ = parse_cseq(request.headers)
        if self.far_sequence is not None and sequence <= self.far_sequence:
            return False
        self.far_sequence = sequence
        return True

    def request(self, line: Line, method: str, fields: list[Field] | None = None, body: bytes = b"") -> Request:
        """Return the next request in this dialog, with credentials where the trunk has asked for them."""
        self.sequence += 1
        uri, head = self._head(f"{self.sequence} {method}")
        return line.request(method, uri, [*head, *(fields or []), *line.digest.credentials(method, uri)], body)

    def acknowledge(self, line: Line, invite: Request) -> Request:
        """Return the ACK of a 2xx, with the credentials of its INVITE. Source: RFC 3261, section 13.2.2.4."""
        uri, head = self._head(f"{parse_cseq(invite.headers)[0]} ACK")
        given = [(name, value) for name, value in invite.headers.fields if name in CREDENTIALS]
        return line.request("ACK", uri, [*head, *given])

    def _head(self, cseq: str) -> tuple[str, list[Field]]:
        """Return the Request-URI and what every request holds; a strict router is served too (12.2.1.1)."""
        uri, routes = self.target, self.routes
        if routes and not _is_loose(first := parse_address(routes[0]).uri):
            uri, routes = first, [*routes[1:], f"<{self.target}>"]
        return uri, [
            *(("route", route) for route in routes), ("from", self.local), ("to", self.remote),
            ("call-id", self.call_id), ("cseq", cseq),
        ]  # fmt: skip


def _is_loose(uri: str) -> bool:
    """Whether a route takes requests as they are: its URI has the parameter ``lr``."""
    return any(part.partition("=")[0].strip().lower() == "lr" for part in uri.split(";")[1:])

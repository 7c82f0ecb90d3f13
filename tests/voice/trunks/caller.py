"""Curbside's side of a call through Kamailio, as plain as it can be: one TCP connection, messages by hand."""

from __future__ import annotations

import secrets
import socket
from typing import NamedTuple

HEADERS = {
    "From": '"Riverside Clinic" <sip:+16175550100@clinic.example>;tag={tag}',
    "To": "<sip:+16175550142@trunk.example>",
    "P-Asserted-Identity": "<sip:+16175550100@clinic.example>",
    "Contact": "<sip:clinic@127.0.0.1:9;transport=tcp>",
    "Max-Forwards": "70",
    "Allow": "INVITE, ACK, BYE, CANCEL, OPTIONS",
    "Supported": "timer",
    "Content-Type": "application/sdp",
}
URI = "sip:+16175550142@trunk.example"
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


class Message(NamedTuple):
    """A message as it came in: its first line, its headers in order."""

    first: str
    headers: list[tuple[str, str]]

    @classmethod
    def read(cls, text: str) -> Message:
        """From its text."""
        first, *lines = text.partition("\n\n")[0].split("\n")
        return cls(first, [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)])

    def all(self, name: str) -> list[str]:
        """The values of a header."""
        return [value for found, value in self.headers if found == name]

    @property
    def status(self) -> int:
        """The code of an answer; 0 of a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0


class Caller:
    """One call from the inside."""

    def __init__(self, port: int) -> None:
        """Connect."""
        self._line = socket.create_connection(("127.0.0.1", port), timeout=8)
        self._file = self._line.makefile("rb")
        self.call = secrets.token_hex(8)
        self.branch = f"z9hG4bK{self.call}"
        self.tag = secrets.token_hex(4)

    def send(
        self, method: str, uri: str = URI, *, cseq: int = 1, branch: str = "", within: Message | None = None
    ) -> None:
        """Send a request of this call, along the route that an answer named where it is `within` a dialog."""
        headers = {name: value.format(tag=self.tag) for name, value in HEADERS.items()}
        if within is not None:
            routes = [route for line in within.all("Record-Route") for route in line.split(",")]
            headers |= {"To": within.all("To")[0], "Route": ", ".join(reversed(routes))}
        sdp = SDP if method == "INVITE" else ""
        lines = [f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/TCP 127.0.0.1:9;branch={branch or self.branch}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Call-ID: {self.call}", f"CSeq: {cseq} {method}", f"Content-Length: {len(sdp)}", "", sdp]
        self._line.sendall("\r\n".join(lines).encode())

    def say(self, text: str) -> None:
        """Send what may be no message at all."""
        self._line.sendall(text.encode())

    def answer(self, request: Message) -> None:
        """Say 200 to a request that came in."""
        same = {"Via", "From", "To", "Call-ID", "CSeq"}
        kept = [f"{name}: {value}" for name, value in request.headers if name in same]
        self._line.sendall("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode())

    def receive(self) -> Message:
        """The next message. Raises TimeoutError after eight seconds."""
        lines: list[str] = []
        while (line := self._file.readline().decode().rstrip("\r\n")) or not lines:
            lines.append(line)
        message = Message.read("\n".join(lines) + "\n\n")
        self._file.read(int(message.all("Content-Length")[0]))
        return message

    def final(self) -> Message:
        """The next answer that is no provisional one."""
        while (message := self.receive()).status < 200:
            pass
        return message

    def close(self) -> None:
        """Hang up the connection."""
        self._file.close()
        self._line.close()

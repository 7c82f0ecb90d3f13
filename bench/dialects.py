"""How a client of each system under test speaks: opening, signing in, publishing, and what comes back. Sans-IO.

Every message carries an id of its own that the system hands on unchanged: a UUID (version 4 by its form) whose first
eight digits are the message's number in this run, so that a delivery finds the time at which it was sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bench.frames import frame
from bench.words import MESSAGES

QUOTED: Final = tuple(json.dumps(text) for text in MESSAGES)
READY: Final = "ready"
EVENT: Final = "event"
ACK: Final = "ack"
REFUSED: Final = "refused"
Heard = tuple[str, int]
"""What a frame says, and of which message (-1 where that does not matter)."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who a socket belongs to: what signs it in, and the streams (or rooms) that it reads."""

    ticket: str
    streams: tuple[str, ...]


def message_id(salt: str, number: int) -> str:
    """Return the id of a message; `salt` is 12 hexadecimal digits of this run."""
    return f"{number:08x}-0000-4000-8000-{salt}"


class Dialect(Protocol):
    """One system's language. `hear` returns what a frame said and the answer that it wants, if any."""

    subprotocol: str | None

    def path(self, member: Member) -> str:
        """The path of the handshake."""

    def hello(self, member: Member) -> bytes:
        """What is sent once the WebSocket is open; nothing where the handshake was all."""

    def publish(self, stream: str, salt: str, number: int) -> bytes:
        """One message, framed."""

    def hear(self, payload: bytes) -> tuple[list[Heard], bytes]:
        """Read a text frame."""


class Curbside:
    """Version 1 of our own wire (docs/protocol.md)."""

    subprotocol: str | None = "curbside.v1"

    def path(self, member: Member) -> str:
        """One path for all."""
        return "/ws"

    def hello(self, member: Member) -> bytes:
        """Sign in and subscribe in one frame."""
        subs = [{"r": stream} for stream in member.streams]
        hello = {"t": "hello", "i": 0, "v": 1, "tok": member.ticket, "dev": "bench", "subs": subs}
        return frame(json.dumps(hello).encode())

    def publish(self, stream: str, salt: str, number: int) -> bytes:
        """A `pub` of a message."""
        text = QUOTED[number % len(QUOTED)]
        c = message_id(salt, number)
        said = f'{{"t":"pub","i":{number + 1},"r":"{stream}","c":"{c}","k":"message","d":{{"text":{text}}}}}'
        return frame(said.encode())

    def hear(self, payload: bytes) -> tuple[list[Heard], bytes]:
        """Events, answers, heartbeats; one frame may hold several."""
        heard: list[Heard] = []
        answer = b""
        for line in payload.split(b"\n") if b"\n" in payload else (payload,):
            kind = line[5:8]
            if kind == b'"ev':
                at = line.find(b'"c":"')
                heard.append((EVENT, int(line[at + 5 : at + 13], 16) if at > 0 else -1))
            elif kind == b'"re':
                heard.append(_read_reply(line))
            elif kind == b'"hb':
                answer += frame(b'{"t":"hb","n":%d}' % json.loads(line)["n"])
            elif kind == b'"by':
                heard.append((REFUSED, -1))
        return heard, answer


def _read_reply(line: bytes) -> Heard:
    """`re` to a `pub` carries its number plus one; that to the `hello` carries 0."""
    at = line.find(b'"i":') + 4
    number = int(line[at : line.index(b",", at)]) - 1
    if b'"err":{' in line:
        return REFUSED, number
    return (READY, -1) if number < 0 else (ACK, number)


class Stock:
    """The chat of Channels' tutorial: one room a socket, named in its path; no acknowledgement."""

    subprotocol: str | None = None

    def path(self, member: Member) -> str:
        """The room is in the path."""
        return f"/ws/chat/{member.streams[0]}/"

    def hello(self, member: Member) -> bytes:
        """Nothing: who is connected is in the room."""
        return b""

    def publish(self, stream: str, salt: str, number: int) -> bytes:
        """A message with an id."""
        text = QUOTED[number % len(QUOTED)]
        return frame(f'{{"c":"{message_id(salt, number)}","message":{text}}}'.encode())

    def hear(self, payload: bytes) -> tuple[list[Heard], bytes]:
        """Everything that comes is a message."""
        at = payload.find(b'"c": "')
        return [(EVENT, int(payload[at + 6 : at + 14], 16))], b""


class SocketIO:
    """Engine.IO 4 and Socket.IO 5 over a WebSocket only. Source: socket.io/docs/v4/engine-io-protocol."""

    subprotocol: str | None = None

    def path(self, member: Member) -> str:
        """One path for all."""
        return "/socket.io/?EIO=4&transport=websocket"

    def hello(self, member: Member) -> bytes:
        """Connect with a token; the server joins the rooms that it is asked for."""
        auth = {"token": member.ticket, "rooms": member.streams}
        return frame(b"40" + json.dumps(auth).encode())

    def publish(self, stream: str, salt: str, number: int) -> bytes:
        """An event with an acknowledgement."""
        text = QUOTED[number % len(QUOTED)]
        said = f'42{number}["message",{{"r":"{stream}","c":"{message_id(salt, number)}","text":{text}}}]'
        return frame(said.encode())

    def hear(self, payload: bytes) -> tuple[list[Heard], bytes]:
        """Packets: a digit of Engine.IO, a digit of Socket.IO, then JSON."""
        kind = payload[:2]
        if kind == b"42":
            at = payload.find(b'"c":"')
            return [(EVENT, int(payload[at + 5 : at + 13], 16))], b""
        if kind == b"43":
            return [(ACK, int(payload[2 : payload.index(b"[")]))], b""
        if kind == b"40":
            return [(READY, -1)], b""
        if payload == b"2":
            return [], frame(b"3")
        return [(REFUSED, -1)] if kind in {b"44", b"41"} else [], b""


DIALECTS: Final[dict[str, Any]] = {"curbside": Curbside, "stock": Stock, "socketio": SocketIO}

r"""The wire, version 1: frames, codes and limits. Sans-IO: no Django, no event loop, no clock.

One WebSocket text message holds one or more JSON objects joined by ``\n``. What a client sends is read into one
struct, `Inbound`, whatever its ``t``; what the server sends is built by the functions at the end of this module.
``docs/protocol.md`` is held equal to the tables here by a test.
"""

import dataclasses
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Final

import msgspec
import orjson

VERSION: Final = 1
SUBPROTOCOL: Final = "curbside.v1"
ME: Final = "me"


def _limit(default: Any, use: str) -> Any:
    return field(default=default, metadata={"use": use})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection, member or stream may use. Sizes in bytes, spans in seconds, rates a second."""

    frame_bytes: int = _limit(65_536, "largest WebSocket message")
    pub_bytes: int = _limit(16_384, "largest content of one pub")
    frame_rate: float = _limit(10.0, "frames a second and connection")
    frame_burst: int = _limit(30, "frames at once and connection")
    pub_rate: float = _limit(5.0, "pubs a second and member")
    pub_burst: int = _limit(15, "pubs at once and member")
    pub_in_flight: int = _limit(32, "pubs without an answer, a connection")
    subscriptions: int = _limit(128, "subscriptions a connection")
    connections: int = _limit(10, "connections a member")
    strikes: int = _limit(3, "how often a rate may be passed before the connection is closed")
    strike_s: float = _limit(60.0, "quiet time after which earlier strikes are forgotten")
    hello_s: float = _limit(5.0, "how long a connection may wait with its hello")
    silence_s: float = _limit(25.0, "silence before a heartbeat")
    answer_s: float = _limit(10.0, "how long the answer to a heartbeat may take")
    waiting_frames: int = _limit(256, "frames waiting for a slow reader")
    waiting_bytes: int = _limit(524_288, "bytes waiting for a slow reader")
    unacked_bytes: int = _limit(1_048_576, "bytes sent since the last heartbeat that was answered")
    resume_events: int = _limit(500, "most events sent again on a resume")
    resume_bytes: int = _limit(262_144, "most bytes sent again on a resume")
    ticket_s: int = _limit(900, "life of a ticket")
    audit_s: float = _limit(3.0, "between two audits of the heads")
    busy_s: float = _limit(0.9, "how long a command may take before the client is told to try again")
    write_queue: int = _limit(4_096, "commands waiting for the writer")
    crowd: int = _limit(64, "live sockets of a stream from which its events wait up to 20 ms for one another")

    @classmethod
    def described(cls) -> list[tuple[str, Any, str]]:
        """Name, default and use of each, for the settings and the documentation."""
        return [(field.name, field.default, field.metadata["use"]) for field in dataclasses.fields(cls)]


class Code(Enum):
    """Why a connection or a subscription ended: code, name, whether to come back, and a sentence for a person."""

    INTERNAL = (4000, "internal", True, "Something went wrong on our side.")
    DRAIN = (4001, "drain", True, "This server is being restarted.")
    NO_HELLO = (4002, "no hello", True, "The connection did not say who it is in time.")
    NO_HEARTBEAT = (4003, "no heartbeat", True, "The connection no longer answers.")
    SLOW = (4008, "slow", True, "The connection is too slow for what is sent.")
    RESYNC = (4010, "resync", True, "The connection has to start again from its positions.")
    TOO_MANY = (4013, "too many", True, "Too much was sent at once.")
    TICKET_EXPIRED = (4014, "ticket expired", True, "The ticket has expired.")
    MALFORMED = (4500, "malformed", False, "That was not understood.")
    NOT_SIGNED_IN = (4501, "not signed in", False, "Sign in first.")
    WITHDRAWN = (4503, "access withdrawn", False, "This is no longer open to you.")
    TOO_MANY_CONNECTIONS = (4504, "too many connections", False, "Too many connections are open.")
    VERSION = (4505, "version", False, "This version of the app is no longer supported.")
    STREAM_CLOSED = (4506, "stream closed", False, "This has been closed.")

    @property
    def number(self) -> int:
        """The close code on the wire (RFC 6455, section 7.4.2: 4000 to 4999 are private)."""
        return self.value[0]

    @property
    def retry(self) -> bool:
        """Whether the client comes back by itself."""
        return self.value[2]

    @property
    def sentence(self) -> str:
        """The same in words for a person."""
        return self.value[3]


class Refusal(Exception):
    """A command that is not carried out. What it holds goes to its sender, so no exception's text may be in it.

    `code` is a word of the wire, `msg` a sentence for a person, `retry` whether the same request can succeed
    later, `after` seconds until it may, `d` details that concern the sender's own request.
    """

    def __init__(self, code: str, msg: str, *, retry: bool = False, after: float | None = None,
                 d: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code, self.msg, self.retry, self.after, self.d = code, msg, retry, after, d


# Refusals that `realtime` itself gives; apps add dotted codes of their own. code -> (sentence, retry)
REFUSALS: Final[dict[str, tuple[str, bool]]] = {
    "malformed": ("That was not understood.", False),
    "unknown_command": ("This app does not know that command.", False),
    "not_found": ("This does not exist, or is not open to you.", False),
    "closed": ("This has been closed.", False),
    "conflict": ("Something else was sent under this id before.", False),
    "rate": ("That was too much at once.", True),
    "busy": ("The service is busy. It is tried again.", True),
    "too_large": ("That is too long.", False),
    "too_many": ("Too many are open at once.", False),
    "unauthorized": ("Sign in first.", False),
    "internal": ("Something went wrong on our side.", True),
}


def refuse(code: str, *, after: float | None = None) -> Refusal:
    """Return the Refusal of one of the codes above."""
    msg, retry = REFUSALS[code]
    return Refusal(code, msg, retry=retry, after=after)


class Position(msgspec.Struct, frozen=True):
    """One wanted subscription: stream, the last seq the client has applied, and the epoch of that number."""

    r: str
    p: int | None = None
    e: str | None = None


RequestId = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)] | Annotated[str, msgspec.Meta(max_length=64)]
"""What a client calls a request, echoed to it: a number that JavaScript can hold, or a short word."""


class Inbound(msgspec.Struct, frozen=True):
    """Any frame of a client. Unknown keys are ignored; which keys a ``t`` needs is checked by the session."""

    t: str
    i: RequestId | None = None
    v: int | None = None
    tok: str | None = None
    dev: str | None = None
    subs: list[Position] | None = None
    un: list[str] | None = None
    r: str | None = None
    c: str | None = None
    k: str | None = None
    d: msgspec.Raw = msgspec.Raw(b"{}")
    n: int | None = None
    p: dict[str, int] | None = None


_decoder = msgspec.json.Decoder(Inbound)


def decode(message: str) -> list[Inbound]:
    """Return the frames of one WebSocket text message, at least one.

    Raises Refusal("malformed") for anything that is no JSON object, has a field of a wrong type, or is nested too
    deep to be read.
    """
    try:
        frames = [_decoder.decode(line) for line in message.split("\n") if line]
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise refuse("malformed") from None
    if not frames:
        raise refuse("malformed")
    return frames


def content(raw: msgspec.Raw) -> dict[str, Any]:
    """Return the content ``d`` of a frame as a dictionary.

    Raises Refusal("malformed") where it is no object, is nested too deep, or holds a NUL, which PostgreSQL cannot
    store in text.
    """
    data = bytes(raw)
    if b"\\u0000" in data:
        raise refuse("malformed")
    try:
        d = orjson.loads(data)
    except (orjson.JSONDecodeError, RecursionError):
        raise refuse("malformed") from None
    if not isinstance(d, dict):
        raise refuse("malformed")
    return d


# --- what the server sends -----------------------------------------------------------------------------------------


def reply(i: int | str | None, **fields: Any) -> bytes:
    """``re`` for a request that was carried out."""
    return orjson.dumps({"t": "re", "i": i, "ok": 1, **fields})


def error(i: int | str | None, refusal: Refusal) -> bytes:
    """``re`` for a request that was refused."""
    err: dict[str, Any] = {"code": refusal.code, "msg": refusal.msg, "retry": refusal.retry}
    if refusal.after is not None:
        err["after"] = round(refusal.after, 3)
    if refusal.d is not None:
        err["d"] = refusal.d
    return orjson.dumps({"t": "re", "i": i, "err": err})


def bye(code: Code, *, r: str | None = None, after: float = 0.0) -> bytes:
    """``bye``: with a stream, that subscription has ended; without, the connection is about to be closed."""
    frame: dict[str, Any] = {"t": "bye"} if r is None else {"t": "bye", "r": r}
    return orjson.dumps({**frame, "code": code.number, "msg": code.sentence, "retry": code.retry,
                         "after": round(after, 3)})


def heartbeat(n: int, heads: dict[str, int]) -> bytes:
    """``hb`` of the server: a number to be echoed, and the heads of what the connection is subscribed to."""
    return orjson.dumps({"t": "hb", "n": n, "h": heads} if heads else {"t": "hb", "n": n})


def ephemeral(r: str, k: str, u: str | None, d: dict[str, Any]) -> bytes:
    """``eph`` of the server."""
    return orjson.dumps({"t": "eph", "r": r, "k": k, "u": u, "d": d} if u else {"t": "eph", "r": r, "k": k, "d": d})


def event(r: str, s: int, k: str, u: str | None, c: str | None, ts: int, body: bytes) -> bytes:
    """``ev``: one durable event. `body` is JSON already and is written as it stands; `ts` is Unix milliseconds."""
    frame: dict[str, Any] = {"t": "ev", "r": r, "s": s, "k": k, "ts": ts, "d": orjson.Fragment(body)}
    if u:
        frame["u"] = u
    if c:
        frame["c"] = c
    return orjson.dumps(frame)

"""The frames as documents show them: which keys each has, their types, and what they mean. Sans-IO.

The service itself reads every frame into `protocol.Inbound` and writes with the functions of ``protocol.py``, which is
quicker. These shapes are for ``manage.py describe``; tests hold them equal to both. A client may send more keys
(they are ignored) and must ignore those that it does not know.
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Request = Annotated[int | str, Meta(description="Chosen by the client, echoed in `re`.")]
StreamId = Annotated[str, Meta(description="A stream's id, 1 to 64 of `A-Z a-z 0-9 _ -`.", min_length=1, max_length=64)]
Seq = Annotated[int, Meta(description="A number in the stream, from 1 without a hole.", ge=0)]
Kind = Annotated[str, Meta(description="A word of up to 32 characters, such as `consult.close`.", max_length=32)]
Instant = Annotated[int, Meta(description="Unix milliseconds, for display only.")]
Spread = Annotated[float, Meta(description="Seconds to wait before the next attempt.", ge=0)]
Sentence = Annotated[str, Meta(description="A sentence for a person.")]


class Frame(msgspec.Struct, frozen=True):
    """What all frames share."""


class Wanted(Frame, frozen=True, kw_only=True):
    """One wanted subscription."""

    r: StreamId
    p: Annotated[int, Meta(description="The last number applied; absent: from now on.", ge=0)] | UnsetType = UNSET
    e: Annotated[str, Meta(description="The epoch of that number.", max_length=32)] | UnsetType = UNSET


Positions = Annotated[list[Wanted], Meta(description="Wanted subscriptions.")]


class Hello(Frame, frozen=True, kw_only=True):
    """Who is speaking: the first frame, in time, and again at any time to renew the ticket."""

    t: Literal["hello"]
    i: Request | UnsetType = UNSET
    v: Annotated[Literal[1], Meta(description="Version of the protocol.")]
    tok: Annotated[str, Meta(description="A ticket of `POST /api/v1/ticket`.")]
    dev: Annotated[str, Meta(description="What kind of client this is; for its own use, ignored.")] | UnsetType = UNSET
    subs: Positions | UnsetType = UNSET


class Sub(Frame, frozen=True, kw_only=True):
    """Subscribe, from a position or from now on, and unsubscribe."""

    t: Literal["sub"]
    i: Request
    subs: Positions | UnsetType = UNSET
    un: Annotated[list[StreamId], Meta(description="Streams to stop.")] | UnsetType = UNSET


class Pub(Frame, frozen=True, kw_only=True):
    """A durable operation: a command, or something said."""

    t: Literal["pub"]
    i: Request
    r: Annotated[str, Meta(description="A stream's id, or `me` for what belongs to no stream yet.", max_length=64)]
    c: Annotated[str, Meta(description="A random UUID, version 4, made once and kept over every retry.")]
    k: Kind
    d: Annotated[dict[str, Any], Meta(description="The content, as the command wants it.")] | UnsetType = UNSET


class EphSent(Frame, frozen=True, kw_only=True):
    """Something that need not be kept: one types, or has read up to a number. There is no reply."""

    t: Literal["eph"]
    r: StreamId
    k: Annotated[Literal["typing", "read"], Meta(description="Other words are ignored.")]
    d: Annotated[dict[str, Any], Meta(description="`typing`: empty. `read`: `{s}`.")] | UnsetType = UNSET


class HbSent(Frame, frozen=True, kw_only=True):
    """The answer to a heartbeat."""

    t: Literal["hb"]
    n: Annotated[int, Meta(description="The number of the heartbeat that is answered.")]
    p: Annotated[dict[str, int], Meta(description="Numbers applied, by stream.")] | UnsetType = UNSET


class Failure(Frame, frozen=True, kw_only=True):
    """Why a request was refused."""

    code: Annotated[str, Meta(description="A word for a program: see the refusals.")]
    msg: Sentence
    retry: Annotated[bool, Meta(description="Whether the same request can succeed later.")]
    after: Annotated[float, Meta(description="Seconds until it may.", ge=0)] | UnsetType = UNSET
    d: Annotated[dict[str, Any], Meta(description="Details of the sender's own request.")] | UnsetType = UNSET


class Room(Frame, frozen=True, kw_only=True):
    """Where a subscription stands."""

    r: StreamId
    e: Annotated[str, Meta(description="The stream's epoch.")]
    s: Annotated[int, Meta(description="The head at this moment.", ge=0)]
    rec: Annotated[Literal[0, 1], Meta(description="1: whatever was missed follows as `ev`. 0: load it over HTTP.")]
    me: Annotated[str, Meta(description="One's own pseudonym there.")]


class Re(Frame, frozen=True, kw_only=True):
    """The only reply to a request. For `pub` with `ok` it means committed."""

    t: Literal["re"]
    i: Annotated[int | str | None, Meta(description="Of the request.")]
    ok: Annotated[Literal[1], Meta(description="It was carried out.")] | UnsetType = UNSET
    err: Annotated[Failure, Meta(description="It was not.")] | UnsetType = UNSET
    s: Annotated[int, Meta(description="`pub`: the number of the event that records it.", ge=1)] | UnsetType = UNSET
    d: (
        Annotated[dict[str, Any], Meta(description="`pub`: `{r}`, the stream it made or concerns. `hello`: the terms.")]
        | UnsetType
    ) = UNSET
    rooms: (
        Annotated[list[Room], Meta(description="`hello`, `sub`: the wanted streams that are open to this member.")]
        | UnsetType
    ) = UNSET


class Ev(Frame, frozen=True, kw_only=True):
    """One durable event."""

    t: Literal["ev"]
    r: StreamId
    s: Seq
    k: Kind
    u: Annotated[str, Meta(description="Whose: a pseudonym. Absent: the service's own.")] | UnsetType = UNSET
    c: Annotated[str, Meta(description="The `c` of the `pub` that made it.")] | UnsetType = UNSET
    ts: Instant
    d: Annotated[dict[str, Any], Meta(description="The content.")]


class EphHeard(Frame, frozen=True, kw_only=True):
    """What others do at this moment; dropped first when a connection is slow."""

    t: Literal["eph"]
    r: StreamId
    k: Annotated[str, Meta(description="`typing`, `read`, `here`, or a word that the service's own code sends.")]
    u: Annotated[str, Meta(description="Who: a pseudonym of this stream.")] | UnsetType = UNSET
    d: Annotated[dict[str, Any], Meta(description="`typing`: `{for_ms}`. `read`: `{s}`. `here`: `{here}`.")]


class HbHeard(Frame, frozen=True, kw_only=True):
    """A heartbeat: answer it with the same `n`, and see from `h` whether anything is missing."""

    t: Literal["hb"]
    n: Annotated[int, Meta(description="Rises by one.")]
    h: Annotated[dict[str, int], Meta(description="Heads, by stream.")] | UnsetType = UNSET


class Bye(Frame, frozen=True, kw_only=True):
    """A subscription has ended (with `r`; the socket lives), or the connection is about to be closed."""

    t: Literal["bye"]
    r: StreamId | UnsetType = UNSET
    code: Annotated[int, Meta(description="See the close codes.")]
    msg: Sentence
    retry: Annotated[bool, Meta(description="Whether to come back by itself.")]
    after: Spread


SENT: Final[dict[str, type[Frame]]] = {"hello": Hello, "sub": Sub, "pub": Pub, "eph": EphSent, "hb": HbSent}
HEARD: Final[dict[str, type[Frame]]] = {"re": Re, "ev": Ev, "eph": EphHeard, "hb": HbHeard, "bye": Bye}

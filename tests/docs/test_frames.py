"""The shapes that the documents show are those that the service reads and writes."""

from __future__ import annotations

import json
import types
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import protocol
from realtime.buckets import Bucket
from realtime.frames import HEARD, SENT, EphSent, Frame, Hello, Pub, Sub, Wanted
from realtime.protocol import Code, Inbound, Limits, Position, refuse
from realtime.session import Action, Authenticate, End, Ephemeral, Publish, Session, Subscribe
from tests.conftest import Deploy
from tests.sockets.wire import Wire

C = "9b2f6c1e-7a44-4d0b-9f6e-2f4a8c1d3e5b"
WHOLE: dict[str, dict[str, Any]] = {
    "hello": {"t": "hello", "i": 1, "v": 1, "tok": "x", "dev": "test", "subs": [{"r": "a", "p": 3, "e": "b"}]},
    "sub": {"t": "sub", "i": 2, "subs": [{"r": "a"}], "un": ["b"]},
    "pub": {"t": "pub", "i": 3, "r": "a", "c": C, "k": "message", "d": {"text": "x"}},
    "eph": {"t": "eph", "r": "a", "k": "read", "d": {"s": 3}},
    "hb": {"t": "hb", "n": 1, "p": {"a": 3}},
}
TAKEN_AS: dict[str, type[Action]] = {
    "hello": Authenticate, "sub": Subscribe, "pub": Publish, "eph": Ephemeral,
}  # fmt: skip


def conforms(frame: dict[str, Any], shape: type[Frame]) -> None:
    """Fails unless the frame has the keys of the shape and no other, of its types."""
    msgspec.convert(frame, shape)
    assert set(frame) <= set(shape.__struct_fields__), (frame, shape)


def live_session() -> Session:
    """A session that has been admitted."""
    session = Session(Limits(), 0.0)
    session.admit(0.0, expires_in=900, pubs=Bucket(5, 15, 0.0))
    return session


def plain(annotation: Any) -> set[Any]:
    """The plain types behind an annotation, without what documents add."""
    if typing.get_origin(annotation) is typing.Annotated:
        return plain(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return set().union(*(plain(one) for one in typing.get_args(annotation))) - {type(None), msgspec.UnsetType}
    if typing.get_origin(annotation) is typing.Literal:
        return {type(value) for value in typing.get_args(annotation)}
    return {typing.get_origin(annotation) or annotation}


@pytest.mark.parametrize(("shape", "read"), [*((shape, Inbound) for shape in SENT.values()), (Wanted, Position)])
def test_a_field_that_is_shown_is_read_with_its_type(shape: type[Frame], read: type[msgspec.Struct]) -> None:
    shown, real = typing.get_type_hints(shape, include_extras=True), typing.get_type_hints(read)
    for name, annotation in shown.items():
        if name == "d":
            assert real["d"] is msgspec.Raw
        else:
            assert plain(annotation) == plain(real[name]), name


@pytest.mark.parametrize("t", TAKEN_AS)
def test_a_whole_frame_is_taken_and_an_optional_key_may_be_missing(t: str) -> None:
    shape, frame = SENT[t], WHOLE[t]
    conforms(frame, shape)
    assert set(frame) == set(shape.__struct_fields__)
    needed = {field.name for field in msgspec.structs.fields(shape) if field.required}
    [action] = live_session().receive(json.dumps({k: v for k, v in frame.items() if k in needed}), 0.0)
    assert isinstance(action, TAKEN_AS[t])


@pytest.mark.parametrize(
    ("shape", "key"),
    [(shape, f.name) for shape in (Hello, Sub, Pub, EphSent) for f in msgspec.structs.fields(shape)
     if f.required and f.name != "t"],
)  # fmt: skip
def test_a_frame_without_a_key_that_is_needed_is_not_taken(shape: type[Frame], key: str) -> None:
    t = next(name for name, one in SENT.items() if one is shape)
    actions = live_session().receive(json.dumps({k: v for k, v in WHOLE[t].items() if k != key}), 0.0)
    assert not any(isinstance(action, TAKEN_AS[t]) for action in actions)


def test_what_stands_behind_a_greeting_in_the_same_message_comes_too_early() -> None:
    session = Session(Limits(), 0.0)
    greeting, early = session.receive("\n".join(json.dumps(WHOLE[t]) for t in ("hello", "sub")), 0.0)
    assert isinstance(greeting, Authenticate)
    assert isinstance(early, End) and early.code is Code.NOT_SIGNED_IN


@given(
    i=st.integers(-(2**53), 2**53) | st.text(max_size=9) | st.none(),
    r=st.text("abc_-", min_size=1, max_size=22),
    u=st.none() | st.just("Light flagon"),
    n=st.integers(0, 2**53),
    code=st.sampled_from(Code),
    refusal=st.sampled_from(sorted(protocol.REFUSALS)),
)
def test_what_the_service_writes_has_the_shapes_that_are_shown(
    i: int | str | None, r: str, u: str | None, n: int, code: Code, refusal: str
) -> None:
    written = [
        protocol.reply(i, s=1, d={"r": r}),
        protocol.reply(i, rooms=[{"r": r, "e": "x", "s": 4, "rec": 0, "me": "You"}]),
        protocol.error(i, refuse(refusal)),
        protocol.error(i, refuse(refusal, after=1.25)),
        protocol.error(i, protocol.Refusal("gate", "No.", d={"spans": []})),
        protocol.bye(code),
        protocol.bye(code, r=r, after=0.5),
        protocol.heartbeat(n, {}),
        protocol.heartbeat(n, {r: n}),
        protocol.ephemeral(r, "typing", u, {"for_ms": 5000}),
        protocol.event(r, n, "message", u, C if u else None, n, b'{"text":"x"}'),
    ]
    for data in written:
        frame = json.loads(data)
        conforms(frame, HEARD[frame["t"]])


@pytest.mark.asyncio
async def test_what_a_socket_hears_has_the_shapes_that_are_shown(deploy: Deploy) -> None:
    deployment = deploy("sqlite")
    deployment.start()
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, circle.stream, circle.asker.inbox, "no-such-stream")
        await wire.publish(circle.stream, "Shown as it is.")
        await wire.publish(circle.stream, "Call 617 555 0100.")
        await wire.publish(circle.stream, "x", kind="no.such.command")
        await wire.ask(t="pub", r="me", c=C, k="consult.report", d={"r": circle.stream, "reason": "Rude."})
        await wire.expect(t="ev", k="consult.reported")
        for frame in wire.seen:
            conforms(frame, HEARD[frame["t"]])
        assert {frame["t"] for frame in wire.seen} >= {"re", "ev", "bye"}

"""One socket's life, driven by tables, by examples of the protocol, and by whatever Hypothesis thinks of."""

import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.buckets import Bucket
from realtime.protocol import Code, Limits
from realtime.session import (
    CREDIT_BYTES,
    Authenticate,
    End,
    Ephemeral,
    Publish,
    Send,
    Session,
    Subscribe,
)

LIMITS = Limits()
NO_HEADS: dict[str, int] = {}


def frame(**fields: Any) -> str:
    return json.dumps(fields)


def pub(i: int = 1, *, k: str = "message", r: str = "stream", d: Any = None, c: str = "") -> str:
    return frame(t="pub", i=i, r=r, c=c or str(uuid.uuid4()), k=k, d={"text": "hej"} if d is None else d)


def live(limits: Limits = LIMITS, now: float = 0.0) -> Session:
    session = Session(limits, now)
    (action,) = session.receive(frame(t="hello", i=0, v=1, tok="ticket"), now)
    assert action == Authenticate(0, "ticket", ())
    session.admit(now, expires_in=900, pubs=Bucket(limits.pub_rate, limits.pub_burst, now))
    return session


def error_of(action: Any) -> dict[str, Any]:
    assert isinstance(action, Send)
    err: dict[str, Any] = json.loads(action.data)["err"]
    return err


def test_the_first_frame_must_be_a_hello() -> None:
    assert Session(LIMITS, 0).receive(pub(), 0) == [End(Code.NOT_SIGNED_IN)]


@pytest.mark.parametrize(("hello", "code"), [
    ({"v": 2, "tok": "x"}, Code.VERSION), ({"tok": "x"}, Code.VERSION), ({"v": 1}, Code.NOT_SIGNED_IN),
    ({"v": 1, "tok": ""}, Code.NOT_SIGNED_IN),
])
def test_a_hello_needs_our_version_and_a_ticket(hello: dict[str, Any], code: Code) -> None:
    assert Session(LIMITS, 0).receive(frame(t="hello", i=1, **hello), 0) == [End(code)]


def test_a_hello_carries_subscriptions_so_that_a_reconnect_costs_one_round_trip() -> None:
    (action,) = Session(LIMITS, 0).receive(
        frame(t="hello", i="a", v=1, tok="x", subs=[{"r": "one", "p": 7, "e": "ep"}, {"r": "two"}]), 0)
    assert isinstance(action, Authenticate)
    assert [(s.r, s.p, s.e) for s in action.subs] == [("one", 7, "ep"), ("two", None, None)]


def test_without_a_hello_the_connection_ends_after_five_seconds() -> None:
    session = Session(LIMITS, 100)
    assert session.due() == 105
    assert session.tick(104.9, lambda: NO_HEADS) == []
    assert session.tick(105, lambda: NO_HEADS) == [End(Code.NO_HELLO)]


@pytest.mark.parametrize("message", [
    "", "{", "[]", "1", "null", '{"t":1}', '{"i":1}', "[" * 10_000, '{"t":"pub","d":' + "[" * 10_000,
    '{"t":"sub","i":1' + "0" * 30 + "}",
    '{"t":"sub","i":"' + "a" * 65 + '"}', '{"t":"pub","p":[]}', '{"t":"hello","subs":{}}',
    "x" * (LIMITS.frame_bytes + 1),
    "\u00e9" * (LIMITS.frame_bytes // 2 + 1), '{"t":"pub","i":1.5}',
])
def test_what_cannot_be_read_ends_the_connection_as_malformed(message: str) -> None:
    assert live().receive(message, 1) == [End(Code.MALFORMED)]


def test_a_binary_message_ends_the_connection_as_malformed() -> None:
    assert live().receive(None, 1) == [End(Code.MALFORMED)]


def test_several_frames_come_in_one_message_and_unknown_ones_are_ignored() -> None:
    actions = live().receive("\n".join([pub(1), frame(t="later", i=2, x=1), frame(t="pub", i=3, new=True, r="s",
                                       c=str(uuid.uuid4()), k="message", d={})]), 1)
    assert [(type(a), a.i) for a in actions if isinstance(a, Publish)] == [(Publish, 1), (Publish, 3)]
    assert len(actions) == 2


@pytest.mark.parametrize("change", [
    {"c": "not-a-uuid"}, {"c": "11111111-1111-1111-1111-111111111111"}, {"r": "../x"}, {"r": ""}, {"k": "Message"},
    {"k": "a" * 33}, {"d": []}, {"d": 1}, {"d": {"text": "a\u0000b"}},
])
def test_a_pub_of_a_wrong_shape_is_refused_and_the_connection_lives(change: dict[str, Any]) -> None:
    session = live()
    wrong = json.loads(pub(5)) | change
    (action,) = session.receive(frame(**wrong), 1)
    assert error_of(action)["code"] == "malformed"
    assert isinstance(session.receive(pub(6), 1)[0], Publish)


def test_content_nested_too_deep_is_refused() -> None:
    nested = "[" * 2000 + "]" * 2000
    deep = '{"t":"pub","i":1,"r":"s","c":"' + str(uuid.uuid4()) + '","k":"message","d":{"a":' + nested + "}}"
    actions = live().receive(deep, 1)
    assert actions == [End(Code.MALFORMED)] or error_of(actions[0])["code"] == "malformed"


def test_content_over_sixteen_kibibytes_is_too_large() -> None:
    (action,) = live().receive(pub(d={"text": "a" * LIMITS.pub_bytes}), 1)
    assert error_of(action)["code"] == "too_large"


def test_past_thirty_two_pubs_in_flight_a_member_is_told_to_wait_until_one_is_answered() -> None:
    limits = Limits(pub_in_flight=2)
    session = live(limits)
    assert all(isinstance(session.receive(pub(i), 1)[0], Publish) for i in (1, 2))
    assert error_of(session.receive(pub(3), 1)[0])["code"] == "busy"
    session.settled()
    assert isinstance(session.receive(pub(4), 1)[0], Publish)


def test_over_the_rate_comes_an_error_with_a_time_and_the_third_time_the_end() -> None:
    session = live()
    for i in range(LIMITS.pub_burst):
        assert isinstance(session.receive(pub(i), 0)[0], Publish)
        session.settled()
    first, second, third = (session.receive(pub(100 + i), 0)[0] for i in range(3))
    assert error_of(first)["code"] == "rate"
    assert error_of(first)["after"] == pytest.approx(0.2)
    assert error_of(second)["retry"] is True
    assert third == End(Code.TOO_MANY, after=1.0)


def test_strikes_are_forgotten_after_a_quiet_minute() -> None:
    limits = Limits(pub_burst=1)
    session = live(limits)
    for now in (0.0, 100.0, 200.0, 300.0):
        assert isinstance(session.receive(pub(1), now)[0], Publish)
        session.settled()
        assert error_of(session.receive(pub(2), now)[0])["code"] == "rate"


def test_a_flood_of_frames_without_replies_ends_the_connection_too() -> None:
    session = live()
    actions: list[Any] = []
    for _ in range(LIMITS.frame_burst + 10):
        actions += session.receive(frame(t="eph", r="s", k="typing", d={}), 0)
    assert actions[-1] == End(Code.TOO_MANY, after=1.0)
    assert sum(isinstance(action, Ephemeral) for action in actions) < LIMITS.frame_burst


def test_two_sockets_of_a_member_share_one_bucket_of_pubs() -> None:
    shared = Bucket(LIMITS.pub_rate, 3, 0)
    sessions = [live(), live()]
    for session in sessions:
        session.admit(0, expires_in=900, pubs=shared)
    answers = [sessions[i % 2].receive(pub(i), 0)[0] for i in range(4)]
    assert [type(answer) for answer in answers] == [Publish, Publish, Publish, Send]


def test_a_heartbeat_follows_twenty_five_seconds_of_silence_and_tells_the_heads() -> None:
    session = live()
    assert session.due() == 25
    assert session.tick(24.9, lambda: NO_HEADS) == []
    (action,) = session.tick(25, lambda: {"s": 7})
    assert isinstance(action, Send)
    assert json.loads(action.data) == {"t": "hb", "n": 1, "h": {"s": 7}}


def test_an_unanswered_heartbeat_ends_the_connection_after_ten_seconds() -> None:
    session = live()
    session.tick(25, lambda: NO_HEADS)
    assert session.due() == 35
    assert session.tick(35, lambda: NO_HEADS) == [End(Code.NO_HEARTBEAT)]


def test_an_answered_heartbeat_keeps_the_connection() -> None:
    session = live()
    session.tick(25, lambda: NO_HEADS)
    assert session.receive(frame(t="hb", n=1), 26) == []
    assert session.tick(35, lambda: NO_HEADS) == []
    assert 50 <= session.due() <= 51


def test_a_heartbeat_with_another_number_answers_nothing() -> None:
    session = live()
    session.tick(25, lambda: NO_HEADS)
    session.receive(frame(t="hb", n=9), 26)
    assert session.tick(35, lambda: NO_HEADS) == [End(Code.NO_HEARTBEAT)]


def test_much_sent_asks_for_credit_and_a_reader_that_gives_none_is_ended() -> None:
    session = live()
    assert not session.sent(CREDIT_BYTES - 1)
    assert session.sent(1)
    assert isinstance(session.tick(1, lambda: NO_HEADS)[0], Send)
    assert not session.sent(LIMITS.unacked_bytes - CREDIT_BYTES)
    assert session.sent(1)
    assert session.tick(2, lambda: NO_HEADS) == [End(Code.SLOW)]


def test_a_reader_that_gives_credit_may_be_sent_any_amount() -> None:
    session = live()
    for _ in range(100):
        if session.sent(CREDIT_BYTES):
            (ask,) = session.tick(1, lambda: NO_HEADS)
            assert isinstance(ask, Send)
            assert session.receive(frame(t="hb", n=json.loads(ask.data)["n"]), 1) == []
    assert not session.over


def test_a_ticket_ends_and_a_second_hello_renews_it() -> None:
    session = live()
    session.receive(frame(t="hello", i=9, v=1, tok="newer"), 800)
    session.admit(800, expires_in=900, pubs=Bucket(5, 15, 800))
    session.receive(frame(t="sub", i=10), 1690)
    assert End(Code.TICKET_EXPIRED) not in session.tick(1699, lambda: NO_HEADS)
    session.receive(frame(t="hb", n=1), 1699)
    assert session.tick(1700, lambda: NO_HEADS) == [End(Code.TICKET_EXPIRED)]


def test_nothing_comes_out_after_the_end() -> None:
    session = live()
    session.end(Code.DRAIN)
    assert session.receive(pub(), 1) == []
    assert session.tick(100, lambda: NO_HEADS) == []
    assert session.end(Code.SLOW) == []


def test_a_sub_needs_a_number_to_be_answered_under() -> None:
    assert live().receive(frame(t="sub", subs=[{"r": "s"}]), 1) == []


@pytest.mark.parametrize("subs", [[{"r": "a/b"}], [{"r": "s", "p": -1}], [{"r": "s", "p": 2**63}],
                                  [{"r": "s", "e": "x" * 33}]])
def test_a_sub_of_a_wrong_shape_is_refused(subs: list[dict[str, Any]]) -> None:
    (action,) = live().receive(frame(t="sub", i=1, subs=subs), 1)
    assert error_of(action)["code"] == "malformed"


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
                    max_leaves=8)
FRAMES = st.fixed_dictionaries({"t": st.sampled_from(["hello", "sub", "pub", "eph", "hb", "re", "ev", "bye", "?"])},
                               optional=dict.fromkeys(["i", "v", "tok", "subs", "un", *"rckdnp"], JSON))


@given(st.lists(st.tuples(FRAMES | JSON, st.floats(0, 40)), max_size=30))
def test_whatever_comes_in_the_session_answers_by_its_rules(steps: list[tuple[Any, float]]) -> None:
    session, now, answered = live(), 0.0, 0
    for message, pause in steps:
        now += pause
        for action in session.tick(now, lambda: NO_HEADS) + session.receive(json.dumps(message), now):
            assert isinstance(action, Send | Authenticate | Subscribe | Publish | Ephemeral | End)
            assert not answered, "nothing may follow an End"
            if isinstance(action, End):
                assert session.over
                answered += 1
            if isinstance(action, Publish):
                session.settled()
    assert session.due() >= 0


@given(st.text(max_size=200))
def test_no_text_makes_the_session_raise(text: str) -> None:
    live().receive(text, 1)

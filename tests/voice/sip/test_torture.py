"""The torture messages of RFC 4475, and worse: nothing that comes in raises, and what is asked properly is answered."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.voice.sip.far_end import ANSWER, CONTACT, FarEnd
from tests.voice.sip.torture import Torture, load
from voice.sip.line import TRUNK
from voice.sip.message import Request, Response

MESSAGES = load()


@pytest.mark.parametrize("torture", MESSAGES, ids=[torture.name for torture in MESSAGES])
def test_a_torture_message_gets_its_answer(torture: Torture) -> None:
    far = FarEnd()
    far.say(torture.data)
    sent = far.sent()
    assert tuple(message.status for message in sent if isinstance(message, Response)) == torture.statuses
    assert len(sent) == len(torture.statuses)
    assert far.agent.to_close() == ([TRUNK] if torture.closed else [])


def test_the_messages_are_those_of_the_rfc() -> None:
    """Their claimed lengths are right where the RFC means them to be: nothing is left over, and nothing is missing."""
    assert len(MESSAGES) == 49
    for torture in MESSAGES:
        if torture.name in ("clerr", "ncl", "mcl01", "inv2543", "bcast"):
            continue
        far = FarEnd()
        far.say(torture.data + b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nFrom: <sip:a@b>;tag=1\r\n"
                b"To: <sip:a@b>\r\nCall-ID: last\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")  # fmt: skip
        last = far.sent()[-1]
        assert isinstance(last, Response) and last.headers.get("call-id") == "last", torture.name


@settings(max_examples=60)
@given(st.sampled_from(MESSAGES), st.integers(0, 400), st.binary(min_size=1, max_size=6))
def test_a_torture_message_with_other_bytes_in_it_raises_nothing(torture: Torture, at: int, noise: bytes) -> None:
    far = FarEnd()
    far.say(torture.data[:at] + noise + torture.data[at + len(noise) :])
    far.wait(1)
    assert all(isinstance(message, Response) for message in far.sent())


@settings(max_examples=60)
@given(st.integers(0, 700), st.binary(min_size=1, max_size=8), st.sampled_from([180, 200, 401, 407, 422, 486]))
def test_a_bent_answer_to_our_invite_raises_nothing_and_leaves_nothing(at: int, noise: bytes, status: int) -> None:
    far = FarEnd(username="u", password="p")
    leg = far.call()
    invite = far.request("INVITE")
    far.said = []  # the answer is bent before it is said
    challenge = ("WWW-Authenticate", 'Digest realm="a", nonce="b", qop="auth"')
    far.reply(invite, status, CONTACT, challenge, ("Proxy-Authenticate", challenge[1]), ("Min-SE", "3600"),
              ("Record-Route", "<sip:a;lr>"), ("Session-Expires", "1800;refresher=uac"), body=ANSWER)  # fmt: skip
    [whole] = far.said
    at = min(at, len(whole) - 1)
    far.agent.data_received(TRUNK, whole[:at] + noise + whole[at + len(noise) :], far.now)
    far.agent.hang_up(leg, far.now)
    far.wait(200)
    assert all(isinstance(message, Request | Response) for message in far.sent())
    assert far.agent.legs() == {}

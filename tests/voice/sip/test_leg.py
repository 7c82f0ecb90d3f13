"""A call that we make, until it is answered: progress, refusals, taking it back at every moment, forks, credentials."""

from __future__ import annotations

import pytest

from tests.voice.sip.far_end import ANSWER, CONTACT, SHOWN, TO, FarEnd, end
from voice.call_events import Cause
from voice.sip.events import Answered, Early, Ended, Ringing
from voice.sip.line import TRUNK
from voice.sip.message import Request, Response
from voice.sip.sdp import Sound
from voice.sip.values import parse_cseq

FAR = Sound("198.51.100.7", 4000, ("PCMA",), 101)
CHALLENGE = 'Digest realm="trunk", nonce="n1", qop="auth"'


def test_a_call_is_made_answered_and_ended() -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    assert invite.uri == f"sip:{TO}@trunk.example"
    assert invite.headers.get("contact") == "<sip:192.0.2.1:5060;transport=tcp>"
    far.reply(invite, 100)
    far.reply(invite, 180)
    far.reply(invite, 180)
    assert far.events() == [Ringing(leg)]
    far.reply(invite, 200, CONTACT, body=ANSWER)
    ack = far.request("ACK")
    assert far.events() == [Answered(leg, FAR)]
    assert (ack.uri, ack.headers.get("to")) == ("sip:far@198.51.100.7:5070;transport=tcp", f"<{invite.uri}>;tag=far")
    far.agent.hang_up(leg, far.now)
    bye = far.request("BYE")
    assert (bye.uri, parse_cseq(bye.headers)) == (ack.uri, (2, "BYE"))
    far.reply(bye, 200)
    assert far.events() == [end(leg, Cause.COMPLETED, 0)]
    assert far.forgets(leg)


def test_sound_before_the_answer_is_told_once_and_serves_where_the_answer_holds_none() -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    for _ in range(2):
        far.reply(invite, 183, body=ANSWER)
    far.reply(invite, 183, tag="fork", body=ANSWER.replace(b"4000", b"4002"))
    assert far.events() == [Ringing(leg), Early(leg, FAR)]
    far.reply(invite, 200, CONTACT)
    assert far.events() == [Answered(leg, FAR)]


@pytest.mark.parametrize(
    ("status", "cause", "another"),
    [(486, Cause.BUSY, False), (480, Cause.UNREACHABLE, False), (404, Cause.UNREACHABLE, False),
     (503, Cause.FAILED, True), (603, Cause.DECLINED, False), (600, Cause.BUSY, False), (403, Cause.REFUSED, False),
     (302, Cause.REFUSED, False), (500, Cause.FAILED, False), (408, Cause.UNREACHABLE, False),
     (699, Cause.DECLINED, False)],
)  # fmt: skip
def test_a_refusal_is_acknowledged_and_has_its_cause(status: int, cause: Cause, another: bool) -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    far.reply(invite, status, ("Contact", "<sip:elsewhere@198.51.100.9>"))
    ack = far.request("ACK")
    assert (ack.headers.get("via"), ack.uri) == (invite.headers.get("via"), invite.uri)
    assert ack.headers.get("to") == f"<{invite.uri}>;tag=far" and parse_cseq(ack.headers) == (1, "ACK")
    assert far.events() == [end(leg, cause, status, next_trunk=another)]
    assert far.forgets(leg) and far.sent() == []


@pytest.mark.parametrize(("status", "cause"), [(480, Cause.NO_ANSWER), (503, Cause.FAILED), (486, Cause.BUSY)])
def test_what_rang_is_not_tried_over_another_trunk(status: int, cause: Cause) -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    far.reply(invite, 180)
    far.reply(invite, status)
    assert far.events()[1:] == [end(leg, cause, status, next_trunk=False)]


def test_a_trunk_that_says_nothing_is_left_for_another_and_what_it_says_late_is_ended() -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    far.wait(6.1)
    assert far.events() == [end(leg, Cause.FAILED, 408, next_trunk=True)]
    far.reply(invite, 180)
    far.request("CANCEL")
    far.reply(invite, 200, CONTACT, body=ANSWER)
    ack, bye = far.sent()
    assert isinstance(ack, Request) and isinstance(bye, Request)
    assert (ack.method, bye.method) == ("ACK", "BYE")
    far.reply(bye, 200)
    assert far.events() == [] and far.forgets(leg)


def test_after_hundred_a_call_may_ring_as_long_as_it_was_given() -> None:
    far = FarEnd()
    leg = far.call(timeout_s=60)
    invite = far.request("INVITE")
    far.reply(invite, 100)
    far.wait(59.9)
    assert far.sent() == [] and far.events() == []
    far.wait(0.2)
    cancel = far.request("CANCEL")
    far.reply(cancel, 200)
    far.reply(invite, 487)
    far.request("ACK")
    assert far.events() == [end(leg, Cause.NO_ANSWER, 0)]


def test_a_cancel_has_the_branch_and_number_of_its_invite_and_no_tag() -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    far.reply(invite, 180)
    far.agent.hang_up(leg, far.now)
    far.agent.hang_up(leg, far.now)
    cancel = far.request("CANCEL")
    for name in ("via", "from", "to", "call-id"):
        assert cancel.headers.all(name) == invite.headers.all(name)
    assert (cancel.uri, parse_cseq(cancel.headers)) == (invite.uri, (1, "CANCEL"))
    far.reply(invite, 487)
    far.events()
    assert far.forgets(leg)


def test_before_a_provisional_a_cancel_waits_for_one() -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    far.agent.hang_up(leg, far.now)
    assert far.sent() == [] and far.events() == []
    far.reply(invite, 100)
    far.request("CANCEL")
    far.reply(invite, 487)
    far.request("ACK")
    assert far.ended() == end(leg, Cause.CANCELLED, 0)
    assert far.forgets(leg)


def test_a_cancel_that_waits_is_not_sent_where_the_call_was_refused_meanwhile() -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    far.agent.hang_up(leg, far.now)
    far.reply(invite, 486)
    far.request("ACK")
    assert far.ended() == end(leg, Cause.CANCELLED, 0)


def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    far.reply(invite, 180)
    far.events()
    far.agent.hang_up(leg, far.now)
    far.request("CANCEL")
    far.reply(invite, 200, CONTACT, body=ANSWER)
    ack, bye = far.sent()
    assert isinstance(ack, Request) and isinstance(bye, Request)
    assert (ack.method, bye.method, bye.headers.get("to")) == ("ACK", "BYE", f"<{invite.uri}>;tag=far")
    assert far.ended() == end(leg, Cause.CANCELLED, 0)
    far.reply(bye, 200)
    assert far.forgets(leg)


def test_a_cancel_that_nobody_answers_ends_the_leg_all_the_same() -> None:
    far = FarEnd()
    leg = far.call()
    far.reply(far.request("INVITE"), 180)
    far.agent.hang_up(leg, far.now)
    far.events()
    far.wait(31.9)
    assert far.events() == []
    far.wait(0.2)
    assert far.ended() == end(leg, Cause.CANCELLED, 0)
    assert far.forgets(leg)


def test_of_forked_answers_the_first_is_kept_and_each_other_ended_once() -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    far.reply(invite, 200, CONTACT, body=ANSWER)
    far.request("ACK")
    far.reply(invite, 200, CONTACT, tag="other", body=ANSWER)
    ack, bye = far.sent()
    assert isinstance(ack, Request) and isinstance(bye, Request)
    assert [r.headers.get("to") for r in (ack, bye)] == [f"<{invite.uri}>;tag=other"] * 2
    far.reply(invite, 200, CONTACT, tag="other", body=ANSWER)  # its ACK was lost
    assert far.request("ACK").headers.get("to") == f"<{invite.uri}>;tag=other"
    far.reply(invite, 200, CONTACT, body=ANSWER)
    assert far.request("ACK").headers.get("to") == f"<{invite.uri}>;tag=far"
    assert far.events() == [Answered(leg, FAR)]


def test_an_answer_whose_sound_we_cannot_use_is_acknowledged_and_ended() -> None:
    far = FarEnd()
    leg = far.call()
    far.reply(far.request("INVITE"), 200, CONTACT, body=ANSWER.replace(b"AVP 8", b"AVP 9"))
    assert [request.method for request in far.sent() if isinstance(request, Request)] == ["ACK", "BYE"]
    assert far.ended() == end(leg, Cause.FAILED, 200)


@pytest.mark.parametrize("status", [183, 200])
def test_sound_at_an_address_of_another_family_is_none_that_our_port_could_reach(status: int) -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    far.reply(invite, status, CONTACT, body=ANSWER.replace(b"c=IN IP4 198.51.100.7", b"c=IN IP6 2001:db8::7"))
    assert far.events() == ([Ringing(leg)] if status == 183 else [end(leg, Cause.FAILED, 200)])


@pytest.mark.parametrize("span", ['1800;"', "1800;=x", "18 00", ";", "<1800"])
def test_a_span_that_cannot_be_read_neither_hides_an_answer_nor_an_end(span: str) -> None:
    far = FarEnd()
    leg = far.call()
    far.reply(far.request("INVITE"), 200, CONTACT, ("Session-Expires", span), body=ANSWER)
    assert far.events() == [Answered(leg, FAR)]
    far.agent.hang_up(leg, far.now)
    _, bye = far.sent()
    assert isinstance(bye, Request)
    far.reply(bye, 200)
    assert far.ended() == end(leg, Cause.COMPLETED, 0)
    leg = far.call()
    far.reply(far.request("INVITE"), 422, ("Min-SE", span))
    assert far.ended() == end(leg, Cause.FAILED, 422)
    assert far.forgets(leg)


def test_two_record_routes_make_the_route_and_a_changed_contact_the_target() -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    routes = ("Record-Route", "<sip:b.example;lr;x=Y%41>, <sip:a.example;lr>")
    far.reply(invite, 200, CONTACT, routes, body=ANSWER)
    ack = far.request("ACK")
    assert ack.headers.all("route") == ["<sip:a.example;lr>", "<sip:b.example;lr;x=Y%41>"]
    far.ask(invite, "UPDATE", ("Contact", "<sip:moved@203.0.113.9>"))
    far.sent()
    far.agent.hang_up(leg, far.now)
    bye = far.request("BYE")
    assert (bye.uri, bye.headers.all("route")) == ("sip:moved@203.0.113.9", ack.headers.all("route"))


def test_a_strict_router_gets_the_request_itself() -> None:
    far = FarEnd()
    far.call()
    far.reply(far.request("INVITE"), 200, CONTACT, ("Record-Route", "<sip:a.example>"), body=ANSWER)
    ack = far.request("ACK")
    assert (ack.uri, ack.headers.all("route")) == ("sip:a.example", ["<sip:far@198.51.100.7:5070;transport=tcp>"])


@pytest.mark.parametrize(
    ("status", "asks", "answers"),
    [(401, "WWW-Authenticate", "authorization"), (407, "Proxy-Authenticate", "proxy-authorization")],
)
def test_credentials_are_added_and_nothing_else_is_other(status: int, asks: str, answers: str) -> None:
    far = FarEnd(username="u", password="p")
    leg = far.call()
    first = far.request("INVITE")
    far.reply(first, status, (asks, CHALLENGE))
    ack, again = far.sent()
    assert isinstance(ack, Request) and isinstance(again, Request) and ack.method == "ACK"
    for name in ("from", "to", "call-id", "p-asserted-identity", "contact", "session-expires"):
        assert again.headers.all(name) == first.headers.all(name) != []
    assert again.body == first.body
    assert parse_cseq(again.headers) == (2, "INVITE") and again.headers.get("via") != first.headers.get("via")
    assert f'uri="{again.uri}"' in again.headers.one(answers) and "nc=00000001" in again.headers.one(answers)
    far.reply(again, 200, CONTACT, body=ANSWER)
    assert far.request("ACK").headers.get(answers) == again.headers.get(answers)
    far.agent.hang_up(leg, far.now)
    bye = far.request("BYE")
    assert "nc=00000002" in bye.headers.one(answers)
    far.reply(bye, status, (asks, CHALLENGE.replace("n1", "n2") + ", stale=true"))
    bye = far.request("BYE")
    assert 'nonce="n2"' in bye.headers.one(answers) and parse_cseq(bye.headers) == (4, "BYE")
    far.reply(bye, 200)
    assert far.events()[-1] == end(leg, Cause.COMPLETED, 0)


def test_wrong_credentials_are_tried_once() -> None:
    far = FarEnd(username="u", password="p")
    leg = far.call()
    far.reply(far.request("INVITE"), 401, ("WWW-Authenticate", CHALLENGE))
    _, again = far.sent()
    assert isinstance(again, Request)
    far.reply(again, 401, ("WWW-Authenticate", CHALLENGE.replace("n1", "n2")))
    far.request("ACK")
    assert far.ended() == end(leg, Cause.REFUSED, 401)


def test_a_longer_session_that_a_trunk_asks_for_is_offered() -> None:
    far = FarEnd()
    far.call()
    first = far.request("INVITE")
    far.reply(first, 422, ("Min-SE", "3600"))
    _, again = far.sent()
    assert isinstance(again, Request)
    assert (again.headers.get("session-expires"), again.headers.get("min-se")) == ("3600", "3600")
    assert again.headers.get("from") == first.headers.get("from")


def test_number_of_the_clinic_is_in_from_and_asserted_and_nobody_asks_to_hide_it() -> None:
    far = FarEnd(ours="clinic.example")
    far.call()
    invite = far.request("INVITE")
    assert invite.headers.one("from").startswith(f"<sip:{SHOWN}@clinic.example>;tag=")
    assert invite.headers.one("p-asserted-identity") == f"<sip:{SHOWN}@clinic.example>"
    assert b"privacy" not in far.all.lower() and b"anonymous" not in far.all.lower()


def test_without_a_connection_a_call_has_ended_at_once() -> None:
    far = FarEnd()
    far.agent.connection_lost(TRUNK, far.now)
    leg = far.call()
    assert far.ended() == end(leg, Cause.FAILED, 0, next_trunk=True)
    assert far.sent() == [] and far.forgets(leg)


def test_a_call_whose_connection_is_lost_before_any_word_is_uncertain_and_never_tried_elsewhere() -> None:
    far = FarEnd()
    leg = far.call()
    far.request("INVITE")
    far.agent.connection_lost(TRUNK, far.now)
    assert far.ended() == end(leg, Cause.UNCERTAIN, 0)


def test_a_call_that_rings_outlives_its_connection_and_its_cancel_waits_for_the_next() -> None:
    far = FarEnd()
    leg = far.call()
    invite = far.request("INVITE")
    far.reply(invite, 180)
    far.agent.connection_lost(TRUNK, far.now)
    far.agent.hang_up(leg, far.now)
    assert far.sent() == []
    far.agent.connection_made(TRUNK, "192.0.2.1:5061")
    far.request("CANCEL")
    far.reply(invite, 487)
    far.request("ACK")
    assert far.events()[-1] == end(leg, Cause.CANCELLED, 0)


def test_a_response_that_is_not_ours_is_left_alone() -> None:
    far = FarEnd()
    far.call()
    invite = far.request("INVITE")
    wrong = Request("INVITE", invite.uri, type(invite.headers)(
        (name, "other" if name == "call-id" else value) for name, value in invite.headers.fields))  # fmt: skip
    far.reply(wrong, 486)
    two = Request("INVITE", invite.uri, type(invite.headers)(
        (name, f"{value}, SIP/2.0/TCP h;branch=z9hG4bKx" if name == "via" else value)
        for name, value in invite.headers.fields))  # fmt: skip
    far.reply(two, 486)
    assert far.sent() == [] and far.events() == []
    far.reply(invite, 486)
    assert isinstance(far.events()[0], Ended)


def test_options_tell_whether_the_trunk_takes_calls() -> None:
    far = FarEnd()
    told = []
    for status in (200, 404, 503, 0):
        far.agent.ping(far.now)
        options = far.request("OPTIONS")
        assert options.uri == "sip:trunk.example"
        if status:
            far.reply(options, status)
        far.wait(7)
        told += [(event.alive, event.status) for event in far.events()]  # type: ignore[union-attr]  # all are Pinged
    assert told == [(True, 200), (True, 404), (False, 503), (False, 0)]


def test_fifty_calls_leave_nothing() -> None:
    far = FarEnd()
    legs = [far.call() for _ in range(50)]
    invites = [request for request in far.sent() if isinstance(request, Request)]
    for number, invite in enumerate(invites):
        far.reply(invite, (180, 200, 486, 503, 183)[number % 5], CONTACT, body=ANSWER)
    for leg in legs:
        far.agent.hang_up(leg, far.now)
    far.wait(200)
    assert sum(isinstance(event, Ended) for event in far.events()) == 50
    assert far.agent.legs() == {} and far.agent.get_timer() is None
    assert not [message for message in far.sent() if isinstance(message, Response)]

"""A leg that was answered: its end from both sides, hold and resume, offers that cross, session timers."""

from __future__ import annotations

import pytest

from tests.voice.sip.far_end import ANSWER, CONTACT, HELD, FarEnd, end
from voice.call_events import Cause
from voice.sip.events import Changed, NotChanged, Timing
from voice.sip.line import TRUNK
from voice.sip.message import Request, Response
from voice.sip.values import parse_cseq

OURS = ("Session-Expires", "1800;refresher=uac")
THEIRS = ("Session-Expires", "1800;refresher=uas")
TIMER = ("Supported", "timer")


def direction(message: Request | Response) -> str:
    return message.body.decode().strip().rpartition("a=")[2]


def test_the_far_end_hangs_up() -> None:
    far = FarEnd()
    leg, invite = far.talk()
    far.ask(invite, "BYE")
    assert far.response().status == 200
    assert far.ended() == end(leg, Cause.COMPLETED, 0, by_far=True)
    far.ask(invite, "BYE")
    assert far.response().status == 481
    assert far.forgets(leg) and far.sent() == []


def test_two_who_hang_up_at_once_end_it_once() -> None:
    far = FarEnd()
    leg, invite = far.talk()
    far.agent.hang_up(leg, far.now)
    bye = far.request("BYE")
    far.ask(invite, "BYE")
    assert far.response().status == 200
    far.reply(bye, 481)
    assert far.ended() == end(leg, Cause.COMPLETED, 0)
    assert far.forgets(leg)


def test_a_bye_that_nobody_answers_ends_the_leg_all_the_same() -> None:
    far = FarEnd()
    leg, _ = far.talk()
    far.agent.hang_up(leg, far.now)
    far.request("BYE")
    far.wait(31.9)
    assert far.events() == []
    far.wait(0.2)
    assert far.ended() == end(leg, Cause.COMPLETED, 0)


def test_a_call_outlives_its_connection_and_its_bye_goes_out_over_the_next() -> None:
    far = FarEnd()
    leg, _ = far.talk()
    far.agent.connection_lost(TRUNK, far.now)
    far.wait(5)
    assert far.events() == []
    far.agent.hang_up(leg, far.now)
    assert far.sent() == []
    far.agent.connection_made(TRUNK, "192.0.2.1:5061")
    bye = far.request("BYE")
    far.agent.connection_lost(TRUNK, far.now)  # once more, before it was answered
    far.agent.connection_made(TRUNK, "192.0.2.1:5062")
    assert far.request("BYE").headers.get("via") == bye.headers.get("via")
    far.reply(bye, 200)
    assert far.ended() == end(leg, Cause.COMPLETED, 0)


def test_over_a_new_connection_the_far_end_learns_our_new_address() -> None:
    far = FarEnd()
    leg, _ = far.talk()
    far.agent.connection_lost(TRUNK, far.now)
    far.agent.connection_made(TRUNK, "192.0.2.1:5061")
    far.wait(0)
    moved = far.request("INVITE")
    assert moved.headers.get("contact") == "<sip:192.0.2.1:5061;transport=tcp>" and b" 1 IN IP4" in moved.body
    far.reply(moved, 200, CONTACT, body=ANSWER)
    far.request("ACK")
    far.agent.connection_lost(TRUNK, far.now)
    far.agent.connection_made(TRUNK, "192.0.2.1:5061")  # the same again: nothing to tell
    far.wait(0)
    assert far.sent() == [] and leg in far.agent.legs()


def test_holding_and_resuming_keep_the_identity_and_number_the_description() -> None:
    far = FarEnd()
    leg, invite = far.talk()
    far.agent.change(leg, "sendonly", far.now)
    hold = far.request("INVITE")
    assert direction(hold) == "sendonly" and b" 2 IN IP4" in hold.body
    for name in ("p-asserted-identity", "from", "contact", "call-id"):
        assert hold.headers.get(name) == invite.headers.get(name)
    assert hold.headers.one("to").endswith(";tag=far") and parse_cseq(hold.headers) == (2, "INVITE")
    far.reply(hold, 200, CONTACT, body=HELD.replace(b"sendonly", b"recvonly"))
    assert parse_cseq(far.request("ACK").headers) == (2, "ACK")
    far.reply(hold, 200, CONTACT, body=HELD)  # our ACK was lost
    far.request("ACK")
    [changed] = far.events()
    assert isinstance(changed, Changed) and (changed.here.direction, changed.far.direction) == ("sendonly", "recvonly")
    far.agent.change(leg, "sendrecv", far.now)
    resume = far.request("INVITE")
    assert direction(resume) == "sendrecv" and b" 3 IN IP4" in resume.body


def test_a_refused_hold_changes_nothing() -> None:
    far = FarEnd()
    leg, _ = far.talk()
    far.agent.change(leg, "sendonly", far.now)
    far.reply(far.request("INVITE"), 488)
    far.request("ACK")
    assert far.events() == [NotChanged(leg, 488)]
    far.agent.hang_up(leg, far.now)
    far.request("BYE")


@pytest.mark.parametrize("status", [481, 408])
def test_a_dialog_that_the_far_end_does_not_know_any_more_is_ended(status: int) -> None:
    far = FarEnd()
    leg, _ = far.talk()
    far.agent.change(leg, "sendonly", far.now)
    far.reply(far.request("INVITE"), status)
    ack, bye = far.sent()
    assert isinstance(ack, Request) and isinstance(bye, Request) and (ack.method, bye.method) == ("ACK", "BYE")
    far.reply(bye, 481)
    assert far.ended() == end(leg, Cause.LOST, status)


def test_the_far_end_holds_and_resumes() -> None:
    far = FarEnd()
    leg, invite = far.talk()
    far.ask(invite, "INVITE", CONTACT, body=HELD, sequence=7)
    answer = far.response()
    assert (answer.status, direction(answer)) == (200, "recvonly")
    far.ask(invite, "ACK", sequence=7)
    [changed] = far.events()
    assert isinstance(changed, Changed) and changed.leg == leg and changed.far.direction == "sendonly"
    far.ask(invite, "INVITE", CONTACT, body=ANSWER, sequence=8)
    assert direction(far.response()) == "sendrecv"


def test_an_answer_of_ours_is_sent_again_until_its_ack_and_the_call_ended_without() -> None:
    far = FarEnd()
    leg, invite = far.talk()
    far.ask(invite, "INVITE", CONTACT, body=HELD, sequence=7)
    first = far.response()
    far.wait(3.6)
    again = far.sent()
    assert len(again) == 3 and {bytes(m.body) for m in again} == {first.body}  # after 0.5, 1.5 and 3.5 s
    far.ask(invite, "ACK", sequence=7)
    far.wait(5)
    assert far.sent() == []
    far.ask(invite, "INVITE", CONTACT, body=ANSWER, sequence=8)
    far.events()
    far.wait(32.1)
    assert [message.method for message in far.sent() if isinstance(message, Request)] == ["BYE"]
    far.wait(32.1)
    assert far.ended() == end(leg, Cause.LOST, 408)


def test_an_invite_without_an_offer_gets_ours_and_the_answer_comes_with_the_ack() -> None:
    far = FarEnd()
    leg, invite = far.talk()
    far.ask(invite, "INVITE", CONTACT, sequence=7)
    offer = far.response()
    assert b"m=audio 5000 RTP/AVP 8 0 101" in offer.body
    assert far.events() == []
    far.ask(invite, "ACK", sequence=7, body=ANSWER.replace(b"4000", b"4004"))
    [changed] = far.events()
    assert isinstance(changed, Changed) and (changed.leg, changed.far.port) == (leg, 4004)


def test_an_offer_that_we_cannot_take_is_refused_and_the_call_goes_on() -> None:
    far = FarEnd()
    leg, invite = far.talk()
    far.ask(invite, "INVITE", CONTACT, body=ANSWER.replace(b"AVP 8", b"AVP 9"))
    assert far.response().status == 488
    assert far.events() == []
    far.agent.hang_up(leg, far.now)
    far.request("BYE")


def test_offers_that_cross_are_refused_by_both_and_ours_is_made_again_later() -> None:
    far = FarEnd()
    leg, invite = far.talk()
    far.agent.change(leg, "sendonly", far.now)
    hold = far.request("INVITE")
    far.ask(invite, "INVITE", CONTACT, body=HELD)
    assert far.response().status == 491
    far.reply(hold, 491)
    far.request("ACK")
    far.wait(2.05)
    assert far.sent() == []
    far.ask(invite, "INVITE", CONTACT, body=HELD, sequence=7)  # the other side may go first
    assert direction(far.response()) == "recvonly"
    far.wait(1.96)
    far.sent()
    far.ask(invite, "ACK", sequence=7)
    again = far.request("INVITE")
    assert direction(again) == "sendonly" and parse_cseq(again.headers) == (3, "INVITE")


def test_while_ours_waits_for_its_ack_another_offer_is_put_off() -> None:
    far = FarEnd()
    leg, invite = far.talk()
    far.ask(invite, "INVITE", CONTACT, body=HELD, sequence=7)
    far.response()
    far.ask(invite, "INVITE", CONTACT, body=ANSWER, sequence=8)
    refused = far.response()
    assert refused.status == 500 and 0 <= int(refused.headers.one("retry-after")) <= 10
    far.agent.change(leg, "inactive", far.now)
    assert far.sent() == []
    far.ask(invite, "ACK", sequence=7)
    assert direction(far.request("INVITE")) == "inactive"


def test_we_refresh_at_half_of_the_session_and_say_who_does() -> None:
    far = FarEnd()
    far.talk(OURS)
    far.wait(899)
    assert far.sent() == []
    far.wait(2)
    refresh = far.request("INVITE")
    assert refresh.headers.get("session-expires") == "1800;refresher=uac" and b" 1 IN IP4" in refresh.body
    far.reply(refresh, 200, CONTACT, OURS, body=ANSWER)
    far.request("ACK")
    far.wait(899)
    assert far.sent() == []


def test_a_session_that_the_far_end_does_not_refresh_is_ended_in_time() -> None:
    far = FarEnd()
    leg, invite = far.talk(THEIRS)
    far.wait(1000)
    far.ask(invite, "UPDATE", TIMER, THEIRS)
    answer = far.response()
    assert (answer.status, answer.headers.get("session-expires")) == (200, "1800;refresher=uas")
    far.wait(100)
    far.ask(invite, "UPDATE", TIMER, ("Session-Expires", "1800"))
    answer = far.response()
    assert answer.headers.get("session-expires") == "1800;refresher=uac" and answer.headers.get("require") == "timer"
    far.wait(1767)
    assert far.sent() == []
    far.wait(2)
    far.reply(far.request("BYE"), 200)
    assert far.ended() == end(leg, Cause.LOST, 0)


def test_a_refresh_that_nobody_answers_ends_the_call() -> None:
    far = FarEnd()
    leg, _ = far.talk(OURS)
    far.wait(901)
    far.request("INVITE")
    far.wait(33)
    far.reply(far.request("BYE"), 200)
    assert far.ended() == end(leg, Cause.LOST, 408)


def test_a_session_that_is_too_short_is_refused_with_what_we_take() -> None:
    far = FarEnd()
    _, invite = far.talk()
    far.ask(invite, "UPDATE", TIMER, ("Session-Expires", "30"))
    refused = far.response()
    assert (refused.status, refused.headers.get("min-se")) == (422, "90")


def test_no_session_is_so_short_that_refreshing_never_ends() -> None:
    far = FarEnd()
    far.talk(("Session-Expires", "0;refresher=uac"))
    far.wait(44)
    assert far.sent() == []


def test_a_far_end_without_session_timers_has_none() -> None:
    far = FarEnd()
    far.talk()
    far.wait(100_000)
    assert far.sent() == [] and far.agent.get_timer() is None


@pytest.mark.parametrize(("method", "status"), [("REFER", 405), ("INFO", 405), ("OPTIONS", 200), ("UPDATE", 200)])
def test_what_else_is_asked_within_a_call(method: str, status: int) -> None:
    far = FarEnd()
    _, invite = far.talk()
    far.ask(invite, method, ("Refer-To", "<sip:+46900000000@elsewhere.example>"))
    answer = far.response()
    assert answer.status == status and "REFER" not in answer.headers.one("allow")
    assert far.events() == []


def test_requests_that_are_older_or_of_another_dialog_change_nothing() -> None:
    far = FarEnd()
    _, invite = far.talk()
    far.ask(invite, "OPTIONS", sequence=9)
    far.ask(invite, "BYE", sequence=8)
    far.ask(invite, "BYE", tag="stranger", sequence=10)
    assert [message.status for message in far.sent() if isinstance(message, Response)] == [200, 500, 481]
    assert far.events() == []


def test_hanging_up_before_a_refresh_is_answered_needs_nothing_more() -> None:
    far = FarEnd(Timing(t1_s=0.1))
    leg, invite = far.talk(OURS)
    far.wait(901)
    refresh = far.request("INVITE")
    far.ask(invite, "BYE")
    assert far.response().status == 200
    far.reply(refresh, 487)
    far.request("ACK")
    assert far.ended() == end(leg, Cause.COMPLETED, 0, by_far=True)
    assert far.forgets(leg) and far.sent() == []

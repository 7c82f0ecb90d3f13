"""Handing back, offering onward, leaving, inviting."""

from __future__ import annotations

import pytest

from consults.models import Consult, Offer
from members.vault import find_seats
from realtime.models import Seat
from tests.consults.test_asking import refused
from tests.consults.test_offering import offered
from tests.consults.ward import Ward, last


def sits(ward: Ward, who: str, r: str) -> bool:
    """Whether a member sits in a consult."""
    return find_seats([(ward.member(who), r)]) != [None]


def test_what_is_handed_back_is_offered_again_but_not_to_the_same(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.wait(minutes=1)
    seq = ward.do("lind", "consult.hand_back", {}, r).seq
    assert not sits(ward, "lind", r)
    assert Seat.objects.get(stream=r, left_seq__isnull=False).left_seq == seq
    assert ward.kinds(r)[-2:] == ["consult.handed_back", "consult.ringing"]
    assert Consult.objects.get().state == "waiting"
    assert offered(ward, "berg") == [1, 2]
    assert offered(ward, "lind") == [1]
    assert ward.accept("berg").made == r


def test_the_one_who_handed_back_can_do_and_see_nothing_more(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.do("lind", "consult.hand_back", {}, r)
    assert refused(ward, "lind", "consult.close", {"outcome": "answered"}, r).code == "not_found"
    assert refused(ward, "lind", "consult.report", {"r": r, "reason": "x"}).code == "not_found"


def test_only_an_answerer_can_hand_back(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    assert refused(ward, "okafor", "consult.hand_back", {}, r).code == "refused"


@pytest.mark.databases
def test_three_minutes_without_a_first_reply_offer_it_onward_and_the_asker_is_told(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.wait(minutes=2, seconds=59)
    assert sits(ward, "lind", r)
    ward.wait(seconds=2)
    assert not sits(ward, "lind", r)
    onward = last(ward.events(r), "consult.offered_on")
    assert onward["u"] == last(ward.events(r), "consult.joined")["u"]
    assert ward.kinds(r)[-1] == "consult.ringing"
    assert offered(ward, "berg") == [1, 2]
    assert last(ward.inbox("okafor"), "consult.changed")["d"]["state"] == "waiting"
    assert last(ward.inbox("lind"), "consult.changed")["d"]["r"] == r


def test_a_first_reply_keeps_the_seat(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    ward.wait(minutes=30)
    assert sits(ward, "lind", r)
    assert "consult.offered_on" not in ward.kinds(r)


def test_what_the_asker_writes_is_no_reply(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.say("okafor", r, "Are you there?")
    ward.wait(minutes=4)
    assert not sits(ward, "lind", r)


def test_today_waits_for_its_answerer(ward: Ward) -> None:
    r = ward.open("okafor", "lind", urgency="today")
    ward.wait(hours=20)
    assert sits(ward, "lind", r)


def test_a_restart_in_the_middle_offers_it_onward_all_the_same(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.sleep(minutes=4)
    assert "consult.offered_on" in ward.kinds(r)


def test_handed_from_one_to_the_next_it_ends_with_nobody_at_last(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.wait(minutes=4)
    ward.accept("berg")
    ward.wait(minutes=4)
    ward.sleep(minutes=30)
    ended = last(ward.events(r), "consult.ended")["d"]
    assert ended["state"] == "nobody"
    assert ended["advice"]


def test_one_more_can_be_invited_and_exactly_one_comes(ward: Ward) -> None:
    for who in ("renal", "kidney"):
        ward.add_available(who, "nephrology")
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    ward.do("lind", "consult.invite", {"specialty": "nephrology"}, r)
    assert last(ward.events(r), "consult.invited")["d"] == {"specialty": "nephrology"}
    invited = last(ward.inbox("renal"), "offer.made")["d"]
    assert (invited["specialty"], invited["ring"]) == ("nephrology", 0)
    ward.accept("renal")
    assert refused(ward, "kidney", "offer.accept", {"offer": ward.offer("kidney")}).code == "offer.taken"
    assert sits(ward, "lind", r)
    assert sits(ward, "renal", r)
    assert ward.kinds(r).count("consult.joined") == 2


def test_an_invitation_that_nobody_can_take_is_refused_at_once(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    assert refused(ward, "okafor", "consult.invite", {"specialty": "genetics"}, r).code == "consult.nobody"
    assert refused(ward, "okafor", "consult.invite", {"specialty": "astrology"}, r).code == "malformed"
    assert "consult.invited" not in ward.kinds(r)


def test_an_invitation_that_nobody_took_runs_out_and_the_consult_is_told(ward: Ward) -> None:
    ward.add_available("renal", "nephrology")
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    ward.do("okafor", "consult.invite", {"specialty": "nephrology"}, r)
    ward.wait(minutes=10)
    assert last(ward.events(r), "consult.invite_ended")["d"] == {"specialty": "nephrology"}
    assert last(ward.inbox("renal"), "offer.gone")["d"]["why"] == "expired"
    assert Consult.objects.get().state == "open"


def test_three_invitations_stand_and_the_fourth_is_refused(ward: Ward) -> None:
    fields = ("nephrology", "dermatology", "neurology", "urology")
    for field in fields:
        ward.add_available(field, field)
    r = ward.open("okafor", "lind")
    for field in fields[:3]:
        ward.do("lind", "consult.invite", {"specialty": field}, r)
    assert refused(ward, "lind", "consult.invite", {"specialty": fields[3]}, r).code == "consult.full"


def test_a_late_invited_colleague_does_not_lose_the_seat_with_the_silent_one(ward: Ward) -> None:
    ward.add_available("renal", "nephrology")
    r = ward.open("okafor", "lind")
    ward.wait(minutes=2)
    ward.do("okafor", "consult.invite", {"specialty": "nephrology"}, r)
    ward.accept("renal")
    ward.wait(minutes=1, seconds=30)
    assert (sits(ward, "lind", r), sits(ward, "renal", r)) == (False, True)
    assert Consult.objects.get().state == "open"
    ward.wait(minutes=2)
    assert not sits(ward, "renal", r)
    assert Consult.objects.get().state == "waiting"


def test_an_answerer_who_leaves_without_a_word_leaves_it_to_others(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.do("lind", "consult.leave", {}, r)
    assert ward.kinds(r)[-2:] == ["consult.left", "consult.ringing"]
    assert Consult.objects.get().state == "waiting"


def test_an_answerer_who_leaves_after_a_reply_leaves_it_open_to_be_closed(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    ward.do("lind", "consult.leave", {}, r)
    assert not sits(ward, "lind", r)
    assert Consult.objects.get().state == "open"
    assert refused(ward, "okafor", "consult.leave", {}, r).code == "refused"
    ward.do("okafor", "consult.close", {"outcome": "answered"}, r)
    ward.do("okafor", "consult.leave", {}, r)
    assert not sits(ward, "okafor", r)


def test_coming_back_to_waiting_takes_back_what_was_offered_in_it(ward: Ward) -> None:
    ward.add_available("renal", "nephrology")
    r = ward.open("okafor", "lind")
    ward.do("okafor", "consult.invite", {"specialty": "nephrology"}, r)
    ward.do("lind", "consult.hand_back", {}, r)
    assert last(ward.inbox("renal"), "offer.gone")["d"]["why"] == "withdrawn"
    assert not Offer.objects.filter(state="standing", invited_seq__isnull=False).exists()

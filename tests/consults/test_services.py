"""The journey of a consult through its services."""

from __future__ import annotations

from consults.models import Consult, Offer
from tests.consults.ward import QUESTION, Ward, last


def test_a_consult_is_asked_offered_taken_talked_over_and_closed(ward: Ward) -> None:
    r = ward.ask("okafor")
    assert ward.kinds(r) == ["consult.asked", "consult.ringing"]
    made = last(ward.inbox("lind"), "offer.made")["d"]
    assert made["question"] == QUESTION
    assert made["ring"] == 1

    reply = ward.accept("lind")
    assert reply.made == r
    assert last(ward.inbox("berg"), "offer.gone")["d"]["why"] == "taken"
    ward.say("lind", r, "Rate control.")
    ward.say("okafor", r, "Thank you.")
    ward.do("okafor", "consult.close", {"outcome": "answered"}, r)

    assert ward.kinds(r) == [
        "consult.asked",
        "consult.ringing",
        "consult.joined",
        "message",
        "message",
        "consult.ended",
    ]
    ended = last(ward.events(r), "consult.ended")["d"]
    assert (ended["state"], ended["outcome"]) == ("answered", "answered")
    assert not Offer.objects.exists()
    assert Consult.objects.get().stream.state == "closed"

"""The HTTP side: what each member is shown, and that nobody is shown anything else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from members.availability import set_availability
from realtime.models import Seat
from tests.consults.ward import QUESTION, Ward

API = "/api/v1"


def get(ward: Ward, who: str, path: str, status: int = 200) -> Any:
    client = Client()
    client.force_login(ward.accounts[who])
    answer = client.get(API + path)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_each_side_sees_the_consult_from_its_own_seat(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    [asker], [answerer] = (get(ward, who, "/consults")["items"] for who in ("okafor", "lind"))
    assert (asker["mine"], answerer["mine"]) == (True, False)
    assert asker["others"][0]["name"] == answerer["me"]
    assert answerer["others"][0]["name"] == asker["me"]
    assert (asker["unread"], answerer["unread"]) == (1, 0)
    assert asker["question"] == QUESTION
    assert asker["state"] == "open"
    assert get(ward, "berg", "/consults")["items"] == []


def test_unread_is_counted_from_the_cursor(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    first = ward.say("lind", r)
    ward.say("lind", r)
    Seat.objects.filter(stream=r).update(read_seq=first)
    item = get(ward, "okafor", f"/consults/{r}")
    assert (item["read"], item["unread"], item["head"]) == (first, 1, first + 1)


def test_a_list_is_paged_newest_first_and_filtered_by_state(ward: Ward) -> None:
    made = []
    for _ in range(35):
        r = ward.ask("okafor")
        made.append(r)
        ward.do("okafor", "consult.withdraw", {}, r)
        ward.clock.shift(60)
    made.append(ward.ask("okafor"))
    first = get(ward, "okafor", "/consults")
    from urllib.parse import quote

    second = get(ward, "okafor", "/consults?before=" + quote(first["next"]))
    assert [item["r"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None
    assert [item["r"] for item in get(ward, "okafor", "/consults?state=waiting")["items"]] == made[-1:]
    assert get(ward, "okafor", "/consults?before=yesterday", 422)["code"] == "malformed"


def test_a_list_takes_the_same_number_of_queries_however_long_it_is(
    ward: Ward, django_assert_max_num_queries: Any
) -> None:
    for _ in range(4):
        ward.ask("okafor")
    from consults.listing import list_consults

    with django_assert_max_num_queries(8):
        assert len(list_consults(ward.member("okafor"), None, None).items) == 4


@pytest.mark.parametrize("path", ["/consults/{r}", "/consults/{r}/summary"])
def test_not_found_and_not_allowed_get_the_same_answer(ward: Ward, path: str) -> None:
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    ward.do("okafor", "consult.close", {"outcome": "answered"}, r)
    foreign = get(ward, "berg", path.format(r=r), 404)
    missing = get(ward, "berg", path.format(r="A" * 22), 404)
    inbox = get(ward, "berg", path.format(r=ward.request("berg", "x", {}).stream), 404)
    assert foreign == missing
    assert foreign["code"] == inbox["code"] == "not_found"


def test_who_has_left_gets_the_answer_of_a_stranger(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.do("lind", "consult.hand_back", {}, r)
    assert get(ward, "lind", f"/consults/{r}", 404) == get(ward, "berg", f"/consults/{r}", 404)
    assert get(ward, "lind", "/consults")["items"] == []
    people = get(ward, "okafor", f"/consults/{r}")["participants"]
    assert [(p["role"], p["left"]) for p in people] == [("asker", False), ("answerer", True)]


def test_without_signing_in_there_is_nothing(db: None) -> None:
    for path in ("/consults", "/consults/x", "/consults/x/summary", "/offers", "/wait?specialty=cardiology"):
        assert Client().get(API + path).status_code == 401


def test_standing_offers_are_those_of_the_one_who_asks(ward: Ward) -> None:
    r = ward.ask("okafor")
    [offer] = get(ward, "lind", "/offers")["items"]
    assert (offer["offer"], offer["question"], offer["ring"]) == (ward.offer("lind"), QUESTION, 1)
    assert get(ward, "okafor", "/offers")["items"] == []
    ward.do("lind", "offer.decline", {"offer": offer["offer"], "why": "not_now"})
    assert get(ward, "lind", "/offers")["items"] == []
    ward.do("okafor", "consult.withdraw", {}, r)
    assert get(ward, "berg", "/offers")["items"] == []


def test_the_usual_wait_is_the_median_with_its_number(ward: Ward) -> None:
    path = "/wait?specialty=cardiology&urgency=now"
    assert get(ward, "okafor", path) == {"median_s": None, "n": 0, "available": "1-2"}
    for seconds in (30, 90, 200):
        ward.ask("okafor")
        ward.clock.shift(seconds)
        ward.accept("lind")
    assert get(ward, "okafor", path) == {"median_s": 90, "n": 3, "available": "1-2"}
    set_availability(ward.accounts["lind"], False, [], timezone.now())
    set_availability(ward.accounts["berg"], False, [], timezone.now())
    assert get(ward, "okafor", path)["available"] == "none"
    assert get(ward, "okafor", "/wait?specialty=astrology", 422)["code"] == "malformed"


def test_what_was_changed_after_it_was_read_is_told_with_its_time(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    target = ward.say("lind", r)
    Seat.objects.filter(stream=r).update(read_seq=target)
    ward.clock.shift(60)
    seq = ward.do("lind", "edit", {"target": target, "text": "Wait."}, r).seq
    at = int(timezone.now().timestamp() * 1000)
    assert get(ward, "okafor", f"/consults/{r}")["changed"] == [{"target": target, "s": seq, "at": at}]
    assert get(ward, "lind", f"/consults/{r}")["changed"] == []


def test_the_summary_is_served_to_each_and_marked_when_it_was_overtaken(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    target = ward.say("lind", r)
    ward.do("okafor", "consult.close", {"outcome": "answered"}, r)
    mine, theirs = (get(ward, who, f"/consults/{r}/summary") for who in ("okafor", "lind"))
    assert mine == theirs
    assert not mine["outdated"]
    assert not get(ward, "okafor", f"/consults/{r}")["outdated"]
    ward.do("lind", "redact", {"target": target}, r)
    after = get(ward, "okafor", f"/consults/{r}/summary")
    assert after["outdated"]
    assert get(ward, "okafor", f"/consults/{r}")["outdated"]
    answer = Client().post(f"{API}/summaries/verify", {"text": mine["text"]}, content_type="application/json").json()
    assert (answer["valid"], answer["outdated"]) == (True, True)
    assert [c["kind"] for c in answer["changes"]] == ["withdrawn"]


def test_an_open_consult_has_no_summary_yet(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    assert get(ward, "okafor", f"/consults/{r}/summary", 409)["code"] == "consult.open"


@pytest.mark.parametrize("text", ["", "nothing", "x" * 10_000])
def test_a_text_that_is_no_summary_is_not_valid(db: None, text: str) -> None:
    answer = Client().post(f"{API}/summaries/verify", {"text": text}, content_type="application/json").json()
    assert answer == {"valid": False, "outdated": False, "made_at": None, "changes": []}


def test_a_text_that_is_too_long_is_refused(db: None) -> None:
    answer = Client().post(f"{API}/summaries/verify", {"text": "x" * 400_001}, content_type="application/json")
    assert answer.status_code == 422

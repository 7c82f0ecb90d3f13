"""Several engines, some of which do not answer: retries, who takes a call, and that it stays there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.voice.media.fake_engine import FakeEngine
from tests.voice.media.refused import refused
from voice.media.descriptions import Side
from voice.media.rtpengine import Address, Engines

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
)
QUICK = (0.03, 0.05)


@pytest_asyncio.fixture
async def fakes() -> AsyncIterator[list[FakeEngine]]:
    made = [await FakeEngine.open() for _ in range(2)]
    yield made
    for one in made:
        one.close()


def engines_of(*fakes: FakeEngine, ping_s: float = 60.0) -> Engines:
    return Engines([one.address for one in fakes], ping_s=ping_s, tries_s=QUICK)


async def until(true: object, within_s: float = 3.0) -> None:
    assert callable(true)
    deadline = asyncio.get_running_loop().time() + within_s
    while not true():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


async def test_a_request_that_was_lost_is_sent_again_with_the_same_cookie(fakes: list[FakeEngine]) -> None:
    async with engines_of(fakes[0]) as engines:
        fakes[0].drop = 1
        assert await engines.offer("call", "a", SDP, came=Side.TRUNK) == SDP
    [(first, offer), (second, again)] = [one for one in fakes[0].asked if one[1]["command"] == "offer"]
    assert first == second and offer == again


async def test_every_request_has_a_cookie_of_its_own(fakes: list[FakeEngine]) -> None:
    async with engines_of(fakes[0]) as engines:
        for call in ("one", "two"):
            await engines.offer(call, "a", SDP, came=Side.TRUNK)
    assert len({cookie for cookie, _ in fakes[0].asked}) == 3


async def test_calls_are_spread_and_each_stays_where_it_is(fakes: list[FakeEngine]) -> None:
    async with engines_of(*fakes) as engines:
        for number in range(6):
            await engines.offer(f"call {number}", "a", SDP, came=Side.TRUNK)
        for number in range(6):
            await engines.answer(f"call {number}", "a", "b", SDP, toward=Side.TRUNK)
            await engines.offer(f"call {number}", "a", SDP, came=Side.TRUNK)
            await engines.delete(f"call {number}")
    for fake in fakes:
        assert fake.count() == {"ping": 1, "offer": 6, "answer": 3, "delete": 3}
    places = [{str(request["call-id"]) for _, request in fake.asked if "call-id" in request} for fake in fakes]
    assert not places[0] & places[1]


@pytest.mark.parametrize("how", ["deaf", "full", "gone"])
async def test_an_engine_that_takes_no_call_is_passed_over(fakes: list[FakeEngine], how: str) -> None:
    async with engines_of(*fakes) as engines:
        if how == "deaf":
            fakes[0].deaf = True
        elif how == "gone":
            fakes[0].close()
        else:
            fakes[0].reply = {"result": "load limit"}
        for number in range(3):
            await engines.offer(f"call {number}", "a", SDP, came=Side.TRUNK)
    assert fakes[1].count()["offer"] == 3


async def test_one_that_refuses_a_description_is_not_asked_elsewhere(fakes: list[FakeEngine]) -> None:
    async with engines_of(*fakes) as engines:
        for fake in fakes:
            fake.reply = {"result": "error", "error-reason": "Failed to parse SDP"}
        with refused("engine_refused"):
            await engines.offer("call", "a", SDP, came=Side.TRUNK)
    assert sum(fake.count()["offer"] for fake in fakes) == 1


async def test_an_engine_that_fell_silent_gets_no_call_until_it_answers_again(
    fakes: list[FakeEngine], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="voice")
    async with engines_of(*fakes, ping_s=0.02) as engines:
        for number in range(2):
            await engines.offer(f"call {number}", "a", SDP, came=Side.TRUNK)
        fakes[0].deaf = True
        await until(lambda: engines.up == 1)
        lost = engines.lost()
        assert len(lost) == 1
        await engines.offer("later", "a", SDP, came=Side.TRUNK)
        with refused("engine_silent"):
            await engines.answer(lost[0], "a", "b", SDP, toward=Side.TRUNK)
        with refused("engine_silent"):
            await engines.delete(lost[0])
        assert engines.lost() == []
        fakes[0].deaf = False
        await until(lambda: engines.up == 2)
    assert "later" not in {request.get("call-id") for _, request in fakes[0].asked}
    said = [record.getMessage() for record in caplog.records]
    assert "an rtpengine does not answer" in said and said.count("an rtpengine answers") == 3
    assert not any("127.0.0.1" in str(record.__dict__) for record in caplog.records)


async def test_without_any_engine_there_is_a_word_for_it(fakes: list[FakeEngine]) -> None:
    for fake in fakes:
        fake.deaf = True
    async with engines_of(*fakes) as engines:
        with refused("no_engine"):
            await engines.offer("call", "a", SDP, came=Side.TRUNK)


async def test_what_concerns_no_call_of_ours_is_unknown_and_its_end_is_no_error(fakes: list[FakeEngine]) -> None:
    async with engines_of(*fakes) as engines:
        with refused("unknown_call"):
            await engines.query("never heard of")
        assert await engines.delete("never heard of") == {}


async def test_a_name_that_nobody_has_is_an_engine_that_is_down(fakes: list[FakeEngine]) -> None:
    addresses = [Address("nobody.invalid", 2223), fakes[0].address]
    async with Engines(addresses, ping_s=60.0, tries_s=QUICK) as engines:
        assert engines.up == 1


def test_an_address_is_not_shown() -> None:
    assert "192.0.2.7" not in repr(Address("192.0.2.7", 2223))

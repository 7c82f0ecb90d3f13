"""Publishing: committed once, in one order, seen by all; and each way in which it is refused."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from tests.peers.curbside import PLANTED, Deployment
from tests.sockets.checking import Ledger
from tests.sockets.wire import Frame, Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


async def test_both_sides_see_one_order_however_they_talk_at_once(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Ledger(deployment) as ledger:
        asker = await ledger.join(circle.asker, circle.stream)
        answerer = await ledger.join(circle.answerer, circle.stream, url=deployment.other_url)
        second = await ledger.join(circle.answerer, circle.stream)

        async def talk(who: int, client: object) -> None:
            for number in range(25):
                await (asker, answerer, second)[who].say(circle.stream, f"{PLANTED} {who} {number}")

        await asyncio.gather(*(talk(who, None) for who in range(3)))
        for client in (asker, answerer, second):
            await client.until_seq(circle.stream, 77)
        assert asker.texts(circle.stream) == answerer.texts(circle.stream) == second.texts(circle.stream)
        for who in range(3):
            said = [text for text in asker.texts(circle.stream) if f" {who} " in text]
            assert said == [f"{PLANTED} {who} {number}" for number in range(25)]


async def test_what_is_sent_without_waiting_keeps_its_order(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        frames: list[Frame] = []
        for number in range(30):
            c = str(uuid.uuid4())
            frames.append(
                {"t": "pub", "i": f"p{number}", "r": circle.stream, "c": c, "k": "message", "d": {"text": str(number)}}
            )
        await wire.send(*frames)
        for number in range(30):
            await wire.expect(t="ev", d={"text": str(number)})


async def test_the_same_c_gives_the_same_number_and_one_row(deployment: Deployment) -> None:
    circle, c = deployment.take_circle(), str(uuid.uuid4())
    async with Ledger(deployment) as ledger, Wire(deployment.url) as wire:
        client = await ledger.join(circle.asker, circle.stream)
        receipt = await client.say(circle.stream, "once", c=c)
        await client.say(circle.stream, "another")
        await wire.greet(circle.asker, circle.stream)
        assert (await wire.publish(circle.stream, "once", c=c))["s"] == receipt.seq
        assert (await wire.publish(circle.stream, "once", c=c.upper()))["s"] == receipt.seq


async def test_other_content_under_a_known_c_is_a_conflict(deployment: Deployment) -> None:
    circle, c = deployment.take_circle(), str(uuid.uuid4())
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        await wire.publish(circle.stream, "this", c=c)
        answer = await wire.publish(circle.stream, "that", c=c)
    assert (answer["err"]["code"], answer["err"]["retry"]) == ("conflict", False)


async def test_two_people_may_use_the_same_c(deployment: Deployment) -> None:
    circle, c = deployment.take_circle(), str(uuid.uuid4())
    async with Wire(deployment.url) as one, Wire(deployment.url) as other:
        await one.greet(circle.asker, circle.stream)
        await other.greet(circle.answerer, circle.stream)
        assert (await one.publish(circle.stream, "mine", c=c))["s"] == 3
        assert (await other.publish(circle.stream, "yours", c=c))["s"] == 4


async def test_the_same_c_on_two_sockets_at_once_is_one_row(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Ledger(deployment) as ledger, Wire(deployment.url) as one, Wire(deployment.other_url) as other:
        watcher = await ledger.join(circle.answerer, circle.stream)
        await one.greet(circle.asker, circle.stream)
        await other.greet(circle.asker, circle.stream)
        for number in range(15):
            c = str(uuid.uuid4())
            ledger.published[c] = circle.stream
            await asyncio.gather(
                *(until_taken(wire, circle.stream, f"n{number}", c, 3 + number) for wire in (one, other))
            )
        await watcher.until_seq(circle.stream, 17)


async def until_taken(wire: Wire, stream: str, text: str, c: str, seq: int) -> None:
    """Publish, and again while the answer is to try again, until it is the number that it must be."""
    answer = await wire.publish(stream, text, c=c)
    while "err" in answer and answer["err"]["retry"]:
        await asyncio.sleep(answer["err"]["after"])
        answer = await wire.publish(stream, text, c=c)
    assert answer.get("s") == seq, answer


async def test_a_retry_after_an_edit_is_no_conflict(deployment: Deployment) -> None:
    circle, c = deployment.take_circle(), str(uuid.uuid4())
    async with Ledger(deployment) as ledger:
        client = await ledger.join(circle.asker, circle.stream)
        said = await client.say(circle.stream, "frist", c=c)
        await client.tell(circle.stream, "edit", {"target": said.seq, "text": "first"})
        again = await client.say(circle.stream, "frist", c=c)
        assert again.seq == said.seq


async def test_what_was_taken_away_is_served_to_no_one_again(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Ledger(deployment) as ledger, Wire(deployment.other_url) as wire:
        client = await ledger.join(circle.asker, circle.stream)
        said = await client.say(circle.stream, f"{PLANTED} regretted")
        edited = await client.say(circle.stream, f"{PLANTED} before")
        await client.tell(circle.stream, "redact", {"target": said.seq})
        await client.tell(circle.stream, "edit", {"target": edited.seq, "text": "after"})
        await wire.greet(circle.answerer)
        await wire.ask(t="sub", subs=[{"r": circle.stream, "p": 0}])
        last = await wire.expect(t="ev", k="edit")
        history = await client.history(circle.stream, limit=50)
        assert last["d"] == {"target": edited.seq, "text": "after"}
        assert not [frame for frame in wire.seen if "regretted" in str(frame) or "before" in str(frame)]
        assert not [event for event in history if "regretted" in str(event.d) or "before" in str(event.d)]
        bodies = deployment.query("SELECT body FROM realtime_event WHERE stream_id = %s", circle.stream)
        assert b"regretted" not in b"".join(bytes(body) for (body,) in bodies)


@pytest.mark.parametrize("kind", ["no.such", "messages", "consult.ask", "offer.accept"])
async def test_an_unknown_command_is_said_to_be_one(deployment: Deployment, kind: str) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        answer = await wire.publish(circle.stream, PLANTED, kind=kind)
        assert (answer["err"]["code"], answer["err"]["retry"]) == ("unknown_command", False)
        assert PLANTED not in str(answer)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"c": "not a uuid"}, "malformed"),
        ({"c": "11111111-1111-1111-8111-111111111111"}, "malformed"),
        ({"c": None}, "malformed"),
        ({"k": "Shout!"}, "malformed"),
        ({"k": "a" * 40}, "malformed"),
        ({"r": "../../etc/passwd"}, "malformed"),
        ({"d": ["a list"]}, "malformed"),
        ({"d": "a text"}, "malformed"),
        ({"d": {"text": "nul \x00"}}, "malformed"),
        ({"d": {"text": 7}}, "malformed"),
        ({"d": {}}, "malformed"),
        ({"d": {"text": "x" * 16_400}}, "too_large"),
        ({"d": {"text": "x" * 4_001}}, "too_large"),
        ({"d": {"text": "call me on +1 617 555 0100"}}, "gate"),
    ],
)
async def test_a_wrong_pub_is_refused_and_the_socket_lives(deployment: Deployment, changes: Frame, code: str) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        frame = {"t": "pub", "r": circle.stream, "c": str(uuid.uuid4()), "k": "message", "d": {"text": "x"}}
        answer = await wire.ask(**{**frame, **changes})
        assert (answer["err"]["code"], answer["err"]["retry"]) == (code, False)
        assert (await wire.publish(circle.stream, "and on"))["s"] == 3


@pytest.mark.parametrize("kind", ["message", "edit", "redact", "consult.close", "consult.leave", "consult.invite"])
async def test_not_there_and_not_yours_are_refused_alike(deployment: Deployment, kind: str) -> None:
    circle = deployment.take_circle()
    d = {"text": "hm", "target": 1, "outcome": "answered", "specialty": "cardiology"}
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.outsider)
        answers = [
            await wire.ask(t="pub", r=stream, c=str(uuid.uuid4()), k=kind, d=d) for stream in (circle.stream, "A" * 22)
        ]
    assert answers[0]["err"] == answers[1]["err"]
    assert answers[0]["err"]["code"] in ("not_found", "malformed")


async def test_someone_elses_inbox_takes_nothing_and_shows_nothing(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.outsider)
        answer = await wire.publish(circle.asker.inbox, "hello")
        assert answer["err"]["code"] == "not_found"
        assert (await wire.ask(t="sub", subs=[{"r": circle.asker.inbox, "p": 0}]))["rooms"] == []


async def test_nobody_edits_what_another_said(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Ledger(deployment) as ledger:
        asker = await ledger.join(circle.asker, circle.stream)
        answerer = await ledger.join(circle.answerer, circle.stream)
        said = await asker.say(circle.stream, "mine")
        for kind, d in (("edit", {"target": said.seq, "text": "yours"}), ("redact", {"target": said.seq})):
            assert (await answerer.refused(circle.stream, kind, d)).code == "not_found"


async def test_a_closed_consult_takes_no_message_and_can_still_be_read(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Ledger(deployment) as ledger:
        asker = await ledger.join(circle.asker, circle.stream)
        answerer = await ledger.join(circle.answerer, circle.stream, url=deployment.other_url)
        await answerer.say(circle.stream, "rest")
        await asker.tell(circle.stream, "consult.close", {"outcome": "answered"})
        await answerer.until(circle.stream, "consult.ended")
        assert (await answerer.refused(circle.stream, "message", {"text": "late"})).code == "closed"
        assert (await answerer.history(circle.stream))[-1].kind == "consult.ended"


async def test_who_leaves_hears_nothing_later(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Ledger(deployment) as ledger, Wire(deployment.other_url) as wire:
        asker = await ledger.join(circle.asker, circle.stream)
        await asker.say(circle.stream, "before")
        await wire.greet(circle.answerer, circle.stream)
        await wire.publish(circle.stream, "an answer")
        answer = await wire.ask(t="pub", r=circle.stream, c=str(uuid.uuid4()), k="consult.leave", d={})
        left_at = answer["s"]
        await wire.expect(t="bye", r=circle.stream, code=4503)
        await asker.say(circle.stream, "behind your back")
        await wire.nothing(0.7, t="ev", r=circle.stream)
        assert max(frame["s"] for frame in wire.seen if frame["t"] == "ev") <= left_at
        assert (await wire.publish(circle.stream, "still me"))["err"]["code"] == "not_found"
        assert (await wire.ask(t="sub", subs=[{"r": circle.stream, "p": 0}]))["rooms"] == []

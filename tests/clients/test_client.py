"""The Python client against a scripted server: what it keeps over faults, and when it gives up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from curbside import (
    Client,
    Disconnected,
    Event,
    FileStore,
    Happening,
    Lost,
    PublishRefused,
    Ready,
    Reset,
    StreamUnavailable,
    Subscribed,
    Ticket,
    Timing,
)

from tests.clients.scripted import ScriptedServer

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(20)]
QUICK = Timing(backoff_base_s=0.02, backoff_cap_s=0.05, retry_s=0.05)


async def a_ticket() -> Ticket:
    """A ticket that any scripted server takes."""
    return Ticket("ticket")


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A server of its own for each test."""
    async with ScriptedServer() as running:
        yield running


def make_client(server: ScriptedServer, **given: object) -> Client:
    """A client that reconnects at once."""
    options = {"ticket": a_ticket, "timing": QUICK, "randomness": random.Random(7), **given}
    return Client(server.url, **options)  # type: ignore[arg-type]  # options of several types


async def take(events: AsyncIterator[Event], count: int) -> list[Event]:
    """The next events."""
    async with asyncio.timeout(5):
        return [await anext(events) for _ in range(count)]


async def await_happening(happenings: AsyncIterator[Happening], kind: type[Happening]) -> None:
    """Pass over all that happens until one of a kind."""
    async with asyncio.timeout(5):
        while not isinstance(await anext(happenings), kind):
            pass


async def test_the_ten_lines_of_the_readme_send_and_receive(server: ScriptedServer) -> None:
    async with make_client(server) as client:
        events = client.events("r1")
        subscribed = await client.subscribe("r1")
        receipt = await client.publish("r1", "message", {"text": "Rate control first."})
        (event,) = await take(events, 1)
    assert subscribed == Subscribed("r1", "e1", 0, "Heron")
    assert (event.seq, event.d["text"], event.c) == (receipt.seq, "Rate control first.", receipt.c)


async def test_a_subscription_resumes_where_it_stood_in_the_greeting_itself(server: ScriptedServer) -> None:
    async with make_client(server) as client:
        events = client.events("r1")
        await client.subscribe("r1")
        await server.append("r1", "message", {"text": "1"})
        await take(events, 1)
        await server.cut()
        await server.append("r1", "message", {"text": "2"})
        await server.append("r1", "message", {"text": "3"})
        assert [event.seq for event in await take(events, 2)] == [2, 3]
        assert server.hellos[-1]["subs"] == [{"r": "r1", "p": 1, "e": "e1"}]


async def test_a_ticket_is_used_again_while_it_lasts_and_not_after_the_server_called_it_expired(
    server: ScriptedServer,
) -> None:
    fetched: list[str] = []

    async def fetch() -> Ticket:
        fetched.append(f"ticket {len(fetched)}")
        return Ticket(fetched[-1], 900.0)

    async with Client(server.url, ticket=fetch, timing=QUICK) as client:
        happenings = client.happenings()
        for code in (1001, 4014):
            await await_happening(happenings, Ready)
            for connection in list(server.connections):
                await connection.close(code)
        await await_happening(happenings, Ready)
    assert [hello["tok"] for hello in server.hellos] == ["ticket 0", "ticket 0", "ticket 1"]


async def test_an_answer_that_was_lost_leaves_one_row(server: ScriptedServer) -> None:
    server.swallow_answers = 2
    async with make_client(server) as client:
        receipt = await asyncio.wait_for(client.publish("r1", "message", {"text": "once"}), 5)
    assert receipt.seq == 1
    assert len(server.log("r1")) == 1


async def test_a_hole_is_asked_for_again_and_filled_in_order(server: ScriptedServer) -> None:
    server.skip_live = {1, 2}
    async with make_client(server) as client:
        events = client.events("r1")
        await client.subscribe("r1")
        for text in "123":
            await server.append("r1", "message", {"text": text})
        assert [event.seq for event in await take(events, 3)] == [1, 2, 3]


async def test_a_heartbeat_that_knows_a_newer_head_brings_the_tail(server: ScriptedServer) -> None:
    server.skip_live = {1}
    async with make_client(server) as client:
        events = client.events("r1")
        await client.subscribe("r1")
        await server.append("r1", "message", {"text": "unheard"})
        await server.say_all({"t": "hb", "n": 9, "h": {"r1": 1}})
        assert (await take(events, 1))[0].d == {"text": "unheard"}
        answers = [frame for frame in server.frames if frame["t"] == "hb"]
    assert answers == [{"t": "hb", "n": 9, "p": {"r1": 0}}]


async def test_what_is_too_much_for_the_socket_is_fetched_by_http_and_keeps_the_order(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.most_resumed = 3
    async with make_client(server) as client:
        events = client.events("r1")

        async def history(stream: str, *, after: int = 0, **_: object) -> list[Event]:
            page = server.log(stream)[after : after + 4]
            return [Event(stream, item["s"], item["k"], item["u"], None, 0, item["d"]) for item in page]

        monkeypatch.setattr(client.api, "history", history)
        await client.subscribe("r1")
        await server.append("r1", "message", {"text": "seen"})
        await take(events, 1)
        await server.cut()
        for number in range(10):
            await server.append("r1", "message", {"text": str(number)})
        assert [event.seq for event in await take(events, 10)] == list(range(2, 12))
        await server.append("r1", "message", {"text": "live"})
        assert (await take(events, 1))[0].seq == 12


async def test_another_epoch_is_a_reset_and_nothing_old_is_handed_on(server: ScriptedServer) -> None:
    await server.append("r1", "message", {"text": "old"})
    async with make_client(server) as client:
        happenings = client.happenings()
        await client.subscribe("r1", position=1, epoch="another life")
        seen = [happening async for happening in first_until(happenings, Reset)]
    assert seen[-1] == Reset("r1", "e1", 1)
    assert not [happening for happening in seen if isinstance(happening, Event)]


async def first_until(happenings: AsyncIterator[object], kind: type) -> AsyncIterator[object]:
    """What happens, up to the first of a kind."""
    async with asyncio.timeout(5):
        async for happening in happenings:
            yield happening
            if isinstance(happening, kind):
                return


async def test_busy_is_tried_again_and_a_later_sentence_never_overtakes(server: ScriptedServer) -> None:
    server.errors = [{"code": "busy", "msg": "Busy.", "retry": True, "after": 0.05}]
    async with make_client(server) as client:
        await client.ready()
        await asyncio.gather(*(client.publish("r1", "message", {"text": text}) for text in "abc"))
    assert [event["d"]["text"] for event in server.log("r1")] == ["a", "b", "c"]


async def test_a_refusal_for_good_is_raised_and_leaves_the_outbox(server: ScriptedServer) -> None:
    server.errors = [{"code": "closed", "msg": "This has been closed.", "retry": False}]
    async with make_client(server) as client:
        with pytest.raises(PublishRefused) as refused:
            await client.publish("r1", "message", {"text": "late"})
        assert client.session.unacknowledged == 0
    assert refused.value.code == "closed"


async def test_a_stream_that_one_may_not_see_is_said_and_the_connection_lives(server: ScriptedServer) -> None:
    async with make_client(server) as client:
        with pytest.raises(StreamUnavailable):
            await client.subscribe("forbidden")
        await client.subscribe("r1")
    assert len(server.hellos) == 1


@pytest.mark.parametrize("code", [4500, 4501, 4503, 4504, 4505])
async def test_a_final_code_ends_the_client_and_wakes_who_waits(server: ScriptedServer, code: int) -> None:
    server.refuse_hello = code
    async with make_client(server) as client:
        with pytest.raises(Disconnected) as ended:
            await asyncio.wait_for(client.publish("r1", "message", {"text": "x"}), 5)
        await asyncio.sleep(0.1)
    assert ended.value.code == code
    assert len(server.hellos) == 1


@pytest.mark.parametrize("code", [4000, 4001, 4002, 4003, 4008, 4010, 4013, 4014])
async def test_a_passing_code_brings_it_back_not_before_the_server_said(server: ScriptedServer, code: int) -> None:
    async with make_client(server) as client:
        happenings = client.happenings()
        await client.ready()
        await server.say_all({"t": "bye", "code": code, "msg": "Later.", "retry": True, "after": 0.2})
        await server.cut()
        lost = [happening async for happening in first_until(happenings, Lost)][-1]
        assert isinstance(lost, Lost) and lost.code == code and lost.retry_in_s >= 0.2
        await asyncio.wait_for(client.publish("r1", "message", {"text": "back"}), 5)


async def test_a_greeting_that_a_busy_server_refuses_is_made_again_not_before_it_said(server: ScriptedServer) -> None:
    server.busy = [{"code": "busy", "msg": "Busy.", "retry": True, "after": 0.2}] * 2
    async with make_client(server) as client:
        happenings = client.happenings()
        lost = [happening async for happening in first_until(happenings, Lost)][-1]
        assert isinstance(lost, Lost) and lost.retry_in_s >= 0.2
        await asyncio.wait_for(client.publish("r1", "message", {"text": "heard"}), 5)
    assert len(server.hellos) == 3


async def test_a_greeting_that_is_refused_for_good_ends_the_client(server: ScriptedServer) -> None:
    server.busy = [{"code": "invalid", "msg": "No.", "retry": False}]
    async with make_client(server) as client:
        with pytest.raises(Disconnected, match="No"):
            await asyncio.wait_for(client.publish("r1", "message", {"text": "x"}), 5)
    assert len(server.hellos) == 1


async def test_an_outbox_on_the_disk_outlives_the_program(server: ScriptedServer, tmp_path: Path) -> None:
    store = FileStore(tmp_path / "outbox")
    async with Client("http://127.0.0.1:1", ticket=a_ticket, store=store, timing=QUICK) as client:
        for text in "ab":
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.publish("r1", "message", {"text": text}), 0.05)
    assert (tmp_path / "outbox").stat().st_mode & 0o077 == 0
    async with make_client(server, store=FileStore(tmp_path / "outbox")) as client:
        await client.ready()
        await asyncio.wait_for(client.publish("r1", "message", {"text": "c"}), 5)
    assert [event["d"]["text"] for event in server.log("r1")] == ["a", "b", "c"]
    assert FileStore(tmp_path / "outbox").load() == []


async def test_a_torn_last_line_of_the_outbox_loses_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "outbox"
    path.write_text('{"c":"1","r":"r","k":"message","d":{}}\n{"c":"2","r":"r","k":"mess')
    assert [entry.c for entry in FileStore(path).load()] == ["1"]


async def test_a_silent_server_is_abandoned_when_it_owes_an_answer(server: ScriptedServer) -> None:
    timing = Timing(backoff_base_s=0.02, backoff_cap_s=0.05, answer_s=0.2)
    async with make_client(server, timing=timing) as client:
        await client.ready()
        server.silent = True
        publishing = asyncio.create_task(client.publish("r1", "message", {"text": "x"}))
        await asyncio.sleep(0.3)
        server.silent = False
        assert (await asyncio.wait_for(publishing, 5)).seq == 1
    assert len(server.hellos) >= 2


async def test_a_ticket_is_renewed_before_it_ends(server: ScriptedServer) -> None:
    async def short_ticket() -> Ticket:
        return Ticket("ticket", 0.3)

    async with make_client(server, ticket=short_ticket) as client:
        await client.ready()
        await asyncio.sleep(0.5)
    assert len(server.hellos) >= 2
    assert len({frame["i"] for frame in server.hellos}) == len(server.hellos)


async def test_who_publishes_inside_an_iteration_never_stands_still(server: ScriptedServer) -> None:
    """The reader stops when a listener is full, but not while the listener itself waits for an answer."""
    async with make_client(server) as client:
        events = client.events("r1", room=2)
        await client.subscribe("r1")
        for text in "abcdefgh":
            await server.append("r1", "message", {"text": text})
        async with asyncio.timeout(5):
            for _ in range(8):
                await anext(events)
                await client.publish("r2", "message", {"text": "seen"})
    assert len(server.log("r2")) == 8

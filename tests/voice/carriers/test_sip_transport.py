"""The connection to a trunk, with a real sipp behind it over TCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import psutil
import pytest

from tests.peers.process import free_port
from tests.peers.sipp import Sipp, replies
from voice.call_events import Cause
from voice.carriers import sip_transport
from voice.carriers.sip_transport import CONNECTIONS_MOST, Place, SipTransport
from voice.sip.agent import Agent
from voice.sip.events import Answered, Changed, Ended, Event, Order, Pinged, Ringing, Timing, Trunk
from voice.sip.sdp import Sound
from voice.sip.trunks import Trunks

SCENARIOS = Path(__file__).parents[1] / "sip" / "scenarios"
TO, SHOWN = "+46850000001", "+46850000002"
ORDER = Order(TO, SHOWN, Sound("127.0.0.1", 5004), 20.0)
QUICK = Timing(t1_s=0.1, session_s=2, session_least_s=1)


class Line:
    """A transport and all that it has told."""

    def __init__(self, place: Place, *, ping_s: float = 30.0) -> None:
        trunk = Trunk("one", "trunk.example", "tls" if place.tls else "tcp", "trunk-user", "trunk-secret")
        self.events: list[Event] = []
        self.agent = Agent(trunk, QUICK)
        self._news = asyncio.Event()
        self.transport = SipTransport(self.agent, place, self._tell, ping_s=ping_s)

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, kind: type[Event]) -> Event:
        """The first event of a kind."""
        async with asyncio.timeout(10):
            while not (found := [event for event in self.events if isinstance(event, kind)]):
                self._news.clear()
                await self._news.wait()
        return found[0]


@asynccontextmanager
async def connected(scenario: str | Path) -> AsyncIterator[tuple[Line, Sipp]]:
    """A sipp that plays a scenario once, and a line to it."""
    with closing(Sipp(scenario, tcp=True, calls=1)) as sipp:
        line = Line(Place("127.0.0.1", sipp.port, tls=False))
        try:
            assert await line.transport.open()
            yield line, sipp
        finally:
            await line.transport.close()


async def played(sipp: Sipp) -> None:
    """Wait until it has played its scenario to the end, as it stands there."""
    assert await asyncio.to_thread(sipp.ends) == 0, sipp.process.said()[-2000:]


def header(request: str, name: str) -> str:
    [found] = [line for line in request.split("\n") if line.startswith(f"{name}: ")]
    return found


async def test_a_call_rings_is_answered_and_hung_up() -> None:
    async with connected(SCENARIOS / "answers.xml") as (line, sipp):
        leg = line.transport.call(ORDER)
        answered = await line.until(Answered)
        assert isinstance(answered, Answered) and (answered.leg, answered.far.port) == (leg, 4000)
        assert line.events[0] == Ringing(leg)
        line.transport.hang_up(leg)
        assert await line.until(Ended) == Ended(leg, Cause.COMPLETED, 0)
        await played(sipp)


async def test_a_trunk_that_asks_who_we_are_is_told_and_sees_the_same_caller_twice() -> None:
    async with connected(SCENARIOS / "asks_who.xml") as (line, sipp):
        leg = line.transport.call(ORDER)
        await line.until(Answered)
        line.transport.hang_up(leg)
        await line.until(Ended)
        await played(sipp)
        first, second = sipp.heard("INVITE")
        for name in ("From", "P-Asserted-Identity"):
            assert header(first, name) == header(second, name)
            assert f"<sip:{SHOWN}@trunk.example>" in header(first, name)
        assert "Authorization" not in first and header(second, "Authorization")


async def test_a_ringing_call_is_taken_back() -> None:
    async with connected(SCENARIOS / "rings.xml") as (line, sipp):
        leg = line.transport.call(ORDER)
        await line.until(Ringing)
        line.transport.hang_up(leg)
        assert await line.until(Ended) == Ended(leg, Cause.CANCELLED, 0)
        await played(sipp)


async def test_an_answer_that_crosses_the_cancel_is_ended() -> None:
    async with connected(SCENARIOS / "crosses.xml") as (line, sipp):
        leg = line.transport.call(ORDER)
        await line.until(Ringing)
        line.transport.hang_up(leg)
        assert await line.until(Ended) == Ended(leg, Cause.CANCELLED, 0)
        await played(sipp)
        assert not [event for event in line.events if isinstance(event, Answered)]


@pytest.mark.parametrize(("status", "cause", "another"), [(486, Cause.BUSY, False), (503, Cause.FAILED, True)])
async def test_a_refused_call_says_why_and_whether_another_trunk_may_be_asked(
    status: int, cause: Cause, another: bool
) -> None:
    async with connected(replies(f"{status} No")) as (line, sipp):
        leg = line.transport.call(ORDER)
        assert await line.until(Ended) == Ended(leg, cause, status, next_trunk=another)
        await played(sipp)


async def test_after_503_of_one_trunk_the_next_carries_the_call() -> None:
    with closing(Sipp(replies("503 No"), tcp=True, calls=1)) as full:
        async with connected(SCENARIOS / "answers.xml") as (line, sipp):
            first = Line(Place("127.0.0.1", full.port, tls=False))
            assert await first.transport.open()
            told: list[Event] = []
            trunks = Trunks([first.transport, line.transport], lambda _, event: told.append(event))
            trunks.dial("call", ORDER, asyncio.get_running_loop().time())
            trunks.heard(0, await first.until(Ended), asyncio.get_running_loop().time())
            trunks.heard(1, await line.until(Answered), asyncio.get_running_loop().time())
            trunks.hang_up("call")
            trunks.heard(1, await line.until(Ended), asyncio.get_running_loop().time())
            assert [type(event) for event in told] == [Answered, Ended]
            await played(sipp)
            await played(full)
            await first.transport.close()


async def test_the_far_end_asks_holds_may_not_send_us_elsewhere_and_hangs_up() -> None:
    async with connected(SCENARIOS / "hangs_up.xml") as (line, sipp):
        leg = line.transport.call(ORDER)
        assert await line.until(Ended) == Ended(leg, Cause.COMPLETED, 0, by_far=True)
        await played(sipp)
        changed = await line.until(Changed)
        assert isinstance(changed, Changed) and changed.far.direction == "sendonly"


async def test_a_session_is_refreshed_by_us() -> None:
    async with connected(SCENARIOS / "wants_refreshing.xml") as (line, sipp):
        leg = line.transport.call(ORDER)
        await line.until(Changed)
        line.transport.hang_up(leg)
        await line.until(Ended)
        await played(sipp)
        first, second = sipp.heard("INVITE")
        assert header(second, "Session-Expires") == "Session-Expires: 2;refresher=uac"
        assert header(first, "From") == header(second, "From")


async def test_fifty_calls_at_once_leave_no_dialog_no_timer_and_no_descriptor() -> None:
    descriptors = psutil.Process().num_fds()
    with closing(Sipp(SCENARIOS / "answers.xml", tcp=True, calls=50)) as sipp:
        line = Line(Place("127.0.0.1", sipp.port, tls=False))
        assert await line.transport.open()
        legs = {line.transport.call(ORDER) for _ in range(50)}
        async with asyncio.timeout(10):
            while sum(isinstance(event, Answered) for event in line.events) < 50:
                await asyncio.sleep(0.01)
            for leg in legs:
                line.transport.hang_up(leg)
            while {event.leg for event in line.events if isinstance(event, Ended)} != legs:
                await asyncio.sleep(0.01)
        await played(sipp)
        assert line.agent.legs() == {}
        line.agent.handle_timer(asyncio.get_running_loop().time() + 64 * QUICK.t1_s)
        assert line.agent.get_timer() is None
        await line.transport.close()
    assert psutil.Process().num_fds() <= descriptors


async def test_a_connection_that_is_lost_is_made_again_and_a_silent_one_given_up() -> None:
    accepted: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: accepted.append(writer), "127.0.0.1", 0)
    line = Line(Place("127.0.0.1", server.sockets[0].getsockname()[1], tls=False), ping_s=0.05)
    line.agent._line.timing = Timing(first_s=0.05)  # how long OPTIONS may stay unanswered
    assert await line.transport.open()
    assert await line.until(Pinged) == Pinged(alive=False, status=0)
    async with asyncio.timeout(5):
        while len(accepted) < 2:
            await asyncio.sleep(0.01)
    await line.transport.close()
    assert not line.transport.up
    for writer in accepted:
        writer.close()
    server.close()


async def test_a_trunk_that_closes_every_connection_at_once_is_not_asked_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sip_transport, "PAUSES_S", (0.0, 3600.0))
    opened: list[asyncio.StreamWriter] = []

    def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        writer.close()

    server = await asyncio.start_server(close, "127.0.0.1", 0)
    line = Line(Place("127.0.0.1", server.sockets[0].getsockname()[1], tls=False))
    await line.transport.open()
    async with asyncio.timeout(10):
        while len(opened) < 2:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert len(opened) == 2, "and not hundreds"
    await line.transport.close()
    server.close()


async def test_a_trunk_may_open_connections_to_us_but_not_any_number() -> None:
    async with connected(SCENARIOS / "answers.xml") as (line, sipp):
        port = free_port()
        await line.transport.listen("127.0.0.1", port)
        leg = line.transport.call(ORDER)
        await line.until(Answered)
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS_MOST)]
        async with asyncio.timeout(5):
            assert await opened[-1][0].read() == b""
        opened[0][1].write(b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\n"
                           b"To: <sip:b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")  # fmt: skip
        async with asyncio.timeout(5):
            assert await opened[0][0].readline() == b"SIP/2.0 200 OK\r\n"
        for _, writer in opened:
            writer.close()
        line.transport.hang_up(leg)
        await line.until(Ended)
        await played(sipp)


async def test_where_nobody_listens_there_is_no_line() -> None:
    line = Line(Place("127.0.0.1", free_port(), tls=False))
    assert not await line.transport.open(0.2)
    leg = line.transport.call(ORDER)
    assert line.events == [Ended(leg, Cause.FAILED, 0, next_trunk=True)]
    await line.transport.close()

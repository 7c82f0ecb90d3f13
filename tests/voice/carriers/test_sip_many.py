"""What a worker meets: trunks that ask who it is, torture while a call goes on, fifty calls, its own event loop."""

from __future__ import annotations

import asyncio
import re
from contextlib import closing
from dataclasses import replace

import psutil
import pytest
import uvloop

from tests.peers.process import free_port
from tests.peers.sipp import REPLY, Sipp, send
from tests.voice.carriers.test_sip_calls import Calls, order
from tests.voice.carriers.test_sip_transport import ORDER, SCENARIOS, SHOWN, connected, played
from tests.voice.sip.test_identity import right
from tests.voice.sip.torture import load
from voice.call_events import Cause
from voice.sip.events import Answered, Ended

ALIVE = (b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKalive\r\nFrom: <sip:a>;tag=1\r\n"
         b"To: <sip:b>\r\nCall-ID: alive\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")  # fmt: skip
CALLS = 50


async def told(port: int, data: bytes) -> bytes:
    """Open a connection, say something, hang up, and return everything that was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    writer.write_eof()
    async with asyncio.timeout(10):
        said = await reader.read()
    writer.close()
    return said


async def test_no_message_of_torture_ends_the_call_or_what_listens() -> None:
    async with connected(SCENARIOS / "answers.xml") as (line, sipp):
        port = free_port()
        await line.transport.listen("127.0.0.1", port)
        leg = line.transport.call(ORDER)
        await line.until(Answered)
        torture = load()
        for each in torture:
            said = await told(port, each.data)
            assert said.count(b"SIP/2.0 ") == len(each.statuses), each.name
        assert len(torture) == 49 and (await told(port, ALIVE)).startswith(b"SIP/2.0 200 ")
        assert not [event for event in line.events if isinstance(event, Ended)]
        line.transport.hang_up(leg)
        assert await line.until(Ended) == Ended(leg, Cause.COMPLETED, 0)
        await played(sipp)


def asks(line: str, header: str, challenge: str) -> str:
    """A step that wants to know who calls, and the ACK."""
    return send(REPLY.format(line=line).replace("Content-Length", f"{header}: {challenge}\nContent-Length")) + ACK


ACK, INVITE = '<recv request="ACK"/>', '<recv request="INVITE"/>'


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize(
    ("line", "header", "answers"),
    [("401 Who", "WWW-Authenticate", "Authorization"), ("407 Who", "Proxy-Authenticate", "Proxy-Authorization")],
)
async def test_a_trunk_that_asks_twice_as_its_nonce_is_stale_sees_the_same_caller_each_time(
    line: str, header: str, answers: str, algorithm: str
) -> None:
    challenge = f'Digest realm="trunk", nonce="{{}}", algorithm={algorithm}, qop="auth"'
    once, again = asks(line, header, challenge.format("one")), challenge.format("two") + ", stale=true"
    scenario = "".join([
        INVITE, once, INVITE, asks(line, header, again), INVITE, send(REPLY.format(line="486 Busy Here")), ACK,
    ])  # fmt: skip
    async with connected(scenario) as (made, sipp):
        leg = made.transport.call(ORDER)
        assert await made.until(Ended) == Ended(leg, Cause.BUSY, 486)
        await played(sipp)
        first, *others = sipp.heard("INVITE")
        assert answers not in first and len(others) == 2
        for name in ("From", "P-Asserted-Identity"):
            [same] = {field(name, invite) for invite in (first, *others)}
            assert f"<sip:{SHOWN}@trunk.example>" in same
        for invite, nonce in zip(others, ("one", "two"), strict=True):
            assert right(field(answers, invite), invite.split()[1], nonce, algorithm)


def field(name: str, request: str) -> str:
    """The value of the one header of this name."""
    [found] = re.findall(rf"^{name}: (.*)$", request, re.MULTILINE)
    return str(found)


def test_in_the_event_loop_of_a_media_worker_a_call_goes_the_same_way() -> None:
    async def call() -> None:
        async with connected(SCENARIOS / "answers.xml") as (line, sipp):
            leg = line.transport.call(ORDER)
            await line.until(Answered)
            line.transport.hang_up(leg)
            assert await line.until(Ended) == Ended(leg, Cause.COMPLETED, 0)
            await played(sipp)

    uvloop.run(call())


def ports() -> set[int]:
    """The UDP ports that this process has open."""
    return {each.laddr.port for each in psutil.Process().net_connections("udp") if each.laddr}


async def test_fifty_calls_at_once_leave_no_port_no_dialog_and_no_descriptor() -> None:
    before, descriptors = ports(), psutil.Process().num_fds()
    with closing(Sipp(SCENARIOS / "answers.xml", tcp=True, calls=CALLS)) as sipp:
        made = Calls(sipp.port)
        assert await made.calls.open() == 1
        names = {f"leg-{number}" for number in range(CALLS)}
        for name in names:
            await made.calls.dial(replace(order(), reference=name))
        assert len(ports() - before) == CALLS
        told: list[tuple[str, str]] = []
        while len(told) < 3 * CALLS:
            event = await made.hears()
            told.append((event.reference, event.kind))
            if event.kind == "answered":
                assert made.calls.far_of(event.reference) is not None
            if len(told) == 2 * CALLS:  # all of them are up at once
                assert {kind for _, kind in told} == {"ringing", "answered"}
                for name in names:
                    made.calls.hang_up(name)
        assert set(told) == {(name, kind) for name in names for kind in ("ringing", "answered", "ended")}
        await played(sipp)
        assert ports() == before and made.plane.legs() == ()
        assert [line._agent.legs() for line in made.calls._lines] == [{}]
        await made.calls.close()
        await made.plane.close()
    assert psutil.Process().num_fds() <= descriptors

"""Frames that no honest client sends. Each is answered by a code, none stops the process or gets into its log."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame as SocketFrame
from websockets.frames import Opcode

from tests.peers.curbside import PLANTED, Deployment
from tests.sockets.wire import Wire

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

DEEP = 10_000
MALFORMED = {
    "no JSON": f"{PLANTED} {{",
    "a number": "7",
    "a list": "[]",
    "null": "null",
    "a text": f'"{PLANTED}"',
    "nothing": "",
    "a line break alone": "\n",
    "no t": "{}",
    "t is no text": '{"t": 7}',
    "a request number that is a list": '{"t": "sub", "i": [1], "subs": []}',
    "subscriptions that are none": '{"t": "sub", "i": 1, "subs": [7]}',
    "deep lists": "[" * DEEP + "]" * DEEP,
    "deep objects": '{"t":"pub","d":' + '{"a":' * DEEP + "1" + "}" * DEEP + "}",
    "unfinished": '{"t": "hello", "tok": "' + PLANTED,
    "half a surrogate": '{"t": "hello", "tok": "\\ud800' + PLANTED + "",
    "an endless number": '{"t": "hb", "n": ' + "9" * 5000 + "}",
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("greeted", [False, True], ids=["before the greeting", "after it"])
async def test_what_is_no_frame_ends_the_socket_as_malformed(
    deployment: Deployment, message: str, greeted: bool
) -> None:
    async with Wire(deployment.url) as wire:
        if greeted:
            await wire.greet(deployment.all_circles[-1].asker)
        await wire.send_raw(message)
        assert await wire.closed() == (4500, 4500)


async def test_deep_content_is_refused_and_the_socket_lives(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as wire:
        await wire.greet(circle.asker, circle.stream)
        deep = "[" * 7000 + "]" * 7000
        c = uuid.uuid4()
        await wire.send_raw(f'{{"t":"pub","i":77,"r":"{circle.stream}","c":"{c}","k":"message","d":{{"text":{deep}}}}}')
        try:
            answer = await wire.expect(t="re", i=77)
        except ConnectionClosed:
            assert wire.socket.close_code == 4500
            return
        assert answer["err"]["code"] == "malformed"


@pytest.mark.parametrize("size", [66_000, 300_000, 2_000_000])
async def test_an_oversized_frame_ends_the_socket(deployment: Deployment, size: int) -> None:
    async with Wire(deployment.url) as wire:
        await wire.greet(deployment.all_circles[-1].asker)
        try:
            await wire.send_raw('{"t":"' + "x" * size + '"}')
            said, code = await wire.closed()
        except ConnectionClosed:
            said, code = None, wire.socket.close_code or 1006
        assert (said, code) in ((4500, 4500), (None, 1009), (None, 1006))


async def test_a_binary_frame_is_malformed(deployment: Deployment) -> None:
    async with Wire(deployment.url) as wire:
        await wire.greet(deployment.all_circles[-1].asker)
        await wire.send_raw(PLANTED.encode())
        assert await wire.closed() == (4500, 4500)


async def test_bad_utf8_ends_the_socket(deployment: Deployment) -> None:
    async with Wire(deployment.url) as wire:
        await wire.greet(deployment.all_circles[-1].asker)
        bad = SocketFrame(Opcode.TEXT, b'{"t":"' + PLANTED.encode() + b'\xff\xfe"}').serialize(mask=True)
        wire.socket.transport.write(bad)
        assert await wire.closed() in ((4500, 4500), (None, 1007), (None, 1006))  # Daphne drops without a word


@pytest.mark.parametrize(
    "frame",
    [
        {"t": "subscribe"},
        {"t": "ev", "r": "x", "s": 1},
        {"t": "re", "i": 1, "ok": 1},
        {"t": "bye", "code": 4000},
        {"t": "hb", "n": 12345},
        {"t": "hb", "n": 1, "p": {"x": -1}},
        {"t": "eph", "r": "x", "k": "typing", "d": {}, "later": "a key of version 2"},
    ],
    ids=str,
)
async def test_unknown_frames_and_keys_are_ignored(deployment: Deployment, frame: dict[str, object]) -> None:
    async with Wire(deployment.url) as wire:
        await wire.greet(deployment.all_circles[-1].asker)
        await wire.send(frame)
        assert (await wire.ask(t="sub", subs=[], later=1))["ok"] == 1


async def test_a_sub_or_pub_without_a_number_or_names_is_no_crash(deployment: Deployment) -> None:
    async with Wire(deployment.url) as wire:
        await wire.greet(deployment.all_circles[-1].asker)
        await wire.send(
            {"t": "pub"}, {"t": "sub"}, {"t": "pub", "i": 1}, {"t": "hello", "v": 1, "i": 3, "tok": "x" * 9000}
        )
        assert (await wire.expect(t="re", i=1))["err"]["code"] == "malformed"
        assert await wire.closed() == (4501, 4501)


async def test_who_vanishes_in_the_middle_of_a_frame_harms_nobody(deployment: Deployment) -> None:
    circle = deployment.take_circle()
    async with Wire(deployment.url) as neighbour:
        await neighbour.greet(circle.asker, circle.stream)
        for cut in (1, 2, 7, 30):
            async with Wire(deployment.url) as wire:
                await wire.greet(circle.answerer, circle.stream)
                whole = SocketFrame(Opcode.TEXT, b'{"t":"pub","i":1,"r":"' + circle.stream.encode()).serialize(
                    mask=True
                )
                wire.socket.transport.write(whole[:cut])
                await asyncio.sleep(0.02)
        assert (await neighbour.publish(circle.stream, "alive"))["s"] == 3


async def test_after_all_that_every_server_is_alive_and_has_said_nothing_of_it(deployment: Deployment) -> None:
    for server in deployment.servers:
        assert await asyncio.to_thread(server.get, "/readyz") == 200
        assert server.process.returncode is None
    said = deployment.said()
    assert PLANTED not in said
    assert "Traceback" not in said

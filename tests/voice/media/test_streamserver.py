"""The port for streams with a real WebSocket client: who is let in, who is not, and what each of them learns."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from socket import SO_RCVBUF, SO_SNDBUF, SOL_SOCKET
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode

from tests.voice.media.test_streams import CONNECTED, SID, START, media, start
from voice.media import streamserver
from voice.media.streamed import Streamed
from voice.media.streams import Started
from voice.media.streamserver import Door, StreamServer

GENUINE = {"X-Signature": "good"}


class Port:
    """A server, with one token that is good once."""

    def __init__(self) -> None:
        self.tokens = {"t0ken": "leg"}
        self.streams = Streamed()
        self.server = StreamServer(Door("/voice/streams", 4, self._genuine, self._admit), self.streams)

    async def open(self) -> None:
        self.url = f"ws://127.0.0.1:{await self.server.open('127.0.0.1', 0)}/voice/streams"

    def _genuine(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-signature") == "good"

    async def _admit(self, started: Started) -> str | None:
        await asyncio.sleep(0)
        return self.tokens.pop(started.token, None)

    async def connect(self, headers: Mapping[str, str] = GENUINE, path: str = "") -> ClientConnection:
        return await connect(self.url + path, additional_headers=dict(headers), compression=None)

    async def begin(self, **changes: Any) -> ClientConnection:
        socket = await self.connect()
        await say(socket, CONNECTED, start(**changes) if changes else START)
        return socket

    async def talk(self) -> ClientConnection:
        socket = await self.begin()
        await until(lambda: "leg" in self.streams.ends)
        return socket


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    made = Port()
    await made.open()
    yield made
    await made.server.close()
    assert not made.server.sockets


async def say(socket: ClientConnection, *messages: dict[str, Any]) -> None:
    for message in messages:
        await socket.send(json.dumps(message))


async def until(true: Any) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def closed(socket: ClientConnection) -> tuple[int, str, list[Any]]:
    """With which code and reason it was closed, and all that was said before."""
    heard = []
    async with asyncio.timeout(10):
        try:
            while True:
                heard.append(await socket.recv())
        except ConnectionClosed:
            return socket.close_code or 0, socket.close_reason or "", heard


async def test_sound_passes_both_ways_and_the_socket_ends_with_the_stream(port: Port) -> None:
    socket = await port.talk()
    heard: list[Any] = []
    end = port.streams.ends["leg"]
    end.connect(lambda frame, now: heard.append(frame.payload))
    await say(socket, media(1, b"\x07" * 160))
    await until(lambda: heard == [b"\x07" * 160])
    assert end._send(b'{"event":"clear"}') and json.loads(await socket.recv()) == {"event": "clear"}
    await say(socket, {"event": "stop", "streamSid": SID})
    assert await closed(socket) == (1000, "", [])
    await until(lambda: not port.server.sockets)
    assert port.streams.ends["leg"] is end, "its figures are asked for later"
    stats = port.streams.forget("leg")
    assert stats is not None and stats.received.packets == 1 and not port.streams.ends
    assert not end._send(b"{}")


async def test_a_stream_that_no_leg_heard_is_forgotten_with_its_socket(port: Port) -> None:
    socket = await port.talk()
    await socket.close()
    await until(lambda: not port.streams.ends)


@pytest.mark.parametrize(
    "messages",
    [
        [CONNECTED, start(customParameters={"token": "wr0ng"})],
        [CONNECTED, start(customParameters={})],
        [media(1)],
        [CONNECTED, {"event": "media", "padding": "x" * 5000}],
        [CONNECTED, "not json"],
        [CONNECTED, b"binary"],
    ],
    ids=["wrong token", "no token", "out of order", "too long", "no json", "binary"],
)
async def test_who_is_not_let_in_learns_nothing(port: Port, messages: list[Any]) -> None:
    socket = await port.connect()
    for message in messages:
        await socket.send(json.dumps(message) if isinstance(message, dict) else message)
    code, reason, heard = await closed(socket)
    assert heard == [] and not port.streams.ends
    assert (code, reason) == (1008, "") or code == 1009, "too big, as the protocol itself says"
    assert port.tokens, "and the good token was not used up"


async def test_a_token_is_good_once(port: Port) -> None:
    first = await port.talk()
    second = await port.begin()
    assert (await closed(second))[::2] == (1008, [])
    end = port.streams.ends["leg"]
    await say(first, media(1))
    await until(lambda: end._arrivals.received == 1)


async def test_a_flood_ends_the_stream_and_no_other(port: Port) -> None:
    port.tokens["another"] = "other"
    flooding = await port.talk()
    calm = await port.begin(customParameters={"token": "another"})
    await until(lambda: "other" in port.streams.ends)
    try:
        for chunk in range(1, 1200):
            await say(flooding, media(chunk))
    except ConnectionClosed:
        pass
    assert (await closed(flooding))[0] == 1008
    await say(calm, media(1))
    await until(lambda: port.streams.ends["other"]._arrivals.received == 1)


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [({}, "", 403), ({"X-Signature": "bad"}, "", 403), (GENUINE, "/more", 404)],
)
async def test_a_handshake_of_another_or_for_another_address_is_refused(
    port: Port, headers: Mapping[str, str], path: str, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await port.connect(headers, path)
    assert refused.value.response.status_code == status and not refused.value.response.body


async def test_what_is_no_websocket_is_refused(port: Port) -> None:
    address = port.url.split("/")[2].split(":")
    plain = b"GET /voice/streams HTTP/1.1\r\nHost: x\r\nX-Signature: good\r\n\r\n"
    for request in (plain, b"\x16\x03\x01\x02\x00junk\r\n\r\n"):
        reader, writer = await asyncio.open_connection(address[0], int(address[1]))
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 10)
        assert b" 101 " not in answer and b"t0ken" not in answer
        writer.close()


async def test_who_does_not_begin_in_time_is_gone(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamserver, "LET_IN_S", 0.1)
    silent, said_hello = await port.connect(), await port.connect()
    await say(said_hello, CONNECTED)
    for socket in (silent, said_hello):
        assert (await closed(socket))[2] == []


async def test_a_stream_that_says_nothing_any_more_is_gone(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamserver, "IDLE_S", 0.2)
    socket = await port.talk()
    await say(socket, media(1))
    await closed(socket)
    await until(lambda: not port.server.sockets)


async def test_more_sockets_than_there_may_be_are_refused_and_the_others_go_on(port: Port) -> None:
    first = await port.talk()
    more = [await port.connect() for _ in range(3)]
    with pytest.raises((InvalidHandshake, OSError, EOFError)):
        await port.connect()
    await say(first, media(1))
    await until(lambda: port.streams.ends["leg"]._arrivals.received == 1)
    await more[0].close()
    await until(lambda: len(port.server.sockets) == 3)
    await port.connect()


async def test_strangers_who_say_nothing_keep_no_stream_out(port: Port) -> None:
    address = port.url.split("/")[2].split(":")
    strangers = [await asyncio.open_connection(address[0], int(address[1])) for _ in range(12)]
    await port.talk()
    assert len(port.server.sockets) <= 4
    for _, writer in strangers:
        writer.close()


async def test_who_asks_without_end_and_never_reads_is_let_go(port: Port) -> None:
    socket = await port.talk()
    server_side = next(iter(port.server.sockets))
    socket.transport.pause_reading()
    for transport, size in ((server_side._transport, SO_SNDBUF), (socket.transport, SO_RCVBUF)):
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, size, 4096)
    ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 500
    async with asyncio.timeout(20):
        while server_side in port.server.sockets:
            socket.transport.write(ping)
            await asyncio.sleep(0)
    socket.transport.abort()


async def test_no_line_of_a_log_holds_a_token(port: Port, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await port.talk()
    await closed(await port.begin(customParameters={"token": "wr0ng"}))
    lines = [each.getMessage() + str(each.__dict__) for each in caplog.records if each.name.startswith("voice")]
    assert lines and not [line for line in lines if "t0ken" in line or "wr0ng" in line]
    assert not [each for each in caplog.records if each.name == "websockets.server"]

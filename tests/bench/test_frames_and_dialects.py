"""What the load generator writes and reads, without a network."""

from __future__ import annotations

import json

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from bench.dialects import ACK, DIALECTS, EVENT, READY, REFUSED, Curbside, Member, SocketIO, Stock, message_id
from bench.frames import Splitter, frame
from bench.words import MESSAGES
from privacy.rules import screen
from realtime import protocol
from realtime.framing import frame_text
from realtime.session import UUID4

MEMBER = Member("ticket", ("stream-a", "stream-b"))


def read_by_a_server(data: bytes) -> bytes:
    reader = StreamReader()
    reader.feed_data(data)
    parser = Frame.parse(reader.read_exact, mask=True, max_size=None)
    with pytest.raises(StopIteration) as parsed:
        next(parser)
    return bytes(parsed.value.value.data)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_server_reads_what_the_generator_frames(size: int) -> None:
    payload = b"x" * size
    assert read_by_a_server(frame(payload)) == payload


@pytest.mark.parametrize("chunk", [1, 2, 7, 1_000, 1_000_000])
def test_frames_are_cut_out_however_they_arrive(chunk: int) -> None:
    payloads = [b"", b"a", b"b" * 126, b"c" * 70_000]
    data = b"".join(frame_text(payload) for payload in payloads)
    taken: list[tuple[int, bytes]] = []
    splitter = Splitter()
    for start in range(0, len(data), chunk):
        splitter.feed(data[start : start + chunk], lambda opcode, payload: taken.append((opcode, payload)))
    assert taken == [(Opcode.TEXT, payload) for payload in payloads]


def test_the_gate_stops_none_of_the_messages() -> None:
    assert not [text for text in MESSAGES if screen(text)]


def test_a_message_has_an_id_that_the_wire_takes_and_that_tells_its_number() -> None:
    c = message_id("0123456789ab", 77)
    assert UUID4.fullmatch(c)
    assert int(c[:8], 16) == 77


def test_curbsides_frames_are_heard_for_what_they_are() -> None:
    dialect = Curbside()
    c = message_id("0123456789ab", 77)
    event = protocol.event("r", 1, "message", "Quiet Heron", c, 0, b'{"text":"\\"c\\":\\"not this\\""}')
    refusal = protocol.error(78, protocol.refuse("busy"))
    both = event + b"\n" + protocol.reply(78, s=1)
    assert dialect.hear(both) == ([(EVENT, 77), (ACK, 77)], b"")
    assert dialect.hear(refusal) == ([(REFUSED, 77)], b"")
    assert dialect.hear(protocol.reply(0, d={}, rooms=[]))[0] == [(READY, -1)]
    heard, answer = dialect.hear(protocol.heartbeat(5, {}))
    assert heard == []
    assert json.loads(read_by_a_server(answer)) == {"t": "hb", "n": 5}


def test_curbsides_server_understands_what_the_generator_says() -> None:
    dialect = Curbside()
    (hello,) = protocol.decode(read_by_a_server(dialect.hello(MEMBER)).decode())
    assert [sub.r for sub in hello.subs or []] == list(MEMBER.streams)
    (pub,) = protocol.decode(read_by_a_server(dialect.publish("stream-a", "0123456789ab", 3)).decode())
    assert (pub.t, pub.r, pub.k, protocol.content(pub.d)["text"]) == ("pub", "stream-a", "message", MESSAGES[3])


def test_socket_ios_packets_are_heard_for_what_they_are() -> None:
    dialect = SocketIO()
    c = message_id("0123456789ab", 9)
    assert dialect.hear(f'42["message",{{"r":"r","c":"{c}","s":1}}]'.encode()) == ([(EVENT, 9)], b"")
    assert dialect.hear(b'439[{"s":1}]') == ([(ACK, 9)], b"")
    assert dialect.hear(b'40{"sid":"x"}') == ([(READY, -1)], b"")
    assert read_by_a_server(dialect.hear(b"2")[1]) == b"3"


def test_the_stock_chat_is_heard() -> None:
    said = json.dumps({"c": message_id("0123456789ab", 4), "message": "hello"}).encode()
    assert Stock().hear(said) == ([(EVENT, 4)], b"")


def test_every_system_has_a_dialect() -> None:
    assert set(DIALECTS) == {"curbside", "stock", "socketio"}

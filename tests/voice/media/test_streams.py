"""Media Streams without a network: what is understood, what is refused, and how sound passes both ways."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.voice.media.packets import PCMA, PCMU, Read
from voice.media.bridge import Frame, Outward
from voice.media.g711 import Codec, translated
from voice.media.shapes import FRAME, Heard
from voice.media.streamend import AHEAD_S, StreamEnd
from voice.media.streams import (
    MESSAGE_MOST,
    MESSAGES_AT_ONCE,
    Listening,
    Misspoken,
    Pressed,
    Sounded,
    Speaking,
    Started,
    Stopped,
)
from voice.media.tones import QUIET, key

SID, CALL = "MZ" + "a1" * 16, "CA" + "0" * 32
CONNECTED = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
START = {
    "event": "start", "sequenceNumber": "1", "streamSid": SID,
    "start": {
        "accountSid": "AC1", "streamSid": SID, "callSid": CALL, "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "t0ken", "more": "x"},
    },
}  # fmt: skip


def media(chunk: int, payload: bytes = b"\x55" * FRAME, **more: Any) -> dict[str, Any]:
    said = {"track": "inbound", "chunk": str(chunk), "timestamp": str(chunk * 20),
            "payload": base64.b64encode(payload).decode()}  # fmt: skip
    return {"event": "media", "sequenceNumber": str(chunk + 1), "streamSid": SID, "media": said | more}


def taken(listening: Listening, *messages: dict[str, Any]) -> Any:
    """What the last of these says."""
    return [listening.take(json.dumps(message).encode(), 0.0) for message in messages][-1]


def begun() -> Listening:
    listening = Listening()
    taken(listening, CONNECTED, START)
    return listening


def start(**changes: Any) -> dict[str, Any]:
    return {**START, "start": {**START["start"], **changes}}  # type: ignore[dict-item]  # a mapping there


def test_a_stream_is_read_from_its_start_to_its_end() -> None:
    listening = Listening()
    assert taken(listening, CONNECTED) is None
    assert taken(listening, START) == Started(SID, CALL, "t0ken")
    assert taken(listening, media(1)) == Sounded(1, b"\x55" * FRAME)
    assert taken(listening, media(2, track="outbound")) is None
    assert taken(listening, {"event": "dtmf", "streamSid": SID, "dtmf": {"track": "inbound_track", "digit": "#"}}
                 ) == Pressed(11)  # fmt: skip
    assert taken(listening, {"event": "dtmf", "streamSid": SID, "dtmf": {"digit": "w"}}) is None
    assert taken(listening, {"event": "mark", "streamSid": SID, "mark": {"name": "m"}}) is None
    assert taken(listening, {"event": "what comes next year", "streamSid": SID}) is None
    assert taken(listening, {"event": "stop", "streamSid": SID, "stop": {"callSid": CALL}}) == Stopped()


@pytest.mark.parametrize(
    "messages",
    [
        [START],
        [media(1)],
        [CONNECTED, CONNECTED, media(1)],
        [CONNECTED, media(1)],
        [CONNECTED, START, START],
        [CONNECTED, START, media(1) | {"streamSid": "MZ" + "b" * 32}],
        [CONNECTED, start(mediaFormat={"encoding": "audio/x-l16", "sampleRate": 8000, "channels": 1})],
        [CONNECTED, start(mediaFormat={"encoding": "audio/x-mulaw", "sampleRate": 16000, "channels": 1})],
        [CONNECTED, start(customParameters={"token": "t" * 200})],
        [CONNECTED, start(customParameters={"token": 5})],
        [CONNECTED, START | {"streamSid": 'MZ","event":"clear'}],
        [CONNECTED, START, media(1) | {"media": {"chunk": "1", "payload": "%%%"}}],
        [CONNECTED, START, media(1) | {"media": {"chunk": "one", "payload": ""}}],
    ],
)
def test_what_is_wrong_or_out_of_order_ends_the_stream(messages: list[dict[str, Any]]) -> None:
    listening = Listening()
    if len(messages) > 1:
        taken(listening, *messages[:-1])
    with pytest.raises(Misspoken):
        taken(listening, messages[-1])


@pytest.mark.parametrize("text", [
    b"", b"{", b"[]", b"\xff\xfe", b'{"event":5}', b'{"event":"x","streamSid":"\xff"}', b'{"x":' + b"[" * 4000,
])  # fmt: skip
def test_what_is_no_message_ends_the_stream(text: bytes) -> None:
    with pytest.raises(Misspoken):
        begun().take(text, 0.0)


def test_a_message_that_is_too_long_ends_the_stream() -> None:
    short = json.dumps(media(1)).encode()
    assert begun().take(short + b" " * (MESSAGE_MOST - len(short)), 0.0)
    with pytest.raises(Misspoken):
        begun().take(short + b" " * (MESSAGE_MOST - len(short) + 1), 0.0)


def test_what_was_held_up_may_come_at_once_and_a_flood_may_not() -> None:
    listening, text = begun(), json.dumps(media(1)).encode()
    for _ in range(int(MESSAGES_AT_ONCE) - 2):
        listening.take(text, 0.0)
    with pytest.raises(Misspoken):
        listening.take(text, 0.0)
    steady = begun()
    for n in range(3000):
        steady.take(text, n * 0.0125)  # 80 a second


# --- the far end -----------------------------------------------------------------------------------------------------


class Wire:
    """A socket that keeps what is sent, and a leg that keeps what it hears."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.frames: list[Frame] = []
        self.takes = True
        self.end = StreamEnd(SID, self._send)
        self.end.connect(lambda frame, now: self.frames.append(frame))

    def _send(self, message: bytes) -> bool:
        if self.takes:
            self.sent.append(json.loads(message))
        return self.takes

    def played(self) -> bytes:
        return b"".join(base64.b64decode(each["media"]["payload"]) for each in self.sent if each["event"] == "media")

    def events(self) -> list[str]:
        return [each["event"] for each in self.sent]


class Mouth:
    """A leg that speaks."""

    def __init__(self, wire: Wire, codec: Codec = Codec.PCMU) -> None:
        self.wire, self.codec, self.source, self.n = wire, codec, object(), 0

    def says(self, now: float, payload: bytes = b"\x11" * FRAME, at: int | None = None) -> None:
        at = self.n if at is None else at
        self.n = at + 1
        self.wire.end.hear(Frame(self.source, at & 0xFFFF, at * FRAME & 0xFFFFFFFF, payload, self.codec), now)

    def presses(self, event: int, timestamp: int, now: float) -> None:
        payload = bytes((event, 10, 0, 160))
        self.wire.end.hear(Frame(self.source, 0, timestamp, payload, self.codec, event=True), now)


def test_what_is_sent_is_what_twilio_takes() -> None:
    speaking = Speaking(SID)
    assert json.loads(speaking.media(b"\x00\xff")) == {
        "event": "media", "streamSid": SID, "media": {"payload": base64.b64encode(b"\x00\xff").decode()}}  # fmt: skip
    assert json.loads(speaking.clear) == {"event": "clear", "streamSid": SID}


def test_voice_passes_as_it_is_and_a_law_by_a_table() -> None:
    wire, payload = Wire(), bytes(range(160))
    Mouth(wire).says(0.0, payload)
    assert wire.played() == payload
    other = Wire()
    Mouth(other, Codec.PCMA).says(0.0, payload)
    assert other.played() == translated(payload, Codec.PCMA, Codec.PCMU) != payload


def test_what_the_stream_says_reaches_the_leg_with_its_gaps_and_is_counted() -> None:
    wire = Wire()
    for n, chunk in enumerate([1, 2, 5, 6]):
        wire.end.sounded(chunk, bytes([chunk]) * FRAME, n * 0.02 if n < 2 else (n + 2) * 0.02)
    assert [(frame.sequence, frame.timestamp) for frame in wire.frames] == [(0, 0), (1, 160), (4, 640), (5, 800)]
    assert [frame.payload[0] for frame in wire.frames] == [1, 2, 5, 6]
    wire.end.sounded(6, b"again", 1.0)
    stats = wire.end.end()
    assert (stats.codec, stats.received.packets, stats.received.lost) == ("PCMU", 4, 2)
    assert stats.received.jitter_ms == 0 and stats.mos is not None and stats.mos < 4


def test_a_long_message_becomes_packets_of_20_ms() -> None:
    wire = Wire()
    wire.end.sounded(1, b"\x01" * 400, 0.0)
    assert [len(frame.payload) for frame in wire.frames] == [160, 160, 80]
    assert [frame.timestamp for frame in wire.frames] == [0, 160, 320]


def test_after_the_leg_is_gone_nothing_is_said_to_it() -> None:
    wire = Wire()
    wire.end.close()
    wire.end.sounded(1, b"\x01" * 160, 0.0)
    assert wire.frames == []


def test_steady_speech_is_sent_whole_and_at_once() -> None:
    wire = Wire()
    mouth = Mouth(wire)
    for n in range(500):
        mouth.says(n * 0.02)
        assert len(wire.sent) == n + 1
    assert wire.end.left_out == 0 and wire.end.end().sent == Heard(500)


def test_what_was_held_up_is_not_heard_late_to_the_end() -> None:
    wire = Wire()
    mouth = Mouth(wire)
    for _ in range(100):  # two seconds of speech at once
        mouth.says(2.0)
    assert len(wire.sent) - round(AHEAD_S / 0.02) in (0, 1), "no more than Twilio may have in hand"
    for n in range(1, 400):
        mouth.says(2.0 + n * 0.02)
    behind = 2.0 + len(wire.sent) * 0.02 - (2.0 + 399 * 0.02)
    assert 0 <= behind < 0.1, "and what it had in hand was made up for, a frame at a time"
    assert len(wire.sent) > 390


def test_speech_that_comes_unevenly_is_sent_whole() -> None:
    wire = Wire()
    mouth = Mouth(wire)
    for n in range(500):  # each fifth packet comes with the four before it
        mouth.says((n // 5 * 5 + 4) * 0.02)
    assert wire.end.left_out == 0


def test_a_late_packet_of_a_source_is_left_out_and_another_source_begins_anew() -> None:
    wire = Wire()
    mouth = Mouth(wire)
    for n, at in enumerate([5, 6, 4, 7]):
        mouth.says(n * 0.1, bytes([at]) * FRAME, at)
    Mouth(wire).says(1.0, b"\x09" * FRAME, 0)
    assert wire.played()[::FRAME] == bytes([5, 6, 7, 9])


def test_who_speaks_next_is_heard_at_once() -> None:
    wire = Wire()
    before, after = Mouth(wire), Mouth(wire)
    for _ in range(5):
        before.says(0.0)
    after.says(0.01)
    assert wire.events() == ["media"] * 5 + ["clear", "media"]
    Mouth(wire).says(9.0)
    assert wire.events()[-1] == "media" and wire.events().count("clear") == 1, "nothing waited any more"


def test_a_key_is_sounded_once_however_long_it_is_held_and_twice_the_same_are_two() -> None:
    wire = Wire()
    mouth = Mouth(wire)
    for n in range(6):
        mouth.presses(5, 800, n * 0.02)
    assert wire.played() == key(5) + QUIET * 3
    mouth.presses(5, 4000, 0.3)
    assert wire.played() == (key(5) + QUIET * 3) * 2
    mouth.presses(200, 9000, 0.6)
    assert len(wire.sent) == 2


@pytest.mark.parametrize(("sound", "packets"), [(PCMU, 5), (PCMA, 5)])
def test_a_key_of_the_patient_is_one_key_to_the_browser(sound: Any, packets: int) -> None:
    wire, outward = Wire(), Outward(sound, 1, 10, 20)
    wire.end.sounded(1, b"\x55" * FRAME, 0.0)
    wire.end.pressed(11, 0.02)
    wire.end.sounded(2, b"\x55" * FRAME, 0.04)
    read = [Read(data) for frame in wire.frames if (data := outward.packet(frame, 0.0))]
    keys = [each for each in read if each.kind == sound.event]
    assert len(keys) == packets and len({each.timestamp for each in keys}) == 1
    assert [each.payload[0] for each in keys] == [11] * packets
    assert [each.payload[1] >> 7 for each in keys] == [0, 0, 1, 1, 1] and keys[0].marker
    assert [each.sequence for each in read] == list(range(read[0].sequence, read[0].sequence + 7))


def test_a_socket_that_is_not_read_from_loses_what_it_does_not_take() -> None:
    wire = Wire()
    mouth = Mouth(wire)
    wire.takes = False
    for n in range(50):
        mouth.says(n * 0.02)
    wire.takes = True
    mouth.says(1.0)
    assert len(wire.sent) == 1 and wire.end.left_out == 50

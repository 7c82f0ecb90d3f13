"""What is made here: tones, speech and the loopback end, judged by what can be heard in them."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.voice.media.browser import loudness
from tests.voice.media.packets import PCMU, Bridge, rtp
from voice.media.bridge import Frame, Inward
from voice.media.farend import Echo, LoopbackEnd
from voice.media.g711 import SAMPLES, Codec
from voice.media.shapes import FRAME
from voice.media.speech import FOLDER, SENTENCES, recording, speech
from voice.media.tones import KEYS, RINGING, key, ringing, tone


def samples(sound: bytes) -> list[int]:
    return [SAMPLES[Codec.PCMU][octet] for octet in sound]


def power(sound: bytes) -> float:
    return sum(sample * sample for sample in samples(sound)) / max(1, len(sound)) / 32768**2


def frame(n: int, payload: bytes, source: object, *, event: bool = False) -> Frame:
    return Frame(source, n, n * FRAME, payload, Codec.PCMU, event=event)


@pytest.mark.parametrize("region", RINGING)
def test_ringing_has_its_frequencies_and_its_cadence_and_goes_on(region: str) -> None:
    frequencies, cadence = RINGING[region]
    sound = b"".join(islice(ringing(region), round(2 * sum(cadence) * 50)))
    at = 0.0
    for n, seconds in enumerate(cadence * 2):
        part = samples(sound[round(at * 8000) : round((at + seconds) * 8000)])
        for hz in frequencies:
            assert loudness(part, hz) == pytest.approx(0.12 if n % 2 == 0 else 0, abs=0.01)
        assert loudness(part, 1000) < 0.01
        at += seconds


@pytest.mark.parametrize("event", range(16))
def test_a_key_sounds_as_its_two_frequencies(event: int) -> None:
    row, column = divmod(KEYS.index("0123456789*#ABCD"[event]), 4)
    heard = {hz: loudness(samples(key(event)), hz) for hz in (697, 770, 852, 941, 1209, 1336, 1477, 1633)}
    loud = {hz for hz, level in heard.items() if level > 0.08}
    assert loud == {(697, 770, 852, 941)[row], (1209, 1336, 1477, 1633)[column]}
    assert key(16) == b""


def test_every_sentence_is_recorded_small_and_loud_enough_and_nothing_else_is_there() -> None:
    there = {path for path in FOLDER.iterdir() if path.suffix == ".ulaw"}
    assert there == {recording(what, language) for language, said in SENTENCES.items() for what in said}
    for path in there:
        sound = path.read_bytes()
        assert (1500 if len(path.name.split(".")[0]) == 1 else 4000) < len(sound) < 100 * 1024
        assert 0.001 < power(sound) < 0.1
    assert SENTENCES["en"].keys() == SENTENCES["sv"].keys()
    assert speech("one_moment", "fi") == speech("one_moment", "en") != speech("one_moment", "sv")


def said(end: LoopbackEnd, count: int) -> bytes:
    return b"".join(each.payload for each in (end.beat() for _ in range(count)) if each)


def test_the_loopback_end_says_what_it_is_beeps_and_then_gives_back_what_it_hears_a_second_later() -> None:
    end, source = LoopbackEnd("en"), object()
    script = said(end, 20 + -(-len(speech("test_line", "en")) // FRAME))
    assert script[20 * FRAME :].startswith(speech("test_line", "en"))
    end.hear(frame(0, tone((700,), 0.02), source), 0.0)  # said too early: nobody listens yet
    beep = said(end, 15 + 20)
    assert loudness(samples(beep[15 * FRAME :]), 1000) == pytest.approx(0.12, abs=0.01)
    back = b""
    for n, payload in enumerate([tone((700,), 1.0)[at : at + FRAME] for at in range(0, 8000, FRAME)]):
        end.hear(frame(n, payload, source), 0.0)
        back += said(end, 1)
    assert power(back) < 1e-6
    assert loudness(samples(said(end, 50)), 700) == pytest.approx(0.12, abs=0.01)
    assert power(said(end, 100)) < 1e-6


def test_a_key_is_sounded_once_however_long_it_is_held() -> None:
    end, source = LoopbackEnd("en"), object()
    for _ in range(4):
        end.hear(frame(3, bytes([5, 10, 0, 160]), source, event=True), 0.0)
        pressed = said(end, 1)
    assert loudness(samples(pressed), 770) > 0.05
    assert loudness(samples(said(end, 10)), 770) < 0.05
    end.hear(frame(9, bytes([5, 10, 0, 160]), source, event=True), 0.0)
    assert loudness(samples(said(end, 6)), 1336) > 0.05
    end.hear(frame(10, bytes([200]), source, event=True), 0.0)


def test_an_echo_is_the_same_for_every_length_of_packet_and_where_the_clock_turns_over() -> None:
    for size in (80, 160, 240, 320):
        echo, source, back = Echo(), object(), b""
        sound = tone((440,), 3.0)
        for at in range(0, len(sound) - size, size):
            echo.write(Frame(source, at // size, (2**32 - 9000 + at) % 2**32, sound[at : at + size], Codec.PCMU))
            back += b"".join(echo.read() for _ in range(len(back) // FRAME, (at + size) // FRAME))
        assert back[8000:] == sound[: len(back) - 8000]


def test_an_echo_begins_anew_with_another_source_and_after_a_pause() -> None:
    echo, source = Echo(), object()
    echo.write(frame(0, b"\x10" * FRAME, source))
    for _ in range(200):
        echo.read()
    for other, n in ((source, 1), (object(), 5000)):
        echo.write(frame(n, b"\x20" * FRAME, other))
        later = [echo.read() for _ in range(51)]
        assert later[50] == b"\x20" * FRAME and set(b"".join(later[:50])) == {0xFF}
    echo.write(frame(1, bytes(20000), source))  # more than it holds: nothing


def test_what_is_made_here_leaves_as_one_stream() -> None:
    end, bridge = LoopbackEnd("en"), Bridge()
    inward = Inward(PCMU)
    packets = [bridge.outward.packet(end.beat(), n * 0.02) for n in range(400)]  # type: ignore[arg-type]
    assert all(inward.take(packet, n * 0.02) for n, packet in enumerate(packets) if packet)
    assert (inward.arrivals.received, inward.arrivals.lost) == (400, 0)
    assert inward.arrivals.jitter_ms == pytest.approx(0, abs=1e-6)
    assert bridge.pass_on(rtp(1), 8.0).sequence == 1400  # type: ignore[union-attr]

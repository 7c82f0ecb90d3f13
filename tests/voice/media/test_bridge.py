"""RTP through the bridge: under our own name, in the order in which it came, and never more than what came."""

from __future__ import annotations

import os
import random
import struct

import pytest

from tests.voice.media.packets import DUMB, PCMA, PCMU, Bridge, Read, rtp
from voice.media.bridge import Malformed, parsed
from voice.media.g711 import SAMPLES, Codec, alaw, encoded, mulaw, translated


def through(bridge: Bridge, sequences: list[int], kind: int = 0) -> list[Read | None]:
    return [bridge.pass_on(rtp(sequence, kind=kind), 0.02 * n) for n, sequence in enumerate(sequences)]


def test_what_goes_out_has_our_ssrc_our_count_our_clock_and_the_same_sound() -> None:
    first, second = through(Bridge(), [64000, 64001])
    assert first and second
    assert (first.ssrc, first.sequence, first.timestamp, first.first) == (99, 1000, 5000, 0x80)
    assert (second.sequence, second.timestamp) == (1001, 5160)
    assert first.payload == second.payload == b"\x55" * 160


def test_the_first_packet_of_a_source_is_marked_and_no_other() -> None:
    out = through(Bridge(), [5, 6, 7])
    assert [read.marker for read in out if read] == [True, False, False]


def test_counts_turn_over_on_either_side_without_a_gap() -> None:
    bridge = Bridge(sequence=65000, timestamp=2**32 - 160 * 300)
    out = [bridge.pass_on(rtp(65530 + n, 2**32 - 500 * 160 + n * 160), n * 0.02) for n in range(2000)]
    assert [read.sequence for read in out if read] == [(65000 + n) & 0xFFFF for n in range(2000)]
    assert [read.timestamp for read in out if read] == [(2**32 - 48000 + 160 * n) % 2**32 for n in range(2000)]
    assert bridge.inward.arrivals.lost == 0 and bridge.inward.arrivals.expected == 2000


def test_a_gap_stays_a_gap_and_what_comes_out_of_order_goes_out_of_order() -> None:
    bridge = Bridge()
    out = through(bridge, [10, 11, 14, 13, 15, 17])
    assert [read.sequence for read in out if read] == [1000, 1001, 1004, 1003, 1005, 1007]
    assert [read.timestamp for read in out if read] == [5000 + 160 * n for n in (0, 1, 4, 3, 5, 7)]
    assert bridge.inward.arrivals.lost == 2


def test_any_loss_and_any_order_is_passed_on_as_it_is() -> None:
    chance = random.Random(5)
    for _ in range(300):
        bridge = Bridge(sequence=chance.randrange(2**16), timestamp=chance.randrange(2**32))
        begin = chance.randrange(2**16)
        sent = [n for n in range(60) if n == 0 or chance.random() > 0.2]
        order = [0, *sorted(sent[1:], key=lambda n: n + chance.random() * 5)]
        out = through(bridge, [begin + n for n in order])
        assert all(out) and bridge.outward.packets == len(order)
        base = out[0].sequence  # type: ignore[union-attr]
        assert [(read.sequence - base) & 0xFFFF for read in out if read] == order
        assert bridge.inward.arrivals.received == len(sent)
        assert bridge.inward.arrivals.lost == max(order) + 1 - len(order)


def test_another_ssrc_goes_on_with_our_count_and_as_much_later_as_it_is() -> None:
    bridge = Bridge()
    through(bridge, [10, 11])
    later = bridge.pass_on(rtp(500, 90, ssrc=8), 1.02)
    assert later and (later.sequence, later.timestamp, later.ssrc, later.marker) == (1002, 5160 + 8000, 99, True)
    after = bridge.pass_on(rtp(501, 250, ssrc=8), 1.04)
    assert after and (after.sequence, after.timestamp, after.marker) == (1003, 13320, False)
    assert bridge.inward.arrivals.received == bridge.inward.arrivals.expected == 4


def test_a_straggler_of_the_ssrc_before_is_dropped_and_its_return_later_is_heard() -> None:
    bridge = Bridge()
    through(bridge, [10, 11])
    assert bridge.pass_on(rtp(500, ssrc=8), 0.04)
    assert bridge.pass_on(rtp(12), 0.05) is None
    back = bridge.pass_on(rtp(90), 5.0)
    assert back and back.sequence == 1003


def test_one_packet_from_far_away_is_no_new_count_but_two_in_a_row_are() -> None:
    bridge = Bridge()
    through(bridge, [10, 11])
    assert bridge.pass_on(rtp(30000), 0.04) is None
    assert bridge.pass_on(rtp(12), 0.06).sequence == 1002  # type: ignore[union-attr]
    assert bridge.pass_on(rtp(40000), 0.08) is None
    again = bridge.pass_on(rtp(40001), 0.10)
    assert again and again.sequence == 1003 and again.marker
    assert bridge.inward.arrivals.lost == 0


def test_what_is_older_than_the_first_of_its_source_is_left_out() -> None:
    bridge = Bridge()
    out = through(bridge, [10, 9, 11])
    assert [read and read.sequence for read in out] == [1000, None, 1001]


def test_a_source_that_lasts_for_hours_is_never_taken_for_a_late_one() -> None:
    bridge = Bridge()
    assert all(bridge.pass_on(rtp(n), n * 0.02) for n in range(0, 200_000, 7))


def test_a_key_passes_with_its_marker_its_time_and_the_payload_type_of_the_other_side() -> None:
    bridge = Bridge(PCMU, PCMA)
    assert bridge.pass_on(rtp(10))
    key = struct.pack("!BBH", 5, 10, 160)
    pressed = [bridge.pass_on(rtp(11 + n, 1760, kind=101, marker=n == 0, payload=key)) for n in range(3)]
    assert [(read.kind, read.marker, read.timestamp, read.payload) for read in pressed if read] == [
        (96, True, 5160, key), (96, False, 5160, key), (96, False, 5160, key)
    ]


def test_a_side_without_keys_hears_no_gap_where_one_was_pressed() -> None:
    bridge = Bridge(PCMU, DUMB)
    kinds = [0, 101, 101, 0, 0]
    out = [bridge.pass_on(rtp(10 + n, kind=kind)) for n, kind in enumerate(kinds)]
    assert [read and read.sequence for read in out] == [1000, None, None, 1001, 1002]


def test_a_key_says_nothing_of_jitter() -> None:
    bridge = Bridge()
    for n in range(50):
        bridge.pass_on(rtp(n, kind=101 if n % 2 else 0, timestamp=0 if n % 2 else n * 160), n * 0.02)
    assert bridge.inward.arrivals.jitter_ms == pytest.approx(0, abs=1e-6)


def test_other_payload_types_are_not_passed_on() -> None:
    assert through(Bridge(), [1, 2], kind=13) == [None, None]


@pytest.mark.parametrize(("into", "out"), [(PCMU, PCMA), (PCMA, PCMU)])
def test_between_the_laws_a_tone_stays_what_it_was(into: object, out: object) -> None:
    bridge = Bridge(into, out)  # type: ignore[arg-type]
    payload = bytes(range(256))[:160]
    read = bridge.pass_on(rtp(1, kind=bridge.inward.sound.voice, payload=payload))
    assert read and read.kind == bridge.outward.sound.voice
    was = [SAMPLES[bridge.inward.sound.codec][octet] for octet in payload]
    now = [SAMPLES[bridge.outward.sound.codec][octet] for octet in read.payload]
    assert all(abs(a - b) <= max(24, abs(a) / 16) for a, b in zip(was, now, strict=True))


def test_the_tables_of_g711_know_every_octet_of_their_own() -> None:
    # Both laws have two octets for zero in µ-law alone; every other one comes back.
    assert [mulaw(SAMPLES[Codec.PCMU][octet]) for octet in range(256) if octet != 0x7F] == [
        octet for octet in range(256) if octet != 0x7F
    ]
    assert [alaw(SAMPLES[Codec.PCMA][octet]) for octet in range(256)] == list(range(256))
    # Values of ITU-T G.711, table 2: silence, the loudest, and full scale of either sign.
    assert (mulaw(0), mulaw(32767), mulaw(-32768), SAMPLES[Codec.PCMU][0x80]) == (0xFF, 0x80, 0x00, 32124)
    assert (alaw(0), alaw(32767), alaw(-32768), SAMPLES[Codec.PCMA][0xAA]) == (0xD5, 0xAA, 0x2A, 32256)
    assert encoded([0.0, 1.0]) == b"\xff\x80"
    assert translated(b"\xff\x80", Codec.PCMU, Codec.PCMA) == b"\xd5\xaa"


@pytest.mark.parametrize("data", [
    b"", b"\x80" * 11, b"\x40" + bytes(30), rtp(1)[:1].replace(b"\x80", b"\x8f") + rtp(1)[1:20],
    b"\x90" + rtp(1)[1:12] + b"\xbe\xde\xff\xff" + bytes(40), b"\x90" + rtp(1)[1:12] + b"\xbe",
    b"\xa0" + rtp(1)[1:-1] + b"\x00", b"\xa0" + rtp(1)[1:-1] + b"\xf0",
])  # fmt: skip
def test_what_is_no_rtp_is_refused_and_counted(data: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(data)
    bridge = Bridge()
    assert bridge.pass_on(data) is None and bridge.inward.malformed == 1


def test_contributing_sources_extensions_and_padding_are_taken_off() -> None:
    body = rtp(1)[1:12]
    assert parsed(b"\x82" + body + bytes(8) + b"abc")[5] == b"abc"
    assert parsed(b"\x90" + body + b"\xbe\xde\x00\x01" + bytes(4) + b"abc")[5] == b"abc"
    assert parsed(b"\xa0" + body + b"abc\x00\x02")[5] == b"abc"


def test_no_bytes_at_all_make_the_bridge_stumble() -> None:
    chance, bridge = random.Random(1), Bridge()
    for _ in range(20000):
        data = bytearray(os.urandom(chance.randrange(40)))
        if data:
            data[0] = data[0] & 0x3F | 0x80
        bridge.pass_on(bytes(data))
    for n in range(20000):
        whole = bytearray(rtp(n))
        whole[chance.randrange(12)] = chance.randrange(256)
        bridge.pass_on(bytes(whole[: chance.randrange(172)]), n * 0.02)
    assert bridge.inward.malformed > 1000

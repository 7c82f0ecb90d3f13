"""Keys from the packets that tell of them: each once, whatever is lost, doubled or late."""

from __future__ import annotations

import random
import struct

from tests.voice.media.packets import PCMA, rtp
from tests.voice.media.telephone import KEYS, pressed
from voice.media.bridge import Inward
from voice.media.keys import Keys

BEFORE, PAUSE = 1000, 640


def typed(digits: str) -> list[bytes]:
    """What a telephone sends where these are typed: 60 ms each, 80 ms between them."""
    said, sequence, at = [rtp(BEFORE, kind=PCMA.voice)], BEFORE + 1, (BEFORE + 1) * 160
    for digit in digits:
        said += pressed("0123456789*#ABCD".index(digit), at=at, sequence=sequence)
        sequence, at = sequence + 6, at + 480 + PAUSE
    return said


def told(packets: list[bytes]) -> str:
    """Which keys are told of them."""
    inward, keys = Inward(PCMA), Keys()
    frames = [inward.take(packet, 0.02 * n) for n, packet in enumerate(packets)]
    return "".join(keys.take(frame) for frame in frames if frame is not None and frame.event)


def test_each_key_is_told_once_though_its_end_comes_three_times() -> None:
    for digits in ("1", "11", "1234567890*#ABCD", "5005"):
        assert told(typed(digits)) == digits


def test_it_is_told_by_its_first_packet() -> None:
    assert told(typed("1")[:2]) == "1"


def test_any_packets_may_be_lost_as_long_as_one_of_each_key_arrives() -> None:
    chance = random.Random(7)
    for _ in range(500):
        packets = typed("1121")
        kept = [packets[0]]
        for key in range(4):
            of_it = packets[1 + 6 * key : 7 + 6 * key]
            kept += sorted(chance.sample(of_it, chance.randrange(1, 7)), key=of_it.index)
        assert told(kept) == "1121"


def test_packets_that_overtake_each_other_or_come_twice_tell_nothing_twice() -> None:
    chance = random.Random(11)
    for _ in range(500):
        packets = typed("4711")
        keyed = [(n + chance.random() * 3, packet) for n, packet in enumerate(packets[1:])]
        keyed += [(n + 4.0, packet) for n, packet in chance.sample(keyed, 4)]
        assert told([packets[0], *(packet for _, packet in sorted(keyed, key=lambda one: one[0]))]) == "4711"


def test_a_key_that_is_held_for_longer_than_a_packet_can_say_is_one() -> None:
    at = (BEFORE + 1) * 160
    first = struct.pack("!BBH", 1, 10, 0xFFFF)
    goes_on = struct.pack("!BBH", 1, 10, 160)
    said = [rtp(BEFORE + 1, at, kind=KEYS, marker=True, payload=first),
            rtp(BEFORE + 2, at + 0xFFFF, kind=KEYS, payload=goes_on),
            rtp(BEFORE + 3, at, kind=KEYS, payload=first)]  # fmt: skip
    assert told(said) == "1"


def test_a_telephone_whose_clock_runs_on_within_a_key_presses_it_once() -> None:
    """Some count the timestamp up with every packet, against the RFC."""
    said = [rtp(BEFORE + n, 160 * (BEFORE + n), kind=KEYS, marker=n == 0, payload=struct.pack("!BBH", 3, 10, 160 * n))
            for n in range(8)]  # fmt: skip
    assert told(said) == "3"


def test_what_is_no_key_is_none() -> None:
    flash, short = struct.pack("!BBH", 16, 10, 160), b"\x01\x0a"
    assert told([rtp(BEFORE, kind=KEYS, payload=flash), rtp(BEFORE + 1, kind=KEYS, payload=short)]) == ""


def test_a_key_after_the_telephone_began_to_count_anew_is_told() -> None:
    assert told([*typed("1"), rtp(7, 0, ssrc=9, kind=PCMA.voice), *pressed_by(9)]) == "11"


def pressed_by(ssrc: int) -> list[bytes]:
    return [packet[:8] + struct.pack("!L", ssrc) + packet[12:] for packet in pressed(1, at=160, sequence=8)]

"""A leg by hand: who is listened to, what is told, what either side hears, and what is counted."""

from __future__ import annotations

from tests.voice.media.browser import loudness
from tests.voice.media.packets import PCMA, PCMU, Read, rtp
from voice.media import rtcp
from voice.media.bridge import Frame, Inward, Outward
from voice.media.g711 import SAMPLES, Codec
from voice.media.leg import LOST_S, PENDING_S, Leg
from voice.media.quality import mos
from voice.media.shapes import FRAME_S, Heard, Loopback, Lost, Quality, Told, Up
from voice.media.speech import speech


class Line:
    """A peer connection that keeps what is sent over it."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False

    def send(self, data: bytes) -> None:
        assert not self.closed
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True

    @property
    def said(self) -> list[Read]:
        return [Read(data) for data in self.sent if data[1] < 192 or data[1] > 223]

    @property
    def reports(self) -> list[bytes]:
        return [data for data in self.sent if 192 <= data[1] <= 223]


class End:
    """A far end that keeps what it hears."""

    beats = False

    def __init__(self) -> None:
        self.heard: list[Frame] = []
        self.closed = False

    def hear(self, frame: Frame, now: float) -> None:
        self.heard.append(frame)

    def beat(self) -> Frame | None:
        return None

    def close(self) -> None:
        self.closed = True


class Table:
    """A leg on a table, with a clock."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.leg = Leg("ref", self.told.append)
        self.now = 100.0
        self.lines: dict[int, Line] = {}

    def join(self, n: int, ssrc: int = 99) -> Line:
        line = self.lines[n] = Line()
        self.leg.join(n, line, Inward(PCMU), Outward(PCMU, ssrc, 1000, 5000), self.now)
        return line

    def run(self, seconds: float, *speaking: int) -> None:
        """Let time pass; the peers named say 20 ms each 20 ms."""
        for _ in range(round(seconds / FRAME_S)):
            self.now += FRAME_S
            for n in speaking:
                at = round(self.now / FRAME_S)
                self.leg.rtp(n, rtp(at, ssrc=n), self.now)
            if self.leg.beats:
                self.leg.beat(self.now)
            self.leg.watch(self.now)

    @property
    def changes(self) -> list[Told]:
        return [each for each in self.told if not isinstance(each, Quality)]


def sound(reads: list[Read]) -> list[int]:
    return [SAMPLES[Codec.PCMU][octet] for read in reads for octet in read.payload]


def bridged() -> tuple[Table, End]:
    table, end = Table(), End()
    table.join(1)
    table.run(0.2, 1)
    table.leg.bridge(end, Loopback("sv"))
    return table, end


def test_a_leg_is_up_with_its_first_packet_lost_after_a_second_and_up_again() -> None:
    table = Table()
    table.join(1)
    table.run(2)
    assert table.told == []
    table.run(0.5, 1)
    assert table.changes == [Up("ref", 1)]
    table.run(LOST_S - 0.06)
    assert table.changes == [Up("ref", 1)]
    table.run(0.08)
    assert table.changes == [Up("ref", 1), Lost("ref", 1)]
    table.run(5)
    assert table.changes == [Up("ref", 1), Lost("ref", 1)]
    table.run(0.02, 1)
    assert table.changes == [Up("ref", 1), Lost("ref", 1), Up("ref", 1)]


def test_what_is_no_voice_brings_nothing_up() -> None:
    table = Table()
    table.join(1)
    for data in (b"", b"\x80", rtp(1, kind=13), rtp(1, payload=b"")):
        table.leg.rtp(1, data, table.now)
    table.leg.rtp(2, rtp(1), table.now)
    assert table.told == []


def test_a_leg_that_is_not_bridged_hears_the_prompt_and_then_ringing_and_silence_before() -> None:
    table = Table()
    line = table.join(1)
    table.run(0.5, 1)
    assert set(sound(line.said)) == {0}
    before = len(line.said)
    table.leg.one_moment("en")
    table.run(5, 1)
    heard = sound(line.said[before:])
    spoken = len(speech("one_moment", "en"))
    assert heard[:spoken] == [SAMPLES[Codec.PCMU][octet] for octet in speech("one_moment", "en")]
    assert loudness(heard[spoken + 8000 : spoken + 16000], 440) > 0.1
    assert [read.sequence for read in line.said] == [1000 + n for n in range(len(line.said))]


def test_a_bridge_passes_both_ways_and_the_prompt_stops() -> None:
    table, end = bridged()
    table.leg.one_moment("en")  # asked for too late: it is bridged already
    count, line = len(end.heard), table.lines[1]
    said = len(line.said)
    table.run(1, 1)
    assert len(end.heard) - count == 50 and len(line.said) == said
    source = object()
    for n in range(10):
        table.leg.hear_far(Frame(source, n, n * 160, b"\x11" * 160, Codec.PCMA), table.now + n * 0.02)
    assert [read.payload for read in line.said[said:]] == [line.said[-1].payload] * 10
    assert [read.sequence for read in line.said[said:]] == [1000 + said + n for n in range(10)]


def test_while_nothing_arrives_the_far_end_is_asked_for_a_moment_in_its_language() -> None:
    table, end = bridged()
    table.run(1, 1)
    before = len(end.heard)
    table.run(3)
    asked = b"".join(frame.payload for frame in end.heard[before:])
    assert speech("one_moment", "sv") in asked
    assert table.changes[-1] == Lost("ref", 1)
    table.run(0.02, 1)
    count = len(end.heard)
    table.run(1, 1)
    assert len(end.heard) - count == 50  # its own voice again and nothing beside it


def test_a_second_peer_takes_over_when_its_sound_arrives_and_the_first_is_closed() -> None:
    table, end = bridged()
    second = table.join(2, ssrc=55)
    table.run(2, 1)
    assert not table.lines[1].closed and second.sent == []  # it is there and silent: the first goes on
    table.run(0.02, 1, 2)
    assert table.lines[1].closed and table.changes[-1] == Up("ref", 2)
    before = len(end.heard)
    table.run(1, 1, 2)  # whatever the first still says is not heard
    assert {id(frame.source) for frame in end.heard[before:]} == {id(end.heard[-1].source)}
    assert len(end.heard) - before == 50
    source = object()
    table.leg.hear_far(Frame(source, 1, 160, b"\x11" * 160, Codec.PCMU), table.now)
    assert second.said[-1].ssrc == 55 and second.said[-1].marker


def test_a_moment_is_asked_for_sooner_where_another_peer_is_coming() -> None:
    table, end = bridged()
    table.join(2)
    before = len(end.heard)
    table.run(0.5)
    assert len(end.heard) > before and table.changes == [Up("ref", 1)]


def test_of_peers_that_wait_only_the_latest_is_kept_and_one_that_stays_silent_is_given_up() -> None:
    table, _ = bridged()
    second, third = table.join(2), table.join(3)
    assert second.closed and not third.closed and table.leg.newest == 3
    table.run(PENDING_S + 0.02, 1)
    assert third.closed and not table.lines[1].closed
    assert table.changes == [Up("ref", 1)]


def test_a_first_peer_that_never_connects_is_given_up() -> None:
    table = Table()
    line = table.join(1)
    table.run(PENDING_S + 0.02)
    assert line.closed and table.told == [] and table.leg.peers == {}
    assert table.leg.newest == 1


def test_while_the_line_is_held_both_sides_hear_that_and_nothing_of_each_other() -> None:
    table, end = bridged()
    table.run(1, 1)
    before, line = len(end.heard), table.lines[1]
    said = len(line.said)
    table.leg.hold("sv")
    table.leg.hear_far(Frame(object(), 1, 160, b"\x11" * 160, Codec.PCMU), table.now)
    table.run(3, 1)
    for heard in ([frame.payload for frame in end.heard[before:]], [read.payload for read in line.said[said:]]):
        assert speech("held", "sv") in b"".join(heard)
        assert not {b"\x55" * 160, b"\x11" * 160} & set(heard)
    table.leg.hold(None)
    before, said = len(end.heard), len(line.said)
    table.run(1, 1)
    assert {frame.payload for frame in end.heard[before:]} == {b"\x55" * 160} and len(line.said) == said
    assert [read.sequence for read in line.said] == [1000 + n for n in range(len(line.said))]


def test_unavailable_is_said_in_the_place_of_the_far_end() -> None:
    table, end = bridged()
    seconds = table.leg.unavailable("en")
    assert end.closed and 0.5 < seconds < 3
    before = len(table.lines[1].said)
    table.run(seconds, 1)
    said = b"".join(read.payload for read in table.lines[1].said[before:])
    assert speech("unavailable", "en") in said


def test_a_report_every_five_seconds_says_what_was_heard_and_sent() -> None:
    table = Table()
    line = table.join(1)
    table.run(5.1, 1)
    sending, block = rtcp.read(line.reports[0])
    assert isinstance(sending, rtcp.Sending) and isinstance(block, rtcp.Block)
    assert len(line.reports) == 1 and abs(sending.packets - 250) < 3 and sending.ssrc == 99
    assert (block.ssrc, block.lost, block.fraction) == (1, 0, 0)
    assert 0 <= round(table.now / FRAME_S) - block.highest <= 5


def test_the_figures_of_both_directions_and_of_every_peer_are_added() -> None:
    table, _ = bridged()
    line = table.lines[1]
    table.run(5, 1)
    sending = rtcp.read(line.reports[0])[0]
    assert isinstance(sending, rtcp.Sending)
    about_us = rtcp.Block(99, 25, 3, 1200, 80, rtcp.middle(sending.ntp), 0)
    table.leg.rtcp(1, rtcp.report(rtcp.Sending(1, 5, 6, 7, 8), about_us, "x"), table.now)
    table.leg.rtcp(9, b"", table.now)
    first = table.leg.stats()
    assert first.received == Heard(260, 0, 0.0) and first.sent.lost == 3 and first.sent.jitter_ms == 10.0
    assert first.rtt_ms is not None and first.mos == mos(3 / 10, 10.0, first.rtt_ms)
    table.join(2)
    table.run(1, 2)
    both = table.leg.stats()
    assert (both.received.packets, both.sent.lost, both.codec) == (310, 3, "PCMU")
    ended = table.leg.end()
    assert ended == both == table.leg.stats()
    assert all(each.closed for each in table.lines.values())


def test_a_leg_that_was_never_heard_has_no_figures() -> None:
    table = Table()
    table.join(1)
    table.run(1)
    stats = table.leg.end()
    assert (stats.codec, stats.mos, stats.received) == ("", None, Heard())


def test_quality_is_told_every_five_seconds_while_sound_arrives() -> None:
    table = Table()
    table.join(1)
    table.run(16, 1)
    assert sum(isinstance(each, Quality) for each in table.told) == 3
    table.run(16)
    assert sum(isinstance(each, Quality) for each in table.told) == 3


def test_a_peer_of_the_other_law_hears_the_same() -> None:
    table = Table()
    line = Line()
    table.leg.join(1, line, Inward(PCMA), Outward(PCMA, 1, 1, 1), table.now)
    table.leg.one_moment("en")
    for n in range(100):
        table.leg.rtp(1, rtp(n, kind=8), table.now)
        table.leg.beat(table.now + n * 0.02)
    assert {read.kind for read in line.said} == {8}
    assert {read.payload for read in line.said} > {b"\xd5" * 160}

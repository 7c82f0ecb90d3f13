"""Reports: what is written is read again, by us and by aiortc."""

from __future__ import annotations

import os
import struct

import pytest
from aiortc.rtp import RtcpPacket, RtcpSdesPacket, RtcpSrPacket

from voice.media import rtcp


def test_a_report_is_understood_by_another_reader() -> None:
    block = rtcp.Block(7, 128, 4, 1 << 16 | 9, 33, 0xABCDEF01, 655)
    data = rtcp.report(rtcp.Sending(99, rtcp.ntp(12.5), 5160, 2, 320), block, "curbside")
    sender, names = RtcpPacket.parse(data)
    assert isinstance(sender, RtcpSrPacket) and isinstance(names, RtcpSdesPacket)
    info, heard = sender.sender_info, sender.reports[0]
    assert (sender.ssrc, info.ntp_timestamp, info.rtp_timestamp) == (99, int(12.5 * 2**32), 5160)
    assert (info.packet_count, info.octet_count) == (2, 320)
    assert (heard.ssrc, heard.fraction_lost, heard.packets_lost, heard.highest_sequence) == (7, 128, 4, 1 << 16 | 9)
    assert (heard.jitter, heard.lsr, heard.dlsr) == (33, 0xABCDEF01, 655)
    assert names.chunks[0].items == [(1, b"curbside")]


@pytest.mark.parametrize("lost", [-5, 0, 0x7FFFFF, 0x7FFFFF + 9])
def test_what_is_written_is_read_again(lost: int) -> None:
    block = rtcp.Block(7, 1, lost, 9, 33)
    sending = rtcp.Sending(99, rtcp.ntp(1.0), 5, 6, 7)
    said = rtcp.read(rtcp.report(sending, block, "x"))
    assert said == [sending, rtcp.Block(7, 1, min(lost, 0x7FFFFF), 9, 33)]
    assert rtcp.read(rtcp.report(sending, None, "xyz")) == [sending]


def test_the_way_there_and_back_is_what_is_left_of_the_time_between() -> None:
    sent = rtcp.middle(rtcp.ntp(100.0))
    block = rtcp.Block(7, 0, 0, 0, 0, sent, round(0.25 * 65536))
    assert rtcp.round_trip_s(block, 100.3) == pytest.approx(0.05, abs=1e-4)
    assert rtcp.round_trip_s(rtcp.Block(7, 0, 0, 0, 0), 100.3) is None
    assert rtcp.round_trip_s(block, 100.2) == 0.0  # a clock of theirs that is too slow makes no time negative


def test_what_is_malformed_ends_the_reading_without_an_error() -> None:
    good = rtcp.report(rtcp.Sending(99, 1, 2, 3, 4), None, "x")
    assert len(rtcp.read(good + b"\x80\xc9\xff\xff")) == 1
    assert rtcp.read(struct.pack("!BBH", 0x9F, 201, 1) + bytes(4)) == []  # 31 blocks promised, none there
    for _ in range(3000):
        rtcp.read(b"\x81" + os.urandom(31))
        rtcp.read(bytes([0x9F, 200, 0, 12]) + os.urandom(48))

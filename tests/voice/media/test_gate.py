"""Who sends far more than a call has: dropped, counted, told once, and heard again."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

import pytest

from tests.voice.media.packets import PCMA, rtp
from tests.voice.media.telephone import LOCAL
from tests.voice.media.test_leg import Table, bridged
from voice.media.bridge import Frame
from voice.media.gate import MOST, Gate
from voice.media.shapes import Rtp
from voice.media.trunk import TrunkEnd


def test_what_a_call_has_passes_and_so_does_what_a_network_held_back_for_a_second() -> None:
    gate = Gate()
    assert all(gate.passes(n / 100) for n in range(1000))  # packets of 10 ms
    assert all(gate.passes(12.0) for _ in range(100)) and gate.dropped == 0


def test_far_more_is_dropped_and_counted_and_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    passed = sum(gate.passes(100 + n / 5000) for n in range(10_000))
    assert passed == 2 * MOST and gate.dropped == 10_000 - passed
    assert gate.passes(103.0)
    assert [(each.levelno, each.args) for each in caplog.records] == [(logging.WARNING, ())]


def flood(table: Table, n: int, count: int) -> None:
    for at in range(count):
        table.leg.rtp(n, rtp(at, ssrc=n), table.now)


def test_a_browser_that_floods_is_heard_no_more_than_so_often_and_reports_count_too() -> None:
    table, end = bridged()
    table.run(1.5, 1)
    before = len(end.heard)
    flood(table, 1, 5000)
    assert 0 < len(end.heard) - before <= MOST
    assert table.leg.stats().dropped >= 5000 - MOST
    table.leg.rtcp(1, b"what is not read", table.now)
    dropped = table.leg.stats().dropped
    assert dropped >= 5001 - MOST
    table.now += 2
    before = len(end.heard)
    table.run(1, 1)
    assert len(end.heard) > before + 40 and table.leg.stats().dropped == dropped
    table.join(2)
    table.run(0.1, 2)
    assert table.leg.end().dropped == dropped  # of the one before too


def keep(said: list[Frame], frame: Frame, now: float) -> None:
    said.append(frame)


async def test_a_trunk_that_floods_one_call_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    ends = [await TrunkEnd.open(LOCAL, range(20000, 40000)) for _ in range(2)]
    heard: list[list[Frame]] = [[], []]
    for end, said in zip(ends, heard, strict=True):
        end.connect(Rtp("far", LOCAL, 9, PCMA), partial(keep, said))
    for n in range(3000):
        ends[0].datagram_received(rtp(n, kind=PCMA.voice), (LOCAL, 9))
        if n % 30 == 0:
            ends[1].datagram_received(rtp(n // 30, kind=PCMA.voice), (LOCAL, 9))
    stats = [end.end() for end in ends]
    assert len(heard[1]) == 100 and stats[1].dropped == 0
    # As many seconds as that took, on a machine of any speed.
    assert MOST <= len(heard[0]) < 3000 and stats[0].dropped == 3000 - len(heard[0])
    assert [LOCAL in each.getMessage() for each in caplog.records] == [False]
    await asyncio.sleep(0)

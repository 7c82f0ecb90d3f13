"""A real rtpengine between telephones: judged by what is heard."""

from __future__ import annotations

import asyncio
import re
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.peers.rtpengine import Rtpengine
from tests.voice.media.phone import Phone
from tests.voice.media.refused import refused
from voice.media.descriptions import Side
from voice.media.ng import LegStats
from voice.media.rtpengine import Address, Engines

OFTEN = 60.0
PHYSICIAN = "physician"


def port_of(sdp: str) -> int:
    [port] = re.findall(r"^m=audio (\d+) ", sdp, re.MULTILINE)
    return int(port)


@asynccontextmanager
async def engines_at(*engines: Rtpengine, ping_s: float = OFTEN) -> AsyncIterator[Engines]:
    addresses = [Address("127.0.0.1", one.port) for one in engines]
    async with Engines(addresses, ping_s=ping_s, tries_s=(0.2, 0.3)) as made:
        yield made


@asynccontextmanager
async def phones(*pitches: float) -> AsyncIterator[list[Phone]]:
    made = [await Phone.open(pitch) for pitch in pitches]
    try:
        yield made
    finally:
        for phone in made:
            phone.close()


async def connect(engines: Engines, call: str, one: Phone, other: Phone) -> tuple[int, int]:
    """Have a call between two telephones; return where each of them sends."""
    offer = await engines.offer(call, "one", one.describe(name=PHYSICIAN, session=PHYSICIAN), came=Side.TRUNK)
    assert PHYSICIAN not in offer
    answer = await engines.answer(call, "one", "other", other.describe(name=PHYSICIAN), toward=Side.TRUNK)
    assert PHYSICIAN not in answer
    return port_of(answer), port_of(offer)


async def test_two_telephones_hear_each_other_and_the_record_tells(engine: Rtpengine) -> None:
    async with engines_at(engine) as engines, phones(440, 880) as (one, other):
        to_one, to_other = await connect(engines, "call", one, other)
        await asyncio.gather(one.talk(to_one, 40), other.talk(to_other, 40))
        assert one.hears(880) > 0.9 and other.hears(440) > 0.9
        assert one.hears(440) < 0.05 and other.hears(880) < 0.05
        assert (await engines.query("call"))["one"] == LegStats("PCMU", 40, None, None, None)
        stats = await engines.delete("call")
        assert {tag: (found.codec, found.packets) for tag, found in stats.items()} == {
            "one": ("PCMU", 40), "other": ("PCMU", 40),
        }  # fmt: skip
        with refused("unknown_call"):
            await engines.query("call")


async def test_a_key_arrives_as_it_was_pressed(engine: Rtpengine) -> None:
    async with engines_at(engine) as engines, phones(440, 880) as (one, other):
        to_one, _ = await connect(engines, "keys", one, other)
        await one.talk(to_one, 5)
        for part in range(6):
            event = struct.pack("!BBH", 7, 0x80 | 10 if part > 3 else 10, 160 * (part + 1))
            one.send(event, payload_type=101, port=to_one, marker=part == 0, at=800)
            await asyncio.sleep(0.02)
        keys = [sound for kind, _, sound in other.said if kind == 101]
        assert {key[0] for key in keys} == {7} and keys[-1][1] & 0x80
        await engines.delete("keys")


def sender_report(me: int, peer: int, packets: int, lost: int, heard: tuple[int, float] | None) -> bytes:
    """A report of what was sent and heard. Source: RFC 3550, section 6.4.1. Jitter is 80 samples, 10 ms."""
    now = time.time() + 2_208_988_800
    middle, ago = (heard[0], int((time.monotonic() - heard[1]) * 65536)) if heard else (0, 0)
    head = struct.pack("!BBHIQIII", 0x81, 200, 12, me, int(now * 2**32), 0, packets, packets * 160)
    return head + struct.pack("!IIIIII", peer, 10 << 24 | lost, packets, 80, middle, ago)


async def test_what_ends_report_of_loss_and_jitter_is_in_the_record(engine: Rtpengine) -> None:
    async with engines_at(engine) as engines, phones(440, 880) as (one, other):
        to_one, to_other = await connect(engines, "reports", one, other)
        loop = asyncio.get_running_loop()
        lines: list[asyncio.DatagramTransport] = []
        for phone in (one, other):
            place = ("127.0.0.1", phone.port + 1)
            lines.append((await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=place))[0])
        heard: list[tuple[int, float] | None] = [None, None]
        for turn in range(5):
            await asyncio.gather(one.talk(to_one, 3), other.talk(to_other, 3))
            for side, (me, peer, port) in enumerate(((one, other, to_one), (other, one, to_other))):
                report = sender_report(me.port, peer.port, 3 * turn + 3, 5 if me is one else 0, heard[side])
                heard[1 - side] = int.from_bytes(report[10:14], "big"), time.monotonic()
                lines[side].sendto(report, ("127.0.0.1", port + 1))
                await asyncio.sleep(0.1)
        stats = await engines.delete("reports")
        assert (stats["one"].lost, stats["other"].lost) == (5, 0)
        assert stats["one"].jitter_ms == pytest.approx(10, abs=1)
        assert 1.0 <= (stats["one"].mos or 0.0) <= 5.0
        for line in lines:
            line.close()


async def test_an_engine_that_is_killed_takes_its_calls_along_and_others_go_on(engine: Rtpengine) -> None:
    second = Rtpengine()
    try:
        async with engines_at(engine, second, ping_s=0.05) as engines, phones(440, 880) as (one, other):
            for call in ("first", "second"):
                await connect(engines, call, one, other)
            second.process.kill()
            before = time.monotonic()
            while not engines.lost():
                await asyncio.sleep(0.1)
            assert time.monotonic() - before < 5.0
            [lost] = engines.lost()
            [kept] = {"first", "second"} - {lost}
            assert await engines.query(kept)
            to_one, to_other = await connect(engines, "third", one, other)
            await asyncio.gather(one.talk(to_one, 20), other.talk(to_other, 20))
            assert one.hears(880) > 0.9
            second.start_again()
            while engines.up < 2:
                await asyncio.sleep(0.1)
    finally:
        second.close()


def test_the_log_of_an_engine_names_nobody(engine: Rtpengine) -> None:
    said = engine.process.said()
    assert PHYSICIAN not in said and "candidate" not in said and "m=audio" not in said

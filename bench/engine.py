"""The section `engine`: calls of G.711 between telephones through one rtpengine, in user space, RTP passed on as it is.

The latency is from before one telephone sends to when the other has it: the kernel's four hops and what the generator
needs are within it.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, Final

import uvloop

from bench.measure import Meter
from bench.sound import DRAIN_S, FRAME_S, Size, share
from bench.stage import Stage
from bench.telephones import Ear, Mouth
from tests.peers.rtpengine import Rtpengine
from voice.media.descriptions import Side
from voice.media.rtpengine import Address, Engines

FULL: Final = Size(40, 6.0)
SHORT: Final = Size(3, 0.4)
HOST: Final = "127.0.0.1"
PORTS_A_CALL: Final = 20
"""An engine steps over ports that others hold."""


class Telephone(asyncio.DatagramProtocol):
    """One end of a call."""

    def __init__(self) -> None:
        self.ear = Ear()
        self.mouth: Mouth | None = None
        self._line: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls) -> Telephone:
        """One with a port of its own."""
        made = cls()
        loop = asyncio.get_running_loop()
        made._line, _ = await loop.create_datagram_endpoint(lambda: made, local_addr=(HOST, 0))
        return made

    def describe(self) -> str:
        """Its description."""
        assert self._line is not None
        port = self._line.get_extra_info("sockname")[1]
        return (f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
                f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n")  # fmt: skip

    def dial(self, description: str) -> None:
        """Speak to the port that a description names."""
        line = self._line
        [port] = re.findall(r"^m=audio (\d+) ", description, re.MULTILINE)
        assert line is not None
        self.mouth = Mouth(lambda data: line.sendto(data, (HOST, int(port))))

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Hear."""
        self.ear.hear(data)

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()


def engine(stage: Stage) -> None:
    """All of it."""
    size = SHORT if stage.plan.name == "short" else FULL
    stage.say(f"engine: {size.calls} calls through one rtpengine")
    running = Rtpengine(ports=PORTS_A_CALL * size.calls)
    try:
        uvloop.run(_engine(stage, size, running))
    finally:
        running.close()


async def _engine(stage: Stage, size: Size, running: Rtpengine) -> None:
    pairs = [(await Telephone.open(), await Telephone.open()) for _ in range(size.calls)]
    took_ms: list[float] = []
    async with Engines([Address(HOST, running.port)]) as engines:
        for n, (one, other) in enumerate(pairs):
            began = time.perf_counter()
            other.dial(await engines.offer(f"call {n}", "one", one.describe(), came=Side.TRUNK))
            one.dial(await engines.answer(f"call {n}", "one", "other", other.describe(), toward=Side.TRUNK))
            took_ms.append((time.perf_counter() - began) * 1000)
        await _speak(pairs, 1.0 if size is FULL else FRAME_S)  # until each end is known to the engine
        runs = [await _run(pairs, running.process.pid, size.window_s) for _ in range(stage.plan.runs)]
        for n in range(len(pairs)):
            await engines.delete(f"call {n}")
    for one, other in pairs:
        one.close()
        other.close()
    note = f"{len(pairs)} calls of G.711"
    for place, (what, unit) in enumerate(
        (("CPU a call", "% of a core"), ("p50", "ms"), ("p99", "ms"), ("lost", "packets"))
    ):
        stage.report.add("engine", "Curbside", what, unit, [run[place] for run in runs], note)
    stage.report.add("engine", "Curbside", "offer and answer p95", "ms", [share(took_ms, 0.95)], note)


async def _speak(pairs: list[tuple[Telephone, Telephone]], seconds: float) -> int:
    """Have every telephone speak each 20 ms, spread evenly; return how often."""
    loop = asyncio.get_running_loop()
    began, rounds = loop.time(), max(1, round(seconds / FRAME_S))
    for turn in range(rounds):
        for n, pair in enumerate(pairs):
            await asyncio.sleep(max(0.0, began + (turn + n / len(pairs)) * FRAME_S - loop.time()))
            for telephone in pair:
                assert telephone.mouth is not None
                telephone.mouth.speak()
    return rounds


async def _run(pairs: list[tuple[Telephone, Telephone]], pid: int, seconds: float) -> tuple[float, float, float, float]:
    """One window: CPU a call (% of a core), the latency's p50 and p99 (ms), packets lost."""
    ears = [telephone.ear for pair in pairs for telephone in pair]
    for ear in ears:
        ear.took_ms, ear.since = [], time.perf_counter()
    meter, began = Meter(pid), time.perf_counter()
    rounds = await _speak(pairs, seconds)
    used, took_s = meter.read()[0], time.perf_counter() - began
    await asyncio.sleep(DRAIN_S)
    heard = [each for ear in ears for each in ear.took_ms]
    lost = 2.0 * rounds * len(pairs) - len(heard)
    return used / took_s / len(pairs) * 100, share(heard, 0.5), share(heard, 0.99), lost
